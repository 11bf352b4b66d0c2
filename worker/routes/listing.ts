/** Lists as the portal asks for them: what the address says, and the same rows as a file. */
import type { Context } from 'hono'
import type { AppEnv } from '../context.ts'
import { csvLine } from '../core/csv.ts'
import { badField } from '../failure.ts'
import type { DataColumn, ListAsk } from '../portal/parts/listing.tsx'
import { textIn } from './query.ts'

const LONGEST = 100
const CURSOR = 400

export interface ListRules {
  /** keys that may be sorted by */
  sorts?: readonly string[]
  /** by name of the filter, the words it may have; null: any text */
  filters?: Readonly<Record<string, readonly string[] | null>>
}

/** What this address asks of its list. Throws the Failure that names a bad part. */
export function listAsk(c: Context<AppEnv>, { sorts = [], filters = {} }: ListRules): ListAsk {
  const sort = textIn(c, 'sort', LONGEST) ?? ''
  const key = sort.replace(/^-/, '')
  if (key !== '' && !sorts.includes(key)) throw badField('invalid', 'sort', `must be one of ${sorts.join(', ')}`)
  const chosen = Object.entries(filters).map(([name, words]) => {
    const value = textIn(c, name, LONGEST) ?? ''
    if (value !== '' && words !== null && !words.includes(value))
      throw badField('invalid', name, `must be one of ${words.join(', ')}`)
    return [name, value] as const
  })
  return {
    path: c.req.path,
    q: (textIn(c, 'q', LONGEST) ?? '').trim(),
    sort: key,
    desc: sort.startsWith('-'),
    filters: Object.fromEntries(chosen),
    cursor: textIn(c, 'cursor', CURSOR) ?? '',
  }
}

export type FileFormat = 'csv' | 'jsonl'

/** The file that is asked for instead of the page; null where none is. */
export function fileFormat(c: Context<AppEnv>): FileFormat | null {
  const format = c.req.query('format')
  if (format === undefined) return null
  if (format !== 'csv' && format !== 'jsonl') throw badField('invalid', 'format', 'must be csv or jsonl')
  return format
}

const TYPE: Record<FileFormat, string> = {
  csv: 'text/csv; charset=utf-8; header=present',
  jsonl: 'application/jsonl; charset=utf-8',
}

/** A file breaks off, so that it shows, rather than be looked for without an end. */
const EMPTY_PAGES = 500

/**
 * Rows read at once for a file: few at first, more where they are short and quickly found. An invocation has 50 queries on the
 * free plan; one answer of D1 may have 50 MB (developers.cloudflare.com/d1/platform/limits), a Worker 128 MB for all it does.
 */
export const FIRST_ROWS = 500
export const MOST_ROWS = 4_000
/** Of a page's text: up to the first it may grow, beyond the second it shrinks. Rows of lists have 200 to 3,000 bytes. */
const EASY_BYTES = 2_000_000
const HARD_BYTES = 8_000_000
/** Of reading it: D1 does one thing at a time, and whoever waits for it is a probe. */
const EASY_MS = 250
const HARD_MS = 1_000

function nextRows(rows: number, ms: number, bytes: number): number {
  if (ms > HARD_MS || bytes > HARD_BYTES) return Math.max(FIRST_ROWS, rows / 2)
  return ms <= EASY_MS && bytes <= EASY_BYTES ? Math.min(MOST_ROWS, rows * 2) : rows
}

/** Rows that are all there, as a file. */
export const fileOfAll = <Row>(
  name: string,
  format: FileFormat,
  columns: readonly DataColumn<Row>[],
  rows: readonly Row[],
): Response => fileOf(name, format, columns, async () => ({ rows, next: null }))

/**
 * All rows as a file, read a page at a time while they are sent: `rowsAfter` gives the page after a cursor ('' first) of so
 * many rows, and where the next begins.
 */
export function fileOf<Row>(
  name: string,
  format: FileFormat,
  columns: readonly DataColumn<Row>[],
  rowsAfter: (cursor: string, limit: number) => Promise<{ rows: readonly Row[]; next: string | null }>,
): Response {
  const told = columns.flatMap(({ key, value }) => (value ? [{ key, value }] : []))
  const lineOf = (row: Row): string =>
    format === 'csv'
      ? csvLine(told.map(({ value }) => value(row)))
      : `${JSON.stringify(Object.fromEntries(told.map(({ key, value }) => [key, value(row)])))}\n`
  const encoder = new TextEncoder()
  let cursor: string | null = ''
  let limit = FIRST_ROWS
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      if (format === 'csv') controller.enqueue(encoder.encode(csvLine(told.map(({ key }) => key))))
    },
    // Whoever reads asks once: a page on which nothing fitted must not be the answer while there are further ones.
    async pull(controller) {
      for (let empty = 0; cursor !== null; empty++) {
        if (empty > EMPTY_PAGES)
          throw new Error(`${name}: ${EMPTY_PAGES} pages one after the other hold nothing that fits`)
        const askedAt = Date.now()
        const { rows, next } = await rowsAfter(cursor, limit)
        const tookMs = Date.now() - askedAt
        cursor = next
        const text = encoder.encode(rows.map(lineOf).join(''))
        limit = nextRows(limit, tookMs, text.length)
        if (rows.length > 0) return controller.enqueue(text)
      }
      controller.close()
    },
    cancel() {
      cursor = null
    },
  })
  return new Response(body, {
    headers: {
      'content-type': TYPE[format],
      'content-disposition': `attachment; filename="${name}.${format}"`,
      'x-content-type-options': 'nosniff',
      'cache-control': 'private, no-store',
    },
  })
}
