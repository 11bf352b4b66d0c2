import type { Evidence } from '../../schema/judgement.ts'
import type { Answered } from './answered.ts'
import { cited } from './cited.ts'
import type { Decision } from './decide.ts'
import type { EndpointEvidence, Look, Round, ScanEvidence } from './evidence.ts'
import { isLimited, passText, type RateTest } from './experiments/rate.ts'
import { RULES, type RuleId } from './rules.ts'
import { type Swept, sweptText } from './swept.ts'
import { LLR_BESIDE, LLR_CLAIM } from './tests.ts'
import { count, listed, seconds } from './text.ts'
import type { Outcome } from './verdict.ts'

const line = (rule: RuleId, supports: boolean, text: string, looks: readonly string[] = []): Evidence =>
  cited({ rule, supports, text, observations: [...looks] })
const sentence = (rule: RuleId) => RULES.get(rule)?.sentence ?? ''

/** Why the verdict is what it is: the rule first, then the tests for it, then what speaks against it. */
export function reasonsFor({ endpoint, outcome, provedBy }: Decision, scan: ScanEvidence): Evidence[] {
  const { tally, rule } = outcome
  const rounds = outcome.case?.rounds ?? []
  const failing = rounds.filter((round) => round.scanner.failed)
  const lines = [
    line(rule, true, headline(rule, outcome, rounds, provedBy), carriersOf(outcome, endpoint, rounds, scan)),
  ]
  if (outcome.rate && outcome.verdict !== 'open') lines.push(rateLine(outcome.rate))
  if (outcome.rate?.swept && isLimited(outcome.rate) !== 'no') lines.push(sweptLine(endpoint, outcome.rate.swept))
  const llr = Math.max(tally.topLlr, outcome.stretch?.llr ?? 0)
  const late = lateOf(outcome)
  if ((tally.notLossAt !== null || outcome.stretch) && outcome.strength)
    lines.push(
      line(
        'LOSS-1',
        true,
        `${count(failing.length, 'failure')} of ${count(rounds.length, 'look')} by the scanner${late.length > 0 ? `, and ${late.length} that got through only when it ended,` : ''} are not packet loss: log-likelihood ratio ${llr.toFixed(1)}, needed ${rule === 'SEL-8' && provedBy ? LLR_BESIDE.toFixed(1) : LLR_CLAIM}.`,
        [...failing, ...late].map((round) => round.scanner.id),
      ),
    )
  const apart = failing.flatMap(({ sibling }) => (sibling && !sibling.failed ? [sibling.id] : []))
  if (tally.siblingApart > 0 && outcome.verdict !== 'service_down')
    lines.push(
      line(
        'SIB-1',
        true,
        `The sibling got through in ${count(apart.length, 'round')} in which the scanner failed.`,
        apart,
      ),
    )
  if (outcome.pathAlive.length > 0 && (rule === 'RNG-1' || rule === 'BEF-1'))
    lines.push(
      line(
        'RNG-1',
        true,
        `The target’s side answered the scanner or its sibling ${count(outcome.pathAlive.length, 'time')} meanwhile: the path is alive.`,
        outcome.pathAlive,
      ),
    )
  if (outcome.answered.by.length > 0 && outcome.strength)
    lines.push(line('RTE-1', true, answeredText(outcome.answered), outcome.answered.looks))
  if (rule === 'APP-1' && outcome.strength === 'likely' && tally.confirmedAt !== null)
    lines.push(
      line(
        'SEL-7',
        false,
        'The page does not say that it turns anybody away: a balancer that sends this address to a broken backend, or to one with another version of the site, would serve it as well.',
        failing.map((round) => round.scanner.id),
      ),
    )
  if (outcome.strength && !tally.hasSibling)
    lines.push(line('SEL-5', false, 'No sibling looked along: an outage of the scanner’s own path is not ruled out.'))
  const back = backAfter(endpoint.looks, outcome.fastAt)
  if (back)
    lines.push(
      line(
        'RUN-1',
        false,
        `The port answered the scanner again ${seconds(back.at - (tally.firstFailAt ?? back.at))} after the first failed round.`,
        [back.id],
      ),
    )
  return lines
}

function answeredText({ by, ports }: Answered): string {
  const told = by.map(
    (one) =>
      ({
        port: `port${ports.length > 1 ? 's' : ''} ${listed(ports.map(String))}`,
        refusal: 'the answers of the port itself that turned it away',
        canary: 'the connection kept open',
        anchor: 'the anchor',
      })[one],
  )
  return `While the port was lost the target’s side answered the scanner: ${listed(told)}. Its own route was not down.`
}

/** Rounds that began before the block ended, in which a later SYN got through. */
const lateOf = ({ stretch }: Outcome): readonly Round[] =>
  (stretch?.rounds ?? []).filter(({ scanner }) => !scanner.failed)

