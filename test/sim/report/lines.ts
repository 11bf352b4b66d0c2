import { printTable } from '../../bench/table.ts'

export type Cell = string | number

/** Prints a heading and a table: for a terminal, or as Markdown. */
export function section(
  title: string,
  note: string,
  header: readonly string[],
  rows: readonly (readonly Cell[])[],
  markdown: boolean,
): void {
  console.log(markdown ? `\n## ${title}\n` : `\n${title}`)
  if (note) console.log(markdown ? `${note}\n` : note)
  if (!markdown) return void printTable(header, rows)
  const line = (cells: readonly Cell[]) => `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`
  console.log(line(header))
  console.log(line(header.map(() => '---')))
  for (const row of rows) console.log(line(row))
}

export const number = (value: number, digits = 1): string => (Number.isFinite(value) ? value.toFixed(digits) : '–')
