/** A judgement that fits into its scan's row, whatever the scan lost. */
import type { Judgement, PortVerdict } from '../../schema/judgement.ts'

/**
 * Bytes of a judgement in D1, where a row takes 2 MB: the port list, the alarms, the endpoints of a retest and what the
 * scanner must hold may need 0.6 MB of it.
 */
export const JUDGEMENT_BYTES = 1_300_000
/** Below so many ports no judgement comes near it, and it need not be measured. */
const FEW_PORTS = 200

function fits(judgement: Judgement): boolean {
  const text = JSON.stringify(judgement)
  // A character takes three bytes at most: only what is near the bound need be counted.
  return text.length <= JUDGEMENT_BYTES / 3 || new TextEncoder().encode(text).length <= JUDGEMENT_BYTES
}

/** What may go, in order: all of it can be made again from the facts. */
const TRIMS: readonly ((port: PortVerdict) => PortVerdict)[] = [
  (port) => ({
    ...port,
    evidence: port.evidence.map((one) => ({ ...one, observations: one.observations.slice(0, 5) })),
  }),
  (port) => ({ ...port, remediation: null }),
  (port) => ({
    ...port,
    evidence: port.evidence
      .filter((one) => one.supports)
      .slice(0, 1)
      .map((one) => ({ ...one, observations: [] })),
    probes: [],
  }),
  (port) => ({ ...port, evidence: [], cause: port.cause && { ...port.cause, askOwner: null, alternatives: [] } }),
]

/** The judgement with as much of its detail as fits; verdicts, times and causes always stay. */
export function bounded(judgement: Judgement): Judgement {
  if (judgement.ports.length < FEW_PORTS) return judgement
  let fitting = judgement
  for (const trim of TRIMS) {
    if (fits(fitting)) break
    fitting = { ...fitting, ports: fitting.ports.map(trim) }
  }
  return fitting
}