/** What the bursts of E4 saw, for or against a limit. */
function rateLine(rate: RateTest): Evidence {
  const { burst, again, slow, beside, swept } = rate
  const isOne = isLimited(rate) !== 'no'
  const limit =
    isOne && rate.limitPerSecond ? ` About ${passText(rate.limitPerSecond)} new connects a second pass.` : ''
  const amid = swept ? ` amid a search for ports at ${swept.offered} a second` : ''
  const once = again ? ` A second burst: ${again.bad} of ${again.n} went badly.` : ''
  return line(
    'RATE-1',
    isOne,
    `Of ${burst.connects} connects at once${amid} ${burst.prompt} were answered at once, ${burst.late} after another SYN, ${burst.failed} not; of ${count(slow.n, 'slow touch', 'slow touches')} on the same path ${slow.bad} went badly, of ${beside.n} by others in the burst’s second ${beside.bad}.${once}${limit}`,
    [...rate.looks.burst, ...rate.looks.beside, ...rate.looks.slow],
  )
}

/** The search for ports itself, as the probe counted it: at its pace in part, after a rest in full. */
function sweptLine({ looks }: EndpointEvidence, swept: Swept): Evidence {
  const mine = looks.filter(({ role, failed }) => role === 'scanner' && !failed)
  const before = mine.findLast(({ at }) => at < swept.at)
  const after = mine.find(({ at }) => at >= swept.at)
  return line(
    'SWP-1',
    true,
    `${sweptText(swept)} Ports that had answered fell silent meanwhile, and answered again when it rested.`,
    [before, after].flatMap((look) => (look ? [look.id] : [])),
  )
}

/** While the scan went on: what comes back after it tells how long the block lasted, and nothing against it. */
const backAfter = (looks: readonly Look[], from: number | null): Look | undefined =>
  from === null
    ? undefined
    : looks.find(
        ({ role, failed, at, observation: { purpose } }) =>
          role === 'scanner' && !failed && at > from && purpose !== 'canary' && purpose !== 'recover',
      )

/** The looks that carry the first line. Where no round was held, what the scanner saw first and last. */
function carriersOf(
  { rule, content }: Outcome,
  endpoint: EndpointEvidence,
  rounds: readonly Round[],
  scan: ScanEvidence,
): readonly string[] {
  if (content) return content.refused.map((look) => look.id)
  if (rule === 'PHA-1') return acceptedPhantoms(endpoint, scan)
  const looks = looksOf(rule === 'TRA-1' ? rounds : rounds.filter((round) => round.scanner.failed))
  if (looks.length > 0) return looks
  const own = endpoint.looks.filter((look) => look.role === 'scanner')
  return [...new Set([own[0], own.at(-1)].flatMap((look) => (look ? [look.id] : [])))]
}

const acceptedPhantoms = ({ address }: EndpointEvidence, { phantomLooks }: ScanEvidence): string[] =>
  (phantomLooks.get(address) ?? []).flatMap(({ id, accepted }) => (accepted ? [id] : []))

const looksOf = (rounds: readonly Round[]): string[] =>
  rounds.flatMap((round) => [round.scanner.id, ...round.others.map((look) => look.id)])

function headline(
  rule: RuleId,
  { tally, rate, stretch }: Decision['outcome'],
  rounds: readonly Round[],
  provedBy: Decision['provedBy'],
): string {
  const failing = rounds.filter((round) => round.scanner.failed)
  const others = failing.flatMap((round) => round.others)
  const through = others.filter((look) => !look.failed).length
  const share = `${through} of ${count(others.length, 'touch', 'touches')} by others reached the port while the scanner failed`
  const inRounds = `in ${failing.length} of ${count(rounds.length, 'round')}`
  switch (rule) {
    case 'SEL-1':
    case 'SEL-2':
    case 'SEL-4':
    case 'SEL-5':
    case 'SEL-6':
    case 'SEL-7':
    case 'APP-1':
    case 'DEG-1':
      return `${sentence(rule)} The scanner failed ${inRounds}; ${share}; E = ${Math.round(tally.eValue)}.`
    case 'SEL-8':
      return `${sentence(rule)}${provedBy ? ` The proof is that of port ${provedBy.port}; this one was let in again at the same moment.` : ''} The scanner failed ${inRounds}; ${share}; E = ${Math.round(Math.max(tally.eValue, stretch?.eValue ?? 1))}.`
    case 'SEL-3':
      return `${sentence(rule)} The proof is that of port ${provedBy?.port ?? '?'}. Here the scanner failed ${inRounds}; ${share}; E = ${Math.round(tally.eValue)}.`
    case 'RNG-1':
    case 'PTH-1':
    case 'BEF-1':
    case 'INC-4':
      return `${sentence(rule)} ${count(tally.together, 'round')} of ${rounds.length}; ${share}.`
    case 'DWN-1':
    case 'INC-3':
      return `${sentence(rule)} Everybody failed ${inRounds} at most; ${share}.`
    case 'DEG-2':
    case 'DEG-3':
      return `${sentence(rule)} E = ${Math.round(Math.min(rate?.eRate ?? 1, 1e6))} against loss, ${Math.round(Math.min(rate?.eAlone ?? 1, 1e6))} against a limit that is the same for all.`
    case 'INC-1':
      return rounds.length === 0
        ? 'No round of verification could be judged.'
        : `${sentence(rule)} ${share}; E = ${tally.eValue.toFixed(1)}.`
    default:
      return sentence(rule)
  }
}
