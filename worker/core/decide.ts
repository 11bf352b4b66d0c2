import type { ScanFacts } from '../../schema/facts.ts'
import { NOTHING } from './answered.ts'
import { contentTest } from './content.ts'
import { type Case, type EndpointEvidence, evidenceOf, type ScanEvidence } from './evidence.ts'
import type { RuleId } from './rules.ts'
import { sharedLimit } from './shared-limit.ts'
import { RETRY_MS, stretchOf } from './stretch.ts'
import { tallyOf } from './tally.ts'
import { addressE, E_BESIDE, E_CONFIRM, E_RATIONED, LLR_BESIDE, SIBLING_ROUNDS } from './tests.ts'
import { type Outcome, outcomeOf } from './verdict.ts'

/** An endpoint with what its verification came to. */
export interface Decision {
  endpoint: EndpointEvidence
  outcome: Outcome
  /** for SEL-3, and for SEL-8 where it is not proved here: the port that carries the proof */
  provedBy: EndpointEvidence | null
}

export interface Survey {
  scan: ScanEvidence
  decisions: readonly Decision[]
}

/**
 * Facts are never changed once read (read them anew after writing): judging and steering by the same ones look once. Only
 * the latest is kept: a WeakMap of this module would hold every survey until V8's next full collection.
 */
let latest: Survey | null = null

/** Facts → evidence → decisions, at a time. */
export function survey(facts: ScanFacts, now: number): Survey {
  if (latest?.scan.facts === facts && latest.scan.now === now) return latest
  const scan = evidenceOf(facts, now)
  latest = { scan, decisions: decide(scan) }
  return latest
}

/** Every endpoint that the scan has a word on, in order of address and port. */
export function decide(scan: ScanEvidence): Decision[] {
  const decisions: Decision[] = []
  for (const endpoint of scan.endpoints) {
    const outcome = outcomeFor(endpoint, scan)
    if (outcome) decisions.push({ endpoint, outcome, provedBy: null })
  }
  return [...sharedLimit(sameShortBan(sameBan(decisions), scan), scan)]
}

/** The gravest of several cases: a port that was lost once stays lost in this scan, whatever a later look says. */
const GRAVITY: Record<Outcome['verdict'], number> = {
  interfered: 6,
  app_blocked: 6,
  blocked_before: 5,
  degraded: 4,
  service_down: 3,
  path_outage: 3,
  inconclusive: 2,
  transient: 1,
  phantom: 0,
  open: 0,
}
const gravity = (outcome: Outcome) => GRAVITY[outcome.verdict] * 2 + Number(outcome.strength === 'confirmed')

/** Of two losses alike the first tells when it began; of two that came to nothing the later one is still in question. */
function isGraver(one: Outcome, than: Outcome): boolean {
  const more = gravity(one) - gravity(than)
  return more > 0 || (more === 0 && ['transient', 'inconclusive'].includes(one.verdict))
}

function outcomeFor(endpoint: EndpointEvidence, scan: ScanEvidence): Outcome | null {
  if (endpoint.phantom) return plain('PHA-1', 'phantom')
  const outcomes = endpoint.cases.map((one) => outcomeOf(one, endpoint, scan))
  const outcome = outcomes.reduce<Outcome | null>((worst, one) => (worst && !isGraver(one, worst) ? worst : one), null)
  if (!endpoint.found) return neverFound(endpoint, outcome, scan)
  if (!outcome) {
    if (endpoint.alarmAt !== null)
      return plain(scan.ended && !scan.scanRun?.closing ? 'INC-2' : 'INC-1', 'inconclusive')
    return readByContent(endpoint) ?? leftOpen(endpoint, scan, plain('OPN-1', 'open'))
  }
  if (outcome.verdict !== 'transient') return outcome
  return readByContent(endpoint) ?? leftOpen(endpoint, scan, outcome)
}

/** The port stands, but what the scanner asks there is turned away for what it is: those findings are missing. */
function readByContent(endpoint: EndpointEvidence): Outcome | null {
  const content = contentTest(endpoint)
  return content && { ...plain('APP-2', 'app_blocked'), strength: 'likely', content }
}

/** A port that only others found is worth a word when it is kept from us, or when we reach it after all. */
function neverFound(endpoint: EndpointEvidence, outcome: Outcome | null, scan: ScanEvidence): Outcome | null {
  if (!outcome) return null
  // It was shut when we looked for ports, and let us in later: what the rounds proved of the time between stays proved.
  const wasShut = outcome.strength !== null && ['interfered', 'degraded', 'app_blocked'].includes(outcome.verdict)
  const gotIn = scan.scanner !== null && endpoint.openedAt.has(scan.scanner.probeId)
  // While the scan goes on it is a question still: a limit lets in what comes slowly. At its end a port that was lost was not open throughout.
  if (outcome.verdict === 'transient' && (!scan.ended || outcome.tally.failed > 0)) return outcome
  if (outcome.verdict === 'transient' || (gotIn && !wasShut))
    return { ...outcome, rule: 'OPN-1', verdict: 'open', strength: null, fastAt: null, confirmedAt: null }
  return ['blocked_before', 'interfered', 'degraded', 'app_blocked', 'path_outage'].includes(outcome.verdict) ||
    outcome.rule === 'INC-4'
    ? outcome
    : null
}

