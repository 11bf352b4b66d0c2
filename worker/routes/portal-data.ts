/** Reads what the portal's pages show: store rows in, page data out. */
import { endpointKey } from '../../schema/facts.ts'
import type { FailureWord } from '../../schema/words.ts'
import { judgementNow } from '../live.ts'
import type { ChecksOf, ProbeRow, ProofView, ScanView } from '../portal/views.ts'
import { resultNow } from '../proofEnd.ts'
import { type Db, read } from '../store/db.ts'
import { occurrencesOfScan } from '../store/issues.ts'
import { readTargetName } from '../store/portal.ts'
import { isOnline, listProbes } from '../store/probes.ts'
import { readProof } from '../store/proofs.ts'
import { type Closing, runsOf, SCAN_KEY } from '../store/runs.ts'
import { readScan } from '../store/scans.ts'

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
  const [target, result] = await Promise.all([readTargetName(db, tenantId, proof.targetId), resultNow({ db }, proof)])
  return {
    id,
    targetId: proof.targetId,
    target,
    failure:
      proof.failureCode === null ? null : { code: proof.failureCode as FailureWord, detail: proof.failureDetail ?? '' },
    createdAt: proof.createdAt,
    finishedAt: proof.finishedAt,
    ask: proof.proof,
    result,
    outputBytes: proof.outputBytes,
  }
}

/** Null when the tenant has no such scan. */
export async function readScanView(db: Db, tenantId: string, id: string, now: number): Promise<ScanView | null> {
  const scan = await readScan(db, tenantId, id)
  if (!scan) return null
  const [judgement, target, counted, checks] = await Promise.all([
    judgementNow({ db, now }, scan),
    readTargetName(db, tenantId, scan.targetId),
    occurrencesOfScan(db, tenantId, id),
    readChecks(db, tenantId, id),
  ])
  return {
    ...scan,
    judgement,
    target,
    failure: scan.failureCode === null ? null : { code: scan.failureCode, detail: scan.failureDetail ?? '' },
    issueOf: Object.fromEntries(counted.map((each) => [endpointKey(each), each.issueId])),
    checks,
  }
}

/** Known when the scan run has ended, as the judgement read them. */
async function readChecks(db: Db, tenantId: string, scanId: string): Promise<ChecksOf> {
  const run = (await read(db, runsOf(db, { tenantId, scanId }))).find(({ key }) => key === SCAN_KEY)
  const { engagement = [] } = (run?.closing as Closing | null | undefined) ?? {}
  return Object.fromEntries(engagement.map(({ planned, done, ...each }) => [endpointKey(each), { planned, done }]))
}
