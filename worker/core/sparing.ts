/**
 * Rounds that are not worth what they may do: a list that each packet begins anew keeps a port shut as long as we look. Where
 * a port of an address has its word, no other is asked so long that such a ban grows by more than its own length
 * (detection-science.md, section 7, harm).
 */
import { SELF_RENEWING_MS } from '../../schema/bans.ts'
import type { Decision } from './decide.ts'
import type { Case, EndpointEvidence, Look, ScanEvidence } from './evidence.ts'
import { BELL_MS, indexOf, roundTimes, TOUCH_TIMEOUT_MS } from './rounds.ts'
import { isSilent } from './silence.ts'

/** The loss began between two touches of the watch (probe-node/scan/endpoints.ts). */
const WATCH_EVERY_MS = 5_000
/** The fourth round: what a verification takes to come to a word. */
const TO_A_WORD_MS = 10_000

/** After this no touch of an address that met silence first at `silentFrom`: the last SYN leaves just before its timer ends. */
export const spareFrom = (silentFrom: number): number =>
  silentFrom + Math.min(...SELF_RENEWING_MS) - TOUCH_TIMEOUT_MS - WATCH_EVERY_MS

/** The scanner's latest touches of an endpoint that met silence, none between them that did not. */
function silenceOf({ looks }: EndpointEvidence): readonly Look[] {
  const mine = looks.filter(({ role, observation }) => role === 'scanner' && observation.purpose !== 'canary')
  return mine.slice(mine.findLastIndex(({ sight }) => sight !== 'unresponsive') + 1)
}

/** First and last touch of an address's present silence, at one port or more; null where there is none. */
export function silenceAt(endpoints: readonly EndpointEvidence[]): { from: number; to: number } | null {
  const times = endpoints.flatMap((endpoint) => silenceOf(endpoint).map(({ at }) => at))
  return times.length === 0 ? null : { from: Math.min(...times), to: Math.max(...times) }
}

/** A silent loss of which something is known: the port itself, or another of its address, is kept from the scanner. */
function knownSilence(endpoint: EndpointEvidence, scan: ScanEvidence, decisions: readonly Decision[]) {
  if (silenceOf(endpoint).length === 0) return null
  const isKnown = decisions.some(
    ({ endpoint: one, outcome }) =>
      one.address === endpoint.address &&
      outcome.verdict === 'interfered' &&
      (one.found !== null || isSilent(scan, one.address, outcome.case?.startAt ?? scan.now)) &&
      silenceOf(one).length > 0,
  )
  return isKnown ? silenceAt(scan.byAddress.get(endpoint.address) ?? []) : null
}

/** The next round of this case would come too late for a ban that renews itself. */
export function isSpared(
  one: Case,
  endpoint: EndpointEvidence,
  scan: ScanEvidence,
  decisions: readonly Decision[],
): boolean {
  const next = roundTimes(endpoint.rationed)[one.closedTo < 0 ? 0 : indexOf(one.closedTo) + 1]
  if (next === undefined) return false
  const silence = knownSilence(endpoint, scan, decisions)
  return silence !== null && one.startAt + next > spareFrom(silence.from)
}

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
