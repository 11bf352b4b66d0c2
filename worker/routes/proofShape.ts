/** A proof as the API answers it. */

import { portsIn } from '../../schema/ports.ts'
import type { ProofResult } from '../../schema/proof.ts'
import type { ProofAnswer } from '../../schema/proofApi.ts'
import type { ProofState, ScanState } from '../../schema/words.ts'
import { type Proof, proofIdOf } from '../store/proofs.ts'
import { iso, maybeIso } from './shape.ts'

export const proofHref = (proofId: string): string => `/api/v1/proofs/${proofId}/output`

export const PROOF_STATE_OF: Record<ScanState, ProofState> = {
  queued: 'running',
  running: 'running',
  finished: 'finished',
  failed: 'failed',
  cancelled: 'failed',
}

export function proofAnswer(proof: Proof, result: ProofResult): ProofAnswer {
  const id = proofIdOf(proof.id)
  const { proof: ask } = proof
  const lost = ask.issues.flatMap((issue) => issue.lost)
  const state = PROOF_STATE_OF[proof.state]
  return {
    id,
    targetId: proof.targetId,
    address: proof.name ?? proof.addresses[0] ?? '',
    state,
    failure: proof.failureCode ? { code: proof.failureCode, detail: proof.failureDetail ?? '' } : null,
    verdict: state === 'finished' ? result.verdict : null,
    statement: result.statement,
    createdAt: iso(proof.createdAt),
    startedAt: maybeIso(proof.startedAt),
    finishedAt: maybeIso(proof.finishedAt),
    sites: [...ask.sites],
    stimulus: ask.stimulus && {
      profile: ask.stimulus.profile,
      portsAsked: ask.stimulus.portsAsked,
      portsRepeated: portsIn(ask.stimulus.ports).size,
      maxConnectsPerSecond: ask.stimulus.maxConnectsPerSecond,
      scanId: ask.stimulus.scanId,
    },
    endpoints: ask.endpoints.map(({ address, port, service }) => ({
      address,
      port,
      service,
      lost: lost.some((one) => one.address === address && one.port === port),
    })),
    endpointsLeftOut: ask.leftOut,
    sources: result.rows.map(({ cells, swept, ...row }) => ({
      ...row,
      swept: { ...swept },
      cells: cells.map(({ at, stimuli, ...cell }) => ({ ...cell, at: maybeIso(at), stimuli: { ...stimuli } })),
    })),
    failing: [...result.failing],
    issueIds: ask.issues.map((issue) => issue.id),
    closedIssueIds: [...result.closes],
    output: proof.outputBytes === null ? null : { bytes: proof.outputBytes, href: proofHref(id) },
  }
}
