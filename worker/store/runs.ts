/**
 * Runs: leased to the one probe they name, fenced by `epoch`, closed once. A batch cannot branch, so the result's UPDATE
 * leaves a token of its request, and every effect asks whether that token stands (platform.md, section 4).
 */
import { and, eq, isNull, type Placeholder, type SQL, sql } from 'drizzle-orm'
import { type Address, parseAddress } from '../../schema/address.ts'
import { keyOf } from '../../schema/cidr.ts'
import { derivedId } from '../../schema/ids.ts'
import { runs, scans } from '../../schema/tables.ts'
import type { Plan, ResultRequest, Step } from '../../schema/wire.ts'
import { LEASE_MS } from '../../schema/wire.ts'
import type { FailureWord, Role, RunKind } from '../../schema/words.ts'
import { batch, changed, type Db, inParts, once, rows, type Statement } from './db.ts'
import { type HeldRun, heldFrom, heldRow } from './held.ts'
import { type Signer, signerFrom, signerRow } from './probes.ts'
import { isOn, stoppedFlag, stoppedRow } from './settings.ts'

export type Run = typeof runs.$inferSelect
/** A run to be made; its id follows from scan and key. */
export interface NewRun {
  id: string
  key: string
  probeId: string
  role: Role
  kind: RunKind
  dueAt: number
  deadlineAt: number
  needsPrivate: boolean
  plan: Plan
}
/** The key of a scan's own run; those of the panel have theirs from the steering. */
export const SCAN_KEY = 'scan'
/** The id of a run: its scan's random part, so that they lie together, and 12 characters of the key's hash. */
export const runIdOf = async (scanId: string, key: string): Promise<string> =>
  `run_${scanId.slice(4)}${(await derivedId('run', scanId, key)).slice(-12)}`
const idsOf = (scanId: string | Placeholder): SQL =>
  sql`id >= 'run_' || substr(${scanId}, 5) AND id < 'run_' || substr(${scanId}, 5) || '~'`
/** The probes of a scan, read from its own panel: with the order of ids this finds its runs without an index. */
const probesOf = (tenantId: string | Placeholder, scanId: string | Placeholder): SQL =>
  sql`(SELECT p.value ->> '$.probeId' FROM scans s, json_each(s.panel) p WHERE s.tenant_id = ${tenantId} AND s.id = ${scanId})`
export const ofScan = (tenantId: string | Placeholder, scanId: string | Placeholder): SQL =>
  sql`probe_id IN ${probesOf(tenantId, scanId)} AND ${idsOf(scanId)} AND tenant_id = ${tenantId}`

/**
 * Makes runs, in one statement or several of which each fits; those that exist stay as they are. Once a scan has ended only its recovery goes on, unless it was asked to stop. The panel they were made
 * for must be the scan's: of two who begin a scan at once, each with a panel of its own, one has begun it.
 */
export const addRuns = (
  db: Db,
  { tenantId, id: scanId, panel }: Pick<typeof scans.$inferSelect, 'tenantId' | 'id' | 'panel'>,
  list: readonly NewRun[],
): Statement[] =>
  inParts(list).map((part) =>
    db.run(sql`INSERT OR IGNORE INTO runs (probe_id, id, key, tenant_id, scan_id, role, kind, state, epoch, due_at, deadline_at, needs_private, plan)
    SELECT value ->> '$.probeId', value ->> '$.id', value ->> '$.key', ${tenantId}, ${scanId}, value ->> '$.role', value ->> '$.kind', 'due', 0,
      value ->> '$.dueAt', value ->> '$.deadlineAt', value ->> '$.needsPrivate', value ->> '$.plan'
    FROM json_each(${rows(part)})
    WHERE EXISTS (SELECT 1 FROM scans WHERE tenant_id = ${tenantId} AND id = ${scanId} AND panel = ${JSON.stringify(panel)}
      AND cancel_asked = 0 AND (value ->> '$.kind' = 'recover' OR finished_at IS NULL))`),
  )

