/** Facts to judgement to what happens next. Any number of judges may look at a scan at once: one of them writes. */
import { isOver } from '../schema/facts.ts'
import type { Judgement, PortVerdict } from '../schema/judgement.ts'
import type { Step } from '../schema/wire.ts'
import type { Phase } from '../schema/words.ts'
import { hasEnded } from '../schema/words.ts'
import { judgeLook } from './controlEnd.ts'
import { judgeScan } from './core/judge.ts'
import { steer } from './core/steer.ts'
import type { Steering } from './core/steering.ts'
import { endingOf, finish } from './finish.ts'
import { wantedRuns } from './open.ts'
import { isProof, judgeProof } from './proofEnd.ts'
import { planBeacons } from './store/beacons.ts'
import { isLook } from './store/controls.ts'
import { batch, changed, isTaken, type Statement } from './store/db.ts'
import { readSnapshot, type Snapshot } from './store/facts.ts'
import { addRuns, appendSteps, stopRuns } from './store/runs.ts'
import { type Scan, storeJudgement } from './store/scans.ts'
import type { World } from './world.ts'

/** Another judge wrote in between: look again, this often at most. Whoever came later judges for all. */
const LOOKS = 4
/** So long after its start a scan counts as young. */
const YOUNG_MS = 45_000

/** What came of a judgement. */
export interface Judged {
  /** that ended the scan: what waits behind it now */
  next: readonly Scan[]
  /** runs, steps or what the probes are told changed */
  hasMoved: boolean
  /** runs that have seen enough */
  stop: readonly string[]
}

/** Judges a scan from its facts and does what follows. The first look may be at a snapshot that was just read. */
export async function judgeAndSteer(
  world: World,
  tenantId: string,
  scanId: string,
  first: Snapshot | null,
): Promise<Judged> {
  let next: readonly Scan[] = []
  let hasMoved = false
  let stop: readonly string[] = []
  for (let look = 0; look < LOOKS; look++) {
    const snapshot = look === 0 && first ? first : await readSnapshot(world.db, tenantId, scanId)
    if (!snapshot || snapshot.scan.scannerProbeId === '') break
    if (isLook(snapshot.scan)) {
      await judgeLook(world, snapshot, snapshot.scan)
      break
    }
    if (isProof(snapshot.scan)) {
      await judgeProof(world, snapshot, snapshot.scan)
      break
    }
    const judgement = judgeScan(snapshot.facts, world.now)
    const steering = steer(snapshot.facts, judgement, world.now)
    stop = steering.stop
    const ending = endingOf(world, snapshot, steering)
    const behind = ending ? await finish(world, snapshot, judgement, ending).catch(lookAgain) : null
    next = behind ?? next
    const settled = ending ? behind !== null : await steerOn(world, snapshot, judgement, steering)
    hasMoved ||= settled !== 'as it was'
    // An ended scan with losses is looked at once more: its recovery begins.
    if (settled !== false && !(ending?.state === 'finished' && judgement.verdict !== 'clear')) break
  }
  return { next, hasMoved, stop }
}

/** Two scans of one target that end at once both open its issue: the unique index lets one, the other reads and restates. */
function lookAgain(error: unknown): null {
  if (isTaken(error)) return null
  throw error
}

/**
 * One batch: new runs, new steps, stop marks, and the judgement if it says something new. False: another wrote first;
 * `as it was`: nothing changed that a probe is told.
 */
