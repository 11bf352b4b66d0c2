/** What probes say about their runs: lease, renew, alarm, result. Facts are stored first; then the line judges. */
import { parseAddress } from '../schema/address.ts'
import type {
  AlarmRequest,
  LeaseAnswer,
  LeasedRun,
  LeaseRequest,
  Plan,
  RenewAnswer,
  RenewRequest,
  ResultRequest,
  ScanPlan,
  Standing,
} from '../schema/wire.ts'
import { AGENT, RENEW_MS } from '../schema/wire.ts'
import { type Bounds, insidePlan } from './allowed.ts'
import { isDirectoryOf, wantsDirectory } from './botDirectory.ts'
import { foundSteps } from './core/baseline.ts'
import { mayRun, standingOf } from './core/ranges/standing.ts'
import { badField, Failure, notOurs } from './failure.ts'
import { tokensFor } from './proofTokens.ts'
import { batch, type Statement } from './store/db.ts'
import {
  addAlarm,
  addReport,
  carriesFacts,
  type Known,
  knownIn,
  readKnown,
  readScanFacts,
  type Snapshot,
  snapshotFrom,
  snapshotReads,
} from './store/facts.ts'
import { type HeldRun, heldFrom, heldIn, heldRow, lastHeld, readHeld } from './store/held.ts'
import type { Probe, Signer } from './store/probes.ts'
import { DRAINED, keysOf, noteSeen, readSigner } from './store/probes.ts'
import { logKey, putText } from './store/raw.ts'
import {
  type Candidate,
  close,
  endAsFailed,
  endAsFlood,
  extend,
  hasToldTooMuch,
  holds,
  leasable,
  lease,
  type Run,
  runIdOf,
  SCAN_KEY,
  taken,
  won,
} from './store/runs.ts'
import { markReady } from './store/scans.ts'
import { isOn, stoppedRow } from './store/settings.ts'
import type { World } from './world.ts'

/** The doorbell may be lost: a probe asks at least this often. */
const POLL_MS = 60_000
const SHORTEST_POLL_MS = 250
/** A scan run holds still while its losses are verified, and asks this often. */
const HELD_MS = 2_000
/** Standing baselines ask this often while discovery is young, and less often later: the bell calls them as well. */
const STANDING_MS = { young: 4_000, later: 8_000, youngForMs: 45_000 } as const
const SHORT_RUN_MS = 5_000
/**
 * What an onlooker saw open may stay with it while discovery goes on and nothing is lost: each report is a row. Below the
 * lease of its run, after which a probe that fell silent is given up.
 */
const PATIENCE_MS = 480_000
/** After it, what is seen within a moment travels together. */
const GATHER_MS = 2_000

/**
 * Hands a probe what is due for it and fits its capacity. `signer` is the probe as it was when its signature was checked
 * (guards/probe.ts), with the key that made it: here it is read anew, so that one that was revoked since gets nothing.
 */
export async function leaseRuns(
  world: World,
  signer: Signer,
  ask: LeaseRequest,
  askedAt: number,
  publicUrl: string,
): Promise<LeaseAnswer> {
  const { db, now } = world
  const { probe, stopped, candidates } = await leasable(db, signer, now)
  if (!probe || !keysOf(probe, now).includes(signer.publicKey) || probe.sourceAddress !== signer.sourceAddress)
    throw notOurs()
  const { directory } = ask
  const isSigned = directory !== undefined && (await isDirectoryOf(probe, directory, publicUrl, now))
  await noteSeen(db, probe, { ...ask, directory: isSigned ? directory : null }, now)
  const signFor = isSigned ? undefined : wantsDirectory(probe, publicUrl, now)
  // A leased run that its own probe no longer carries was lost with its process: as far as it could know of that lease. A
  // request signed before it, played again or late, disowns nothing.
  const unclaimed = candidates.filter(
    (run) => run.state !== 'leased' || !ask.holding.some((held) => held.runId === run.id),
  )
  const free = unclaimed.filter((run) => run.state !== 'leased' || (run.leasedAt ?? 0) < askedAt)
  const standing = standingOf(probe.sourceAddress, probe.source, now)
  const due = free.filter((run) => run.dueAt <= now && (run.needsPrivate === 0 || ask.allowPrivate))
  const gone = probe.drainedAt === null ? [] : due.filter((run) => run.kind === 'prove' && run.state === 'due')
  const ready = due.filter((run) => mayRun(standing, run.kind) && !gone.includes(run))
  if (!standing.scans) await refuseScans(world, probe.id, due, standing)
  for (const run of gone) await endAsFailed(db, { ...run, probeId: probe.id }, DRAINED, now)
  const picked = withinCapacity(ready, ask.capacity)
  const taken = picked.length > 0 ? await lease(db, probe.id, picked, askedAt, now) : []
  const tokens = await tokensFor(world, taken)
  return {
    now,
    standing,
    stopped,
    newest: AGENT,
    publicUrl,
    ...(signFor === undefined ? {} : { signFor }),
    runs: await Promise.all(taken.map((run) => leasedRun(world, run, tokens.get(run.scanId)))),
    // A new process whose clock is still behind learns the time from this answer, and may ask again at once.
    nextPollMs: free.length < unclaimed.length ? SHORTEST_POLL_MS : pollMs(free, now),
  }
}

