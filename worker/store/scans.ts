import { and, asc, desc, eq, isNull, type SQL, sql } from 'drizzle-orm'
import type { Judgement } from '../../schema/judgement.ts'
import { scans } from '../../schema/tables.ts'
import type { Endpoint } from '../../schema/wire.ts'
import type { FailureWord, Phase, ScanState } from '../../schema/words.ts'
import { batch, changed, type Db, rows, type Statement } from './db.ts'
import { type Page, type PageRequest, pageOf } from './page.ts'

export type Scan = typeof scans.$inferSelect
export type NewScan = typeof scans.$inferInsert
const one = (tenantId: string, id: string) => and(eq(scans.tenantId, tenantId), eq(scans.id, id))
const running = (tenantId: string, id: string) => and(one(tenantId, id), isNull(scans.finishedAt))

export const readScanRow = (db: Db, tenantId: string, id: string) => db.select().from(scans).where(one(tenantId, id))
export const readScan = async (db: Db, tenantId: string, id: string): Promise<Scan | null> =>
  (await readScanRow(db, tenantId, id))[0] ?? null

/** Scans by their ids. */
export async function readScansById(db: Db, tenantId: string, ids: readonly string[]): Promise<Map<string, Scan>> {
  if (ids.length === 0) return new Map()
  const found = await db
    .select()
    .from(scans)
    .where(and(eq(scans.tenantId, tenantId), sql`id IN (SELECT value FROM json_each(${rows(ids)}))`))
  return new Map(found.map((scan) => [scan.id, scan]))
}

export async function listScans(
  db: Db,
  tenantId: string,
  filter: { targetId?: string; state?: ScanState },
  { limit, cursor }: PageRequest,
): Promise<Page<Scan>> {
  const found = await db
    .select()
    .from(scans)
    .where(
      and(
        eq(scans.tenantId, tenantId),
        filter.targetId ? eq(scans.targetId, filter.targetId) : undefined,
        filter.state ? eq(scans.state, filter.state) : undefined,
        cursor ? sql`(${scans.createdAt}, ${scans.id}) < (${cursor.at}, ${cursor.id})` : undefined,
      ),
    )
    .orderBy(desc(scans.createdAt), desc(scans.id))
    .limit(limit + 1)
  return pageOf(
    found,
    limit,
    (row) => row.createdAt,
    (row) => row,
  )
}

/** What a stream of events looks at each second: small, without the judgement. */
export const readPulse = async (db: Db, tenantId: string, id: string) =>
  (await db
    .select({
      rev: scans.judgedRev,
      state: scans.state,
      phase: scans.phase,
      alarms: scans.alarms,
      readyAt: scans.readyAt,
      finishedAt: scans.finishedAt,
      reports: sql<number>`(SELECT count(*) FROM facts WHERE facts.tenant_id = scans.tenant_id AND facts.scan_id = scans.id)`,
    })
    .from(scans)
    .where(one(tenantId, id))
    .get()) ?? null
export type Pulse = NonNullable<Awaited<ReturnType<typeof readPulse>>>

// ---------------------------------------------------------------- opening

export const addScan = (db: Db, scan: NewScan): Statement => db.insert(scans).values(scan)

/**
 * Opens the scan of a due minute: in its turn when none of its target and site runs, else to wait. Answers its place, or
 * null when it was open already or when another waits as well.
 */
export async function addDueScan(db: Db, scan: NewScan): Promise<Scan | null> {
  const busy = sql<number>`EXISTS (SELECT 1 FROM scans WHERE tenant_id = ${scan.tenantId} AND target_id = ${scan.targetId} AND site = ${scan.site} AND place = 0 AND finished_at IS NULL)`
  const [row] = await db
    .insert(scans)
    .values({ ...scan, place: busy })
    .onConflictDoNothing()
    .returning()
  return row ?? null
}

