/** Reads what the portal's pages show: store rows in, page data out. */
import type { FailureWord } from '../../schema/words.ts'
import type { ProbeRow, ProofView } from '../portal/views.ts'
import { resultNow } from '../proofEnd.ts'
import type { Db } from '../store/db.ts'
import { readTargetName } from '../store/portal.ts'
import { isOnline, listProbes } from '../store/probes.ts'
import { readProof } from '../store/proofs.ts'

/** The fleet, those that are there first. It serves all tenants, so all may see how many can witness. */
export const readProbeRows = async (db: Db, now: number): Promise<ProbeRow[]> =>
  (await listProbes(db))
    .map((probe) => ({
      id: probe.id,
      site: probe.site,
      sourceAddress: probe.sourceAddress,
      country: probe.country,
      provider: probe.provider,
      online: isOnline(probe, now),
      fit: probe.health?.fit ?? null,
      reasons: probe.health?.reasons ?? [],
      seenAt: probe.seenAt,
    }))
    .sort((a, b) => Number(b.online) - Number(a.online) || a.site.localeCompare(b.site))

/** Null when the tenant has no such proof. */
export async function readProofView(db: Db, tenantId: string, id: string): Promise<ProofView | null> {
  const proof = await readProof(db, tenantId, id)
  if (!proof) return null
  const [named, result] = await Promise.all([readTargetName(db, tenantId, proof.targetId), resultNow({ db }, proof)])
  return {
    id,
    targetId: proof.targetId,
    ...named,
    failure:
      proof.failureCode === null ? null : { code: proof.failureCode as FailureWord, detail: proof.failureDetail ?? '' },
    createdAt: proof.createdAt,
    finishedAt: proof.finishedAt,
    ask: proof.proof,
    result,
    outputBytes: proof.outputBytes,
  }
}
