/**
 * Short runs: baseline, verify, recover, prove. Each step starts at its time on the Worker's clock, so the members of a
 * panel touch in the same second; each finished step is reported at once.
 */
import {
  LEASE_MS,
  LIMITS,
  type ResultRequest,
  type Step,
  SWEEP_LEAD_MS,
  type TouchPlan,
  type TouchTarget,
} from '../schema/wire.ts'
import { wasAccepted } from '../schema/words.ts'
import { BEACON_MS, touchBeacon } from './beacons.ts'
import { rest } from './clock.ts'
import { createNudge, type Job } from './job.ts'
import { type HeldRun, LAPSED } from './lease.ts'
import { type Reporter, reporterFor } from './report.ts'
import { type Seen, touch, whyNot } from './touch.ts'
import type { World } from './world.ts'

/** A step this long ago is not made up for: a round means the same second for all. */
const TOO_LATE_MS = 5_000
const BASELINE_GAP_MS = 1_000
/** Nine connects in 50 ms show a throttle (detection-science.md 4.5, E2). */
const BURST_GAP_MS = 5
const DRAIN_MS = 3_500
/** With nothing to report and no answer yet, ask this often. */
const FIRST_ASK_MS = 3_000

export const stepKey = ({ at, purpose, experiment, round }: Step): string =>
  `${at}|${purpose}|${experiment ?? ''}|${round ?? ''}`

const touchKey = ({ address, port, check }: TouchTarget): string => `${address} ${port} ${check}`
/** The part of a baseline step that was not touched yet: what the scanner finds comes in steps that grow. */
const untouched = (step: Step, touched: ReadonlySet<string>): Step => ({
  ...step,
  touches: step.touches.filter((touch) => !touched.has(touchKey(touch))),
})

/** Starts a short run. `drain` aborts when the process is to end: what is in the air is finished and returned. */
export function startSteps(
  world: World,
  run: HeldRun & { plan: TouchPlan },
  drain: AbortSignal,
  hard: AbortSignal,
): Job {
  const nudge = createNudge()
  const bell = {
    rung: false,
    ring() {
      bell.rung = true
      nudge.ring()
    },
  }
  const early = new AbortController()
  world.counters.shortRuns += 1
  return {
    runId: run.runId,
    epoch: run.epoch,
    kind: run.plan.kind,
    ring: bell.ring,
    stop: () => early.abort(),
    over: carryOut(world, run, AbortSignal.any([early.signal, drain]), hard, nudge, bell),
  }
}

async function carryOut(
  world: World,
  run: HeldRun & { plan: TouchPlan },
  stop: AbortSignal,
  hard: AbortSignal,
  nudge: ReturnType<typeof createNudge>,
  bell: { rung: boolean },
): Promise<void> {
  const reporter = reporterFor(world, run, hard)
  const { plan } = run
  // One address that is not for us spoils no other: each touch asks again, and tells. Where none is, the run is not for us.
  const reasons = plan.steps.flatMap(({ touches }) => touches.map(({ address }) => whyNot(world, address)))
  const refused = reasons.every((why) => why !== null) ? reasons[0] : null
  if (refused)
    return reporter.result({ outcome: 'failed', failure: { code: 'refused_by_probe', detail: refused.slice(0, 500) } })

  const known = new Set<string>()
  const touched = new Set<string>()
  let baselineAt = 0
  const ending = new AbortController()
  const ended = AbortSignal.any([stop, ending.signal, hard])
  let open = 0
  let unreported = false

  const accept = (steps: readonly Step[]): number => {
    const fresh = steps
      .map((step) => (step.purpose === 'baseline' ? untouched(step, touched) : step))
      .filter((step) => step.touches.length > 0 && !known.has(stepKey(step)) && known.size < LIMITS.stepsPerRun * 2)
    for (const planned of fresh) {
      const step = planned.purpose === 'baseline' ? paced(planned) : planned
      if (step.purpose !== 'baseline') known.add(stepKey(step))
      if (step.at < world.clock.now() - TOO_LATE_MS) continue
      open += 1
      void perform(world, run, step, reporter, ended).then((wasDone) => {
        open -= 1
        if (wasDone) unreported = true
        // The next answer names it again.
        else if (step.purpose === 'baseline') for (const touch of step.touches) touched.delete(touchKey(touch))
        nudge.ring()
      })
    }
    return fresh.length
  }
  /** A baseline may be made up for at any time, but never faster than one step a second. */
  const paced = (step: Step): Step => {
    for (const touch of step.touches) touched.add(touchKey(touch))
    baselineAt = Math.max(step.at, world.clock.now(), baselineAt + BASELINE_GAP_MS)
    return { ...step, at: baselineAt }
  }
  accept(plan.steps)

  let outcome: ResultRequest['outcome'] = 'done'
  let askAfterMs = plan.standing ? FIRST_ASK_MS : LEASE_MS[plan.kind] / 4
  let askedAt = world.clock.now()
  // Of a standing run the Worker says how long facts may wait: it is asked before the first are told.
  let reportBy = plan.standing ? Number.POSITIVE_INFINITY : 0
  for (;;) {
    const now = world.clock.now()
    const askBy = askedAt + Math.min(askAfterMs, LEASE_MS[plan.kind] / 4)
    const wakeAt = unreported ? Math.min(askBy, reportBy) : askBy
    // What was seen may wait while the Worker says so; the bell asks whether it still does.
    const isUrgent = unreported && now >= reportBy
    if (!isUrgent && (open > 0 || plan.standing)) await nudge.wait(Math.max(0, wakeAt - now), ended)
    if (stop.aborted || world.clock.now() >= run.deadlineAt) {
      outcome = 'stopped'
      break
    }
    const keep = world.clock.now() < reportBy
    if (keep && !bell.rung && world.clock.now() < askBy) continue
    bell.rung = false
    if (!keep) unreported = false
    const asked = await reporter.renew({}, keep)
    askedAt = world.clock.now()
    if (!asked.ok) {
      if (asked.why !== 'unreachable') return ending.abort()
      unreported = true
      await rest(1_000, ended)
      continue
    }
    askAfterMs = asked.answer.askAgainMs
    const { reportWithinMs } = asked.answer
    reportBy = Math.min(keep ? reportBy : Number.POSITIVE_INFINITY, askedAt + reportWithinMs)
    if (asked.answer.do === 'stop') {
      outcome = 'stopped'
      break
    }
    const fresh = accept(asked.answer.steps)
    if (fresh === 0 && open === 0 && !unreported && !plan.standing) break
  }
  ending.abort()
  // Asked to end by our own side: what is in the air still counts.
  const giveUpAt = performance.now() + DRAIN_MS
  while (open > 0 && outcome === 'stopped' && stop.aborted && performance.now() < giveUpAt) await rest(50, hard)
  await reporter.result({ outcome })
}

