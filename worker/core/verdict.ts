import type { Strength, VerdictWord } from '../../schema/words.ts'
import { type Answered, answeredIn, NOTHING } from './answered.ts'
import type { ContentTest } from './content.ts'
import type { Case, EndpointEvidence, Look, ScanEvidence } from './evidence.ts'
import { isLimited, type RateTest, rateTest } from './experiments/rate.ts'
import { blackHole, maybeBackend, maybeBackendsPage, maybeFilteredAtHome } from './lookalikes.ts'
import { indexOf, RATION_ROUNDS, roundTimes } from './rounds.ts'
import type { RuleId } from './rules.ts'
import { isSilent } from './silence.ts'
import { type Stretch, stretchOf } from './stretch.ts'
import { type Tally, tallyOf } from './tally.ts'
import { CONFIRM_SPAN_MS, E_CONFIRM, E_RATIONED, LLR_CLAIM, SIBLING_ROUNDS } from './tests.ts'

/** What one case of an endpoint came to. */
export interface Outcome {
  rule: RuleId
  verdict: VerdictWord
  strength: Strength | null
  tally: Tally
  case: Case | null
  fastAt: number | null
  confirmedAt: number | null
  /** an answer that shows the path to be alive: looks by id */
  pathAlive: readonly string[]
  /** what of the target's side answered the scanner while the port was lost to it */
  answered: Answered
  /** E4, where it was made after this case */
  rate: RateTest | null
  /** for SEL-8: the rounds of a block that was over soon */
  stretch: Stretch | null
  /** for APP-2: what was refused for what was asked */
  content: ContentTest | null
}

interface Situation {
  endpoint: EndpointEvidence
  case: Case
  tally: Tally
  pathAlive: readonly string[]
  rate: RateTest | null
  stretch: Stretch | null
  /** something of the target's side answered the scanner while the port was lost to it: what, and which looks show it */
  answered: Answered
  /** no other known port of the address was lost to the scanner meanwhile: the others went on answering, or there is none */
  lostAlone: boolean
  /** upper bound of the loss per packet on the scanner’s path */
  loss: number
  lossyWay: boolean
  /** the rounds began while the whole address was silent to the scanner in the midst of its sweep */
  amidSilence: boolean
  /** ports of beacons that scanner or sibling reached */
  reachedFromHome: ReadonlySet<number>
  /** ports of the address that scanner and sibling never reached either */
  shutBeside: readonly number[]
}

/** So much may be lost of the scanner's packets that a silent limit is never more than likely: loss comes in heaps. */
const LOSSY = 0.25
export const hasLossyWay = ({ loss }: ScanEvidence): boolean => loss > LOSSY
export const limitStrength = (test: RateTest, lossyWay: boolean): Strength =>
  isLimited(test) === 'firm' && (test.isTold || !lossyWay) ? 'confirmed' : 'likely'

/** A block that ended before the tests did: three rounds running, the scanner's alone, too many for loss; then it was over. */
function shortBan({ tally, stretch, case: { rounds } }: Situation): boolean {
  if (tally.witnesses === 0) return false
  if (stretch && stretch.llr >= LLR_CLAIM && stretch.siblingApart >= SIBLING_ROUNDS && stretch.eValue >= E_RATIONED)
    return true
  const first = rounds.findIndex((round) => round.scanner.failed)
  const last = rounds.findLastIndex((round) => round.scanner.failed)
  return (
    tally.backAt !== null &&
    tally.backRunning > 0 &&
    tally.notLossAt !== null &&
    tally.siblingApart >= SIBLING_ROUNDS &&
    tally.eValue >= E_RATIONED &&
    rounds.slice(first, last + 1).every((round) => round.scanner.failed)
  )
}

interface VerdictRule {
  id: RuleId
  verdict: VerdictWord
  strength?: (s: Situation) => Strength
  holds: (s: Situation) => boolean
}

const likely = (): Strength => 'likely'
const isAlive = ({ answered }: Situation) => answered.by.length > 0
const refused = ({ tally }: Situation) => tally.refusals * 2 > tally.failed
const selective = ({ tally }: Situation) =>
  tally.confirmedAt !== null || tally.fastAt !== null || tally.rationedAt !== null
