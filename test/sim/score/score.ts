import type { Cause, Judgement, PortVerdict } from '../../../schema/judgement.ts'
import { SELECTIVE_VERDICTS } from '../../../schema/words.ts'
import { CLASSES_OF, GENERIC, HYPOTHESES } from '../../../worker/core/causes.ts'
import type { EndpointEvidence } from '../../../worker/core/evidence.ts'
import { standing } from '../../../worker/core/judge.ts'
import { type Standing, told } from '../../../worker/core/steering.ts'
import type { Played } from '../line/play.ts'
import type { Scenario, Truth } from '../scenarios/scenario.ts'
import type { Count } from './count.ts'
import { calibrate } from './statistics.ts'

const ACCUSES = ['interfered', 'degraded', 'app_blocked']
const BLOCKED = ['block', 'rate']
/** Where nothing more than a suspicion may be said. */
const DOUBTFUL = ['unshared', 'question']

/** Adds what one run came to. `leaveOut`: also judge it without the hypothesis of its true mechanism. */
export function score(
  count: Count,
  { kind, truth }: Scenario,
  focus: readonly number[],
  played: Played,
  leaveOut: boolean,
): void {
  const { judgement, survey } = played
  count.runs++
  count.decisions += played.decisions
  if (played.finishedMs === null) count.unfinished++
  const wronged = judgement.ports.filter((port) => accusedFalsely(port, kind, truth, focus))
  if (wronged.length > 0) count.accused++
  if (wronged.some(({ strength }) => strength === 'confirmed')) count.accusedConfirmed++
  for (const port of wronged) if (!focus.includes(port.port)) tell(count, `beside: port ${port.port} ${wordOf(port)}`)

  const reduced = leaveOut ? withoutTrue(truth) : null
  const blind = reduced ? standing(played.facts, played.endAt, { hypotheses: reduced }) : null
  for (const number of truth.once ? [clearest(focus, kind, truth, judgement)] : focus) {
    const port = judgement.ports.find((one) => one.port === number)
    count.endpoints++
    if (!port) {
      if (truth.verdicts.includes('open')) count.right++
      else tell(count, 'nothing said')
      continue
    }
    const evidence = survey.scan.byKey.get(`${port.address}:${port.port}`)
    scorePort(count, kind, truth, port, evidence)
    if (blind) scoreBlind(count, kind, truth, port, blind)
    if (played.later) scoreLater(count, truth, port, played.later)
  }
  harm(count, played)
}

/** The port of which most is said: a right word that accuses before any other. */
function clearest(focus: readonly number[], kind: Scenario['kind'], truth: Truth, { ports }: Judgement): number {
  const told = focus.filter((number) => ports.some((one) => one.port === number && rightWord(kind, truth, one)))
  return told[0] ?? (focus[0] as number)
}

function scorePort(
  count: Count,
  kind: Scenario['kind'],
  truth: Truth,
  port: PortVerdict,
  evidence: EndpointEvidence | undefined,
): void {
  const isRight = rightWord(kind, truth, port)
  if (isRight) count.right++
  else tell(count, wordOf(port))
  if (port.verdict === 'inconclusive') count.inconclusive++
  const isSelective = SELECTIVE_VERDICTS.includes(port.verdict)
  if (isSelective) {
    count.selective++
    if (port.strength === 'confirmed') count.confirmed++
    else count.likely++
  }
  if (isRight && isSelective && evidence && !evidence.rationed) times(count, port, evidence)
  if (truth.classes.length === 0 || CLASSES_OF[port.verdict].length === 0) return
  const { cause } = port
  if (cause) calibrate(count.calibration, cause.confidence, isTrue(truth, cause))
  if (!isRight) return
  count.causes++
  if (!cause || cause.class === 'unexplained') {
    count.causeNone++
    return
  }
  if (truth.classes.includes(cause.class)) count.classRight++
  else tell(count, `${wordOf(port)}: ${cause.class}/${cause.mechanism} ${cause.confidence.toFixed(1)}`)
  if (truth.vendor) {
    count.vendors++
    if (cause.vendor === truth.vendor) count.vendorRight++
  }
  if (truth.mechanisms.length === 0) return
  count.mechanisms++
  if (first(truth, cause)) count.mechanismFirst++
  else if (truth.classes.includes(cause.class)) tell(count, `named ${cause.class}/${cause.mechanism}`)
  if (three(cause).some((mechanism) => mechanism !== null && truth.mechanisms.includes(mechanism)))
    count.mechanismThree++
}

