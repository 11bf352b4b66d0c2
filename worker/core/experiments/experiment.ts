import type { RunFacts } from '../../../schema/facts.ts'
import type { Step } from '../../../schema/wire.ts'
import type { Experiment as ExperimentId, Mechanism } from '../../../schema/words.ts'
import type { Case, EndpointEvidence, ScanEvidence } from '../evidence.ts'
import type { Outcome } from '../verdict.ts'

/** An endpoint whose verdict stands, as an experiment sees it. */
export interface Situation {
  scan: ScanEvidence
  endpoint: EndpointEvidence
  outcome: Outcome
  case: Case
  /** the scanner's run of that verification; it is alive */
  run: RunFacts
  /** every run of that verification */
  runs: readonly RunFacts[]
  /** connects to the endpoint by all sources from the alarm on */
  spent: number
}

/** A small plan that tells some causes apart. Each leaves its observations under its number. */
export interface Experiment {
  id: ExperimentId
  /** groups of mechanisms whose picture differs: the mass that lies on two of them is what it can settle */
  separates: readonly (readonly Mechanism[])[]
  /** connects to the endpoint, by all sources, that it would still make */
  cost: (s: Situation) => number
  /** the facts allow it, and it has not been made */
  isOpen: (s: Situation) => boolean
  /** how many endpoints of one address it is made on */
  perAddress: number
  /** the verdict depends on it: made whatever the leading causes are */
  decides?: boolean
  /** onlookers take part */
  panel?: boolean
  /** steps that a member's run must have by now; those that it has need not be left out */
  steps: (s: Situation, run: RunFacts) => readonly Step[]
}

export const touchesEndpoint = (step: Step, { address, port }: { address: string; port: number }): boolean =>
  step.touches.some((touch) => touch.port === port && touch.address === address)

export const stepsOf = (run: RunFacts, id: ExperimentId, endpoint: EndpointEvidence): readonly Step[] =>
  run.steps.filter((step) => step.experiment === id && touchesEndpoint(step, endpoint))

export const looksOf = (endpoint: EndpointEvidence, id: ExperimentId) =>
  endpoint.looks.filter(({ observation }) => observation.experiment === id)

const CLEAR_MS = 1_200
/** The first moment from `at` on that is not within a second of a round of this run. */
export function besideRounds(run: RunFacts, at: number): number {
  let moment = at
  for (const step of run.steps.filter(({ round }) => round !== undefined).toSorted((a, b) => a.at - b.at))
    if (Math.abs(step.at - moment) < CLEAR_MS) moment = step.at + CLEAR_MS
  return moment
}

/** From a decision to the first step that follows from it: the bell, a renewal, and some slowness. */
export const SOON_MS = 1_500
/** A step whose looks have not come in so long after its timers is not waited for. */
export const LATE_MS = 6_000