/** A scan whose probe lost its range before it came for it can never begin: it is told so now, and not when its time is up. */
async function refuseScans(
  world: World,
  probeId: string,
  due: readonly Candidate[],
  { detail }: Standing,
): Promise<void> {
  for (const { id, kind, epoch } of due)
    if (kind === 'scan' || kind === 'prove')
      await endAsFailed(world.db, { probeId, id, epoch }, { code: 'range_inactive', detail }, world.now)
}

function withinCapacity(runs: readonly Candidate[], capacity: LeaseRequest['capacity']): Candidate[] {
  const left = { ...capacity }
  // Verification first: it must always find a place.
  const order = runs.toSorted((a, b) => Number(b.kind === 'verify') - Number(a.kind === 'verify') || a.dueAt - b.dueAt)
  return order.filter((run) => {
    if (run.kind === 'scan') return left.scan-- > 0
    if (left.short <= 0 || (run.kind === 'baseline' && left.baseline <= 0)) return false
    if (run.kind === 'baseline') left.baseline--
    left.short--
    return true
  })
}

/** Until the next run of this probe is due, and a minute at most. */
function pollMs(runs: readonly Candidate[], now: number): number {
  const next = Math.min(...runs.filter((run) => run.dueAt > now).map((run) => run.dueAt - now), POLL_MS)
  return Math.max(next, SHORTEST_POLL_MS)
}

async function leasedRun(world: World, run: Run, proofToken: string | undefined): Promise<LeasedRun> {
  const plan = run.epoch > 1 && run.plan.kind === 'scan' ? await resumed(world, run, run.plan) : run.plan
  const { id: runId, scanId, kind, epoch, deadlineAt } = run
  const lease = { runId, scanId, kind, epoch, leaseUntil: run.leaseUntil ?? world.now, deadlineAt, plan }
  return proofToken === undefined ? lease : { ...lease, proofToken }
}

/** A second lease of a scan run starts from what the first had found. */
async function resumed(world: World, run: Run, plan: ScanPlan): Promise<Plan> {
  const facts = await readScanFacts(world.db, run.tenantId, run.scanId)
  const known = facts?.runs.find((one) => one.runId === run.id)
  return known ? { ...plan, known: [...known.found], discovered: known.discovered } : plan
}

// ---------------------------------------------------------------- renew

/** What became of a report: its run as it is now, and the scan, where there was something to judge. */
export interface Stored {
  held: HeldRun
  snapshot: Snapshot | null
}

/** Stores what a renewal brings. `isNews`: the scan wants a look; `isOver`: discovery has just come to its end. */
export async function storeRenewal(
  world: World,
  probe: Probe,
  report: RenewRequest,
): Promise<Stored & { isNews: boolean; isOver: boolean }> {
  const { db, now } = world
  const before = await heldBy(world, probe, report)
  const { run, scan } = before
  const isOver = report.discovered === true && run.discovered === 0
  const news = { discovered: isOver, untested: report.untested }
  const { writes: extension } = extend(db, before, news, now)
  const mine = holds(probe.id, report.runId, report.epoch)
  const ready =
    report.ready === true && scan.readyAt === null ? [markReady(db, run.tenantId, run.scanId, mine, now)] : []
  const writes = [...(carriesFacts(report) ? addReport(db, run, report, mine, now) : []), ...extension, ...ready]
  const isNews = carriesFacts(report) || isOver || isOnHold(before) || run.kind === 'verify'
  const stored = await fenced(world, before, report, writes, isNews)
  return { ...stored, isNews: isNews || isOnHold(stored.held), isOver }
}

/** The scan waits for its panel: each message of its probes may be the one that lets it go on. */
const isOnHold = ({ scan }: HeldRun): boolean => scan.steering?.hold === true

/** What a renewal is told, from what is stored: the run may have changed since its report came in. `known` is what the
 * scanner found, and whether its discovery is over: an onlooker's touches follow from it. */
