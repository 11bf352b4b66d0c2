/** Proofs. One is kept in the row that carries its runs: its id and that row's share their random part. */
import { and, desc, eq, isNotNull, isNull, type SQL, sql } from 'drizzle-orm'
import type { OutdatedBy, ProofAsk, ProofResult } from '../../schema/proof.ts'
import { issues, scans, targets } from '../../schema/tables.ts'
import type { FailureWord, Finding } from '../../schema/words.ts'
import type { OpenIssue } from '../core/issue.ts'
import type { ProofStep } from '../core/proofSteps.ts'
import { boundedProof } from './bounded.ts'
import type { Db, Statement } from './db.ts'
import { type Page, type PageRequest, pageOf } from './page.ts'
import { type Scan, underWay } from './scans.ts'

export type Proof = Scan & { proof: ProofAsk }

export const proofIdOf = (scanId: string): string => `prf_${scanId.slice(4)}`
const carrierOf = (proofId: string): string => (proofId.startsWith('prf_') ? `scn_${proofId.slice(4)}` : '')

/** The site and lane of each carrier: no site is called so. One row of a target and lane may be under way. */
export const PROOF_LANE = '/prove'

const toProof = (row: Scan): Proof => row as Proof

/** Null when the tenant has no such proof. */
export async function readProof(db: Db, tenantId: string, id: string): Promise<Proof | null> {
  const row = await db
    .select()
    .from(scans)
    .where(and(eq(scans.tenantId, tenantId), eq(scans.id, carrierOf(id)), isNotNull(scans.proof)))
    .get()
  return row ? toProof(row) : null
}

export async function listProofs(
  db: Db,
  tenantId: string,
  filter: { targetId?: string },
  { limit, cursor }: PageRequest,
): Promise<Page<Proof>> {
  const found = await db
    .select()
    .from(scans)
    .where(
      and(
        eq(scans.tenantId, tenantId),
        isNotNull(scans.proof),
        filter.targetId ? eq(scans.targetId, filter.targetId) : undefined,
        cursor ? sql`(${scans.createdAt}, ${scans.id}) < (${cursor.at}, ${cursor.id})` : undefined,
      ),
    )
    .orderBy(desc(scans.createdAt), desc(scans.id))
    .limit(limit + 1)
  return pageOf(
    found.map(toProof),
    limit,
    (row) => row.createdAt,
    (row) => row,
  )
}

/** For a word in time; who writes asks again (store/scans.ts). */
export const isUnderWay = async (
  db: Db,
  tenantId: string,
  targetId: string,
  what: 'scan' | 'proof',
): Promise<boolean> =>
  (await db.get<{ is: number }>(sql`SELECT ${underWay(tenantId, targetId, what)} AS "is"`))?.is === 1

// ---------------------------------------------------------------- the end

export interface ProofEnding {
  state: 'finished' | 'failed' | 'cancelled'
  token: string
  failure: { code: FailureWord; detail: string } | null
  result: ProofResult
  output: { bytes: number; key: string } | null
  /** that all its addresses made together */
  connects: number
}

/** Ends a proof for the one judge who comes first. */
export const endProof = (db: Db, proof: Proof, ending: ProofEnding, now: number): Statement =>
  db
    .update(scans)
    .set({
      state: ending.state,
      finishedAt: now,
      finishToken: ending.token,
      failureCode: ending.failure?.code ?? null,
      failureDetail: ending.failure?.detail ?? null,
      proofResult: boundedProof(ending.result),
      outputBytes: ending.output?.bytes ?? null,
      outputKey: ending.output?.key ?? null,
      connects: ending.connects,
    })
    .where(and(eq(scans.tenantId, proof.tenantId), eq(scans.id, proof.id), isNull(scans.finishedAt)))

/** The writes of what a proof means for issues; each asks `guard`. */
export const applyProofSteps = (
  db: Db,
  proof: Pick<Proof, 'tenantId' | 'id'>,
  steps: readonly ProofStep[],
  guard: SQL,
  now: number,
): Statement[] => steps.map((step) => db.run(stepWrite(proof, step, guard, now)))

function stepWrite({ tenantId, id }: Pick<Proof, 'tenantId' | 'id'>, step: ProofStep, guard: SQL, now: number): SQL {
  const proofId = proofIdOf(id)
  const mine = sql`tenant_id = ${tenantId} AND id = ${step.issueId} AND closed_at IS NULL AND ${guard}`
  switch (step.do) {
    case 'close':
      return sql`UPDATE issues SET state = 'closed', closed_at = ${now}, closed_by = ${proofId}, last_proof_id = ${proofId} WHERE ${mine}`
    case 'restate':
      return sql`UPDATE issues SET title = ${step.title}, restated_at = ${now}, answered_at = ${step.answeredAt},
        last_proof_id = ${proofId}, state = CASE WHEN ${step.wake ? 1 : 0} THEN 'open' ELSE state END WHERE ${mine}`
    case 'note':
      return sql`UPDATE issues SET last_proof_id = ${proofId} WHERE ${mine}`
  }
}

/** What the target learns: from when on its allowlist is known to be whole, and which ranges it still lacks. */
export const teachProved = (
  db: Db,
  { tenantId, targetId, createdAt }: Pick<Proof, 'tenantId' | 'targetId' | 'createdAt'>,
  outdatedBy: readonly OutdatedBy[],
  guard: SQL,
): Statement =>
  db
    .update(targets)
    .set({ provedAt: createdAt, outdatedBy: [...outdatedBy] })
    .where(and(eq(targets.tenantId, tenantId), eq(targets.id, targetId), guard))

// ---------------------------------------------------------------- issues

export interface ProofIssueRow extends OpenIssue {
  finding: Finding
  lastScanId: string
  /** when a scan or a proof last spoke of it */
  restatedAt: number
}

/** A target's issues that are not closed, with what a proof must know of them. */
export const openIssuesOf = async (db: Db, tenantId: string, targetId: string): Promise<ProofIssueRow[]> =>
  (
    await db
      .select()
      .from(issues)
      .where(and(eq(issues.tenantId, tenantId), eq(issues.targetId, targetId), isNull(issues.closedAt)))
  ).map((row) => ({
    id: row.id,
    finding: row.finding,
    state: row.state === 'snoozed' ? 'snoozed' : 'open',
    snoozedUntil: row.snoozedUntil,
    lastScanId: row.lastScanId,
    restatedAt: row.restatedAt,
  }))
