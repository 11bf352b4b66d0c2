import type { Known } from '../../../probe-node/scan/endpoints.ts'
import { inOneBan, type Last, lastsBehind, standsFor } from '../../../probe-node/scan/recheck.ts'
import type { Seen } from '../../../probe-node/touch.ts'
import type { Scanner } from './scanner.ts'

const TRIES = 3
const GAP_MS = 1_000
const TIMEOUT_MS = 6_000
const RATION_WAIT_MS = 10_500
const JUST_SEEN_MS = 5_000

/** Every port once more, with retries (probe-node/scan/recheck.ts). */
export function recheck(scanner: Scanner, which: readonly Known[], then: (lasts: readonly Last[]) => void): void {
  const lasts: Last[] = []
  if (which.length === 0) return void then(lasts)
  const tell = (last: Last) => {
    lasts.push(last)
    if (lasts.length === which.length) then(lasts)
  }
  const earlier = which.map((known) => [known, standsFor(scanner.scan, known)] as const)
  const asked = earlier.flatMap(([known, seen]) => (seen ? [] : [known]))
  const { bans, alone } = inOneBan(scanner.scan, asked)
  const look = (known: Known, after?: (seen: Seen | null) => void) =>
    lookAgain(scanner, known, 1, false, null, (seen) => {
      tell({ known, seen })
      after?.(seen)
    })
  for (const [known, seen] of earlier) if (seen) tell({ known, seen, isEarlier: true })
  for (const known of alone) look(known)
  for (const ban of bans)
    look(ban.first, (seen) => {
      const behind = lastsBehind(ban, seen)
      if (behind) for (const last of behind) tell(last)
      else for (const known of ban.others) look(known)
    })
}

function lookAgain(
  scanner: Scanner,
  known: Known,
  nth: number,
  waited: boolean,
  last: Seen | null,
  then: (seen: Seen | null) => void,
): void {
  const { scan, fleet } = scanner
  const { queue } = fleet
  const errand = {
    purpose: 'recheck' as const,
    // Part of the scanner's own pass: paid from the ration it would take the third round of a verification.
    isEngagement: known.rationed && !known.wasLost,
    timeoutMs: TIMEOUT_MS,
  }
  scanner.touch(known.target, errand, (seen) => {
    if (seen.code === 'RATION') {
      const wasJustSeen = known.state === 'open' && scan.world.clock.now() - known.lastOpenAt < JUST_SEEN_MS
      if (last || waited || wasJustSeen) return void then(last)
      return void queue.at(queue.now() + RATION_WAIT_MS, () => lookAgain(scanner, known, nth, true, last, then))
    }
    scan.reporter.add(seen)
    if (seen.sight === 'open') {
      scan.endpoints.sawOpen(known, seen.at)
      return then(seen)
    }
    scan.endpoints.closeSpan(known)
    if (known.rationed || known.state === 'lost' || nth >= TRIES) return then(seen)
    queue.at(queue.now() + GAP_MS, () => lookAgain(scanner, known, nth + 1, waited, seen, then))
  })
}
