/** Whether SYNs of the scanner were let in amid others that were dropped: a ban does not, a bucket does when there is room. */
import type { Case, EndpointEvidence, Look } from '../evidence.ts'

/** When a kernel repeats a SYN, in ms: those that Linux before and after 6.5 have in common. */
const SYN_AT_MS = [0, 1_000, 3_000] as const
/** An answer to a SYN is in by then. */
const ANSWERED_MS = 700
/** What was dropped so soon after something was let in was not dropped by a ban. */
const AFTER_MS = 5_000
/** One may be lost on the way. */
const DROPS = 2

/** The SYNs of a touch that got no answer. */
function dropsOf({ at, sight, failed, observation }: Look): number[] {
  if (failed && sight !== 'unresponsive') return []
  const until = failed ? observation.afterMs : (observation.connectMs ?? 0)
  return SYN_AT_MS.filter((after) => after + ANSWERED_MS < until).map((after) => at + after)
}

/** In the rounds of a case, from its first loss on: let in, and several dropped right after, on the same port. */
export function letInAmid(endpoint: EndpointEvidence, { startAt }: Case): boolean {
  const looks = endpoint.looks.filter(
    ({ role, at, observation }) =>
      role === 'scanner' && at >= startAt && ['verify', 'watch', 'engage'].includes(observation.purpose),
  )
  const drops = looks.flatMap(dropsOf).toSorted((a, b) => a - b)
  const first = drops[0]
  if (first === undefined) return false
  const passes = looks.flatMap(({ at, failed, observation }) => (failed ? [] : [at + (observation.connectMs ?? 0)]))
  return passes.some((pass) => {
    const isSoon = (at: number) => at > pass && at <= pass + AFTER_MS
    const dropped = drops.filter(isSoon).length
    return pass > first && dropped >= DROPS && dropped >= passes.filter(isSoon).length
  })
}
