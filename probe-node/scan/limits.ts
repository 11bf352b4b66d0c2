import { isLoss } from '../../schema/words.ts'
import { clockTime, endpointText, sightText } from '../output.ts'
import type { Seen } from '../touch.ts'
import type { Scan } from './context.ts'
import type { Known } from './endpoints.ts'
import { raise, WATCH_TIMEOUT_MS } from './losses.ts'
import { touchFor } from './within-lease.ts'

/** Statuses by which servers say "not so fast" (RFC 6585, section 4; nginx limit_req and many proxies use 503). */
const LIMITING = new Set([429, 503])
/** So many limit answers running are no accident of three pages. */
const RUNNING = 3
/** Plain looks at a limited endpoint, and the limit answers between them: the first may come just when the limit has room. */
const MOST_LOOKS = 3
const BETWEEN = 4

/** Counts the answers of one endpoint's engagement that a limiter gave in the service's place. */
export function limits(scan: Scan, known: Known) {
  // Asked with an answer that has no status, the memory only says what the first one was.
  const first = scan.world.memory.first(scan.run.scanId, known.target, { check: 'http', sight: 'open', afterMs: 0 })
  let hadOther = first.httpStatus !== null && !LIMITING.has(first.httpStatus)
  let running = 0
  let looks = 0
  let nextAt = RUNNING
  return {
    /** `isLimit`: this answer is no answer of the service. `isDue`: a plain look is due now. */
    after(seen: Pick<Seen, 'sight' | 'httpStatus'>): { isLimit: boolean; isDue: boolean } {
      const isLimit = seen.httpStatus !== undefined && LIMITING.has(seen.httpStatus)
      if (isLimit || isLoss(seen.sight)) running += 1
      else {
        running = 0
        nextAt = RUNNING
        hadOther ||= seen.httpStatus !== undefined
      }
      const isDue = hadOther && running >= nextAt && looks < MOST_LOOKS
      if (isDue) {
        looks += 1
        nextAt = running + BETWEEN
      }
      return { isLimit: isLimit && hadOther, isDue }
    },
  }
}

/**
 * The engagement is answered by a limiter: one plain touch right now, while the limit holds, kept as a fact whatever it
 * sees. If the plain touch is turned away too the panel is asked at once: seconds later the limit may have room again.
 */
export async function lookAtLimit(scan: Scan, known: Known): Promise<void> {
  const { reporter, output, endpoints } = scan
  if (known.state !== 'open') return
  const seen = await touchFor(scan, {
    target: known.target,
    purpose: 'engage',
    isEngagement: true,
    timeoutMs: WATCH_TIMEOUT_MS,
  })
  reporter.add(seen)
  output.line(
    'Watch',
    `${clockTime(seen.at)}  ${endpointText(known.target)}  engagement is answered by a limit; a plain touch: ${sightText(seen)}`,
  )
  if (seen.sight === 'open') return endpoints.sawOpen(known, seen.at)
  if (!isLoss(seen.sight) || known.state !== 'open' || seen.sight === known.usual) return
  endpoints.closeSpan(known)
  await raise(scan, [known])
}
