import { printable } from '../../schema/terminal.ts'
import { wrapped } from './wrap.ts'

/** The last column is never squeezed into fewer columns than this. */
const MIN_LAST = 16

export interface TableOptions {
  /** a longer cell is cut */
  maxCell?: number
  /** columns of the terminal: the last cell of a wider row goes on below itself */
  width?: number
}

/** Rows as columns of plain text, two blanks between. Every cell is made printable. */
export function table(
  head: readonly string[],
  rows: readonly (readonly (string | number | null | undefined)[])[],
  { maxCell = 60, width = Number.POSITIVE_INFINITY }: TableOptions = {},
): string {
  const cells = [head, ...rows].map((row) => row.map((cell) => printable(String(cell ?? ''), maxCell)))
  const widths = head.map((_, column) => Math.max(...cells.map((row) => [...(row[column] ?? '')].length)))
  const line = (row: string[]) => {
    const before = row.slice(0, -1).map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - [...cell].length))
    const lead = [...before, ''].join('  ')
    return wrapped(lead, row.at(-1) ?? '', Math.max(width, lead.length + MIN_LAST)).trimEnd()
  }
  return `${cells.map(line).join('\n')}\n`
}
