import type { EndpointEvidence, Look } from '../evidence.ts'
import type { Seen } from './feature.ts'

const QUICK_MS = 500

/** Linux' burst of ICMP refusals to one address; then they come one a second (net/ipv4/icmp.c, icmp_ratelimit). */
const ICMP_BURST = 6
/** Against loss on the way: what it can do must not name a firewall. */
const LN_THROTTLED = Math.log(100)
/** A refusal that a throttle holds back may come all the same, a second having begun. */
const SLIP = 0.05

/**
 * Resets come at once, all of them; ICMP refusals only for the first of a burst. Loss makes late ones anywhere, on a lossy way also the
 * last ones: `loss` is its upper bound per packet, and a refusal needs two to get through.
 */
export function throttleOf(endpoint: EndpointEvidence, loss: number): Seen | null {
  const burst = endpoint.looks.filter((look) => look.observation.experiment === 'E2' && look.role === 'scanner')
  if (burst.length < 8) return null
  const isQuick = (look: Look) => look.sight === 'closed' && look.observation.afterMs < QUICK_MS
  const quick = burst.filter(isQuick)
  const late = burst.length - quick.length
  const inOrder = burst.toSorted((a, b) => a.observation.n - b.observation.n)
  const firstQuick = inOrder.slice(0, ICMP_BURST).filter(isQuick).length
  const last = inOrder.slice(ICMP_BURST)
  const lastQuick = last.filter(isQuick).length
  const lost = 1 - (1 - loss) ** 2
  const llr = (last.length - lastQuick) * Math.log((1 - SLIP) / lost) + lastQuick * Math.log(SLIP / (1 - lost))
  const looksThrottled = late >= 2 && firstQuick >= ICMP_BURST / 2 && lastQuick <= last.length / 3
  const isThrottled = looksThrottled && llr >= LN_THROTTLED
  if (!isThrottled && (looksThrottled || late * 2 > burst.length)) return null
  return {
    value: isThrottled ? 'icmp' : 'rst',
    rule: 'THR-1',
    text: isThrottled
      ? `${late} of ${burst.length} refusals of a burst came late or not at all: throttled ICMP, so a firewall refuses, not the service.`
      : `${quick.length === burst.length ? `All ${burst.length}` : `${quick.length} of ${burst.length}`} refusals of a burst came at once: a reset, from the host or a firewall.`,
    looks: burst.map((look) => look.id),
  }
}
