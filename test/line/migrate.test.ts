/** Databases of every earlier state, with rows in every table, are brought to the newest; a stack is upgraded where it stands. */
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getTableConfig, SQLiteTable } from 'drizzle-orm/sqlite-core'
import { Miniflare } from 'miniflare'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../../demo/loopback.ts'
import { type RunningWorker, startWorker } from '../../demo/stack.ts'
import * as tables from '../../schema/tables.ts'
import { type Database, migrate } from '../../worker/embedded/migrate.ts'
import { NOT_NOW } from '../support/stack.ts'

const ROOT = join(import.meta.dirname, '../..')
const MIGRATIONS = join(ROOT, 'schema/migrations')
const files = (await readdir(MIGRATIONS)).filter((name) => name.endsWith('.sql')).sort()
const ROWS = 3

interface Column {
  name: string
  type: string
  notnull: number
  dflt_value: string | null
}
type D1 = Awaited<ReturnType<Miniflare['getD1Database']>>

let folder: string
let miniflare: Miniflare
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portwitness-migrate-'))
  miniflare = new Miniflare({
    modules: true,
    script: 'export default { fetch: () => new Response() }',
    d1Databases: Object.fromEntries(files.map((file) => [`DB${file.slice(0, 4)}`, file])),
    cf: false,
    telemetry: { enabled: false },
  })
})
afterAll(async () => {
  await miniflare?.dispose()
  await rm(folder, { recursive: true, force: true })
})

const ours = (Object.values(tables).filter((table) => table instanceof SQLiteTable) as SQLiteTable[]).map((table) =>
  getTableConfig(table),
)
const columnsOf = async (db: D1, table: string) =>
  (await db.prepare(`SELECT * FROM pragma_table_info('${table}')`).all<Column>()).results
const tablesOf = async (db: D1) =>
  (
    await db
      .prepare(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%sqlite%' AND name NOT LIKE '\\_cf%' ESCAPE '\\' AND name <> 'd1_migrations'",
      )
      .all<{ name: string }>()
  ).results.map(({ name }) => name)

/** Every column filled, as a row in use has them; what must be told apart is. */
function filled(table: string, column: Column, n: number): string | number {
  // Each tenant's log begins with its first line; a trigger refuses any other.
  if (table === 'audit' && (column.name === 'seq' || column.name === 'prev')) return column.name === 'seq' ? 1 : ''
  if (column.type.toLowerCase() !== 'text') return /_at$|_until$/.test(column.name) ? 1_790_000_000_000 + n : n
  const known: Record<string, string> = {
    cidr: `203.0.113.${n}/32`,
    state: 'active',
    source_address: `203.0.113.${n}`,
    address: `203.0.113.${n}`,
    judgement: JSON.stringify({ verdict: 'clear', coverage: { share: 0.5 }, ports: [] }),
  }
  return (
    known[column.name] ??
    (/^(addresses|networks|panel|alarms|sites|anchors|tags|left_out|outdated_by)$/.test(column.name)
      ? '[]'
      : `${column.name} ${n}`)
  )
}

describe.each(files.slice(0, -1).map((file, i) => ({ file, i })))('a database at $file', ({ file, i }) => {
  test('is brought to the newest with every row and value in its place', async () => {
    const db = await miniflare.getD1Database(`DB${file.slice(0, 4)}`)
    const earlier = join(folder, file)
    await mkdir(earlier)
    for (const one of files.slice(0, i + 1)) await cp(join(MIGRATIONS, one), join(earlier, one))
    expect(await migrate(db as unknown as Database, earlier)).toHaveLength(i + 1)

    const before: Record<string, Record<string, unknown>[]> = {}
    for (const table of await tablesOf(db)) {
      const columns = await columnsOf(db, table)
      for (let n = 1; n <= ROWS; n++)
        await db
          .prepare(
            `INSERT INTO "${table}" (${columns.map(({ name }) => `"${name}"`).join()}) VALUES (${columns.map(() => '?').join()})`,
          )
          .bind(...columns.map((column) => filled(table, column, n)))
          .run()
      before[table] = (await db.prepare(`SELECT * FROM "${table}"`).all<Record<string, unknown>>()).results
    }
    expect(Object.keys(before).length).toBeGreaterThan(12)

    expect(await migrate(db as unknown as Database, MIGRATIONS)).toEqual(files.slice(i + 1))
    for (const { name, columns } of ours) {
      expect((await columnsOf(db, name)).map((column) => column.name).sort(), name).toEqual(
        columns.map((column) => column.name).sort(),
      )
      const after = (await db.prepare(`SELECT * FROM "${name}"`).all<Record<string, unknown>>()).results
      const wanted = before[name] ?? []
      // A migration may add rows (a log that begins), never lose or change any.
      expect(after.length, name).toBeGreaterThanOrEqual(wanted.length)
      for (const row of wanted) expect(after).toContainEqual(expect.objectContaining(row))
    }
    expect(await migrate(db as unknown as Database, MIGRATIONS)).toEqual([])
  })
})

test('a stack that was killed is upgraded where it stands: the newer one finds all that was there', async () => {
  const data = join(folder, 'data')
  const { port } = await freePort('127.0.0.1', 22_900)
  const older = await startWorker(ROOT, data, port)
  const target = await older.api.send<{ id: string }>('POST', '/api/v1/targets', {
    address: '127.0.0.81',
    schedule: NOT_NOW,
  })
  const { token } = await older.api.send<{ token: string }>('POST', '/api/v1/probes/enrolments', {
    site: 'fra-1',
    sourceAddress: '127.0.0.82',
  })
  const lists = async ({ api }: RunningWorker) =>
    Promise.all(['targets', 'ranges', 'tenants'].map((it) => api.get(`/api/v1/${it}`)))
  const before = await lists(older)
  older.child.kill('SIGKILL')
  await older.child.exited

  const next = join(folder, 'next')
  for (const part of ['worker', 'schema', 'package.json'])
    await cp(join(ROOT, part), join(next, part), { recursive: true })
  await symlink(join(ROOT, 'node_modules'), join(next, 'node_modules'))
  await writeFile(
    join(next, 'schema/migrations/9000_next.sql'),
    "ALTER TABLE `targets` ADD `colour` text DEFAULT 'blue' NOT NULL;",
  )
  const newer = await startWorker(next, data, port)
  try {
    expect(await lists(newer)).toEqual(before)
    expect(newer.key).toBe(older.key)
    expect((await newer.api.get<{ migrations: { applied: string } }>('/api/v1/stack')).migrations.applied).toBe(
      '9000_next.sql',
    )
    expect(await newer.api.get(`/api/v1/targets/${target.id}`)).toMatchObject({
      address: '127.0.0.81',
      schedule: NOT_NOW,
    })
    const told = await fetch(`${newer.url}/probe/v1/check`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token }),
    })
    expect(await told.json()).toMatchObject({ token: { state: 'usable', sourceAddress: '127.0.0.82' } })
    expect(await readFile(join(data, 'admin.key'), 'utf8')).toContain(older.key)
  } finally {
    await newer.child.stop()
  }
})
