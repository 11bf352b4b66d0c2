import type { RunFacts } from '../../../schema/facts.ts'
import type { CauseGuess } from '../../../schema/judgement.ts'
import type { Step } from '../../../schema/wire.ts'
import type { Decision } from '../decide.ts'
import type { Case, EndpointEvidence, ScanEvidence } from '../evidence.ts'
import { isTrialSpared } from '../sparing.ts'
import { type Standing, told } from '../steering.ts'
import { asksOf } from '../swept.ts'
import { type Experiment, LATE_MS, type Situation, stepsOf } from './experiment.ts'
import { layers } from './layers.ts'
import { pace } from './pace.ts'
import { throttle } from './throttle.ts'

/** Those that make connects. E0 and E1 are the rounds and the watch, E3 the canary, E6 recovery; E5 and E7 only read. */
export const EXPERIMENTS: readonly Experiment[] = [pace, throttle, layers]

/** All connects to one lost endpoint from the alarm on, its rounds among them (design.md, section 8). */
export const MOST_CONNECTS = 70
/** Where the verdict itself hangs on it, a case of all twelve rounds may be settled yet. */
const MOST_TO_DECIDE = 95
/** So much of the belief must lie on causes that the experiment tells apart. */
const WORTH = 0.004

/** An experiment that is due or under way. */
export interface Trial {
  experiment: Experiment
  situation: Situation
  /** for the answer of another port of the address: it has no steps yet, but its runs live on */
  waits: boolean
}

/**
 * For each endpoint with a verdict the experiment that tells most for the fewest connects; one at a time. `runsOf`: the
 * runs of a verification by its batch; `isOver`: no step can be added to a run any more.
 */
export function chooseTrials(
  scan: ScanEvidence,
  decisions: readonly Decision[],
  judgement: Standing,
  runsOf: (batch: number) => readonly RunFacts[],
  isOver: (run: RunFacts) => boolean,
): Trial[] {
  if (scan.ended) return []
  const trials: Trial[] = []
  for (const { endpoint, outcome } of decisions) {
    if (!outcome.case || endpoint.phantom) continue
    const runs = runsOf(outcome.case.batch)
    const run = runs.find(({ role }) => role === 'scanner')
    if (!run || isOver(run)) continue
    const spent = spentOn(endpoint, outcome.case)
    const situation: Situation = { scan, endpoint, outcome, case: outcome.case, run, runs, spent }
    const best = bestFor(situation, judgement)
    if (best && !isTrialSpared(endpoint, nextTouchAt(best, situation), scan, decisions))
      trials.push({ experiment: best, situation, waits: false })
  }
  return trials
    .filter((trial) => isBegun(trial) || madeAt(scan, trial) < trial.experiment.perAddress)
    .map((trial, i, all) => ({
      ...trial,
      waits:
        !isBegun(trial) &&
        (all.findIndex((other) => sameRule(other, trial)) !== i ||
          all.some((other) => other !== trial && sameRule(other, trial) && isBegun(other))),
    }))
}

/** When the scanner is to touch next for it: by its steps, or at once. */
const nextTouchAt = ({ id }: Experiment, { scan, run, endpoint }: Situation): number =>
  stepsOf(run, id, endpoint).find(({ at }) => at > scan.now)?.at ?? scan.now

function bestFor(s: Situation, judgement: Standing): Experiment | null {
  const open = EXPERIMENTS.filter((one) => one.isOpen(s))
  const begun = open.find((one) => hasSteps(one, s))
  if (begun) return begun
  // The cause is only asked for where an experiment hangs on it.
  const guesses = open.some((one) => !one.decides) ? guessesAt(judgement, s.endpoint) : null
  const worth = (one: Experiment) => (one.decides ? 1 : gainOf(one, guesses)) / Math.max(1, one.cost(s))
  return (
    open
      .filter((one) =>
        one.decides
          ? s.spent + one.cost(s) <= MOST_TO_DECIDE
          : s.spent + one.cost(s) <= MOST_CONNECTS && gainOf(one, guesses) >= WORTH,
      )
      .toSorted((a, b) => Number(b.decides ?? false) - Number(a.decides ?? false) || worth(b) - worth(a))[0] ?? null
  )
}

