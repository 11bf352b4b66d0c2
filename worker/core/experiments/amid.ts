/** Whether SYNs of the scanner were let in amid others that were dropped: a ban does not, a bucket does when there is room. */
import type { Case, EndpointEvidence, Look, ScanEvidence } from '../evidence.ts'

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

/**
 * The looks of the scanner that were let in amid others that were dropped, from the first drop of a case on: several SYNs were
 * dropped within seconds after each, and no fewer than were let in. Read over all ports of the host that lost several SYNs:
 * what drops all of a source lets none in, on whichever port.
 */
export function letInAmid(endpoint: EndpointEvidence, { startAt, rounds }: Case, scan: ScanEvidence): Look[] {
  const until = rounds.at(-1)?.endAt ?? startAt
  const looks = (scan.byAddress.get(endpoint.address) ?? []).flatMap((one) => {
    const own = one.looks.filter(
      ({ role, at, observation }) =>
        role === 'scanner' &&
        at >= startAt &&
        (one === endpoint || at <= until) &&
        ['verify', 'watch', 'engage'].includes(observation.purpose),
    )
    // A port that goes on answering is not behind what drops the others: that it answers says nothing of them.
    const isDropped = !one.phantom && own.flatMap(dropsOf).length >= DROPS
    return one === endpoint || isDropped ? own : []
  })
  const drops = looks.flatMap(dropsOf)
  const first = Math.min(...drops)
  const passes = looks.flatMap((look) =>
    look.failed ? [] : [{ look, at: look.at + (look.observation.connectMs ?? 0) }],
  )
  return passes
    .filter((pass) => {
      const isSoon = (at: number) => at > pass.at && at <= pass.at + AFTER_MS
      const dropped = drops.filter(isSoon).length
      return pass.at > first && dropped >= DROPS && dropped >= passes.filter(({ at }) => isSoon(at)).length
    })
    .map(({ look }) => look)
}
