import { type Step, SWEEP_LEAD_MS } from '../../../schema/wire.ts'
import type { Role } from '../../../schema/words.ts'
import { touchOf } from '../plan.ts'
import { TOUCH_TIMEOUT_MS } from '../rounds.ts'
import { asksOf } from '../swept.ts'
import { isSettled } from '../verdict.ts'
import { letInAmid } from './amid.ts'
import {
  besideRounds,
  type Experiment,
  LATE_MS,
  type Situation,
  SOON_MS,
  stepsOf,
  touchesEndpoint,
} from './experiment.ts'
import { type RateTest, rateTest, smellsOfLimit } from './rate.ts'

/** At once, so that a bucket runs dry; the second burst, as soon as the first is in, shows that it was no matter of the moment. */
const BURST = 18
const AGAIN = 8
/** As long as any other touch: a host that takes four seconds for everyone must not fail in the burst alone. */
const TIMEOUT_MS = TOUCH_TIMEOUT_MS
/** Quiet before the first burst: what lets slow touches through has room then for the first of it. */
const QUIET_MS = 5_000
/** Onlookers look into the burst, once each. */
const BESIDE_MS = 300
/** The search for ports could be too much for the scanner's own way: what shares it looks more than once. */
const BESIDE_SWEEP = 5
/** So many slow touches after the bursts, enough to tell the scanner's own way from a limit; what limits by the minute has room again for one touch in so long. */
const SLOW = 4
const SLOW_GAP_MS = 8_500
/** Where loss takes some of the touches that nobody limits, more of them are needed: beside the second burst, and after it. */
const AMID_LOSS = { slow: 8, beside: 2 } as const
/** A burst of which fewer went badly met no limiter. */
const BAD = 3

/** E4: is the scanner limited by rate? On the verdict `degraded` it decides; never on services that count touches. */
export const pace: Experiment = {
  id: 'E4',
  separates: [],
  decides: true,
  perAddress: 2,
  panel: true,
  cost: ({ runs }) => BURST + AGAIN + SLOW + runs.length - 1,
  isOpen(s) {
    const { endpoint, outcome, scan } = s
    const gotIn = scan.scanner !== null && endpoint.openedAt.has(scan.scanner.probeId)
    if (endpoint.rationed || !gotIn || outcome.tally.witnesses === 0) return false
    const planned = stepsOf(s.run, 'E4', endpoint)
    if (planned.length > 0) return !isOver(s, planned)
    const isQuestion =
      outcome.verdict === 'transient' ||
      (outcome.rule === 'DEG-1' && outcome.strength !== 'confirmed') ||
      // A burst could draw a ban anew; where words or pages refused, or some were let in amid, it was none.
      (outcome.rule === 'SEL-8' && (outcome.tally.refusals > 0 || letInAmid(endpoint, s.case, scan).length > 0)) ||
      (outcome.verdict === 'inconclusive' && outcome.tally.between > 0)
    return (
      isQuestion && isSettled(outcome, endpoint, scan.now) && (sweepOf(s) !== null || smellsOfLimit(endpoint, s.case))
    )
  },
  steps(s, run) {
    const planned = stepsOf(s.run, 'E4', s.endpoint)
    const test = rateTest(s.endpoint, s.case)
    const more = scannersNext(s, planned, test)
    if (run.role === 'scanner') return more
    // Onlookers learn of a burst when the scanner does: a decision later they would come too late for it.
    const bursts = [...planned, ...more].filter(({ burst }) => burst !== undefined)
    return bursts
      .map(({ at }) => {
        const isSecond = at > (bursts[0]?.at ?? at)
        return beside(s, at, run.role, isSecond && isAmidLoss(test) ? AMID_LOSS.beside : 1)
      })
      .filter(({ at }) => !stepsOf(run, 'E4', s.endpoint).some((one) => one.at === at))
  },
}

