/** Backup and restore: what is told, sealed and checked on the way. */
import {
  BACKUP_FORMAT,
  BACKUP_TABLES,
  type BackupAnswer,
  type BackupPage,
  type BackupRow,
  type BackupTable,
  type RawPage,
  type WrittenAnswer,
} from '../schema/backup.ts'
import { isOver } from '../schema/facts.ts'
import { NEWEST_MIGRATION } from '../schema/stack.ts'
import { VERSION } from '../schema/version.ts'
import { hasEnded, type RunState, type ScanState } from '../schema/words.ts'
import { badField, Failure } from './failure.ts'
import { badRow, CLOCK_MS, checkedRows } from './restored.ts'
import { backupTable, isEmpty, readPage, type Unwritten, writeRows } from './store/backup.ts'
import { OPERATOR } from './store/keys.ts'
import { noteRestored } from './store/probes.ts'
import { readSetting, setStopped, writeSetting } from './store/settings.ts'
import type { World } from './world.ts'

/** Objects of R2 named in one page. */
const KEYS = 500
const RESTORING = 'restoring'

export const tablesFor = (tenant: string | null): BackupTable[] =>
  BACKUP_TABLES.filter((table) => tenant === null || table.of === 'tenant')

export const backupAnswer = (now: number, tenant: string | null): BackupAnswer => ({
  format: BACKUP_FORMAT,
  version: VERSION,
  migration: NEWEST_MIGRATION,
  at: new Date(now).toISOString(),
  tenant,
  tables: tablesFor(tenant).map(({ name }) => name),
})

export async function backupPage(
  world: World,
  name: string,
  { tenant, at, after }: { tenant: string | null; at: number; after: string | undefined },
): Promise<BackupPage> {
  const table = tablesFor(tenant).find((one) => one.name === name)
  if (!table) throw new Failure('not_found', 'There is no such table in this backup.')
  const { rows, next } = await readPage(world.db, table, {
    tenant,
    at,
    after: after === undefined ? null : keyIn(after),
  })
  return { rows: await sealed(world, table, rows), next: next && JSON.stringify(next) }
}

function keyIn(text: string): (string | number)[] {
  try {
    const key: unknown = JSON.parse(text)
    if (Array.isArray(key) && key.length <= 6 && key.every((it) => typeof it === 'string' || typeof it === 'number'))
      return key
  } catch {
    // Said below.
  }
  throw badField('invalid', 'after', 'must be the `next` of an earlier page')
}

/** Raw objects of a tenant, or all. Their keys begin with the tenant. */
export async function rawPage({ raw }: World, tenant: string | null, after: string | undefined): Promise<RawPage> {
  const page = await raw.list({
    limit: KEYS,
    ...(tenant === null ? {} : { prefix: `${tenant}/` }),
    ...(after === undefined ? {} : { cursor: after }),
  })
  return { keys: page.objects.map(({ key }) => key), next: page.truncated ? page.cursor : null }
}

const placeOf = (table: BackupTable, column: string, row: BackupRow) =>
  ['backup', table.name, column, row.tenant_id, row.id].join(':')

/** A secret that lies open in the database leaves it sealed. */
async function sealed({ keyring }: World, table: BackupTable, rows: BackupRow[]): Promise<BackupRow[]> {
  if (!table.seal || rows.length === 0) return rows
  if (!keyring)
    throw new Failure('conflict', `A backup of ${table.name} must be sealed, and this Worker has no CHANNEL_KEY.`)
  return Promise.all(
    rows.map(async (row) => {
      const changed = { ...row }
      for (const column of table.seal ?? [])
        changed[column] = `${keyring.first}:${await keyring.seal(String(row[column]), placeOf(table, column, row))}`
      return changed
    }),
  )
}

async function opened({ keyring }: World, table: BackupTable, rows: BackupRow[]): Promise<BackupRow[]> {
  if (!table.seal) return rows
  return Promise.all(
    rows.map(async (row) => {
      const changed = { ...row }
      for (const column of table.seal ?? []) {
        const [, keyId = '', text = ''] = /^([\w.-]+):(.+)$/.exec(String(row[column])) ?? []
        const plain = await keyring?.open(text, keyId, placeOf(table, column, row)).catch(() => null)
        if (typeof plain !== 'string')
          throw new Failure(
            'conflict',
            `${table.name} was sealed with a CHANNEL_KEY that this Worker does not have. All scanning stays stopped.`,
          )
        changed[column] = plain
      }
      return changed
    }),
  )
}