/** The belief that could move from one group to another: all of it but the strongest group's. Without a cause: all. */
function gainOf({ separates }: Experiment, guesses: readonly CauseGuess[] | null): number {
  if (!guesses) return 1
  const mass = separates.map((group) =>
    guesses.reduce(
      (sum, { mechanism, confidence }) => (mechanism && group.includes(mechanism) ? sum + confidence : sum),
      0,
    ),
  )
  return mass.reduce((sum, one) => sum + one, 0) - Math.max(0, ...mass)
}

function guessesAt(judgement: Standing, { address, port }: EndpointEvidence): readonly CauseGuess[] | null {
  const found = told(judgement.ports).find((one) => one.address === address && one.port === port)
  const cause = told(found?.cause ?? null)
  return cause ? [cause, ...cause.alternatives] : null
}

const hasSteps = ({ id }: Experiment, { run, endpoint }: Situation): boolean => stepsOf(run, id, endpoint).length > 0
const isBegun = ({ experiment, situation }: Trial): boolean => hasSteps(experiment, situation)

/** The ports of one address most likely stand behind one rule: they wait for each other's answer. */
const sameRule = (a: Trial, b: Trial): boolean =>
  a.experiment === b.experiment && a.situation.endpoint.address === b.situation.endpoint.address

const madeAt = (scan: ScanEvidence, { experiment, situation }: Trial): number =>
  (scan.byAddress.get(situation.endpoint.address) ?? []).filter((one) =>
    [...one.looks, ...one.ladder].some(({ observation }) => observation.experiment === experiment.id),
  ).length

/** Connects from the alarm on, as the verdict counts them (judge.ts). What held back the search is a question of its own, asked after another alarm. */
const spentOn = (endpoint: EndpointEvidence, one: Case): number => {
  const { swept, alarmAt, cases } = endpoint
  const from = swept && asksOf(swept, one) ? swept.at : (alarmAt ?? cases[0]?.startAt ?? Number.POSITIVE_INFINITY)
  return [...endpoint.looks, ...endpoint.ladder].filter(
    ({ at, observation }) => at >= from && ['verify', 'explain', 'watch', 'engage'].includes(observation.purpose),
  ).length
}

/** Whether a run must live on for a trial: the scanner's does; an onlooker's until its own part is in, or late. */
export function isNeeded({ experiment, situation }: Trial, run: RunFacts): boolean {
  const { scan, endpoint, runs } = situation
  if (!runs.includes(run)) return false
  if (run.role === 'scanner') return true
  if (!hasSteps(experiment, situation)) return experiment.panel === true
  if (isPanelAwaited(experiment, situation) || experiment.steps(situation, run).length > 0) return true
  const seen = [...endpoint.looks, ...endpoint.ladder].filter(
    ({ probeId, observation }) => probeId === run.probeId && observation.experiment === experiment.id,
  )
  const steps = stepsOf(run, experiment.id, endpoint)
  return (
    seen.length < steps.reduce((sum, { burst = 1 }) => sum + burst, 0) &&
    steps.some(({ at, timeoutMs }) => scan.now < at + timeoutMs + LATE_MS)
  )
}

/** The second burst may still come, and the onlookers are to touch beside it. */
const isPanelAwaited = ({ id, panel }: Experiment, { run, endpoint }: Situation): boolean =>
  panel === true && id === 'E4' && stepsOf(run, id, endpoint).length === 1

/** The steps that a run must have for the trials of its verification. */
export const trialSteps = (trials: readonly Trial[], run: RunFacts): Step[] =>
  trials
    .filter(({ situation, waits }) => !waits && situation.runs.includes(run))
    .flatMap(({ experiment, situation }) => [...experiment.steps(situation, run)])