/** Whether the scan of this due minute was ever opened. */
export const hasDueScan = async (
  db: Db,
  tenantId: string,
  targetId: string,
  site: string,
  dueKey: string,
): Promise<boolean> =>
  (await db
    .select({ id: scans.id })
    .from(scans)
    .where(
      and(
        eq(scans.tenantId, tenantId),
        eq(scans.targetId, targetId),
        eq(scans.site, site),
        eq(scans.dueKey, dueKey),
        sql`due_key <> ''`,
      ),
    )
    .get()) !== undefined

/** A scan gets its panel and pinned addresses; only the first to come. */
export const beginScan = (db: Db, scan: Scan): Statement =>
  db
    .update(scans)
    .set({
      addresses: scan.addresses,
      networks: scan.networks,
      name: scan.name,
      scannerProbeId: scan.scannerProbeId,
      panel: scan.panel,
      deadlineAt: scan.deadlineAt,
      dueAt: scan.dueAt,
    })
    .where(and(running(scan.tenantId, scan.id), eq(scans.scannerProbeId, '')))

/** How many scans are under way: of this tenant, and in each of these networks by whomever. */
export async function countRunning(
  db: Db,
  tenantId: string,
  networks: readonly string[],
  except: string,
): Promise<{ tenant: number; network: number }> {
  const row = await db.get<{ tenant: number; network: number }>(sql`
    SELECT coalesce(sum(tenant_id = ${tenantId}), 0) AS tenant,
      coalesce(sum(EXISTS (SELECT 1 FROM json_each(networks) n WHERE n.value IN (SELECT value FROM json_each(${rows(networks)})))), 0) AS network
    FROM scans WHERE finished_at IS NULL AND scanner_probe_id <> '' AND id <> ${except}`)
  return row ?? { tenant: 0, network: 0 }
}

// ---------------------------------------------------------------- under way

export const markReady = (db: Db, tenantId: string, id: string, now: number): Statement =>
  db
    .update(scans)
    .set({ readyAt: now })
    .where(and(running(tenantId, id), isNull(scans.readyAt)))

/** Stores a judgement, unless a newer one stands. The result tells whether it did. */
export const storeJudgement = (
  db: Db,
  scan: Scan,
  judgement: Judgement,
  steering: { hold: boolean; lost: readonly Endpoint[] } | null,
  phase: Phase | null,
): Statement =>
  db
    .update(scans)
    .set({
      judgement: bounded(judgement),
      judgedRev: scan.judgedRev + 1,
      steering: steering as Scan['steering'],
      ...(phase ? { phase } : {}),
    })
    .where(and(one(scan.tenantId, scan.id), eq(scans.judgedRev, scan.judgedRev)))

/** D1 takes values of up to 2 MB. Of a judgement beyond that the lists of observations go first: the facts remain. */
export function bounded(judgement: Judgement): Judgement {
  if (judgement.ports.length < 200 || JSON.stringify(judgement).length < 1_500_000) return judgement
  const ports = judgement.ports.map((port) => ({
    ...port,
    evidence: port.evidence.map((one) => ({ ...one, observations: one.observations.slice(0, 5) })),
  }))
  return { ...judgement, ports }
}

/** Asks a scan to stop; null when there is none or it has ended. */
export async function askCancel(db: Db, tenantId: string, id: string): Promise<Scan | null> {
  const [row] = await db.update(scans).set({ cancelAsked: 1 }).where(running(tenantId, id)).returning()
  return row ?? null
}

/** The kill switch: every scan of every tenant is asked to stop. */
export const askCancelAll = (db: Db): Promise<Scan[]> =>
  db
    .update(scans)
    .set({ cancelAsked: 1 })
    .where(and(isNull(scans.finishedAt), eq(scans.cancelAsked, 0)))
    .returning()

// ---------------------------------------------------------------- the end

export interface Ending {
  state: 'finished' | 'failed' | 'cancelled'
  token: string
  failure: { code: FailureWord; detail: string } | null
  judgement: Judgement | null
  output: { bytes: number; key: string } | null
}

