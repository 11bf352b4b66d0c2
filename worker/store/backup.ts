/** Rows as they lie there, for backups: read in pages by primary key, put back as they were. */
import { type SQL, sql } from 'drizzle-orm'
import { getTableConfig, type SQLiteTable, SQLiteTable as Table } from 'drizzle-orm/sqlite-core'
import { BACKUP_TABLES, type BackupRow, type BackupTable } from '../../schema/backup.ts'
import * as tables from '../../schema/tables.ts'
import { batch, type Db } from './db.ts'
import { OPERATOR } from './keys.ts'

interface Shape {
  columns: string[]
  key: string[]
}
const SHAPES = new Map<string, Shape>(
  (Object.values(tables).filter((table) => table instanceof Table) as SQLiteTable[]).map((table) => {
    const { name, columns, primaryKeys } = getTableConfig(table)
    const key = primaryKeys[0]?.columns ?? columns.filter((column) => column.primary)
    return [name, { columns: columns.map((column) => column.name), key: key.map((column) => column.name) }]
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

/** Names in these rows that the table does not have. */
export const strangers = (table: string, rows: readonly BackupRow[]): string[] => {
  const known = new Set(shapeOf(table).columns)
  return [...new Set(rows.flatMap((row) => Object.keys(row)))].filter((name) => !known.has(name))
}

/**
 * Writes them over whatever has their keys, but for what is another tenant's: a backup may have been made up. Columns that a row
 * does not name get their defaults.
 */
export async function writeRows(db: Db, table: string, rows: readonly BackupRow[]): Promise<void> {
  const { columns, key } = shapeOf(table)
  const owner = columns.includes('tenant_id') ? names(['tenant_id']) : null
  await batch(
    db,
    rows.map((row) => {
      const given = columns.filter((column) => row[column] !== undefined)
      const values = sql.join(
        given.map((column) => sql`${row[column]}`),
        sql`, `,
      )
      const same = sql.join(
        key.map((column) => sql`${names([column])} = ${row[column]}`),
        sql` AND `,
      )
      const taken = owner
        ? sql`EXISTS (SELECT 1 FROM ${names([table])} WHERE ${same} AND ${owner} <> ${row.tenant_id})`
        : sql`0`
      return db.run(sql`INSERT OR REPLACE INTO ${names([table])} (${names(given)}) SELECT ${values} WHERE NOT ${taken}`)
    }),
  )
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
