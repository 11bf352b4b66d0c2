import type { EndpointEvidence, Look } from '../evidence.ts'
import { SLOW_CONNECT_MS } from '../tests.ts'

/** Only against a way that is usually well below it. */
const QUICK_MS = 200

/** Each probe's quickest handshake with the endpoint. */
export function quickestOf({ looks }: EndpointEvidence): ReadonlyMap<string, number> {
  const quickest = new Map<string, number>()
  for (const { probeId, observation } of looks)
    if (observation.connectMs !== undefined)
      quickest.set(probeId, Math.min(observation.connectMs, quickest.get(probeId) ?? Number.POSITIVE_INFINITY))
  return quickest
}

/** Open, but only after its first SYN went unanswered, where the same probe usually gets through at once. */
export const isSlow = (look: Look, quickest: ReadonlyMap<string, number>): boolean =>
  !look.failed &&
  (look.observation.connectMs ?? 0) >= SLOW_CONNECT_MS &&
  (quickest.get(look.probeId) ?? Number.POSITIVE_INFINITY) < QUICK_MS

/** Failed, or slow as above: what a limiter does to a touch, and what loss does too. */
export const limped = (look: Look, quickest: ReadonlyMap<string, number>): boolean =>
  look.failed || isSlow(look, quickest)