/** From here on rows are taken. All scanning is stopped, and stays so: who restores lifts the switch when all is well. */
export async function beginRestore({ db, now }: World, migration: string, tenant: string | null): Promise<void> {
  if (migration > NEWEST_MIGRATION)
    throw badField('invalid', 'migration', `is newer than ${NEWEST_MIGRATION}: upgrade this Worker first`)
  const scope = tenant ?? '*'
  const under = await readSetting(db, RESTORING)
  if (under === scope) return
  if (under !== null)
    throw new Failure('conflict', 'Another restore is under way: end it first (DELETE /api/v1/restore).')
  if (!(await isEmpty(db, tenant)))
    throw new Failure(
      'conflict',
      tenant === null ? 'This stack is not empty: a backup is put into a new one.' : 'This tenant is not empty.',
    )
  await setStopped(db, true, now)
  await writeSetting(db, RESTORING, scope, now)
}

export async function restoreRows(world: World, name: string, rows: BackupRow[]): Promise<WrittenAnswer> {
  const scope = await restoring(world)
  const table = backupTable(name)
  if (!table || (scope !== '*' && table.of !== 'tenant')) throw badField('invalid', 'table', 'is not in this backup')
  const column = name === 'tenants' ? 'id' : 'tenant_id'
  if (scope !== '*' && rows.some((row) => row[column] !== scope))
    throw badField('invalid', 'rows', `must all be of tenant ${scope}`)
  if (name === 'scans' && !rows.every(hasFinished))
    throw badField('invalid', 'rows', 'only scans that have ended belong to a backup')
  const kept = rows
    .flatMap((row) => safe(row, table, scope))
    .filter((row) => name !== 'settings' || table.names?.includes(String(row.name)))
  const over = name === 'runs' ? kept.map((row) => (isRunOver(row) ? row : ended(row, world.now))) : kept
  const checked = checkedRows(name, over, world.now)
  // Before they are written: what they say of who scanned what is never believed.
  if (name === 'scans' && scope !== '*') await noteRestored(world.db, scope, world.now + CLOCK_MS, world.now)
  const unwritten = await writeRows(world.db, name, await opened(world, table, checked))
  if (unwritten) throw notWritten(name, checked, unwritten)
  return { rows: kept.length, ended: kept.filter((row, i) => row !== over[i]).length }
}

function notWritten(name: string, rows: readonly BackupRow[], { at, taken }: Unwritten): Failure {
  const [field, detail] = taken
    ? [taken.join(', '), 'is that of another row']
    : ['tenant_id', 'is not that of the row which has its key']
  return badRow(name, rows[at] ?? {}, at, field, detail)
}

/**
 * What of a row may be put back. The kill switch stays on until a person lifts it. A backup of one tenant was in that tenant's hands:
 * what only this stack can know, or the operator alone may give, is not taken from it.
 */
function safe(row: BackupRow, { name, notByTenant }: BackupTable, scope: string): BackupRow[] {
  if (name === 'settings' && row.name === 'stopped') return []
  if (scope === '*') return [row]
  // The operator's keys open the whole stack.
  if (notByTenant === 'rows' || (name === 'keys' && scope === OPERATOR)) return []
  return [{ ...row, ...Object.fromEntries((notByTenant ?? []).map((column) => [column, null])) }]
}

// A column that a row leaves out is null once it is written: what is not there is asked as what is null.
const hasFinished = ({ finished_at, state }: BackupRow): boolean =>
  typeof finished_at === 'number' && hasEnded(state as ScanState)
/** A probe is handed whatever has not ended, and nobody checks then what is in its plan. */
const isRunOver = ({ ended_at, state }: BackupRow): boolean =>
  typeof ended_at === 'number' && isOver({ state: state as RunState })
const ended = (row: BackupRow, now: number): BackupRow => ({ ...row, state: 'ended', ended_at: now })

export async function restoreRaw(world: World, key: string, body: ArrayBuffer): Promise<void> {
  const scope = await restoring(world)
  if (scope !== '*' && !key.startsWith(`${scope}/`)) throw badField('invalid', 'key', `must be of tenant ${scope}`)
  await world.raw.put(key, body, {
    httpMetadata: { contentType: 'text/plain; charset=utf-8' },
    customMetadata: { packed: 'gzip' },
  })
}

export const endRestore = ({ db, now }: World): Promise<void> => writeSetting(db, RESTORING, null, now)

async function restoring({ db }: World): Promise<string> {
  const scope = await readSetting(db, RESTORING)
  if (scope === null) throw new Failure('conflict', 'No restore was begun: POST /api/v1/restore first.')
  return scope
}
