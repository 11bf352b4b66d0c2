/** How the whole stack stands, in few and bounded queries: what is open is found by partial indexes, and counted up to a bound. */
import { sql } from 'drizzle-orm'
import { settings } from '../../schema/tables.ts'
import type { Db } from './db.ts'
import { listProbes, type Probe } from './probes.ts'

/** Beyond this many of one kind nobody needs to know how many. */
const MOST = 10_000
/** A tick is noted this seldom, as a write costs a row. */
export const TICK_NOTED_MS = 5 * 60_000

export interface StackRow {
  waiting: number
  running: number
  due: number
  leased: number
  oldestDueAt: number | null
  issues: number
  unspread: number
  oldestUnspreadAt: number | null
  open: number
  oldestOpenAt: number | null
  channelsOn: number
  channelsOff: number
  stopped: number
  tickAt: number | null
}

const counted = (from: ReturnType<typeof sql>) => sql`(SELECT count(*) FROM (SELECT 1 FROM ${from} LIMIT ${MOST}))`
const oldest = (column: ReturnType<typeof sql>, from: ReturnType<typeof sql>) =>
  sql`(SELECT min(at) FROM (SELECT ${column} AS at FROM ${from} LIMIT ${MOST}))`

/** Three queries. */
export async function readStack(
  db: Db,
  now: number,
): Promise<{ row: StackRow; probes: Probe[]; migration: string | null }> {
  const dueRuns = sql`runs WHERE ended_at IS NULL AND state = 'due' AND due_at <= ${now}`
  const messages = sql`deliveries WHERE ended_at IS NULL AND next_at <= ${now}`
  const row = await db.get<StackRow>(sql`SELECT
    ${counted(sql`scans WHERE finished_at IS NULL AND scanner_probe_id = ''`)} AS waiting,
    ${counted(sql`scans WHERE finished_at IS NULL AND scanner_probe_id <> ''`)} AS running,
    ${counted(dueRuns)} AS due,
    ${counted(sql`runs WHERE ended_at IS NULL AND state = 'leased'`)} AS leased,
    ${oldest(sql`due_at`, dueRuns)} AS oldestDueAt,
    ${counted(sql`issues WHERE closed_at IS NULL`)} AS issues,
    ${counted(sql`outbox WHERE spread_at IS NULL`)} AS unspread,
    ${oldest(sql`at`, sql`outbox WHERE spread_at IS NULL`)} AS oldestUnspreadAt,
    ${counted(sql`deliveries WHERE ended_at IS NULL`)} AS open,
    ${oldest(sql`next_at`, messages)} AS oldestOpenAt,
    ${counted(sql`channels WHERE state = 'on'`)} AS channelsOn,
    ${counted(sql`channels WHERE state = 'switched_off'`)} AS channelsOff,
    EXISTS (SELECT 1 FROM settings WHERE name = 'stopped' AND value = '1') AS stopped,
    (SELECT changed_at FROM settings WHERE name = 'tick') AS tickAt`)
  return { row, probes: await listProbes(db), migration: await newestMigration(db) }
}

/** Both hosts keep wrangler's table. Null where there is none. */
const newestMigration = (db: Db): Promise<string | null> =>
  db.get<{ name: string }>(sql`SELECT name FROM d1_migrations ORDER BY id DESC LIMIT 1`).then(
    (found) => found?.name ?? null,
    () => null,
  )

/** Cron was here. */
export const noteTick = async (db: Db, now: number): Promise<void> => {
  const row = { name: 'tick', value: '', changedAt: now }
  await db
    .insert(settings)
    .values(row)
    .onConflictDoUpdate({ target: settings.name, set: row, setWhere: sql`changed_at <= ${now - TICK_NOTED_MS}` })
}