async function steerOn(
  world: World,
  snapshot: Snapshot,
  judgement: Judgement,
  steering: Steering,
): Promise<boolean | 'as it was'> {
  const { db, now } = world
  const { scan, runs, facts } = snapshot
  const missing = steering.wanted.some((run) => !facts.runs.some((there) => there.key === run.key))
  const made = missing ? await wantedRuns(scan, facts, steering.wanted, await planBeacons(db)) : []
  const appended = steering.append.flatMap(({ runId, steps }) => {
    const run = runs.find((one) => one.id === runId && one.endedAt === null)
    const all = run && 'steps' in run.plan ? withNew(run.plan.steps, steps) : null
    return run && all ? [{ run, steps: all }] : []
  })
  // Onlookers ask every few seconds and are told then (flow.ts): their end is worth no row.
  const stopped = runs.filter(
    (run) => steering.stop.includes(run.id) && run.kind !== 'baseline' && run.stopAsked === 0 && run.endedAt === null,
  )
  const heldNow =
    hasEnded(scan.state) || !(steering.hold || steering.lost.length > 0)
      ? null
      : { hold: steering.hold, lost: [...steering.lost] }
  const toldOtherwise = JSON.stringify(heldNow) !== JSON.stringify(scan.steering)
  const news = says(judgement) !== says(scan.judgement) || toldOtherwise

  const writes: Statement[] = [
    ...(news ? [storeJudgement(db, scan, judgement, heldNow, phaseOf(snapshot, steering))] : []),
    ...(made.length > 0 ? addRuns(db, scan, made) : []),
    ...appended.map(({ run, steps }) => appendSteps(db, scan.tenantId, run, steps)),
    ...(stopped.length > 0
      ? stopRuns(
          db,
          scan.tenantId,
          scan.id,
          stopped.map((run) => run.id),
          now,
        )
      : []),
  ]
  if (writes.length === 0) return 'as it was'
  const answers = await batch(db, writes)
  world.ring(
    [...made.filter((run) => run.dueAt <= now + 2_000), ...appended.map(({ run }) => run), ...stopped].map(
      (run) => run.probeId,
    ),
  )
  if (news && changed(answers[0]) === 0) return false
  if (news) world.stir(scan.id)
  return toldOtherwise || made.length + appended.length + stopped.length > 0 ? true : 'as it was'
}

/**
 * Onlookers ask by themselves every few seconds. Where all goes fast they are called to what was just found, and when
 * discovery is over all tell what they saw.
 */
export function callOnlookers(world: World, { scan, runs }: Snapshot, isOver: boolean): void {
  if (!isOver && world.now - (scan.startedAt ?? world.now) >= YOUNG_MS) return
  world.ring(runs.filter((run) => run.kind === 'baseline' && run.endedAt === null).map((run) => run.probeId))
}

const stepKey = (step: Step): string => [step.at, step.purpose, step.experiment, step.round].join('|')

/** The plan's steps and those it lacks; null when it lacks none. */
function withNew(old: readonly Step[], more: readonly Step[]): Step[] | null {
  const known = new Set(old.map(stepKey))
  const fresh = more.filter((step) => !known.has(stepKey(step)))
  return fresh.length > 0 ? [...old, ...fresh] : null
}

/**
 * What of a judgement is worth a write while the scan runs: words and times of events, not running numbers, not the
 * ports that are simply open, and not a verdict on the whole before its end. Who reads a running scan has it judged afresh
 * (worker/live.ts).
 */
const says = (judgement: Judgement | null): string =>
  JSON.stringify([
    judgement?.waf?.vendor ?? null,
    (judgement?.ports ?? []).filter((port) => port.verdict !== 'open' || port.lostAt !== null).map(portSays),
  ])

const portSays = (port: PortVerdict): unknown[] => [
  port.address,
  port.port,
  port.verdict,
  port.strength,
  port.recheck,
  port.lostAt,
  port.fastAt,
  port.confirmedAt,
  port.recovery,
  port.recoveredBetween,
  port.cause?.class,
  port.cause?.mechanism,
  port.cause?.vendor,
]

/** The phase as the Worker knows it: verification is the panel's, not the scanner's. */
function phaseOf({ facts, scan }: Snapshot, steering: Steering): Phase | null {
  if (facts.runs.some((run) => run.kind === 'scan' && isOver(run))) return 'judge'
  if (!steering.hold) return scan.phase === 'verify' || scan.phase === 'explain' ? 'engage' : null
  return facts.runs.some((run) => run.steps.some((step) => step.experiment !== undefined)) ? 'explain' : 'verify'
}