/** Open as far as we saw; but a scanner that stayed away, or a last look that failed, leaves it in doubt. */
function leftOpen(endpoint: EndpointEvidence, scan: ScanEvidence, outcome: Outcome): Outcome {
  if (!scan.ended) return outcome
  const doubt = (rule: RuleId): Outcome => ({ ...outcome, rule, verdict: 'inconclusive', strength: null })
  if (!scan.scanRun?.closing) return doubt('INC-2')
  const state = scan.recheck.get(endpoint.key)
  return state === 'closed' || state === 'unresponsive' ? doubt('INC-1') : outcome
}

const NO_CASE: Case = { batch: -1, startAt: 0, rounds: [], planned: [], closedTo: -1, over: true }
function plain(rule: RuleId, verdict: Outcome['verdict']): Outcome {
  const tally = tallyOf(NO_CASE, 0)
  return {
    rule,
    verdict,
    strength: null,
    tally,
    case: null,
    fastAt: null,
    confirmedAt: null,
    pathAlive: [],
    answered: NOTHING,
    rate: null,
    stretch: null,
    content: null,
  }
}

/** Losses that begin this close together began with the same event. */
const SAME_EVENT_MS = 10_000

/**
 * SEL-3: a `likely` endpoint of a rationed service joins the confirmed ban of its address. A rationed service cannot earn E ≥ 1000 by itself in
 * ten minutes. The address as a whole can: the mean over its endpoints of the e-values of a moment is an e-value, so the
 * product over time is a test martingale for "the scanner is singled out at none of them" (tests.ts, addressE). That one
 * passes 1,000, that a neighbour is confirmed in its own right over the same seconds, and that this endpoint shows (a),
 * (c), E ≥ 20 and not one success of the scanner together carry the claim. What is assumed, not tested: that one event
 * explains both.
 */
function sameBan(decisions: readonly Decision[]): Decision[] {
  return decisions.map((decision) => {
    const { endpoint, outcome } = decision
    const { tally } = outcome
    const ready =
      endpoint.rationed &&
      outcome.strength === 'likely' &&
      (outcome.rule === 'SEL-2' || outcome.rule === 'SEL-4') &&
      tally.notLossAt !== null &&
      tally.siblingApart >= SIBLING_ROUNDS &&
      tally.eValue >= E_RATIONED &&
      tally.failed === tally.rounds
    if (!ready) return decision
    const others = decisions.filter((other) => other !== decision && other.endpoint.address === endpoint.address)
    const proof = others.find(
      (other) =>
        other.outcome.confirmedAt !== null && other.outcome.rule === 'SEL-1' && overlap(outcome, other.outcome),
    )
    const provedAt = proof ? addressProofAt([decision, ...others]) : null
    if (!proof || provedAt === null) return decision
    const confirmedAt = Math.max(provedAt, proof.outcome.confirmedAt as number, outcome.fastAt ?? 0)
    return {
      ...decision,
      provedBy: proof.endpoint,
      outcome: { ...outcome, rule: 'SEL-3', strength: 'confirmed', confirmedAt },
    }
  })
}

/**
 * SEL-8 beside another: a block that is soon over leaves one port a round less than the next, by when its rounds began. A port
 * whose loss came to nothing joins the short block that another port of its address proves, when both were lost in one event
 * and got in at one moment. What is assumed, not tested: that one block explains both.
 */
function sameShortBan(decisions: readonly Decision[], scan: ScanEvidence): Decision[] {
  return decisions.map((decision) => {
    const { endpoint, outcome } = decision
    if (outcome.rule !== 'TRA-1') return decision
    const beside = decisions.filter(
      (other) =>
        other.outcome.rule === 'SEL-8' &&
        other.endpoint.address === endpoint.address &&
        overlap(outcome, other.outcome),
    )
    if (beside.length === 0) return decision
    const stretch = stretchOf(outcome.case as Case, endpoint, scan.loss, outcome.tally.backAt as number)
    const isPart =
      stretch !== null &&
      stretch.llr >= LLR_BESIDE &&
      stretch.eValue >= E_BESIDE &&
      stretch.siblingApart >= SIBLING_ROUNDS
    if (!isPart) return decision
    const proof = beside.find(
      ({ outcome: { stretch: other } }) => other !== null && Math.abs(other.endsAt - stretch.endsAt) <= RETRY_MS,
    )
    if (!proof) return decision
    const fastAt = outcome.tally.firstBackAt
    return {
      ...decision,
      provedBy: proof.endpoint,
      outcome: { ...outcome, rule: 'SEL-8', verdict: 'interfered', strength: 'likely', fastAt, stretch },
    }
  })
}

function overlap(a: Outcome, b: Outcome): boolean {
  const [fromA, toA, fromB, toB] = [a.tally.firstFailAt, a.tally.lastFailAt, b.tally.firstFailAt, b.tally.lastFailAt]
  if (fromA === null || toA === null || fromB === null || toB === null) return false
  return fromA <= toB + SAME_EVENT_MS && fromB <= toA + SAME_EVENT_MS
}

/** When the martingale of the address passed 1,000, or null. Rounds of different endpoints within a second are one moment. */
export function addressProofAt(decisions: readonly Decision[]): number | null {
  const factors = decisions.flatMap(({ outcome }) => outcome.tally.factors).toSorted((a, b) => a.at - b.at)
  let product = 1
  for (let i = 0; i < factors.length; ) {
    const start = factors[i] as (typeof factors)[0]
    const moment = []
    for (; i < factors.length && (factors[i] as (typeof factors)[0]).at < start.at + 1_000; i++)
      moment.push(factors[i] as (typeof factors)[0])
    product *= addressE(moment.map(({ e }) => e))
    if (product >= E_CONFIRM) return Math.max(...moment.map(({ endAt }) => endAt))
  }
  return null
}