const first = ({ mechanisms }: Truth, { mechanism }: Cause) => mechanism !== null && mechanisms.includes(mechanism)
const three = ({ mechanism, alternatives }: Cause) =>
  [...(mechanism ? [mechanism] : []), ...alternatives.map((one) => one.mechanism)].slice(0, 3)
/** What the stated confidence is about: the mechanism where one is named, the class where its own word stands for all. */
const isTrue = (truth: Truth, { class: named, mechanism }: Cause) =>
  truth.classes.includes(named) &&
  (mechanism === null ||
    truth.mechanisms.length === 0 ||
    truth.mechanisms.includes(mechanism) ||
    GENERIC[named] === mechanism)

const rightWord = (
  kind: Scenario['kind'],
  { verdicts, mostConfidence = 1 }: Truth,
  { verdict, strength, cause }: PortVerdict,
) =>
  verdicts.includes(verdict) &&
  !(DOUBTFUL.includes(kind) && strength === 'confirmed') &&
  (cause?.confidence ?? 0) <= mostConfidence

function accusedFalsely(
  port: PortVerdict,
  kind: Scenario['kind'],
  { verdicts }: Truth,
  focus: readonly number[],
): boolean {
  if (!SELECTIVE_VERDICTS.includes(port.verdict)) return false
  if (!focus.includes(port.port)) return true
  if (kind === 'unshared') return port.strength === 'confirmed'
  if (kind === 'question') return !(verdicts.includes(port.verdict) && port.strength !== 'confirmed')
  return !verdicts.includes(port.verdict) && !(BLOCKED.includes(kind) && ACCUSES.includes(port.verdict))
}

/** Seconds from the loss, and connects of all sources from the alarm on. */
function times(count: Count, port: PortVerdict, { looks, alarmAt }: EndpointEvidence): void {
  if (port.lostAt === null) return
  if (port.fastAt !== null) count.fastS.push((port.fastAt - port.lostAt) / 1_000)
  if (port.confirmedAt !== null) count.confirmedS.push((port.confirmedAt - port.lostAt) / 1_000)
  const until = port.confirmedAt ?? port.fastAt
  if (until === null || alarmAt === null) return
  const spent = looks.filter(
    ({ at, observation }) => at >= alarmAt && at <= until && observation.purpose !== 'baseline',
  )
  count.connectsVerdict.push(spent.length)
  count.connectsCause.push(port.connects)
}

/** Without the true hypothesis: the class all the same, or nothing firm; never another class with confidence. */
function scoreBlind(count: Count, kind: Scenario['kind'], truth: Truth, port: PortVerdict, blind: Standing): void {
  if (truth.classes.length === 0 || !rightWord(kind, truth, port) || CLASSES_OF[port.verdict].length === 0) return
  const cause = told(told(blind.ports).find((one) => one.port === port.port)?.cause ?? null)
  count.leftOut++
  if (!cause || cause.class === 'unexplained') return
  if (truth.classes.includes(cause.class)) count.leftOutClass++
  else if (cause.confidence > 0.5) count.leftOutOther++
}

function withoutTrue({ mechanisms }: Truth): typeof HYPOTHESES | null {
  const [own] = mechanisms
  return own ? HYPOTHESES.filter(({ mechanism }) => mechanism !== own) : null
}

function scoreLater(count: Count, truth: Truth, port: PortVerdict, later: Judgement): void {
  const after = later.ports.find((one) => one.port === port.port)
  if (!after?.recoveredBetween || after.lostAt === null) return
  const [from, to] = after.recoveredBetween
  if (from > after.lostAt) count.recoveryRatios.push((to - after.lostAt) / (from - after.lostAt))
  if (!after.cause || truth.mechanisms.length === 0 || !truth.classes.includes(after.cause.class)) return
  count.laterMechanisms++
  // Once its length is known, the generic word is no longer the best there is.
  if (after.cause.mechanism === truth.mechanisms[0]) count.laterFirst++
}

function harm(count: Count, { harms }: Played): void {
  if (harms.some(({ shut }) => shut.size > 0)) count.harmed++
  count.prolonged = Math.max(count.prolonged, ...harms.map(({ prolonged }) => prolonged))
}

const wordOf = ({ verdict, strength, evidence }: PortVerdict) =>
  `${verdict}${strength ? ` ${strength}` : ''} (${evidence[0]?.rule ?? '?'})`
const tell = (count: Count, word: string) => {
  count.wrong[word] = (count.wrong[word] ?? 0) + 1
}
