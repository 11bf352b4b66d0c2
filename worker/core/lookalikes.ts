/** What is no block and would look the same: verdict.ts claims less where one of them may be behind it. */
import { REFUSING_STATUSES } from '../../schema/words.ts'
import type { Case, EndpointEvidence, Look } from './evidence.ts'
import { throttleOf } from './features/throttle.ts'
import type { Tally } from './tally.ts'
import { latin1Of } from './text.ts'
import { isMitigated, signsIn } from './waf.ts'

interface Lost {
  endpoint: EndpointEvidence
  case: Case
  tally: Tally
  /** no other known port of the address was lost to the scanner meanwhile: the others went on answering, or there is none */
  lostAlone: boolean
  /** upper bound of the loss per packet on the scanner’s path */
  loss: number
  /** ports of beacons that scanner or sibling reached */
  reachedFromHome: ReadonlySet<number>
  /** ports of the address that scanner and sibling never reached either */
  shutBeside: readonly number[]
}

/**
 * One web port lost while the others stand, or the only one: a balancer that maps our address to a dead backend looks the same, as does a
 * filter of our own provider on that port (detection-science.md 5.3, Q5). ICMP comes from a firewall, never from a backend.
 */
export function maybeBackend({ endpoint, tally, lostAlone, loss }: Lost): boolean {
  if (!lostAlone || !['http', 'https', 'tls'].includes(endpoint.service) || tally.between > 0) return false
  return throttleOf(endpoint, loss)?.value !== 'icmp'
}

/** A block or a challenge says so by its status, by a header, or in words that only its maker writes. */
function isRefusal({ observation: { httpStatus, firstBytes } }: Look): boolean {
  if (httpStatus !== 503 && REFUSING_STATUSES.has(httpStatus ?? 0)) return true
  const answer = latin1Of(firstBytes)
  return isMitigated(answer) || signsIn(answer).some(({ kind }) => kind === 'body')
}

/** A backend of its own that is broken, or serves another version of the site, gives such pages too: 404, 500, 502, 503. */
export function maybeBackendsPage({ case: { rounds } }: Lost): boolean {
  const pages = rounds.map(({ scanner }) => scanner).filter(({ sight }) => sight === 'page')
  return pages.length > 0 && pages.filter(isRefusal).length * 2 <= pages.length
}

/** Accepted, then silent under TLS, for both of one way: large packets that are lost on it look the same (N16). */
export const blackHole = ({ endpoint, case: { rounds } }: Lost): boolean =>
  ['https', 'tls'].includes(endpoint.check) &&
  rounds.filter(({ scanner }) => scanner.failed).every(({ scanner }) => scanner.sight === 'mute')

/**
 * Ports that providers keep their own customers from reaching: mail against spam, Windows shares against worms. Scanner and sibling
 * share a provider, so they never reach such a port anywhere, and no other port of the target tells (detection-science.md 3, row 3).
 */
const FILTERED_AT_HOME: readonly number[] = [25, 135, 137, 138, 139, 445, 465, 587]

/**
 * Never reached from home, on a port that may not get out of there: no answer but what a filter on the way gives, and no beacon on it. Where
 * an ordinary port of the address is shut as well, that explains this one too.
 */
export const maybeFilteredAtHome = ({ endpoint, case: { rounds }, reachedFromHome, shutBeside }: Lost): boolean =>
  FILTERED_AT_HOME.includes(endpoint.port) &&
  !reachedFromHome.has(endpoint.port) &&
  shutBeside.every((port) => FILTERED_AT_HOME.includes(port)) &&
  rounds.every(({ scanner }) => ['unresponsive', 'unreachable', 'closed'].includes(scanner.sight))
