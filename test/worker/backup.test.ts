/** Backups: who may read and write what, and what no backup holds. The whole way, with real data, is in test/line. */
import { getTableConfig, SQLiteTable } from 'drizzle-orm/sqlite-core'
import { beforeAll, expect, test } from 'vitest'
import { BACKUP_TABLES, type BackupPage, NOT_IN_BACKUP } from '../../schema/backup.ts'
import { NEWEST_MIGRATION } from '../../schema/stack.ts'
import * as tables from '../../schema/tables.ts'
import { isJsonColumn } from '../../worker/restored.ts'
import { openFleet } from './support/probes.ts'
import { openStage, type Stage } from './support/stage.ts'

let stage: Stage
let other: { id: string; key: string }
beforeAll(async () => {
  stage = await openStage()
  await openFleet(stage)
  other = (await stage.api<typeof other>('POST', '/tenants', { name: 'Other' })).body
  await stage.api('POST', '/targets', { address: '127.0.51.1' })
  await stage.api('POST', '/targets', { address: '127.0.51.2' }, other.key)
  await stage.api('GET', '/proof-token')
})
const at = () => new Date(stage.now()).toISOString()
const page = (table: string, query = '', key?: string) =>
  stage.api<BackupPage>('GET', `/export/tables/${table}?at=${at()}${query}`, undefined, key)

test('every table is in a backup, or there is a reason why not', () => {
  const ours = (Object.values(tables).filter((table) => table instanceof SQLiteTable) as SQLiteTable[]).map(
    (table) => getTableConfig(table).name,
  )
  const listed = [...BACKUP_TABLES.map(({ name }) => name), ...Object.keys(NOT_IN_BACKUP)]
  expect(listed.sort()).toEqual(ours.sort())
})

test('what each JSON column of a backup holds is known, so that it is checked when it is put back', () => {
  const unknown = (Object.values(tables).filter((table) => table instanceof SQLiteTable) as SQLiteTable[])
    .map(getTableConfig)
    .filter(({ name }) => BACKUP_TABLES.some((table) => table.name === name))
    .flatMap(({ name, columns }) =>
      columns
        .filter((column) => column.dataType === 'json' && !isJsonColumn(name, column.name))
        .map((column) => `${name}.${column.name}`),
    )
  expect(unknown).toEqual([])
})

test('a tenant gets its own rows and no table of the operator’s; the operator gets all, or one tenant’s', async () => {
  const addresses = ({ body }: { body: BackupPage }) => body.rows.map((row) => row.address).sort()
  expect(addresses(await page('targets'))).toEqual(['127.0.51.1', '127.0.51.2'])
  expect(addresses(await page('targets', `&tenant=${other.id}`))).toEqual(['127.0.51.2'])
  expect(addresses(await page('targets', '', other.key))).toEqual(['127.0.51.2'])
  expect((await page('targets', '&tenant=ten_default', other.key)).status).toBe(404)
  expect((await page('probes', '', other.key)).status).toBe(404)
  expect((await page('probes')).body.rows).toHaveLength(5)
  expect((await page('enrolments')).status).toBe(404)
  const { body } = await stage.api<{ key: string }>('POST', '/keys', { name: 'reader', scope: 'write' }, other.key)
  expect((await page('targets', '', body.key)).status).toBe(403)
})

test('pages go on where the one before ended', async () => {
  for (let i = 1; i <= 60; i++) await stage.api('POST', '/targets', { address: `127.0.52.${i}` })
  const first = (await page('targets')).body
  expect(first.rows).toHaveLength(50)
  const second = (await page('targets', `&after=${encodeURIComponent(first.next ?? '')}`)).body
  expect(second.rows).toHaveLength(12)
  expect(second.next).toBeNull()
  expect(new Set([...first.rows, ...second.rows].map(({ id }) => id)).size).toBe(62)
  expect((await page('targets', '&after=x')).status).toBe(422)
})

test('no secret is in it: proof secrets are sealed, keys are hashes', async () => {
  const secret = await stage.env.DB.prepare('SELECT secret FROM proof_secrets').first<{ secret: string }>()
  const { body } = await page('proof_secrets')
  expect(body.rows[0]?.secret).toMatch(/^k1:/)
  expect(JSON.stringify(body)).not.toContain(secret?.secret)
  expect(JSON.stringify((await page('keys')).body)).not.toContain(other.key)
})

test('rows are taken only once a restore was begun, into an empty stack, by its operator', async () => {
  const begin = (tenant: string | null, migration = NEWEST_MIGRATION, key?: string) =>
    stage.api('POST', '/restore', { format: 1, migration, tenant }, key)
  expect((await stage.api('POST', '/restore/rows', { table: 'targets', rows: [] })).status).toBe(409)
  expect((await begin(null)).status).toBe(409)
  expect((await begin(other.id)).status).toBe(409)
  expect((await begin(null, '9999_later.sql')).status).toBe(422)
  expect((await begin(null, NEWEST_MIGRATION, other.key)).status).toBe(403)
  const third = (await stage.api<{ id: string; key: string }>('POST', '/tenants', { name: 'Third' })).body
  expect((await begin(third.id)).status).toBe(200)
  const put = (table: string, rows: object[]) => stage.api<{ rows: number }>('POST', '/restore/rows', { table, rows })
  const issue = {
    tenant_id: third.id,
    id: 'iss_1',
    target_id: 'tgt_1',
    finding: 'interference',
    state: 'open',
    title: 't',
    opened_at: 1,
    restated_at: 1,
    last_scan_id: 's',
  }
  expect((await put('issues', [{ ...issue, tenant_id: other.id }])).status).toBe(422)
  expect((await put('issues', [{ ...issue, '"; DROP TABLE issues': 1 }])).status).toBe(422)
  expect((await put('probes', [])).status).toBe(422)
  expect((await put('issues', [issue])).status).toBe(200)
  expect((await put('issues', [issue])).status).toBe(200)
  // As much at once as an export writes.
  expect((await put('issues', [{ ...issue, title: 'x'.repeat(1_000_000) }])).status).toBe(200)
  expect((await put('issues', [issue])).status).toBe(200)
  // It was in the tenant's hands: it proves no control, and brings no work.
  const letter = { tenant_id: third.id, id: 'ltr_1', cidr: '9.0.0.0/8', expires_at: 9e15 }
  expect(await put('letters', [letter])).toMatchObject({ status: 200, body: { rows: 0 } })
  expect(await put('controls', [{ tenant_id: third.id, subject: '8.8.8.8' }])).toMatchObject({ body: { rows: 0 } })
  expect((await put('scans', [{ tenant_id: third.id, id: 'scn_1', finished_at: null }])).status).toBe(422)
  expect(await stage.count('issues', `tenant_id = '${third.id}'`)).toBe(1)
  expect((await begin(null)).status).toBe(409)
  // A made-up backup takes no key of another's.
  const hash = await stage.env.DB.prepare('SELECT hash FROM keys WHERE tenant_id = ?').bind(other.id).first('hash')
  const stolen = { hash, tenant_id: third.id, id: 'key_x', name: 'x', hint: 'pw_', scope: 'admin', created_at: 1 }
  expect((await put('keys', [stolen])).status).toBe(422)
  expect(await stage.count('keys', `id = 'key_x'`)).toBe(0)
  expect((await stage.api('GET', '/targets', undefined, other.key)).status).toBe(200)
  expect((await stage.api('DELETE', '/restore')).status).toBe(204)
  expect((await put('issues', [issue])).status).toBe(409)
})
