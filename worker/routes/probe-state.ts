/** How a probe stands, in one word, for every page that says it. */
import type { ProbeState } from '../portal/fleet-rows.tsx'
import { isOnline, type Probe } from '../store/probes.ts'

/** The gravest that holds: of one that is quarantined nobody asks whether it is fit, and one that is drained and gone is offline. */
export function stateOf(
  probe: Pick<Probe, 'quarantinedAt' | 'drainedAt' | 'seenAt' | 'health'>,
  now: number,
): ProbeState {
  if (probe.quarantinedAt !== null) return 'quarantined'
  if (!isOnline(probe, now)) return 'offline'
  if (probe.drainedAt !== null) return 'drained'
  return probe.health?.fit === false ? 'not_fit' : 'fit'
}
