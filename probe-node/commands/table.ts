import { printable } from '../../schema/terminal.ts'

/** Rows as columns of plain text, two blanks between. Every cell is made printable; a long one is cut. */
export function table(
  head: readonly string[],
  rows: readonly (readonly (string | number | null | undefined)[])[],
  maxCell = 60,
): string {
  const cells = [head, ...rows].map((row) => row.map((cell) => printable(String(cell ?? ''), maxCell)))
  const widths = head.map((_, column) => Math.max(...cells.map((row) => [...(row[column] ?? '')].length)))
  const line = (row: string[]) =>
    row
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - [...cell].length))
      .join('  ')
      .trimEnd()
  return `${cells.map(line).join('\n')}\n`
}