/** What the scanner's run must have besides what is planned: a burst; once that went badly another one, and slow touches. */
function scannersNext(s: Situation, planned: readonly Step[], test: RateTest | null): Step[] {
  const sweep = sweepOf(s)
  const leadMs = sweep ? SWEEP_LEAD_MS : 0
  if (planned.length === 0) return [step(s, quietAt(s, leadMs), { burst: BURST, timeoutMs: TIMEOUT_MS, ...sweep })]
  if (!firstWentBadly(test)) return []
  const again = planned[1]?.at ?? besideRounds(s.run, s.scan.now + SOON_MS + leadMs)
  // Rounds that are planned anyway are slow touches too.
  const rounds = roundsAfter(s, again + SLOW_GAP_MS)
  const slow = planned.filter(({ at, burst }) => at > again && burst === undefined)
  const from = Math.max(again, s.scan.now, ...roundsAfter(s, again), ...slow.map(({ at }) => at))
  return [
    ...(planned.length === 1 ? [step(s, again, { burst: AGAIN, timeoutMs: TIMEOUT_MS, ...sweep })] : []),
    ...Array.from({ length: Math.max(0, slowWanted(test) - rounds.length - slow.length) }, (_, i) =>
      step(s, from + (i + 1) * SLOW_GAP_MS, { timeoutMs: TOUCH_TIMEOUT_MS }),
    ),
  ]
}

/** An onlooker's look into a burst, `least` times at once or more. */
function beside(s: Situation, burstAt: number, role: Role, least: number): Step {
  const burst = Math.max(least, role === 'sibling' && sweepOf(s) ? BESIDE_SWEEP : 1)
  return step(s, burstAt + BESIDE_MS, { timeoutMs: TOUCH_TIMEOUT_MS, ...(burst > 1 ? { burst } : {}) })
}

const slowWanted = (test: RateTest | null): number => (isAmidLoss(test) ? AMID_LOSS.slow : SLOW)

/** Some of what nobody limits goes badly too: the others' touches, or the scanner's own slow ones since the burst. */
const isAmidLoss = (test: RateTest | null): boolean =>
  test !== null && !test.isTold && test.others.bad + test.own.bad > 0

/** What only the search for ports meets is drawn by the search, at the pace that drew it; the burst is too small for that. */
const sweepOf = ({ endpoint: { swept }, case: one }: Situation): Pick<Step, 'sweep'> | null =>
  swept && asksOf(swept, one) ? { sweep: swept.offered } : null

/** The first moment with no round of this endpoint shortly before it, and none of any within a second. */
function quietAt({ run, endpoint, scan }: Situation, leadMs: number): number {
  let at = scan.now + SOON_MS + leadMs
  for (const step of run.steps.filter((one) => touchesEndpoint(one, endpoint)).toSorted((a, b) => a.at - b.at))
    if (step.at > at - QUIET_MS && step.at < at + SOON_MS) at = step.at + QUIET_MS
  return besideRounds(run, at)
}

const roundsAfter = ({ run, endpoint }: Situation, at: number): number[] =>
  run.steps
    .filter((one) => one.round !== undefined && one.at >= at && touchesEndpoint(one, endpoint))
    .map((one) => one.at)

const step = ({ endpoint }: Situation, at: number, more: Pick<Step, 'timeoutMs'> & Partial<Step>): Step => ({
  at,
  purpose: 'explain',
  experiment: 'E4',
  touches: [touchOf(endpoint)],
  beacon: true,
  ...more,
})

const firstWentBadly = (test: RateTest | null): test is RateTest =>
  test !== null && test.burst.late + test.burst.failed >= BAD

/** The burst came to nothing; or everything is in; or its time is up. */
function isOver(s: Situation, planned: readonly Step[]): boolean {
  const { now } = s.scan
  const test = rateTest(s.endpoint, s.case)
  const first = planned[0] as Step
  if (!test) return now > first.at + TIMEOUT_MS + 2 * LATE_MS
  if (!firstWentBadly(test)) return true
  if (planned.length === 1) return now > first.at + TIMEOUT_MS + 2 * LATE_MS
  const wanted = slowWanted(test)
  const last = Math.max(...planned.map(({ at }) => at), ...roundsAfter(s, first.at).slice(0, wanted + 1))
  return test.after.n >= wanted || now > last + TOUCH_TIMEOUT_MS + LATE_MS
}