/** Refused in words twice, with everyone else let in: where touches are rationed that must do (3.4² = 11.6 with five sources). */
const E_REFUSED = 10
const refusedTwice = ({ endpoint, tally }: Situation) =>
  endpoint.rationed &&
  tally.refusals >= 2 &&
  tally.siblingApart >= SIBLING_ROUNDS &&
  tally.witnesses >= 2 &&
  tally.eValue >= E_REFUSED
/** Beside the test that the scanner alone failed, which a lossy way of its own passes: the way loses less than that. */
const LN_PART = Math.log(10)
/** Failing far more often than others and than loss on its own way explains, but by no means always. */
const inPart = ({ tally }: Situation) => {
  const successes = tally.between / Math.max(1, tally.since)
  return tally.eHighAt !== null && tally.topPartLlr >= LN_PART && successes >= 0.1 && successes <= 0.9
}

/** From the most specific claim to the least; the first that holds is the verdict. */
export const VERDICT_RULES: readonly VerdictRule[] = [
  {
    id: 'APP-1',
    verdict: 'app_blocked',
    strength: (s) => (s.tally.confirmedAt === null || maybeBackendsPage(s) ? 'likely' : 'confirmed'),
    holds: (s) => (selective(s) || refusedTwice(s)) && refused(s),
  },
  {
    id: 'DEG-1',
    verdict: 'degraded',
    strength: (s) => (s.tally.confirmedAt !== null && (isAlive(s) || s.tally.between > 1) ? 'confirmed' : 'likely'),
    holds: (s) => inPart(s) && s.tally.siblingApart >= SIBLING_ROUNDS && s.tally.witnesses > 0,
  },
  {
    // Slow rounds let the scanner through again, so TRA-1 or SEL-8 would hold; E4 asked fast, and others beside it were let through.
    id: 'DEG-2',
    verdict: 'degraded',
    strength: ({ rate, lossyWay }) => (rate ? limitStrength(rate, lossyWay) : 'likely'),
    holds: ({ rate }) => rate !== null && isLimited(rate) !== 'no',
  },
  { id: 'SEL-8', verdict: 'interfered', strength: likely, holds: shortBan },
  {
    id: 'SEL-1',
    verdict: 'interfered',
    strength: () => 'confirmed',
    holds: (s) => s.tally.confirmedAt !== null && isAlive(s) && !maybeBackend(s),
  },
  // Proved by the tests, but not to be told from an outage that the sibling does not share, or from a dead backend.
  {
    id: 'SEL-7',
    verdict: 'interfered',
    strength: likely,
    holds: (s) => s.tally.confirmedAt !== null && isAlive(s),
  },
  { id: 'SEL-6', verdict: 'interfered', strength: likely, holds: ({ tally }) => tally.confirmedAt !== null },
  {
    id: 'SEL-2',
    verdict: 'interfered',
    strength: likely,
    holds: ({ tally }) => tally.fastAt !== null && tally.hasSibling,
  },
  { id: 'SEL-5', verdict: 'interfered', strength: likely, holds: ({ tally }) => tally.fastAt !== null },
  { id: 'SEL-4', verdict: 'interfered', strength: likely, holds: ({ tally }) => tally.rationedAt !== null },
  { id: 'DWN-1', verdict: 'service_down', holds: ({ tally }) => tally.downAt !== null },
  { id: 'INC-3', verdict: 'inconclusive', holds: ({ tally }) => tally.allTiredAt !== null },
  {
    id: 'INC-4',
    verdict: 'inconclusive',
    holds: (s) => s.endpoint.found === null && s.tally.togetherAt !== null && maybeFilteredAtHome(s),
  },
  {
    id: 'BEF-1',
    verdict: 'blocked_before',
    strength: (s) => (firmlyBefore(s) ? 'confirmed' : 'likely'),
    // The address had answered before it fell silent, so that is no block from the start; an outage would look the same.
    holds: ({ endpoint, tally, amidSilence }) =>
      endpoint.found === null && !amidSilence && tally.togetherAt !== null && tally.backRunning === 0,
  },
  {
    id: 'RNG-1',
    verdict: 'interfered',
    strength: likely,
    holds: (s) => s.tally.togetherAt !== null && s.pathAlive.length > 0 && !blackHole(s),
  },
  { id: 'PTH-1', verdict: 'path_outage', holds: ({ tally }) => tally.togetherAt !== null },
  // Failing again after that is a new question: the rounds go on.
  { id: 'TRA-1', verdict: 'transient', holds: ({ tally }) => tally.backAt !== null && tally.backRunning > 0 },
  { id: 'WIT-0', verdict: 'inconclusive', holds: ({ tally }) => tally.witnesses === 0 },
  { id: 'INC-1', verdict: 'inconclusive', holds: () => true },
]