/** Adds steps to a run's plan, unless another judge has changed the plan since it was read. */
export const appendSteps = (
  db: Db,
  tenantId: string,
  run: { probeId: string; id: string; planRev: number },
  steps: readonly Step[],
): Statement =>
  db.run(sql`UPDATE runs SET plan_rev = plan_rev + 1, plan = json_set(plan, '$.steps', json(${rows(steps)}))
    WHERE probe_id = ${run.probeId} AND id = ${run.id} AND tenant_id = ${tenantId} AND plan_rev = ${run.planRev} AND ended_at IS NULL`)

/** These runs have seen enough: whoever holds one is told when it next asks, and one that nobody holds ends at once. */
export function stopRuns(db: Db, tenantId: string, scanId: string, ids: readonly string[], now: number): Statement[] {
  const these = sql`${ofScan(tenantId, scanId)} AND id IN (SELECT value FROM json_each(${rows(ids)})) AND ended_at IS NULL`
  // Apart, because an UPDATE that so much as names `ended_at` writes the index of unended runs anew for each row.
  return [
    db.run(sql`UPDATE runs SET stop_asked = 1 WHERE ${these} AND state = 'leased' AND stop_asked = 0`),
    db.run(sql`UPDATE runs SET state = 'ended', ended_at = ${now} WHERE ${these} AND state = 'due'`),
  ]
}

/** Ends the runs of a scan that nobody holds; with `held` also those that somebody does. Recovery goes on. */
export const endRuns = (
  db: Db,
  tenantId: string,
  scanId: string,
  now: number,
  { held }: { held: boolean },
  guard: SQL = sql`1`,
): Statement =>
  db.run(sql`UPDATE runs SET state = 'ended', ended_at = ${now}
    WHERE ${ofScan(tenantId, scanId)} AND ended_at IS NULL AND kind <> 'recover' AND (state = 'due' OR ${held ? 1 : 0}) AND ${guard}`)

// ---------------------------------------------------------------- lease

/**
 * Of a proof's run (and true of any other): its rate fits into the proof's beside those of the runs that others hold, so that the target
 * never bears more than that, however long each takes. `scans` and `runs` are rows of the query around it.
 */
const HAS_TURN = sql<number>`CASE WHEN runs.kind <> 'prove' THEN 1 ELSE (SELECT coalesce(sum(other.plan ->> '$.maxConnectsPerSecond'), 0)
    FROM scans own, json_each(own.panel) member JOIN runs other ON other.probe_id = member.value ->> '$.probeId'
    WHERE own.tenant_id = runs.tenant_id AND own.id = runs.scan_id
      AND other.id >= 'run_' || substr(runs.scan_id, 5) AND other.id < 'run_' || substr(runs.scan_id, 5) || '~' AND other.tenant_id = runs.tenant_id
      AND other.kind = 'prove' AND other.state = 'leased' AND other.ended_at IS NULL AND other.id <> runs.id)
  + (runs.plan ->> '$.maxConnectsPerSecond') <= (SELECT max_connects_per_second FROM scans WHERE tenant_id = runs.tenant_id AND id = runs.scan_id) END`

/** A proof's run that nobody has held waits for its turn: its time counts from then (`take`). */
const WAITS_FOR_TURN = sql`(runs.kind = 'prove' AND runs.state = 'due')`

export interface Candidate {
  id: string
  tenantId: string
  scanId: string
  kind: RunKind
  state: string
  epoch: number
  leasedAt: number | null
  leaseUntil: number | null
  needsPrivate: number
  dueAt: number
  /** 1: it may begin beside what others hold of its proof */
  hasTurn: number
}