/** Ends a scan for the one judge who comes first, with all facts he judged from. */
export const endScan = (db: Db, scan: Scan, ending: Ending, now: number): Statement =>
  db
    .update(scans)
    .set({
      state: ending.state,
      finishedAt: now,
      finishToken: ending.token,
      steering: null,
      failureCode: ending.failure?.code ?? null,
      failureDetail: ending.failure?.detail ?? null,
      judgement: ending.judgement && bounded(ending.judgement),
      judgedRev: scan.judgedRev + 1,
      outputBytes: ending.output?.bytes ?? null,
      outputKey: ending.output?.key ?? null,
    })
    .where(and(running(scan.tenantId, scan.id), eq(scans.judgedRev, scan.judgedRev)))

/** True when this judge's end was the one that was taken: every effect of it asks. */
export const ended = (scan: Scan, token: string): SQL =>
  sql`EXISTS (SELECT 1 FROM scans WHERE tenant_id = ${scan.tenantId} AND id = ${scan.id} AND finish_token = ${token})`

/** The scan that waited behind an ended one gets its turn. */
export const nextTurn = (db: Db, scan: Scan, guard: SQL): Statement =>
  db
    .update(scans)
    .set({ place: 0 })
    .where(
      and(
        eq(scans.tenantId, scan.tenantId),
        eq(scans.targetId, scan.targetId),
        eq(scans.site, scan.site),
        eq(scans.place, 1),
        isNull(scans.finishedAt),
        guard,
      ),
    )

/** Ends a scan that never got its panel, and lets the one behind it have its turn. */
export async function endUnbegun(
  db: Db,
  scan: Scan,
  how: Pick<Ending, 'state' | 'failure'>,
  now: number,
): Promise<void> {
  const token = crypto.randomUUID()
  const ending = { ...how, token, judgement: null, output: null }
  await batch(db, [endScan(db, scan, ending, now), nextTurn(db, scan, ended(scan, token))])
}

/** Scans that wait behind none. Every end hands the turn on; this is for the end that a crash cut short. */
export const promote = async (db: Db): Promise<void> => {
  await db.run(sql`UPDATE scans SET place = 0 WHERE finished_at IS NULL AND place = 1 AND NOT EXISTS (SELECT 1 FROM scans AS other
    WHERE other.tenant_id = scans.tenant_id AND other.target_id = scans.target_id AND other.site = scans.site AND other.place = 0 AND other.finished_at IS NULL)`)
}

/** A judgement made again, and its output. */
export async function storeRejudgement(
  db: Db,
  scan: Scan,
  judgement: Judgement,
  output: { bytes: number; key: string } | null,
): Promise<boolean> {
  const [done] = await batch(db, [
    db
      .update(scans)
      .set({
        judgement: bounded(judgement),
        judgedRev: scan.judgedRev + 1,
        ...(output ? { outputBytes: output.bytes, outputKey: output.key } : {}),
      })
      .where(and(one(scan.tenantId, scan.id), eq(scans.judgedRev, scan.judgedRev))),
  ])
  return changed(done) > 0
}

/** Scans whose turn it is and that have no panel yet. */
export const unbegun = (db: Db, limit: number): Promise<Scan[]> =>
  db
    .select()
    .from(scans)
    .where(and(isNull(scans.finishedAt), eq(scans.place, 0), eq(scans.scannerProbeId, '')))
    .orderBy(asc(scans.createdAt))
    .limit(limit)

/** Scans that only time can move: being verified, past their end, asked to stop, or with no scan run left. */
export const overdue = (db: Db, now: number, limit: number): Promise<{ tenantId: string; id: string }[]> =>
  db
    .select({ tenantId: scans.tenantId, id: scans.id })
    .from(scans)
    .where(
      and(
        isNull(scans.finishedAt),
        sql`(deadline_at < ${now} OR cancel_asked = 1 OR steering ->> '$.hold' = 1
      OR (scanner_probe_id <> '' AND NOT EXISTS (SELECT 1 FROM runs WHERE runs.probe_id = scans.scanner_probe_id AND runs.scan_id = scans.id AND runs.kind = 'scan' AND runs.ended_at IS NULL)))`,
      ),
    )
    .orderBy(asc(scans.createdAt))
    .limit(limit)
