import { and, asc, desc, eq, isNull, type SQL, sql } from 'drizzle-orm'
import type { Judgement } from '../../schema/judgement.ts'
import { scans } from '../../schema/tables.ts'
import type { Endpoint } from '../../schema/wire.ts'
import type { FailureWord, Phase } from '../../schema/words.ts'
import { bounded } from './bounded.ts'
import { batch, changed, type Db, once, read, rows, rowWhere, type Statement } from './db.ts'
import { addNotices, type Told } from './outbox.ts'

export type Scan = typeof scans.$inferSelect
export type NewScan = typeof scans.$inferInsert
const one = (tenantId: string, id: string) => and(eq(scans.tenantId, tenantId), eq(scans.id, id))
const running = (tenantId: string, id: string) => and(one(tenantId, id), isNull(scans.finishedAt))

export const scanRow = once<{ tenantId: string; scanId: string }, Scan>((db, { tenantId, scanId }) =>
  db
    .select()
    .from(scans)
    .where(and(eq(scans.tenantId, tenantId), eq(scans.id, scanId))),
)
/** Null when the tenant has no such scan. A row that carries a proof (store/proofs.ts) or a look (store/controls.ts) is none. */
export async function readScan(db: Db, tenantId: string, scanId: string): Promise<Scan | null> {
  const [row] = await read(db, scanRow(db, { tenantId, scanId }))
  return row && row.proof === null && row.control === null ? row : null
}

/** The latest retests of a whole scan that have ended: as many as fit into memory with all they found. */
export const retestsOf = (
  db: Db,
  tenantId: string,
  whole: Pick<Scan, 'id' | 'targetId' | 'createdAt'>,
): Promise<Scan[]> =>
  db
    .select()
    .from(scans)
    .where(
      and(
        eq(scans.tenantId, tenantId),
        eq(scans.targetId, whole.targetId),
        sql`created_at > ${whole.createdAt}`,
        eq(scans.fills, whole.id),
        eq(scans.state, 'finished'),
      ),
    )
    .orderBy(desc(scans.createdAt))
    .limit(10)

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

/** Whether a scan, or a proof, of this target is under way: what one provokes would pass for what the other sees. */
export const underWay = (tenantId: string, targetId: string, what: 'scan' | 'proof'): SQL<number> =>
  sql<number>`EXISTS (SELECT 1 FROM scans other WHERE other.tenant_id = ${tenantId} AND other.target_id = ${targetId}
    AND other.finished_at IS NULL AND other.scanner_probe_id <> ''
    AND other.control IS NULL AND other.proof IS ${what === 'proof' ? sql`NOT NULL` : sql`NULL`})`

/**
 * Writes a scan, or the row that carries a proof, while `within` holds, unless one of the other kind is under way: they have no
 * lane in common. The row of a look at control is in nobody's way.
 */
export function addScan(db: Db, scan: Scan, within: SQL = sql`1`): Statement {
  const other = underWay(scan.tenantId, scan.targetId, scan.proof === null ? 'proof' : 'scan')
  const isFree = scan.control === null ? sql`NOT ${other}` : sql`1`
  return db.insert(scans).select(rowWhere(scans, scan, sql`${isFree} AND ${within}`))
}

/**
 * Opens the scan of a due minute: in its turn when none of its target and site runs, else to wait. Answers its place, or
 * null when it was open already or when another waits as well.
 */
