/** Rows as they lie there, for backups: read in pages by primary key, put back as they were. */
import { type SQL, sql } from 'drizzle-orm'
import { getTableConfig, type SQLiteTable, SQLiteTable as Table } from 'drizzle-orm/sqlite-core'
import { BACKUP_TABLES, type BackupRow, type BackupTable } from '../../schema/backup.ts'
import * as tables from '../../schema/tables.ts'
import { batch, causeOf, changed, type Db, isTaken, type Statement } from './db.ts'
import { OPERATOR } from './keys.ts'

/** What the table itself says of a column. */
export interface ColumnRule {
  column: string
  kind: 'text' | 'integer' | 'real'
  /** the closed list that its text is from; null: any */
  words: readonly string[] | null
  isRequired: boolean
  isNullable: boolean
}
interface Shape {
  rules: ColumnRule[]
  columns: string[]
  key: string[]
}
const KIND: Readonly<Record<string, ColumnRule['kind']>> = { SQLiteInteger: 'integer', SQLiteReal: 'real' }

const SHAPES = new Map<string, Shape>(
  (Object.values(tables).filter((table) => table instanceof Table) as SQLiteTable[]).map((table) => {
    const { name, columns, primaryKeys } = getTableConfig(table)
    const key = primaryKeys[0]?.columns ?? columns.filter((column) => column.primary)
    const rules = columns.map(
      (column): ColumnRule => ({
        column: column.name,
        kind: KIND[column.columnType] ?? 'text',
        words: column.enumValues && column.enumValues.length > 0 ? column.enumValues : null,
        isRequired: column.notNull && !column.hasDefault,
        isNullable: !column.notNull,
      }),
    )
    return [name, { rules, columns: columns.map((column) => column.name), key: key.map((column) => column.name) }]
  }),
)
const shapeOf = (name: string): Shape => {
  const shape = SHAPES.get(name)
  if (!shape) throw new Error(`no table ${name}`)
  return shape
}
export const backupTable = (name: string): BackupTable | null =>
  BACKUP_TABLES.find((table) => table.name === name) ?? null

/** A name of our own schema, never of a request. */
const names = (list: readonly string[]): SQL => sql.raw(list.map((name) => `"${name}"`).join(', '))
const tenantColumn = (table: string): string => (table === 'tenants' ? 'id' : 'tenant_id')

/** One page after `after` (values of the primary key). `tenant` null: all tenants. `at`: what ended later is left out. */
export async function readPage(
  db: Db,
  table: BackupTable,
  { tenant, at, after }: { tenant: string | null; at: number; after: readonly unknown[] | null },
): Promise<{ rows: BackupRow[]; next: unknown[] | null }> {
  const { key } = shapeOf(table.name)
  const conditions = [
    ...(tenant === null ? [] : [sql`${names([tenantColumn(table.name)])} = ${tenant}`]),
    ...(after
      ? [
          sql`(${names(key)}) > (${sql.join(
            after.map((value) => sql`${value}`),
            sql`, `,
          )})`,
        ]
      : []),
    ...(table.names
      ? [
          sql`name IN (${sql.join(
            table.names.map((name) => sql`${name}`),
            sql`, `,
          )})`,
        ]
      : []),
    ...(table.scan
      ? [
          sql`EXISTS (SELECT 1 FROM scans s WHERE s.tenant_id = ${names([table.name])}.tenant_id AND s.id = ${names([table.name])}.${names([table.scan])} AND s.finished_at <= ${at})`,
        ]
      : []),
  ]
  const where = conditions.length > 0 ? sql` WHERE ${sql.join(conditions, sql` AND `)}` : sql``
  const rows = await db.all<BackupRow>(
    sql`SELECT * FROM ${names([table.name])}${where} ORDER BY ${names(key)} LIMIT ${table.page}`,
  )
  const last = rows.at(-1)
  return { rows, next: last && rows.length === table.page ? key.map((column) => last[column]) : null }
}

export const columnRules = (table: string): readonly ColumnRule[] => shapeOf(table).rules

/** A row that was not written. */
export interface Unwritten {
  /** its place among those that were to be written */
  at: number
  /** columns of which another row has the same; null: its key is another tenant's */
  taken: string[] | null
}

/**
 * Writes them over what has their keys, and over nothing else: a backup may have been made up, and a row of another tenant, or one
 * that another unique index is for, stays as it is. Answers the first that was not written for that; null when all were.
 * Columns that a row does not name stay, or get their defaults.
 */
export async function writeRows(db: Db, table: string, rows: readonly BackupRow[]): Promise<Unwritten | null> {
  const statements = rows.map((row) => upsert(db, table, row))
  try {
    const answers = await batch(db, statements)
    const at = answers.findIndex((answer) => changed(answer) === 0)
    return at < 0 ? null : { at, taken: null }
  } catch (error) {
    if (!isTaken(error)) throw error
    const [, columns = ''] = /UNIQUE constraint failed: ([\w., ]+)/.exec(causeOf(error)) ?? []
    return {
      at: await firstRefused(db, statements),
      taken: columns.split(', ').map((one) => one.split('.').at(-1) ?? ''),
    }
  }
}

/** What was revoked since a backup was made stays so. */
const REVOKED = 'revoked_at'
const excluded = (column: string): SQL => sql`excluded.${names([column])}`
const kept = (table: string, column: string): SQL =>
  sql`coalesce(${names([table])}.${names([column])}, ${excluded(column)})`

function upsert(db: Db, table: string, row: BackupRow): Statement {
  const { columns, key } = shapeOf(table)
  const given = columns.filter((column) => row[column] !== undefined)
  const values = sql.join(
    given.map((column) => sql`${row[column]}`),
    sql`, `,
  )
  const news = sql.join(
    given
      .filter((column) => !key.includes(column))
      .map((column) => sql`${names([column])} = ${column === REVOKED ? kept(table, column) : excluded(column)}`),
    sql`, `,
  )
  const isOwn = columns.includes('tenant_id') ? sql` WHERE ${names([table])}.tenant_id = excluded.tenant_id` : sql``
  return db.run(
    sql`INSERT INTO ${names([table])} (${names(given)}) VALUES (${values}) ON CONFLICT (${names(key)}) DO UPDATE SET ${news}${isOwn}`,
  )
}

/** A batch does not say which of its statements failed. Those before it are written on the way: each may be repeated. */
async function firstRefused(db: Db, statements: readonly Statement[]): Promise<number> {
  let [low, high] = [0, statements.length]
  while (high - low > 1) {
    const middle = (low + high) >> 1
    try {
      await batch(db, statements.slice(low, middle))
      low = middle
    } catch (error) {
      if (!isTaken(error)) throw error
      high = middle
    }
  }
  return low
}

/** Nothing was scanned here yet, and nobody is to be told: for the whole stack, or for one tenant. */
export async function isEmpty(db: Db, tenant: string | null): Promise<boolean> {
  const asked = ['targets', 'scans', 'channels', 'issues', ...(tenant === null ? ['probes'] : [])]
  const any = asked.map(
    (table) => sql`SELECT 1 FROM ${names([table])}${tenant === null ? sql`` : sql` WHERE tenant_id = ${tenant}`}`,
  )
  const found = await db.all(sql`SELECT * FROM (${sql.join(any, sql` UNION ALL `)}) LIMIT 1`)
  return found.length === 0
}

export const isTenant = async (db: Db, id: string): Promise<boolean> =>
  id === OPERATOR || (await db.all(sql`SELECT 1 FROM tenants WHERE id = ${id}`)).length > 0