const leasableRows = once<{ probeId: string; now: number }, Candidate>((db, { probeId, now }) =>
  db
    .select({
      id: runs.id,
      tenantId: runs.tenantId,
      scanId: runs.scanId,
      kind: runs.kind,
      state: runs.state,
      epoch: runs.epoch,
      leasedAt: runs.leasedAt,
      leaseUntil: runs.leaseUntil,
      needsPrivate: runs.needsPrivate,
      dueAt: runs.dueAt,
      hasTurn: HAS_TURN,
    })
    .from(runs)
    .innerJoin(scans, and(eq(scans.tenantId, runs.tenantId), eq(scans.id, runs.scanId)))
    .where(
      and(
        eq(runs.probeId, probeId),
        isNull(runs.endedAt),
        sql`(${runs.deadlineAt} > ${now} OR ${WAITS_FOR_TURN}) AND ${runs.stopAsked} = 0`,
        sql`${scans.cancelAsked} = 0 AND (${scans.finishedAt} IS NULL OR ${runs.kind} = 'recover')`,
      ),
    )
    .orderBy(runs.dueAt)
    .limit(200),
)

/**
 * A probe as it is now with its range, null when it was revoked, and its runs that may be leased to it now or later: not ended, not past
 * their end, not asked to stop.
 */
export async function leasable(
  db: Db,
  { id: probeId, sourceAddress }: Pick<Signer, 'id' | 'sourceAddress'>,
  now: number,
): Promise<{ probe: Signer | null; stopped: boolean; candidates: Candidate[] }> {
  const key = keyOf(parseAddress(sourceAddress) as Address)
  const reads = [signerRow(db, { id: probeId, key }), stoppedRow(db, {}), leasableRows(db, { probeId, now })]
  const [probe, flag, candidates] = (await batch(db, reads)) as [unknown, unknown, Candidate[]]
  const stopped = isOn(flag)
  const signer = signerFrom(probe, key)
  const isIdle = stopped || signer?.quarantinedAt !== null
  return { probe: signer, stopped, candidates: isIdle ? [] : candidates }
}

const take = once<
  { probeId: string; id: string; epoch: number; leasedAt: number; leaseUntil: number; now: number },
  never
>((db, { probeId, id, epoch, leasedAt, leaseUntil, now }) =>
  db
    .update(runs)
    .set({
      state: 'leased',
      epoch: sql`epoch + 1`,
      leasedAt: sql`${leasedAt}`,
      leaseUntil: sql`${leaseUntil}`,
      heardAt: sql`${now}`,
      // As long as it had from the moment at which it was due.
      deadlineAt: sql`CASE WHEN ${WAITS_FOR_TURN} THEN max(deadline_at, ${now} + deadline_at - due_at) ELSE deadline_at END`,
    })
    .where(
      and(
        eq(runs.probeId, probeId),
        eq(runs.id, id),
        eq(runs.epoch, epoch),
        isNull(runs.endedAt),
        sql`NOT ${stoppedFlag}`,
        HAS_TURN,
      ),
    ),
)

/** Runs with whose first lease their scan, proof or look begins. */
const STARTING: readonly RunKind[] = ['scan', 'prove', 'control']

/**
 * Leases these, each only if nobody has since; the first lease of a scan's run starts it, and of a proof's. `askedAt` is the time in the
 * request's signature.
 */
export async function lease(
  db: Db,
  probeId: string,
  picked: readonly Candidate[],
  askedAt: number,
  now: number,
): Promise<Run[]> {
  const leasedAt = Math.max(askedAt, now)
  const takes = picked.map(({ id, epoch, kind }) =>
    take(db, { probeId, id, epoch, leasedAt, leaseUntil: now + LEASE_MS[kind], now }),
  )
  const starts = picked
    .filter(({ kind }) => STARTING.includes(kind))
    .map((run) =>
      db
        .update(scans)
        .set({ state: 'running', startedAt: sql`coalesce(${scans.startedAt}, ${now})` })
        .where(and(eq(scans.tenantId, run.tenantId), eq(scans.id, run.scanId), eq(scans.state, 'queued'))),
    )
  const reads = picked.map(({ id }) => heldRow(db, { probeId, runId: id }))
  const answers = await batch(db, [...takes, ...starts, ...reads])
  const held = answers.slice(-reads.length).map(heldFrom)
  return held.flatMap((one, i) => (one && changed(answers[i]) > 0 ? [one.run] : []))
}