export async function addDueScan(db: Db, scan: NewScan): Promise<Scan | null> {
  const busy = sql<number>`EXISTS (SELECT 1 FROM scans WHERE tenant_id = ${scan.tenantId} AND target_id = ${scan.targetId}
    AND ${scan.site} IN (site, lane) AND place = 0 AND finished_at IS NULL)`
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

/** A scan gets its panel and pinned addresses; only the first to come, while no proof is under way and `within` holds. */
export const beginScan = (db: Db, scan: Scan, within: SQL): Statement =>
  db
    .update(scans)
    .set({
      lane: scan.lane,
      addresses: scan.addresses,
      leftOut: scan.leftOut,
      anchors: scan.anchors,
      networks: scan.networks,
      name: scan.name,
      scannerProbeId: scan.scannerProbeId,
      panel: scan.panel,
      deadlineAt: scan.deadlineAt,
      dueAt: scan.dueAt,
      maxConnectsPerSecond: scan.maxConnectsPerSecond,
      connects: scan.connects,
      isPublic: scan.isPublic,
    })
    .where(
      and(
        running(scan.tenantId, scan.id),
        eq(scans.scannerProbeId, ''),
        sql`NOT ${underWay(scan.tenantId, scan.targetId, 'proof')}`,
        within,
      ),
    )

/** True once it has its panel: for what goes in the batch that gives it one. */
export const hasBegun = (tenantId: string, id: string): SQL =>
  sql`EXISTS (SELECT 1 FROM scans WHERE tenant_id = ${tenantId} AND id = ${id} AND scanner_probe_id <> '')`

/** Why it could not begin now. Digits tell how much of what is used, and change with each look: they are no news. */
export async function noteWaiting(db: Db, scan: Scan, why: string): Promise<void> {
  const kindOf = (text: string | null) => text?.replace(/\d+/g, '0')
  if (kindOf(scan.waitsFor) === kindOf(why)) return
  await db
    .update(scans)
    .set({ waitsFor: why })
    .where(and(running(scan.tenantId, scan.id), eq(scans.scannerProbeId, '')))
}

interface Running {
  tenant: number
  network: number
}

/** How many scans are under way beside this one: of its tenant, and in these networks by whomever. */
const runningBeside = ({ tenantId, id }: Pick<Scan, 'tenantId' | 'id'>, networks: readonly string[]): SQL => sql`
    SELECT coalesce(sum(tenant_id = ${tenantId}), 0) AS tenant,
      coalesce(sum(EXISTS (SELECT 1 FROM json_each(networks) n WHERE n.value IN (SELECT value FROM json_each(${rows(networks)})))), 0) AS network
    FROM scans WHERE finished_at IS NULL AND scanner_probe_id <> '' AND control IS NULL AND id <> ${id}`

export const countRunning = async (db: Db, ...of: Parameters<typeof runningBeside>): Promise<Running> =>
  (await db.get<Running>(runningBeside(...of))) ?? { tenant: 0, network: 0 }

/** There are fewer than so many of both: a condition of the write that begins the scan. */
export const hasRoom = (scan: Pick<Scan, 'tenantId' | 'id' | 'networks'>, most: Running): SQL =>
  sql`(SELECT under.tenant < ${most.tenant} AND under.network < ${most.network} FROM (${runningBeside(scan, scan.networks)}) under)`

// ---------------------------------------------------------------- under way

/** The scanner is ready, if `guard` holds. */
export const markReady = (db: Db, tenantId: string, id: string, guard: SQL, now: number): Statement =>
  db
    .update(scans)
    .set({ readyAt: now })
    .where(and(running(tenantId, id), isNull(scans.readyAt), guard))

/** A judgement, and what lists show of it. */
const judgedAs = (judgement: Judgement) => ({
  judgement: bounded(judgement),
  verdict: judgement.verdict,
  coverageShare: judgement.coverage?.share ?? null,
})

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
      ...judgedAs(judgement),
      judgedRev: scan.judgedRev + 1,
      steering: steering as Scan['steering'],
      ...(phase ? { phase } : {}),
    })
    .where(and(one(scan.tenantId, scan.id), eq(scans.judgedRev, scan.judgedRev)))

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
  /** connects that it made: what was set aside besides is free again */
  connects: number
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
      ...(ending.judgement ? judgedAs(ending.judgement) : { judgement: null, verdict: null, coverageShare: null }),
      judgedRev: scan.judgedRev + 1,
      outputBytes: ending.output?.bytes ?? null,
      outputKey: ending.output?.key ?? null,
      connects: ending.connects,
    })
    .where(and(running(scan.tenantId, scan.id), eq(scans.judgedRev, scan.judgedRev)))

/** True when this judge's end was the one that was taken: every effect of it asks. */
export const ended = (scan: Scan, token: string): SQL =>
  sql`EXISTS (SELECT 1 FROM scans WHERE tenant_id = ${scan.tenantId} AND id = ${scan.id} AND finish_token = ${token})`

/** The scan that waited behind an ended one gets its turn. */
export const nextTurn = (db: Db, scan: Scan, guard: SQL): Statement =>
  db.run(sql`UPDATE scans SET place = 0 WHERE tenant_id = ${scan.tenantId} AND target_id = ${scan.targetId}
    AND lane IN (${scan.lane}, ${scan.site}) AND ${isNext} AND ${guard}`)

/** Waits, and behind nobody. */
const isNext = sql.raw(`place = 1 AND finished_at IS NULL AND NOT EXISTS (SELECT 1 FROM scans AS other
    WHERE other.tenant_id = scans.tenant_id AND other.target_id = scans.target_id AND other.lane = scans.lane AND other.place = 0 AND other.finished_at IS NULL)`)

/** Ends a scan that never got its panel, tells of it, and lets the one behind it have its turn. */
export async function endUnbegun(
  db: Db,
  scan: Scan,
  {
    notices = [],
    also,
    ...how
  }: Pick<Ending, 'state' | 'failure'> & { notices?: readonly Told[]; also?: (guard: SQL) => Statement[] },
  now: number,
): Promise<void> {
  const token = crypto.randomUUID()
  const ending = { ...how, token, judgement: null, output: null, connects: 0 }
  const guard = ended(scan, token)
  await batch(db, [
    endScan(db, scan, ending, now),
    ...(notices.length > 0 ? [addNotices(db, scan.tenantId, notices, guard, now)] : []),
    ...(also?.(guard) ?? []),
    nextTurn(db, scan, guard),
  ])
}

