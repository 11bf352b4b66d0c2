import { refuses } from '../../schema/words.ts'
import type { Case, Look, Round } from './evidence.ts'
import { RATION_ROUNDS, TOUCH_TIMEOUT_MS } from './rounds.ts'
import {
  BACK_ROUNDS,
  BACK_ROUNDS_RATIONED,
  CONFIRM_SPAN_MS,
  DOWN_ROUNDS,
  DOWN_ROUNDS_RATIONED,
  DOWN_TOUCHES_RATIONED,
  E_CONFIRM,
  E_FAST,
  E_RATIONED,
  HARD_Q,
  LLR_CLAIM,
  llrStep,
  partLlr,
  RATIONED_RUNNING,
  roundE,
  SIBLING_ROUNDS,
  silentQ,
  TOGETHER_ROUNDS,
} from './tests.ts'

/** What the tests say after some rounds of one case. Times are those of the round at which each thing was first true. */
export interface Tally {
  rounds: number
  llr: number
  /** failures among successes against loss (tests.ts, partLlr) */
  topPartLlr: number
  /** the greatest that it was: what came after the loss takes nothing from it */
  topLlr: number
  eValue: number
  /** E of each round, beside its time: for the sum over the address */
  factors: readonly { at: number; endAt: number; e: number }[]
  failed: number
  /** the scanner's successes after its first failure, up to the fast verdict or the last round */
  between: number
  /** rounds from its first failure on, up to the same moment */
  since: number
  /** the scanner's successes in a row, now */
  backRunning: number
  /** rounds in which the scanner failed and the sibling succeeded */
  siblingApart: number
  /** rounds in which scanner and sibling failed and a witness succeeded */
  together: number
  hasSibling: boolean
  /** fit witnesses that had seen the port open before */
  witnesses: number
  /** page and notice among the scanner's failures */
  refusals: number
  notLossAt: number | null
  fastAt: number | null
  confirmedAt: number | null
  /** the three tests on a rationed service, at the lower bar */
  rationedAt: number | null
  downAt: number | null
  /** everybody failed so long, but nobody rested was among them */
  allTiredAt: number | null
  togetherAt: number | null
  /** start of the last round that both lost, up to `togetherAt` */
  lastTogetherAt: number | null
  backAt: number | null
  eHighAt: number | null
  firstFailAt: number | null
  lastFailAt: number | null
  firstBackAt: number | null
}

/** What the tests say of a case, walked round by round: a verdict once reached at some round stays reached. */
export function tallyOf(one: Case, loss: number, rationed = false): Tally {
  const tally = emptyTally()
  const factors: { at: number; endAt: number; e: number }[] = []
  const witnesses = new Set<string>()
  const down = { rounds: 0, touches: 0 }
  let lnLoss = 0
  let tiredRunning = 0
  for (const round of one.rounds) {
    const { scanner, sibling, others } = round
    if (tally.confirmedAt !== null) {
      // Stopped: E stays what it was at the stopping time. What comes after only tells of recovery.
      if (scanner.failed) tally.lastFailAt = scanner.at
      else tally.firstBackAt ??= scanner.at
      continue
    }
    const standing = others.filter((look) => look.role === 'witness')
    for (const look of standing) witnesses.add(look.probeId)
    const failing = others.filter((look) => look.failed).length + Number(scanner.failed)

    tally.rounds++
    // From the onset on, wherever it lies among the rounds: what passed before is no evidence against a block that began later
    // (Page's CUSUM, 1954). At most twelve rounds make at most twelve onsets, which the thresholds bear.
    tally.llr = Math.max(0, tally.llr + llrStep(scanner.failed, lookQ(round, loss)))
    const q = lookQ(round, loss)
    lnLoss += Math.log(scanner.failed ? q : 1 - q)
    tally.topLlr = Math.max(tally.topLlr, tally.llr)
    const e = roundE(failing, others.length + 1, scanner.failed)
    tally.eValue *= e
    factors.push({ at: round.at, endAt: round.endAt, e })
    if (sibling) tally.hasSibling = true
    tally.witnesses = witnesses.size

    // After a fast verdict a success is recovery, not a sign of half-hearted treatment.
    if (tally.fastAt === null && (scanner.failed || tally.firstFailAt !== null)) {
      tally.since++
      if (!scanner.failed) tally.between++
    }
    if (scanner.failed) {
      tally.failed++
      tally.backRunning = 0
      tally.firstFailAt ??= scanner.at
      tally.lastFailAt = scanner.at
      tally.topPartLlr = Math.max(tally.topPartLlr, partLlr(tally.failed, tally.rounds, lnLoss))
      if (refuses(scanner.sight)) tally.refusals++
      // For the path it does not matter whether the sibling had seen the port before: both share the way.
      if (sibling && !sibling.failed) tally.siblingApart++
      if (sibling?.failed && mostlyThrough(standing)) {
        tally.together++
        if (tally.togetherAt === null) tally.lastTogetherAt = scanner.at
      }
    } else {
      tally.backRunning++
      if (tally.firstFailAt !== null) tally.firstBackAt ??= scanner.at
    }
    const allFail = scanner.failed && standing.length > 0 && others.every((look) => look.failed)
    const someRested = standing.some((look) => look.rested)
    const isDown = allFail && someRested
    down.rounds = isDown ? down.rounds + 1 : 0
    down.touches = isDown ? down.touches + others.length + 1 : 0
    tiredRunning = allFail ? tiredRunning + 1 : 0
    mark(tally, round, down, tiredRunning, rationed)
  }
  return { ...tally, factors }
}

