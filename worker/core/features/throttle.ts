import type { EndpointEvidence, Look } from '../evidence.ts'
import type { Seen } from './feature.ts'

const QUICK_MS = 500

/** Resets come at once, all of them; ICMP refusals are throttled to one a second after a burst of six. Loss makes late ones anywhere. */
export function throttleOf(endpoint: EndpointEvidence): Seen | null {
  const burst = endpoint.looks.filter((look) => look.observation.experiment === 'E2' && look.role === 'scanner')
  if (burst.length < 8) return null
  const isQuick = (look: Look) => look.sight === 'closed' && look.observation.afterMs < QUICK_MS
  const quick = burst.filter(isQuick)
  const late = burst.length - quick.length
  const inOrder = burst.toSorted((a, b) => a.observation.n - b.observation.n)
  const firstQuick = inOrder.slice(0, 6).filter(isQuick).length
  const lastQuick = inOrder.slice(6).filter(isQuick).length
  const isThrottled = late >= 2 && firstQuick >= 5 && lastQuick <= inOrder.slice(6).length / 3
  if (!isThrottled && late * 2 > burst.length) return null
  return {
    value: isThrottled ? 'icmp' : 'rst',
    rule: 'THR-1',
    text: isThrottled
      ? `${late} of ${burst.length} refusals of a burst came late or not at all: throttled ICMP, so a firewall refuses, not the service.`
      : `${quick.length === burst.length ? `All ${burst.length}` : `${quick.length} of ${burst.length}`} refusals of a burst came at once: a reset, from the host or a firewall.`,
    looks: burst.map((look) => look.id),
  }
}