/** Never open to scanner and sibling: sure when two witnesses get through time and again and the path is alive. */
const firmlyBefore = ({ tally, pathAlive }: Situation) =>
  tally.together >= 6 &&
  tally.witnesses >= 2 &&
  pathAlive.length > 0 &&
  (tally.lastFailAt ?? 0) - (tally.firstFailAt ?? 0) >= CONFIRM_SPAN_MS

/** The verdict of one case as its rounds stand. */
export function outcomeOf(one: Case, endpoint: EndpointEvidence, scan: ScanEvidence): Outcome {
  const tally = tallyOf(one, scan.loss, endpoint.rationed)
  const neighbours = neighboursOf(endpoint, scan)
  const answered = tally.confirmedAt === null ? NOTHING : answeredIn(one, endpoint, neighbours, scan)
  const situation: Situation = {
    endpoint,
    case: one,
    tally,
    pathAlive: tally.togetherAt === null ? [] : signsOfPath(tally, endpoint, scan),
    answered,
    lostAlone: tally.confirmedAt !== null && neighbours.every((other) => !lostMeanwhile(other, tally)),
    loss: scan.loss,
    lossyWay: hasLossyWay(scan),
    amidSilence: isSilent(scan, endpoint.address, one.startAt),
    reachedFromHome: scan.reachedFromHome,
    shutBeside: endpoint.found === null ? shutBeside(endpoint, scan) : [],
    rate: endpoint.cases.at(-1) === one ? rateTest(endpoint, one) : null,
    stretch: tally.backAt === null ? null : stretchOf(one, endpoint, scan.loss, tally.backAt),
  }
  const rule = VERDICT_RULES.find((candidate) => candidate.holds(situation)) as VerdictRule
  const strength = rule.strength?.(situation) ?? null
  return {
    rule: rule.id,
    verdict: rule.verdict,
    strength,
    tally,
    case: one,
    fastAt: rule.id === 'DEG-2' ? (situation.rate?.knownAt ?? null) : fastTime(rule.id, tally),
    confirmedAt:
      strength === 'confirmed' ? (tally.confirmedAt ?? tally.togetherAt ?? situation.rate?.knownAt ?? null) : null,
    pathAlive: situation.pathAlive,
    answered,
    rate: situation.rate,
    stretch: rule.id === 'SEL-8' ? situation.stretch : null,
    content: null,
  }
}

function fastTime(rule: RuleId, tally: Tally): number | null {
  switch (rule) {
    case 'BEF-1':
    case 'RNG-1':
      return tally.togetherAt
    case 'DEG-1':
      return tally.eHighAt
    case 'APP-1':
    case 'SEL-1':
    case 'SEL-2':
    case 'SEL-4':
    case 'SEL-5':
    case 'SEL-6':
    case 'SEL-7':
    case 'SEL-8':
      // On a rationed service the lower bar comes first; what was reached stays reached.
      return (
        tally.rationedAt ??
        tally.fastAt ??
        (rule === 'SEL-8' ? tally.firstBackAt : rule === 'APP-1' ? tally.lastFailAt : null)
      )
    default:
      return null
  }
}

/**
 * Whether the endpoint's verification has said all it can for now: its final word, or all rounds used up. A likely
 * verdict goes on while rounds are left, because it may still be confirmed.
 */