/** Two thirds and more of the witnesses got through: where most fail too, home is not what sets the two apart. */
const mostlyThrough = (standing: readonly Look[]): boolean =>
  standing.length > 0 && 3 * standing.filter((look) => !look.failed).length >= 2 * standing.length

/** Thresholds, looked at after each round. Order does not matter: each is a truth of its own. */
function mark(tally: Tally, round: Round, down: Down, tiredRunning: number, rationed: boolean): void {
  const at = round.endAt
  if (tally.llr >= LLR_CLAIM) tally.notLossAt ??= at
  const notLoss = tally.llr >= LLR_CLAIM
  const notPath = tally.siblingApart >= SIBLING_ROUNDS || !tally.hasSibling
  const selective = notLoss && notPath && tally.witnesses > 0
  if (tally.eValue >= E_FAST) tally.eHighAt ??= at
  if (selective && tally.eValue >= E_FAST) tally.fastAt ??= at
  if (selective && rationed && tally.eValue >= E_RATIONED && tally.rounds >= RATION_ROUNDS) tally.rationedAt ??= at
  const spanMs = (tally.lastFailAt ?? 0) - (tally.firstFailAt ?? 0)
  if (selective && tally.hasSibling && tally.eValue >= E_CONFIRM && spanMs >= CONFIRM_SPAN_MS) tally.confirmedAt ??= at
  if (isDownFor(down, rationed)) tally.downAt ??= at
  if (tiredRunning >= (rationed ? RATIONED_RUNNING : DOWN_ROUNDS)) tally.allTiredAt ??= at
  if (tally.together >= (rationed ? RATIONED_RUNNING : TOGETHER_ROUNDS) && tally.siblingApart === 0)
    tally.togetherAt ??= at
  if (tally.backRunning >= (rationed ? BACK_ROUNDS_RATIONED : BACK_ROUNDS) && tally.fastAt === null) tally.backAt ??= at
}

/** Rounds running in which everybody failed, somebody rested among them, and their touches. */
interface Down {
  rounds: number
  touches: number
}
const isDownFor = ({ rounds, touches }: Down, rationed: boolean): boolean =>
  rationed
    ? rounds >= RATIONED_RUNNING || (rounds >= DOWN_ROUNDS_RATIONED && touches >= DOWN_TOUCHES_RATIONED)
    : rounds >= DOWN_ROUNDS

const lookQ = ({ scanner }: Round, loss: number): number =>
  scanner.failed && scanner.sight !== 'unresponsive' && scanner.sight !== 'mute'
    ? HARD_Q
    : silentQ(TOUCH_TIMEOUT_MS, loss)

const emptyTally = (): Tally => ({
  rounds: 0,
  llr: 0,
  topPartLlr: 0,
  topLlr: 0,
  eValue: 1,
  factors: [],
  failed: 0,
  between: 0,
  since: 0,
  backRunning: 0,
  siblingApart: 0,
  together: 0,
  hasSibling: false,
  witnesses: 0,
  refusals: 0,
  notLossAt: null,
  fastAt: null,
  confirmedAt: null,
  rationedAt: null,
  downAt: null,
  allTiredAt: null,
  togetherAt: null,
  lastTogetherAt: null,
  backAt: null,
  eHighAt: null,
  firstFailAt: null,
  lastFailAt: null,
  firstBackAt: null,
})