export function answerRenewal(
  world: World,
  { run, scan, stopped }: HeldRun,
  known: Known,
  { hasSeenEnough, mayGoOn }: { hasSeenEnough: boolean; mayGoOn: boolean },
): RenewAnswer {
  const planned = run.plan.kind === 'scan' ? [] : run.plan.steps
  const steps = run.kind === 'baseline' ? [...planned, ...foundSteps(known.found)] : planned
  const stop =
    stopped ||
    !mayGoOn ||
    hasSeenEnough ||
    run.stopAsked === 1 ||
    scan.cancelAsked === 1 ||
    (scan.finishedAt !== null && run.kind !== 'recover')
  const experiment = steps.some((step) => step.experiment !== undefined && step.at > world.now)
  const { hold, lost } = scan.steering ?? { hold: false, lost: [] }
  return {
    now: world.now,
    do: stop ? 'stop' : experiment ? 'experiment' : 'continue',
    leaseUntil: run.leaseUntil ?? world.now,
    askAgainMs: askAgainMs(world, run, scan),
    steps,
    hold,
    lost,
    reportWithinMs: run.kind === 'baseline' && scan.alarms === 0 ? (known.discovered ? GATHER_MS : PATIENCE_MS) : 0,
  }
}

/** Whether the probe's range still lets it do this run. What was kept of the range may be old: before a run is ended for it, it is read anew. */
export async function mayGoOn({ db, now }: World, probe: Signer, { run }: HeldRun): Promise<boolean> {
  // What was kept of a probe is at most a few seconds old.
  if (probe.quarantinedAt !== null) return false
  const may = (source: Signer['source']) => mayRun(standingOf(probe.sourceAddress, source, now), run.kind)
  if (may(probe.source)) return true
  const address = parseAddress(probe.sourceAddress)
  return address !== null && may((await readSigner(db, probe.id, address))?.source ?? null)
}

/** What the scanner found so far, for an onlooker; nothing for the others, who need not know. */
export async function knownTo(world: World, { run }: HeldRun, snapshot: Snapshot | null): Promise<Known> {
  if (run.kind !== 'baseline') return { found: [], discovered: true }
  return snapshot ? knownIn(snapshot) : readKnown(world.db, run.tenantId, run.scanId)
}

function askAgainMs(world: World, run: Run, scan: HeldRun['scan']): number {
  if (run.kind === 'scan') return scan.steering?.hold ? HELD_MS : RENEW_MS
  if (run.kind !== 'baseline') return SHORT_RUN_MS
  const young = world.now - (scan.startedAt ?? world.now) < STANDING_MS.youngForMs
  return young ? STANDING_MS.young : STANDING_MS.later
}

/**
 * Runs the writes of a report and makes sure that the lease still stood: facts are never acknowledged unstored. The run, and
 * the scan where there is something to judge, are read in the same transaction: one way to the database for all.
 */
async function fenced(
  world: World,
  { run }: HeldRun,
  report: RenewRequest | AlarmRequest,
  writes: readonly Statement[],
  isNews: boolean,
): Promise<Stored> {
  const { held, snapshot } = isNews ? await storeAndLook(world, run, writes) : await storeAndAsk(world, run, writes)
  if (!held || held.run.epoch !== report.epoch || held.run.endedAt !== null) throw stale()
  if (hasToldTooMuch(run, snapshot?.told.get(run.id) ?? 0)) {
    await endAsFlood(world.db, run, world.now)
    throw new Failure('too_large', 'This run has reported more than one run may. Drop it.')
  }
  return { held, snapshot }
}

/** Runs the writes and reads the run in one batch. */
async function storeAndAsk({ db }: World, { probeId, id: runId }: Run, writes: readonly Statement[]) {
  const answers = await batch(db, [...writes, heldRow(db, { probeId, runId })])
  return { held: heldFrom(answers.at(-1)), snapshot: null }
}

/** Runs the writes and reads the whole scan in one batch, and the run out of it. */
async function storeAndLook({ db }: World, { tenantId, scanId, id }: Run, writes: readonly Statement[]) {
  const answers = await batch(db, [...writes, stoppedRow(db, {}), ...snapshotReads(db, tenantId, scanId)])
  const [switched, ...read] = answers.slice(writes.length)
  const snapshot = snapshotFrom(read)
  return { held: snapshot && heldIn(snapshot, id, isOn(switched)), snapshot }
}

// ---------------------------------------------------------------- alarm and result

export async function storeAlarm(world: World, probe: Probe, report: AlarmRequest): Promise<Stored> {
  const held = await heldBy(world, probe, report)
  insidePlan(boundsOf(held), report.lost, 'lost')
  const mine = holds(probe.id, report.runId, report.epoch)
  const alarm = { at: world.now, lost: report.lost }
  const writes = addAlarm(world.db, held.run, report, alarm, mine, world.now)
  return fenced(world, held, report, writes, true)
}

export type Outcome = 'applied' | 'duplicate'

/**
 * Takes a result once. The digest is of the body as sent: the same body again is a duplicate, another is refused. `isNews`:
 * the scan wants a look.
 */
