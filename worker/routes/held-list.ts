/** Lists that are read whole, because there are never many: found, sorted and paged in memory by what the address asks. */
import type { Context } from 'hono'
import type { AppEnv } from '../context.ts'
import type { Cell } from '../core/csv.ts'
import type { DataColumn, ListAsk } from '../portal/parts/listing.tsx'
import { fileFormat, fileOfAll, listAsk } from './listing.ts'

export interface HeldRules<Row> {
  columns: readonly DataColumn<Row>[]
  /** what words are looked for in */
  words?: (row: Row) => readonly (string | null)[]
  /** by name of the filter, whether a row fits a value */
  filters?: Readonly<Record<string, (row: Row, value: string) => boolean>>
}

const PAGE = 100

/** The rows that fit, in order. */
function rowsThatFit<Row>(rows: readonly Row[], ask: ListAsk, { columns, words, filters = {} }: HeldRules<Row>) {
  const wanted = ask.q.toLowerCase()
  const found = rows.filter(
    (row) =>
      (wanted === '' || !words || words(row).some((text) => text?.toLowerCase().includes(wanted))) &&
      Object.entries(ask.filters).every(([name, value]) => value === '' || (filters[name]?.(row, value) ?? true)),
  )
  const value = columns.find(({ key }) => key === ask.sort)?.value
  if (!value) return found
  const sign = ask.desc ? -1 : 1
  return found.toSorted((a, b) => sign * compare(value(a), value(b)))
}

/** One page of them; a cursor is how many came before. */
export function pageOfHeld<Row>(
  rows: readonly Row[],
  ask: ListAsk,
  rules: HeldRules<Row>,
): { rows: Row[]; next: string | null } {
  const found = rowsThatFit(rows, ask, rules)
  const from = /^\d{1,6}$/.test(ask.cursor) ? Number(ask.cursor) : 0
  const next = from + PAGE < found.length ? String(from + PAGE) : null
  return { rows: found.slice(from, from + PAGE), next }
}

/** Nothing comes last, numbers by size, words as people sort them. */
function compare(a: Cell, b: Cell): number {
  if (a === b) return 0
  if (a === null || a === undefined || a === '') return 1
  if (b === null || b === undefined || b === '') return -1
  if (typeof a === 'number' && typeof b === 'number') return a - b
  return String(a).localeCompare(String(b), 'en', { numeric: true })
}

/** What the address asks of such a list. `words`: of each filter, the values that it may have; null: any text. */
export const askOf = <Row>(
  c: Context<AppEnv>,
  { columns }: HeldRules<Row>,
  words: Readonly<Record<string, readonly string[] | null>> = {},
): ListAsk => listAsk(c, { sorts: columns.filter(({ sorts }) => sorts).map(({ key }) => key), filters: words })

/** The file that is asked for instead of the page, with all rows that fit; null where none is. */
export function fileOfHeld<Row>(
  c: Context<AppEnv>,
  name: string,
  rows: readonly Row[],
  ask: ListAsk,
  rules: HeldRules<Row>,
): Response | null {
  const format = fileFormat(c)
  return format && fileOfAll(name, format, rules.columns, rowsThatFit(rows, ask, rules))
}
