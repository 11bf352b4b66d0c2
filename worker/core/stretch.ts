/**
 * A loss that is over before the rounds are: whoever touches in its last seconds gets through with a later SYN, when it ends. For
 * the scanner such a touch was shut out for as long as its handshake took; where all of them end at one moment, it was one
 * block with one end (detection-science.md, section 0, finding 9: real bans last from 15 s).
 */
import type { Case, EndpointEvidence, Look, Round } from './evidence.ts'
import { isSlow, limped, quickestOf } from './experiments/limp.ts'
import { TOUCH_TIMEOUT_MS } from './rounds.ts'
import { llrStep, roundE, silentQ } from './tests.ts'

export interface Stretch {
  /** rounds running that the scanner lost, or got through in only when it ended */
  rounds: readonly Round[]
  /** when the first of them got in, or the last that failed gave up */
  endsAt: number
  /** the two tests over these rounds, a slow handshake counted as a failure, the others' too where nobody failed */
  llr: number
  eValue: number
  /** rounds of them in which the sibling got through: at once, where the scanner was slow */
  siblingApart: number
}

/** Between two SYNs of one handshake, and a little: kernels before 6.5 double the gap, so a third one comes two seconds later. */
export const RETRY_MS = 2_500
/** SYNs of a deciding touch go on for this long at least, on either kind of kernel. */
const LAST_SYN_MS = 3_000

/**
 * Reads the stretch of a case from its first failure on; null when there was none, or when something got through between two.
 * `backAt`: when the port was found open again; what comes after is another matter.
 */
export function stretchOf(one: Case, endpoint: EndpointEvidence, loss: number, backAt: number): Stretch | null {
  const all = one.rounds.filter(({ endAt }) => endAt <= backAt)
  const quickest = quickestOf(endpoint)
  const isBad = ({ scanner }: Round) => limped(scanner, quickest)
  const first = all.findIndex(({ scanner }) => scanner.failed)
  const lastFailed = all.findLastIndex(({ scanner }) => scanner.failed)
  if (first < 0 || !all.slice(first, lastFailed + 1).every(({ scanner }) => scanner.failed)) return null
  let last = lastFailed
  let endsAt: number | null = null
  for (const round of all.slice(lastFailed + 1)) {
    const at = gotInAt(round.scanner)
    const isAtTheEnd = endsAt === null ? at >= (all[lastFailed] as Round).at + LAST_SYN_MS : at - endsAt <= RETRY_MS
    if (!isBad(round) || !isAtTheEnd) break
    endsAt ??= at
    last++
  }
  let eValue = 1
  let llr = 0
  for (const round of all.slice(0, last + 1)) {
    const bad = isBad(round)
    const worst = worstOf(round, quickest)
    const failing = round.others.filter(worst).length + Number(worst(round.scanner))
    eValue *= roundE(failing, round.others.length + 1, worst(round.scanner))
    llr = Math.max(0, llr + llrStep(bad, bad ? badQ(round, loss) : silentQ(TOUCH_TIMEOUT_MS, loss)))
  }
  const rounds = all.slice(first, last + 1)
  const apart = rounds.filter((round) => round.sibling && !worstOf(round, quickest)(round.sibling))
  endsAt ??= (all[lastFailed] as Round).scanner.endAt
  return { rounds, endsAt, llr, eValue, siblingApart: apart.length }
}

/**
 * The worst that befell anybody in this round: to fail where one did, else to get in late, by half of what the latest took or more.
 * Who is counted is settled by all looks alike, whoever made which, so that e stays an e-value (`roundE`); a witness that lost one
 * SYN is not what lost them all.
 */
function worstOf(round: Round, quickest: ReadonlyMap<string, number>): (look: Look) => boolean {
  const all = [round.scanner, ...round.others]
  if (all.some(({ failed }) => failed)) return ({ failed }) => failed
  const late = all.filter((look) => isSlow(look, quickest))
  const half = Math.max(...late.map(connectMsOf)) / 2
  return (look) => late.includes(look) && connectMsOf(look) >= half
}

const connectMsOf = ({ observation }: Look): number => observation.connectMs ?? 0
const gotInAt = (look: Look): number => look.at + connectMsOf(look)

/** A touch that an end at `endsAt` let in: with a later SYN, where this probe usually gets in with the first. It was shut out before. */
export const wasLetInByEnd = (look: Look, endpoint: EndpointEvidence, endsAt: number): boolean =>
  gotInAt(look) >= endsAt - RETRY_MS && isSlow(look, quickestOf(endpoint))

/** The SYN that got through at last is none of those that were lost. */
const SLACK_MS = 100

/** How often loss does that to a touch: takes all its SYNs, or all before the one that got through. */
const badQ = ({ scanner }: Round, loss: number): number =>
  silentQ(scanner.failed ? TOUCH_TIMEOUT_MS : connectMsOf(scanner) - SLACK_MS, loss)
