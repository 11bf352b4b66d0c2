/** Reads what the portal's pages show: store rows in, page data out. */
import { endpointKey } from '../../schema/facts.ts'
import type { FailureWord } from '../../schema/words.ts'
import { judgementNow } from '../live.ts'
import type { ChannelLine } from '../portal/channels.tsx'
import type { ChecksOf, IssueView, OccurrenceRow, ProofView, ScanView } from '../portal/views.ts'
import { resultNow } from '../proofEnd.ts'
import { listChannels, readSides } from '../store/channels.ts'
import { type Db, read } from '../store/db.ts'
import { occurrencesOfScan, readIssue } from '../store/issues.ts'
import { occurrenceLines, readTargetName } from '../store/portal.ts'
import { readProof } from '../store/proofs.ts'
import { type Closing, runsOf, SCAN_KEY } from '../store/runs.ts'
import { readScan } from '../store/scans.ts'

const OCCURRENCES = 100

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