export function isSettled(outcome: Outcome, endpoint: EndpointEvidence, now: number): boolean {
  if (endpoint.phantom || outcome.strength === 'confirmed') return true
  if (
    ['service_down', 'path_outage', 'transient'].includes(outcome.verdict) ||
    outcome.rule === 'RNG-1' ||
    outcome.rule === 'INC-4' ||
    outcome.rule === 'DEG-2' ||
    outcome.rule === 'DEG-3'
  )
    return true
  const { tally } = outcome
  // The tests have said all they can; what keeps it likely is no matter of more rounds.
  if (outcome.rule === 'SEL-6' || outcome.rule === 'SEL-7' || outcome.rule === 'SEL-8') return true
  if (outcome.rule === 'APP-1' && tally.confirmedAt !== null) return true
  // Without a sibling nothing more than `likely` can come.
  if (outcome.rule === 'SEL-5' && tally.eValue >= E_CONFIRM) return true
  return roundsUsedUp(outcome.case, endpoint, now)
}

/** How long the next rounds are waited for when the planned ones are over and left a question. */
const NO_MORE_MS = 25_000

/** A rationed endpoint has used up its rounds with the first ration; what comes ten minutes later is a gift. */
function roundsUsedUp(one: Case | null, endpoint: EndpointEvidence, now: number): boolean {
  if (!one) return false
  const all = endpoint.rationed ? RATION_ROUNDS : roundTimes(false).length
  // Of the later rations some of a second case may be all that is planned.
  const needed = one.planned.filter(({ number }) => indexOf(number) < all)
  const last = needed.at(-1)
  if (!last) return true
  const judged = one.over || one.closedTo >= last.number
  return judged && (needed.length >= all || now > last.at + NO_MORE_MS)
}

/** A neighbour that the scanner could not reach in rounds of the same time. */
const lostMeanwhile = (other: EndpointEvidence, tally: Tally): boolean =>
  other.cases.some(
    ({ rounds }) =>
      rounds.filter(
        ({ scanner }) =>
          scanner.failed && scanner.at >= (tally.firstFailAt ?? 0) && scanner.at <= (tally.confirmedAt ?? 0),
      ).length >= 2,
  )

const neighboursOf = (endpoint: EndpointEvidence, scan: ScanEvidence): EndpointEvidence[] =>
  (scan.byAddress.get(endpoint.address) ?? []).filter((other) => other !== endpoint && other.found && !other.phantom)

/** Other ports of the address that the scanner never found, and that scanner and sibling lost together while others got through. */
const shutBeside = (endpoint: EndpointEvidence, scan: ScanEvidence): number[] =>
  (scan.byAddress.get(endpoint.address) ?? [])
    .filter((other) => other !== endpoint && other.found === null)
    .filter(({ cases, rationed }) => cases.some((one) => tallyOf(one, scan.loss, rationed).togetherAt !== null))
    .map(({ port }) => port)

/** Anchors are touched beside a round, not in the order of its touches. The loss is seconds old by then. */
const BESIDE_MS = 250

/**
 * Which answers show that scanner and target could hear each other while scanner and sibling failed: only those between
 * the first failure and the fourth together count, because an outage that has ended proves nothing.
 */
function signsOfPath(tally: Tally, endpoint: EndpointEvidence, scan: ScanEvidence): string[] {
  const from = tally.firstFailAt ?? 0
  const to = tally.lastTogetherAt ?? from
  const within = (look: Look) => look.at >= from && look.at <= to
  // `unreachable` may come from any router on the way; these come from the target, or from what stands before it.
  const answers = (look: Look) => ['closed', 'cut', 'notice', 'page'].includes(look.sight)
  const own = endpoint.looks.filter(
    (look) =>
      look.role !== 'witness' &&
      within(look) &&
      (answers(look) || (look.observation.purpose === 'canary' && look.sight === 'open')),
  )
  const neighbours = (scan.byAddress.get(endpoint.address) ?? [])
    .filter((other) => other !== endpoint)
    .flatMap((other) => other.looks.filter((look) => look.role === 'scanner' && within(look) && !look.failed))
  const anchors = scan.anchorLooks
    .filter((anchor) => anchor.role === 'scanner' && !anchor.failed && anchor.at >= from - BESIDE_MS && anchor.at <= to)
    .map((anchor) => anchor.id)
  return [...own.map((look) => look.id), ...neighbours.map((look) => look.id), ...anchors].slice(0, 20)
}
