/** A judgement that fits into its scan's row, whatever the scan lost, and the result of a proof. */
import type { Judgement, PortVerdict } from '../../schema/judgement.ts'
import type { ProofCell, ProofResult } from '../../schema/proof.ts'

/**
 * Bytes of a judgement in D1, where a row takes 2 MB: the port list, the alarms, the endpoints of a retest and what the
 * scanner must hold may need 0.6 MB of it.
 */
export const JUDGEMENT_BYTES = 1_300_000
/** Below so many ports no judgement comes near it, and it need not be measured. */
const FEW_PORTS = 200

function fits(what: Judgement | ProofResult): boolean {
  const text = JSON.stringify(what)
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

// ---------------------------------------------------------------- proofs

/** What may go of a proof's matrix, in order: its raw output holds all of it. */
const CELL_TRIMS: readonly ((cell: ProofCell) => ProofCell | null)[] = [
  (cell) => (cell.word === 'passed' ? { ...cell, code: null, at: null } : cell),
  (cell) => (cell.word === 'passed' ? null : { ...cell, code: null }),
  () => null,
]

/** The result with as much of its matrix as fits; verdicts, statement and what still fails always stay. */
export function boundedProof(result: ProofResult): ProofResult {
  let fitting = result
  for (const trim of CELL_TRIMS) {
    if (fits(fitting)) break
    fitting = {
      ...fitting,
      rows: fitting.rows.map((row) => ({ ...row, cells: row.cells.flatMap((cell) => trim(cell) ?? []) })),
    }
  }
  return fitting
}