// ---------------------------------------------------------------- renew and result

/** True while this lease is the run's latest and the run has not ended: every write of a report asks this. */
export const holds = (probeId: string, runId: string, epoch: number): SQL =>
  sql`EXISTS (SELECT 1 FROM runs WHERE probe_id = ${probeId} AND id = ${runId} AND epoch = ${epoch} AND ended_at IS NULL)`
/** True when this request's result was the one that was taken. */
export const won = (probeId: string, runId: string, token: string): SQL =>
  sql`EXISTS (SELECT 1 FROM runs WHERE probe_id = ${probeId} AND id = ${runId} AND result_token = ${token})`

/** A renewal is written only when less than this share of the lease is left. */
const RENEW_SHARE = 0.4

/** The end of the lease after a renewal, and the write for it, if one is due. */
export function extend(
  db: Db,
  { run }: HeldRun,
  news: { discovered: boolean; untested: string | undefined },
  now: number,
): { leaseUntil: number; writes: Statement[] } {
  const lease = LEASE_MS[run.kind]
  const old = run.leaseUntil ?? now
  const discovered = news.discovered && run.discovered === 0
  if (old - now >= lease * RENEW_SHARE && !discovered) return { leaseUntil: old, writes: [] }
  const leaseUntil = now + lease
  const write = db
    .update(runs)
    .set({
      leaseUntil,
      heardAt: now,
      ...(discovered ? { discovered: 1 } : {}),
      // Told once; the run as it was last read may not know that it was.
      ...(discovered && news.untested !== undefined
        ? { plan: sql`json_set(plan, '$.untested', ${news.untested})` }
        : {}),
    })
    .where(and(eq(runs.probeId, run.probeId), eq(runs.id, run.id), eq(runs.epoch, run.epoch), isNull(runs.endedAt)))
  return { leaseUntil, writes: [write] }
}

export type Closing = Pick<
  ResultRequest,
  'outcome' | 'failure' | 'ports' | 'connects' | 'engagement' | 'recheck' | 'fetched'
> & {
  logKey: string | null
}

/** Closes the run for whoever comes first with the right epoch. */
export const close = (
  db: Db,
  { run }: HeldRun,
  result: { digest: string; token: string; closing: Closing },
  now: number,
): Statement =>
  db
    .update(runs)
    .set({
      state: 'done',
      resultDigest: result.digest,
      resultToken: result.token,
      closing: result.closing,
      endedAt: now,
      heardAt: now,
    })
    .where(
      and(
        eq(runs.probeId, run.probeId),
        eq(runs.id, run.id),
        eq(runs.epoch, run.epoch),
        isNull(runs.resultToken),
        isNull(runs.endedAt),
      ),
    )

/** What a report weighs besides its text. */
export const REPORT_BYTES = 1_000
/**
 * What one run may report in all, in bytes. A scan of 1,000 open ports with every refusal that it keeps, and a touch run with
 * each endpoint of a full plan, stay far below; each judgement reads all of it, in 128 MB.
 */
export const TOLD_MOST = { scan: 12_000_000, touches: 4_000_000 } as const
export const hasToldTooMuch = (run: Pick<Run, 'kind'>, told: number): boolean =>
  told > TOLD_MOST[run.kind === 'scan' || run.kind === 'prove' ? 'scan' : 'touches']

/** Ends a run that reported beyond measure, as failed. */
export const endAsFlood = (db: Db, run: RunName, now: number): Promise<void> =>
  endAsFailed(db, run, { code: 'internal', detail: 'The probe reported more than one run may.' }, now)

type RunName = Pick<Run, 'probeId' | 'id' | 'epoch'>

