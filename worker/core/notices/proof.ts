/** What is told of a proof: addresses that are still shut out, or an issue that it closed. */
import { EVENT_VERSION, type EventOf } from '../../../schema/events.ts'
import type { ProofResult } from '../../../schema/proof.ts'
import type { Finding } from '../../../schema/words.ts'
import { lossesOf } from './losses.ts'
import { iso, said } from './said.ts'
import { type ToldScan, targetOf } from './scan.ts'

/** A proof as notices know it. */
export interface ToldProof {
  id: string
  target: ToldScan['target']
  result: ProofResult
}

const linksOf = (proofId: string, issueId: string) => ({
  issue: `/issues/${issueId}`,
  proof: `/proofs/${proofId}`,
  output: `/api/v1/proofs/${proofId}/output`,
})

/** Every address of ours reached what had been lost, with the stimulus: the issue is closed. */
export function provedNotice(
  { id, target, result }: ToldProof,
  issue: { id: string; finding: Finding },
  now: number,
): EventOf<'issue.resolved'> {
  const title = said(`${target.name ?? target.address}: proved fixed`, 400)
  return {
    type: 'issue.resolved',
    version: EVENT_VERSION,
    timestamp: iso(now),
    data: {
      severity: 'info',
      title,
      text: said(result.statement, 800),
      issue: { ...issue, title },
      target: targetOf({ target }),
      proof: { by: 'proof', id },
      coverage: null,
      links: linksOf(id, issue.id),
    },
  }
}

/** Some address of ours is still shut out. */
export function shutOutNotice(
  { id, target, result }: ToldProof,
  issue: { id: string; finding: Finding; title: string },
  now: number,
): EventOf<'issue.updated'> {
  const { proof, ...links } = linksOf(id, issue.id)
  return {
    type: 'issue.updated',
    version: EVENT_VERSION,
    timestamp: iso(now),
    data: {
      severity: 'error',
      title: said(issue.title, 400),
      text: said([result.statement, ...result.failing].join(' · '), 800),
      issue: { ...issue, title: said(issue.title, 400) },
      target: targetOf({ target }),
      scan: null,
      proof: { id },
      coverage: null,
      ...lossesOf([], new Map()),
      links: { ...links, scan: proof, allowlist: null },
    },
  }
}
