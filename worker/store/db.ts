/** The door to D1. Writes that belong together go in one batch, which is one transaction; there is no other kind. */
import { fillPlaceholders, getTableColumns, type Placeholder, type SQL, sql } from 'drizzle-orm'
import type { BatchItem } from 'drizzle-orm/batch'
import { type DrizzleD1Database, drizzle } from 'drizzle-orm/d1'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'

export type { SQL }
export type Db = DrizzleD1Database
export type Statement = BatchItem<'sqlite'>

export const openDb = (d1: D1Database): Db => drizzle(d1)

/** Runs all or none. Answers the results in order; nothing to do is fine. */
export async function batch(db: Db, statements: readonly Statement[]): Promise<unknown[]> {
  const [first, ...rest] = statements.map((statement) => prepared(db, statement))
  return first ? ((await db.batch([first, ...rest])) as unknown[]) : []
}

/** What drizzle's batch asks of a statement. `db.run(sql…)` lacks the `stmt`, and with parameters its batch would fail. */
interface Prepared {
  stmt?: D1PreparedStatement
  getQuery(): { sql: string; params: unknown[] }
  mapResult(result: unknown, isFromBatch?: boolean): unknown
}
const preparedOf = (statement: object): Prepared => (statement as { _prepare(): Prepared })._prepare()

/** Written out once here, where drizzle's batch would do it again. */
function prepared(db: Db, statement: Statement): Statement {
  const raw = preparedOf(statement)
  if (raw.stmt) return { _prepare: () => raw } as unknown as Statement
  const { sql, params } = raw.getQuery()
  return whole(db, raw, sql, params)
}

function whole(db: Db, raw: Prepared, sql: string, params: unknown[]): Statement {
  const query = { sql, params }
  const all: Prepared = {
    stmt: (db as unknown as { $client: D1Database }).$client.prepare(query.sql),
    getQuery: () => query,
    mapResult: (result) => raw.mapResult(result, true),
  }
  return { _prepare: () => all } as unknown as Statement
}

/** A statement that answers rows. */
export type Query<Row> = Statement & { readonly row?: Row }
/** What a batch of queries answers, each with its rows. */
export type Answers<Reads extends readonly unknown[]> = {
  -readonly [I in keyof Reads]: Reads[I] extends Query<infer Row> ? Row[] : never
}

/**
 * A query that is built once, with a place for each of its parameters. For what every message of a probe and every page asks:
 * drizzle takes as long to write out a wide SELECT as the database to run it.
 */
export function once<Params extends Record<string, unknown>, Row>(
  build: (db: Db, at: { readonly [Name in keyof Params]: Placeholder }) => PromiseLike<Row[] | D1Result>,
): (db: Db, params: Params) => Query<Row> {
  let built: { raw: Prepared; sql: string; params: unknown[] } | null = null
  const at = new Proxy({}, { get: (_, name) => sql.placeholder(String(name)) })
  return (db, params) => {
    if (!built) {
      const raw = preparedOf(build(db, at as Parameters<typeof build>[1]))
      built = { raw, ...raw.getQuery() }
    }
    return whole(db, built.raw, built.sql, fillPlaceholders(built.params, params))
  }
}

/** The rows that one query answers. */
export const read = async <Row>(db: Db, query: Query<Row>): Promise<Row[]> => (await batch(db, [query]))[0] as Row[]

/** How many rows a write changed: the only way to learn whether its guard held. */
export const changed = (result: unknown): number => (result as D1Result | undefined)?.meta.changes ?? 0

/** A row as a SELECT that answers it only while `where` holds: what an INSERT asks in the very statement that writes. */
export function rowWhere<T extends SQLiteTable>(table: T, row: T['$inferInsert'], where: SQL): SQL {
  const values = Object.entries(getTableColumns(table)).map(([name, column]) => {
    const value: unknown = row[name as keyof typeof row]
    return sql.param(value === undefined ? (column.default ?? null) : value, column)
  })
  return sql`SELECT ${sql.join(values, sql`, `)} WHERE ${where}`
}

/** A list as one bound parameter: `json_each(${rows(list)})` takes thousands where 100 single parameters are the limit. */
export const rows = (list: readonly unknown[]): SQL => sql`${JSON.stringify(list)}`

/**
 * The list in a JSON column, for queries over the rows of all tenants: one that holds no JSON is empty there, where `json_each` would
 * fail the query for everybody.
 */
export const listIn = (column: unknown, field?: string): SQL =>
  sql`json_each(CASE WHEN json_valid(${column}) THEN ${column} ELSE '{}' END, ${sql.raw(field ? `'$.${field}'` : `'$'`)})`
/** A field of one element of such a list; null where the element is none that has fields. */
export const partOf = (element: string, field: string): SQL =>
  sql.raw(`CASE ${element}.type WHEN 'object' THEN ${element}.value ->> '$.${field}' END`)

/** Bytes of one bound parameter of a list that may grow: D1 takes values of up to 2 MB. */
const PART_BYTES = 1_000_000

/** The list in parts, each of which one parameter takes. */
export function inParts<T>(list: readonly T[], most = PART_BYTES): T[][] {
  const parts: T[][] = [[]]
  let bytes = 0
  for (const one of list) {
    const size = new TextEncoder().encode(JSON.stringify(one)).length + 1
    if (bytes > 0 && bytes + size > most) {
      parts.push([])
      bytes = 0
    }
    parts.at(-1)?.push(one)
    bytes += size
  }
  return parts
}

/** A write met a unique index. drizzle wraps the database's error: its own text holds SQL and parameters. */
export const isTaken = (error: unknown): boolean => /UNIQUE constraint failed/.test(causeOf(error))

/** Said by raw.ts when R2 could not serve. */
export const BUCKET_BUSY = 'the bucket did not serve'
/** What D1 says when it could not (developers.cloudflare.com/d1/observability/debug-d1), and what we say of R2. */
const BUSY = [
  ...[
    'overloaded',
    'network connection lost',
    'exceeded timeout',
    'was reset',
    'reset because',
    'storage caused object',
  ],
  ...['transient issue', 'too many requests', 'database is locked', BUCKET_BUSY],
]
/** Database or bucket could not serve just now: every write is safe to repeat, so the caller is asked to. */
export const isBusy = (error: unknown): boolean => {
  const said = causeOf(error).toLowerCase()
  return BUSY.some((words) => said.includes(words))
}

/** What was thrown first: drizzle puts an error of its own around each. */
export function innermost(error: unknown): unknown {
  let inner = error
  for (let depth = 0; depth < 5 && inner instanceof Error && inner.cause instanceof Error; depth++) inner = inner.cause
  return inner
}

/** The database's own words, which name no value; never drizzle's, which hold SQL and parameters. */
export function causeOf(error: unknown): string {
  const inner = innermost(error)
  return inner instanceof Error && !inner.message.startsWith('Failed query') ? inner.message : 'database error'
}
