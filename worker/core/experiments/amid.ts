/** Whether SYNs of the scanner were let in amid others that were dropped: a ban does not, a bucket does when there is room. */

import type { Case, EndpointEvidence, Look, ScanEvidence } from '../evidence.ts'
import { limped, quickestOf } from './limp.ts'

/** When a kernel repeats a SYN, in ms: those that Linux before and after 6.5 have in common. */
const SYN_AT_MS = [0, 1_000, 3_000] as const
/** An answer to a SYN is in by then. */
const ANSWERED_MS = 700
/** What was dropped so soon after something was let in was not dropped by a ban. */
const AFTER_MS = 5_000
/** One may be lost on the way. */
const DROPS = 2
/** One may have come at the moment between two bans. */
const LEAST = 2
/** Where so many handshakes of others on the way need another SYN, what came and what was lost is chance too often. */
const MOST_LOST = 0.2
/** What a port must show against loss before it counts beside the one in question: odds of a hundred. */
const LLR_DROPPED = Math.log(100)

/** The SYNs of a touch that got no answer. */
function dropsOf({ at, sight, failed, observation }: Look): number[] {
  if (failed && sight !== 'unresponsive') return []
  const until = failed ? observation.afterMs : (observation.connectMs ?? 0)
  return SYN_AT_MS.filter((after) => after + ANSWERED_MS < until).map((after) => at + after)
}

/**
 * How many handshakes loss spoils, as the sibling knows the scanner's way, and no fewer than all others meet together: of few
 * looks a lossy way can look clean. What the scanner itself meets is what is in question. The mean of a uniform prior over what was seen.
 */
function lostOf(host: readonly EndpointEvidence[]): number {
  const looks = host.flatMap((one) => {
    const quickest = quickestOf(one)
    return one.looks.map((look) => ({ role: look.role, isBad: limped(look, quickest) }))
  })
  const share = (some: typeof looks) => (some.filter(({ isBad }) => isBad).length + 1) / (some.length + 2)
  const siblings = looks.filter(({ role }) => role === 'sibling')
  const others = share(looks.filter(({ role }) => role !== 'scanner'))
  return siblings.length > 0 ? Math.max(share(siblings), others) : others
}

/** Is every other SYN of these looks dropped, rather than what loss takes? */
function isDropped(looks: readonly Look[], lost: number): boolean {
  const llr = looks.reduce((sum, look) => {
    const drops = dropsOf(look).length
    const got = look.failed ? 0 : 1
    return sum + drops * Math.log(0.5 / lost) + got * Math.log(0.5 / (1 - lost))
  }, 0)
  return llr >= LLR_DROPPED
}

/**
 * The looks of the scanner that were let in amid others that were dropped: one had failed before, and one that began within
 * seconds after was dropped, with several SYNs, no fewer than were let in. Read over all ports of the host that lost more than loss
 * takes: what drops all of a source lets none in, on whichever port. A port that goes on answering is not behind what
 * drops the others, and says nothing of it.
 */
export function letInAmid(endpoint: EndpointEvidence, { startAt, rounds }: Case, scan: ScanEvidence): Look[] {
  const host = (scan.byAddress.get(endpoint.address) ?? []).filter(({ phantom }) => !phantom)
  const lost = lostOf(host)
  if (lost > MOST_LOST) return []
  const until = rounds.at(-1)?.endAt ?? startAt
  const looks = host.flatMap((one) => {
    const own = one.looks.filter(
      ({ role, at, observation }) =>
        role === 'scanner' &&
        at >= startAt &&
        (one === endpoint || at <= until) &&
        ['verify', 'watch', 'engage'].includes(observation.purpose),
    )
    return one === endpoint || isDropped(own, lost) ? own : []
  })
  const shut = looks.filter((look) => look.failed && dropsOf(look).length > 0)
  const firstAt = Math.min(...shut.map(({ at }) => at))
  const passes = looks.flatMap((look) =>
    look.failed ? [] : [{ look, at: look.at + (look.observation.connectMs ?? 0) }],
  )
  const drops = looks.flatMap(dropsOf)
  const amid = passes
    .filter((pass) => {
      const isSoon = (at: number) => at > pass.at && at <= pass.at + AFTER_MS
      const dropped = drops.filter(isSoon).length
      return (
        pass.at > firstAt &&
        looks.some((look) => isSoon(look.at) && dropsOf(look).length >= DROPS) &&
        dropped >= DROPS &&
        dropped >= passes.filter(({ at }) => isSoon(at)).length
      )
    })
    .map(({ look }) => look)
  return amid.length >= LEAST ? amid : []
}