/** Waits for the step's time and carries it out. Resolves false when the run ended before, or has no lease then. */
async function perform(
  world: World,
  run: HeldRun & { plan: TouchPlan },
  step: Step,
  reporter: Reporter,
  ended: AbortSignal,
): Promise<boolean> {
  const drawn = step.sweep === undefined ? null : draw(world, run, step, step.sweep, ended)
  await rest(step.at - world.clock.now(), ended)
  // A round means the same second for all: without a lease it is left out, as one that is heard of too late.
  if (!run.lease.isHeld()) return false
  // Touches amid nothing would not be what was asked for.
  if (ended.aborted || (drawn && !(await drawn))) return false
  const round = step.round === undefined ? {} : { round: step.round }
  const beacon = step.beacon
    ? touchBeacon(world, run.plan.beacons, { ...round, timeoutMs: Math.min(BEACON_MS, step.timeoutMs) })
    : Promise.resolve(null)
  const touches = shuffled(step.touches).map(async (target): Promise<Seen[]> => {
    const { purpose, experiment, timeoutMs } = step
    const wanted = {
      target,
      purpose,
      timeoutMs,
      run,
      name: run.plan.name,
      ...round,
      ...(experiment ? { experiment } : {}),
    }
    const burst: Promise<Seen>[] = []
    for (let i = 0; i < (step.burst ?? 1); i++) {
      if (i > 0) await rest(BURST_GAP_MS)
      burst.push(touch(world, wanted))
    }
    return Promise.all(burst)
  })
  const [seen, sign] = await Promise.all([Promise.all(touches), beacon])
  if (sign) reporter.add(sign)
  // A round beside a beacon that was not reached accuses nobody, but for what the target itself accepted: that needs
  // no beacon to show that the probe is fit.
  const isVoid = sign !== null && sign.sight !== 'open'
  const made = seen.flat().filter(({ code }) => code !== LAPSED)
  for (const one of made) reporter.add(isVoid && !wasAccepted(one.sight) ? { ...one, fit: false } : one)
  return true
}

/** The touches' second SYN comes a second after the first: the search goes on until then. */
const SWEEP_TAIL_MS = 1_500

/** Has the search for ports go on around the step's touches. False when there is none of these addresses to borrow. */
async function draw(
  world: World,
  { scanId, lease }: HeldRun,
  { at, touches }: Step,
  perSecond: number,
  ended: AbortSignal,
): Promise<boolean> {
  await rest(at - SWEEP_LEAD_MS - world.clock.now(), ended)
  if (ended.aborted) return false
  const tail = AbortSignal.timeout(Math.max(0, at + SWEEP_TAIL_MS - world.clock.now()))
  const over = AbortSignal.any([ended, lease.untilLapse(), tail])
  return [...new Set(touches.map(({ address }) => address))].every(
    (address) => world.loads.borrow(scanId, address, perSecond, over) !== null,
  )
}

const shuffled = <T>(list: readonly T[]): T[] =>
  list
    .map((item) => ({ item, key: Math.random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item)