/** Ends a run as failed, unless it was leased anew since. What it saw stays; the next tick judges its scan. */
export const endAsFailed = async (
  db: Db,
  run: RunName,
  failure: { code: FailureWord; detail: string },
  now: number,
): Promise<void> => {
  const closing: Closing = { outcome: 'failed', failure, logKey: null }
  await db
    .update(runs)
    .set({ state: 'ended', endedAt: now, closing })
    .where(and(eq(runs.probeId, run.probeId), eq(runs.id, run.id), eq(runs.epoch, run.epoch), isNull(runs.endedAt)))
}

// ---------------------------------------------------------------- reading and reaping

/** All runs of a scan, in the order in which they were due. */
export const runsOf = once<{ tenantId: string; scanId: string }, Run>((db, { tenantId, scanId }) =>
  db.select().from(runs).where(ofScan(tenantId, scanId)).orderBy(runs.dueAt, runs.id),
)

/**
 * Whose result a run has, and whether the scanner's own run (`scanRunId`) is over: the end of another may end the scan from
 * then on.
 */
export const taken = once<
  { tenantId: string; scanId: string; scanRunId: string; probeId: string; runId: string },
  Pick<Run, 'epoch' | 'resultDigest' | 'resultToken'> & { isScannerHome: number }
>((db, { tenantId, scanId, scanRunId, probeId, runId }) =>
  db
    .select({
      epoch: runs.epoch,
      resultDigest: runs.resultDigest,
      resultToken: runs.resultToken,
      isScannerHome: sql<number>`NOT EXISTS (SELECT 1 FROM runs own WHERE own.id = ${scanRunId} AND own.ended_at IS NULL
        AND own.probe_id = (SELECT scanner_probe_id FROM scans WHERE tenant_id = ${tenantId} AND id = ${scanId}))`,
    })
    .from(runs)
    .where(and(eq(runs.probeId, probeId), eq(runs.id, runId))),
)

/** A proof's runs that have not ended, in the order in which they are due. */
export const leftOf = once<{ tenantId: string; scanId: string }, Pick<Run, 'probeId' | 'state' | 'dueAt'>>(
  (db, { tenantId, scanId }) =>
    db
      .select({ probeId: runs.probeId, state: runs.state, dueAt: runs.dueAt })
      .from(runs)
      .where(sql`${ofScan(tenantId, scanId)} AND ended_at IS NULL`)
      .orderBy(runs.dueAt, runs.id),
)

const SILENT = sql`lease_until + CASE kind ${sql.join(
  Object.entries(LEASE_MS).map(([kind, ms]) => sql`WHEN ${kind} THEN ${sql.raw(String(ms))}`),
  sql` `,
)} END`
/** A scan run is given up when its probe has neither come for it nor been seen for this long. */
const UNTAKEN_MS = 300_000

/** Ends at most so many runs whose probe was silent for two leases, or that are past their end. Answers their scans. */
export async function reap(db: Db, now: number, limit: number): Promise<{ tenantId: string; id: string }[]> {
  const ended = await db
    .update(runs)
    .set({ state: 'ended', endedAt: now })
    .where(sql`(probe_id, id) IN (SELECT probe_id, id FROM runs
      WHERE ended_at IS NULL AND ((deadline_at + 15000 < ${now} AND NOT ${WAITS_FOR_TURN}) OR (state = 'leased' AND ${SILENT} < ${now})
        OR (state = 'due' AND kind IN ('scan', 'prove', 'control') AND due_at < ${now - UNTAKEN_MS}
          AND NOT EXISTS (SELECT 1 FROM probes WHERE probes.id = runs.probe_id AND revoked_at IS NULL AND seen_at > ${now - UNTAKEN_MS})))
      LIMIT ${limit})`)
    .returning({ tenantId: runs.tenantId, id: runs.scanId })
  return [...new Map(ended.map((row) => [row.id, row])).values()]
}

/** How many runs of the scan are not ended, and which probes hold them. */
export const unended = (db: Db, tenantId: string, scanId: string) =>
  db
    .select({ probeId: runs.probeId, state: runs.state })
    .from(runs)
    .where(sql`${ofScan(tenantId, scanId)} AND ended_at IS NULL AND kind <> 'recover'`)
