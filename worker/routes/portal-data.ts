/** Reads what the portal's pages show: store rows in, page data out. */
import { endpointKey } from '../../schema/facts.ts'
import type { FailureWord } from '../../schema/words.ts'
import type { ChannelLine } from '../portal/channels.tsx'
import type {
  ChecksOf,
  IssueView,
  OccurrenceRow,
  ProbeRow,
  ProofLine,
  ProofView,
  SiteView,
  TargetView,
} from '../portal/views.ts'
import { resultNow } from '../proofEnd.ts'
import { listChannels, readSides } from '../store/channels.ts'
import { type Db, read } from '../store/db.ts'
import { readIssue } from '../store/issues.ts'
import { occurrenceLines, readTargetName, recentIssues, recentScans } from '../store/portal.ts'
import { isOnline, listProbes } from '../store/probes.ts'
import { listProofs, type Proof, proofIdOf, readProof } from '../store/proofs.ts'
import { type Closing, runsOf, SCAN_KEY } from '../store/runs.ts'
import { readTarget } from '../store/targets.ts'
import { PROOF_STATE_OF } from './proofShape.ts'

const SCANS_OF_TARGET = 20
const PROOFS_OF_TARGET = 10
const OCCURRENCES = 100

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

/** Null when the tenant has no such target. */
export async function readTargetView(db: Db, tenantId: string, id: string): Promise<TargetView | null> {
  const target = await readTarget(db, tenantId, id)
  if (!target) return null
  const [scans, proofs, issues] = await Promise.all([
    recentScans(db, tenantId, id, SCANS_OF_TARGET),
    listProofs(db, tenantId, { targetId: id }, { limit: PROOFS_OF_TARGET, cursor: null }),
    recentIssues(db, tenantId, { targetId: id }, SCANS_OF_TARGET),
  ])
  const sites: SiteView[] = Object.entries(target.lastKnown)
    .map(([site, known]) => ({ site, ...known }))
    .sort((a, b) => a.site.localeCompare(b.site))
  return {
    ...target,
    openIssues: issues.filter((issue) => issue.closedAt === null).length,
    lastScannedAt: scans.find((scan) => scan.id === target.lastScanId)?.finishedAt ?? null,
    sites,
    proofs: await Promise.all(proofs.items.map((proof) => proofLine(db, proof))),
    scans,
    issues,
  }
}

async function proofLine(db: Db, proof: Proof): Promise<ProofLine> {
  const { verdict, statement } = await resultNow({ db }, proof)
  const state = PROOF_STATE_OF[proof.state]
  const id = proofIdOf(proof.id)
  return { id, state, verdict: state === 'finished' ? verdict : null, statement, createdAt: proof.createdAt }
}

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

/** Known when the scan run has ended, as the judgement read them. */
async function readChecks(db: Db, tenantId: string, scanId: string): Promise<ChecksOf> {
  const run = (await read(db, runsOf(db, { tenantId, scanId }))).find(({ key }) => key === SCAN_KEY)
  const { engagement = [] } = (run?.closing as Closing | null | undefined) ?? {}
  return Object.fromEntries(engagement.map(({ planned, done, ...each }) => [endpointKey(each), { planned, done }]))
}

/** Null when the tenant has no such issue. */
export async function readIssueView(db: Db, tenantId: string, id: string): Promise<IssueView | null> {
  const issue = await readIssue(db, tenantId, id)
  if (!issue) return null
  const [target, occurrences]: [string, OccurrenceRow[]] = await Promise.all([
    readTargetName(db, tenantId, issue.targetId),
    occurrenceLines(db, tenantId, id, OCCURRENCES),
  ])
  const [newest] = occurrences
  const checks = newest ? await readChecks(db, tenantId, newest.scanId) : {}
  const snooze = { until: issue.snoozedUntil, reason: issue.snoozeReason, note: issue.snoozeNote }
  return { ...issue, target, snooze: issue.state === 'snoozed' ? snooze : null, occurrences, checks }
}

export async function readChannelLines(db: Db, tenantId: string): Promise<ChannelLine[]> {
  const [rows, sides] = await Promise.all([listChannels(db, tenantId), readSides(db, tenantId)])
  return rows.map(({ id, kind, name, hint, state, stateReason }) => {
    const { waiting = 0, last = null } = sides.get(id) ?? {}
    return {
      ...{ kind, name, url: hint.url, state, reason: stateReason, waiting },
      last: last && { event: last.name, state: last.state, at: last.at, said: last.lastSaid },
    }
  })
}