/** Scans that wait behind none. Every end hands the turn on; this is for the end that a crash cut short. */
export const promote = async (db: Db): Promise<void> => {
  await db.run(sql`UPDATE scans SET place = 0 WHERE ${isNext}`)
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
        ...judgedAs(judgement),
        judgedRev: scan.judgedRev + 1,
        ...(output ? { outputBytes: output.bytes, outputKey: output.key } : {}),
      })
      .where(and(one(scan.tenantId, scan.id), eq(scans.judgedRev, scan.judgedRev))),
    restateOccurrences(db, scan),
  ])
  return changed(done) > 0
}

/** The words that occurrences keep follow the judgement, if it is this one that stands now. */
const restateOccurrences = (db: Db, { tenantId, id, judgedRev }: Scan): Statement =>
  db.run(sql`UPDATE occurrences SET said = json_object('verdict', port.value ->> '$.verdict', 'strength', port.value ->> '$.strength',
      'class', port.value ->> '$.cause.class', 'mechanism', port.value ->> '$.cause.mechanism',
      'vendor', port.value ->> '$.cause.vendor', 'confidence', port.value ->> '$.cause.confidence')
    FROM scans, json_each(scans.judgement, '$.ports') port
    WHERE scans.tenant_id = ${tenantId} AND scans.id = ${id} AND scans.judged_rev = ${judgedRev + 1}
      AND occurrences.tenant_id = scans.tenant_id AND occurrences.scan_id = scans.id
      AND occurrences.address = port.value ->> '$.address' AND occurrences.port = port.value ->> '$.port'`)

const isUnbegun = and(isNull(scans.finishedAt), eq(scans.place, 0), eq(scans.scannerProbeId, ''))

/**
 * Scans whose turn it is and that have no panel yet: one of each tenant, then a second of each, and so on; of one tenant in
 * no order, so that none which must wait longer keeps its others waiting. A tenant that has `ceiling` scans under way has
 * none to begin.
 */
export const unbegun = (db: Db, limit: number, ceiling: number): Promise<Scan[]> =>
  db
    .select()
    .from(scans)
    .where(
      and(
        isUnbegun,
        sql`tenant_id NOT IN (SELECT tenant_id FROM scans WHERE finished_at IS NULL AND scanner_probe_id <> ''
          GROUP BY tenant_id HAVING count(*) >= ${ceiling})`,
      ),
    )
    .orderBy(sql`row_number() OVER (PARTITION BY tenant_id ORDER BY random())`, sql`random()`)
    .limit(limit)

/** The same of the target of this scan alone: one for each of its lanes, and a few at most. */
export const unbegunBehind = (db: Db, { tenantId, id: scanId }: Pick<Scan, 'tenantId' | 'id'>) =>
  db
    .select()
    .from(scans)
    .where(
      and(
        isUnbegun,
        eq(scans.tenantId, tenantId),
        sql`target_id = (SELECT target_id FROM scans WHERE tenant_id = ${tenantId} AND id = ${scanId})`,
      ),
    )
    .orderBy(asc(scans.createdAt))
    .limit(2)

/**
 * Scans that only time can move: being verified, past their end, asked to stop, or with no run of their own left: the scanner's, or any of a proof. In no order: one
 * that fails at each look keeps no other from its own.
 */
export const overdue = (db: Db, now: number, limit: number): Promise<{ tenantId: string; id: string }[]> =>
  db
    .select({ tenantId: scans.tenantId, id: scans.id })
    .from(scans)
    .where(
      and(
        isNull(scans.finishedAt),
        sql`(deadline_at < ${now} OR cancel_asked = 1 OR steering ->> '$.hold' = 1
      OR (scanner_probe_id <> '' AND proof IS NULL AND control IS NULL AND NOT EXISTS (SELECT 1 FROM runs WHERE runs.probe_id = scans.scanner_probe_id AND runs.scan_id = scans.id AND runs.kind = 'scan' AND runs.ended_at IS NULL))
      OR (proof IS NOT NULL AND NOT EXISTS (SELECT 1 FROM json_each(scans.panel) member JOIN runs ON runs.probe_id = member.value ->> '$.probeId'
        WHERE runs.scan_id = scans.id AND runs.kind = 'prove' AND runs.ended_at IS NULL))
      OR (control IS NOT NULL AND NOT EXISTS (SELECT 1 FROM json_each(scans.panel) member JOIN runs ON runs.probe_id = member.value ->> '$.probeId'
        WHERE runs.scan_id = scans.id AND runs.kind = 'control' AND runs.ended_at IS NULL)))`,
      ),
    )
    .orderBy(sql`random()`)
    .limit(limit)
