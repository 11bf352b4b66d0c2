/** What probes say about their runs: renew, alarm, result. Facts are stored first; then the line judges. */
import { parseAddress } from '../schema/address.ts'
import type { AlarmRequest, RenewAnswer, RenewRequest, ResultRequest } from '../schema/wire.ts'
import { RENEW_MS } from '../schema/wire.ts'
import { addressesInside, type Bounds, insidePlan, wordsOfItsKind } from './allowed.ts'
import { foundSteps } from './core/baseline.ts'
import { mayRun, standingOf } from './core/ranges/standing.ts'
import { Failure } from './failure.ts'
import { callNext } from './proofEnd.ts'
import { batch, type Statement } from './store/db.ts'
import {
  addAlarm,
  addReport,
  carriesFacts,
  type Known,
  knownIn,
  readKnown,
  type Snapshot,
  snapshotFrom,
  snapshotReads,
  toldBy,
} from './store/facts.ts'
import { type HeldRun, heldFrom, heldIn, heldRow, lastHeld, readHeld } from './store/held.ts'
import type { Probe, Signer } from './store/probes.ts'
import { readSigner } from './store/probes.ts'
import { logKey, putText } from './store/raw.ts'
import {
  close,
  endAsFlood,
  extend,
  hasToldTooMuch,
  holds,
  leftOf,
  type Run,
  runIdOf,
  SCAN_KEY,
  taken,
  won,
} from './store/runs.ts'
import { markReady } from './store/scans.ts'
import { isOn, stoppedRow } from './store/settings.ts'
import type { World } from './world.ts'

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
  const isNews = run.kind !== 'prove' && (carriesFacts(report) || isOver || isOnHold(before) || run.kind === 'verify')
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
  const planned = 'steps' in run.plan ? run.plan.steps : []
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
  const { held, snapshot, told } = isNews
    ? await storeAndLook(world, run, writes)
    : await storeAndAsk(world, run, writes, carriesFacts(report))
  if (!held || held.run.epoch !== report.epoch || held.run.endedAt !== null) throw stale()
  if (hasToldTooMuch(run, told)) {
    await endAsFlood(world.db, run, world.now)
    throw new Failure('too_large', 'This run has reported more than one run may. Drop it.')
  }
  return { held, snapshot }
}

/** Runs the writes and reads the run in one batch, and how much it has told, where it told more. */
async function storeAndAsk(
  { db }: World,
  { tenantId, scanId, probeId, id: runId }: Run,
  writes: readonly Statement[],
  hasMore: boolean,
) {
  const weighed = hasMore ? [toldBy(db, { tenantId, scanId, runId })] : []
  const answers = await batch(db, [...writes, heldRow(db, { probeId, runId }), ...weighed])
  const [weight] = (answers[writes.length + 1] ?? []) as { told: number }[]
  return { held: heldFrom(answers[writes.length]), snapshot: null, told: weight?.told ?? 0 }
}

/** Runs the writes and reads the whole scan in one batch, and the run out of it. */
async function storeAndLook({ db }: World, { tenantId, scanId, id }: Run, writes: readonly Statement[]) {
  const answers = await batch(db, [...writes, stoppedRow(db, {}), ...snapshotReads(db, tenantId, scanId)])
  const [switched, ...read] = answers.slice(writes.length)
  const snapshot = snapshotFrom(read)
  return { held: snapshot && heldIn(snapshot, id, isOn(switched)), snapshot, told: snapshot?.told.get(id) ?? 0 }
}

// ---------------------------------------------------------------- alarm and result

export async function storeAlarm(world: World, probe: Probe, report: AlarmRequest): Promise<Stored> {
  const held = await heldBy(world, probe, report)
  insidePlan(boundsOf(held), report.lost, 'lost')
  addressesInside(boundsOf(held), report.silenced ?? [], 'silenced')
  const mine = holds(probe.id, report.runId, report.epoch)
  const { lost, silenced = [] } = report
  const alarm = { at: world.now, lost, ...(silenced.length > 0 ? { silenced } : {}) }
  const writes = addAlarm(world.db, held.run, report, alarm, mine, world.now)
  return fenced(world, held, report, writes, held.run.kind !== 'prove')
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
  insidePlan(boundsOf(before), report.fetched ?? [], 'fetched')

  const key = report.output ? logKey(run.tenantId, run.scanId, run.id, run.epoch, digest) : null
  if (key) await putText(world.raw, key, report.output ?? '')
  const token = crypto.randomUUID()
  const { outcome, failure, ports, connects, engagement, recheck } = report
  // Who is not believed any more proves nobody's control.
  const fetched = probe.quarantinedAt === null ? report.fetched : undefined
  const closing = { outcome, failure, ports, connects, engagement, recheck, fetched, logKey: key }
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
  if (run.kind === 'prove') {
    const { held, left } = await storeAndCall(world, run, writes)
    return { held, outcome: become(held.run), snapshot: null, isNews: left === 0 }
  }
  const { held, snapshot } = await storeAndLook(world, run, writes)
  if (!held) throw stale()
  return { held, outcome: become(held.run), snapshot, isNews: true }
}

/** Of a proof nothing is decided before its last run ends. Until then who waits for the place that became free is called. */
async function storeAndCall(world: World, { tenantId, scanId, probeId, id: runId }: Run, writes: readonly Statement[]) {
  const { db } = world
  const reads = [heldRow(db, { probeId, runId }), leftOf(db, { tenantId, scanId })]
  const answers = await batch(db, [...writes, ...reads])
  const held = heldFrom(answers.at(-2))
  if (!held) throw stale()
  const left = answers.at(-1) as Pick<Run, 'probeId' | 'state' | 'dueAt'>[]
  callNext(world, left)
  return { held, left: left.length }
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

function checkPlan(held: HeldRun, report: RenewRequest | AlarmRequest | ResultRequest): void {
  wordsOfItsKind(held.run.plan, report)
  insidePlan(boundsOf(held), report.observations, 'observations')
  insidePlan(boundsOf(held), report.spans, 'spans')
  insidePlan(boundsOf(held), report.found, 'found')
}

// The same words for a run of another probe, of an older lease and of none: nothing is told about runs of others.
const stale = (): Failure => new Failure('stale', 'This run is not yours, or no longer. Drop it.')
