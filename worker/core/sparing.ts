/**
 * Rounds that are not worth what they may do: a list that each packet begins anew keeps a port shut as long as we look. Where
 * a port of an address has its word, no other is asked so long that such a ban grows by more than its own length
 * (detection-science.md, section 7, harm).
 */
import { OF_RENEWING, SELF_RENEWING_MS } from '../../schema/bans.ts'
import type { Decision } from './decide.ts'
import type { Case, EndpointEvidence, Look, ScanEvidence } from './evidence.ts'
import { BELL_MS, indexOf, ROUND_AT_MS, roundTimes, TOUCH_TIMEOUT_MS } from './rounds.ts'
import { isSilent } from './silence.ts'

/** The loss began between two touches of the watch (probe-node/scan/endpoints.ts). */
const WATCH_EVERY_MS = 5_000
/** The tenth round. The two after it would find each table alive that lasts as long as they are apart. */
const ANSWERED_MS = ROUND_AT_MS[9] as number
/** The fourth round: what a verification takes to come to a word. */
const TO_A_WORD_MS = 10_000

/** After this no touch of an address that met silence first at `silentFrom`: the last SYN leaves just before its timer ends. */
export const spareFrom = (silentFrom: number): number =>
  silentFrom + Math.min(...SELF_RENEWING_MS) - TOUCH_TIMEOUT_MS - WATCH_EVERY_MS

type IsShut = (look: Look) => boolean
const isMute: IsShut = ({ sight }) => sight === 'unresponsive'
const isShutOut: IsShut = ({ sight }) => OF_RENEWING.includes(sight)

/** The scanner's latest touches of an endpoint that were shut out, none between them that were not. */
function latestOf({ looks }: EndpointEvidence, isShut: IsShut): readonly Look[] {
  const mine = looks.filter(({ role, observation }) => role === 'scanner' && observation.purpose !== 'canary')
  return mine.slice(mine.findLastIndex((look) => !isShut(look)) + 1)
}

interface Silence {
  /** first and last touch of it, at one port of the address or more */
  from: number
  to: number
}

/** The address's present silence, of which something is known: the port itself, or another, is kept from the scanner. */
function knownSilence(
  endpoint: EndpointEvidence,
  scan: ScanEvidence,
  decisions: readonly Decision[],
  isShut = isMute,
): Silence | null {
  if (latestOf(endpoint, isShut).length === 0) return null
  const isKnown = decisions.some(
    ({ endpoint: one, outcome }) =>
      one.address === endpoint.address &&
      outcome.verdict === 'interfered' &&
      (one.found !== null || isSilent(scan, one.address, outcome.case?.startAt ?? scan.now)) &&
      latestOf(one, isShut).length > 0,
  )
  if (!isKnown) return null
  const times = (scan.byAddress.get(endpoint.address) ?? []).flatMap((one) => latestOf(one, isShut).map(({ at }) => at))
  return { from: Math.min(...times), to: Math.max(...times) }
}

/**
 * No round of this case begins after this, for the sake of a ban that renews itself; infinite where nothing of the kind is
 * known. Those that answer (a proxy's table, which each connect keeps alive) are shorter, and cover some ports only: each case
 * has its first rounds, however many wait for theirs.
 */
export function lastRoundAt(
  { startAt }: Case,
  endpoint: EndpointEvidence,
  scan: ScanEvidence,
  decisions: readonly Decision[],
): number {
  const silence = knownSilence(endpoint, scan, decisions)
  if (silence) return spareFrom(silence.from)
  const shut = knownSilence(endpoint, scan, decisions, isShutOut)
  return shut ? Math.max(shut.from, startAt) + ANSWERED_MS : Number.POSITIVE_INFINITY
}

/** When the next round of this case is due; infinite after the last one. */
export const nextRoundAt = ({ startAt, closedTo }: Case, { rationed }: EndpointEvidence): number =>
  startAt + (roundTimes(rationed)[closedTo < 0 ? 0 : indexOf(closedTo) + 1] ?? Number.POSITIVE_INFINITY)

/**
 * The same for the touches of an experiment, the next of which is due at `nextAt`. Where anything of the address let the scanner in
 * amid the silence it is no such ban, and the experiment goes on; what answered in its first seconds may have done so before the ban, the
 * first silent touch being lost by chance.
 */
export function isTrialSpared(
  endpoint: EndpointEvidence,
  nextAt: number,
  scan: ScanEvidence,
  decisions: readonly Decision[],
): boolean {
  const silence = knownSilence(endpoint, scan, decisions)
  if (!silence || nextAt <= spareFrom(silence.from)) return false
  const host = scan.byAddress.get(endpoint.address) ?? []
  return !host.some(({ looks }) => looks.some((look) => isAnswer(look) && look.at > silence.from + WATCH_EVERY_MS))
}

const isAnswer = ({ role, sight, observation }: Look): boolean =>
  role === 'scanner' && sight !== 'unresponsive' && observation.purpose !== 'canary'

/** A loss that was noticed too late for its rounds: they begin when the address has had a silence that ends such a ban. */
export function isToWait(endpoint: EndpointEvidence, scan: ScanEvidence, decisions: readonly Decision[]): boolean {
  const silence = knownSilence(endpoint, scan, decisions)
  if (!silence || scan.now + BELL_MS + TO_A_WORD_MS <= spareFrom(silence.from)) return false
  return scan.now + BELL_MS <= silence.to + TOUCH_TIMEOUT_MS + Math.max(...SELF_RENEWING_MS)
}