export async function storeResult(
  world: World,
  probe: Probe,
  report: ResultRequest,
  digest: string,
): Promise<Stored & { outcome: Outcome; isNews: boolean }> {
  const { db, now } = world
  const before = await lastSeen(world, probe, report)
  if (!before || before.run.epoch !== report.epoch) throw stale()
  const { run } = before
  if (run.endedAt !== null)
    return { held: before, outcome: repeated(run, report, digest), snapshot: null, isNews: true }
  checkPlan(before, report)
  insidePlan(boundsOf(before), report.recheck ?? [], 'recheck')
  insidePlan(boundsOf(before), report.engagement ?? [], 'engagement')

  const key = report.output ? logKey(run.tenantId, run.scanId, run.id, run.epoch, digest) : null
  if (key) await putText(world.raw, key, report.output ?? '')
  const token = crypto.randomUUID()
  const { outcome, failure, ports, connects, engagement, recheck } = report
  const closing = { outcome, failure, ports, connects, engagement, recheck, logKey: key }
  const writes = [
    close(db, before, { digest, token, closing }, now),
    ...(carriesFacts(report) ? addReport(db, run, report, won(probe.id, run.id, token), now) : []),
  ]
  // What an onlooker saw was judged when it was told. That it goes home moves a scan only when the scanner is home.
  const isMute = run.kind === 'baseline' && !carriesFacts(report)
  const become = ({ resultToken, ...stands }: Taken): Outcome =>
    resultToken === token ? 'applied' : repeated(stands, report, digest)
  if (isMute) {
    const stands = await storeAndGo(world, run, writes)
    return { held: before, outcome: become(stands), snapshot: null, isNews: stands.isScannerHome === 1 }
  }
  const { held, snapshot } = await storeAndLook(world, run, writes)
  if (!held) throw stale()
  return { held, outcome: become(held.run), snapshot, isNews: true }
}

type Taken = Pick<Run, 'epoch' | 'resultDigest' | 'resultToken'>

/** Runs the writes, and reads in the same batch what became of the run. */
async function storeAndGo({ db }: World, { tenantId, scanId, probeId, id: runId }: Run, writes: readonly Statement[]) {
  const scanRunId = await runIdOf(scanId, SCAN_KEY)
  const answers = await batch(db, [...writes, taken(db, { tenantId, scanId, scanRunId, probeId, runId })])
  const [stands] = answers.at(-1) as (Taken & { isScannerHome: number })[]
  if (!stands) throw stale()
  return stands
}

function repeated(run: Pick<Run, 'epoch' | 'resultDigest'>, report: ResultRequest, digest: string): 'duplicate' {
  if (run.epoch !== report.epoch || run.resultDigest === null) throw stale()
  if (run.resultDigest !== digest) throw new Failure('result_differs', 'Another result of this run was taken already.')
  return 'duplicate'
}

/** The run a report names, as it was last seen, if its probe held it then and the facts are within its plan. */
async function heldBy(world: World, probe: Probe, report: RenewRequest | AlarmRequest): Promise<HeldRun> {
  const held = await lastSeen(world, probe, report)
  if (!held || held.run.epoch !== report.epoch || held.run.endedAt !== null) throw stale()
  checkPlan(held, report)
  return held
}

const lastSeen = async ({ db }: World, { id }: Probe, { runId, epoch }: ResultRequest | RenewRequest | AlarmRequest) =>
  lastHeld(id, runId, epoch) ?? (await readHeld(db, id, runId))

const boundsOf = ({ run, scan }: HeldRun): Bounds => ({ plan: run.plan, scan })

/** What only a run with a scanner's plan may say: an onlooker has neither found nor lost nor finished anything. */
const SCANNERS_WORDS = [
  'found',
  'phase',
  'progress',
  'ready',
  'discovered',
  'untested',
  'lost',
  'ports',
  'engagement',
  'recheck',
  'output',
] as const

function checkPlan(held: HeldRun, report: RenewRequest | AlarmRequest | ResultRequest): void {
  const said: Partial<Record<(typeof SCANNERS_WORDS)[number], unknown>> = report
  const isSaid = (word: (typeof SCANNERS_WORDS)[number]) =>
    said[word] !== undefined && !(word === 'found' && report.found.length === 0)
  const word = held.run.plan.kind === 'scan' ? undefined : SCANNERS_WORDS.find(isSaid)
  if (word) throw badField('outside_plan', word, 'only the run of the scanner may say this')
  insidePlan(boundsOf(held), report.observations, 'observations')
  insidePlan(boundsOf(held), report.spans, 'spans')
  insidePlan(boundsOf(held), report.found, 'found')
}

// The same words for a run of another probe, of an older lease and of none: nothing is told about runs of others.
const stale = (): Failure => new Failure('stale', 'This run is not yours, or no longer. Drop it.')
