/** What a report tells beside the judgement: who touched what how often, the last proof, and what the target is. */
import { and, desc, eq, isNotNull, type Placeholder, sql } from 'drizzle-orm'
import { facts, occurrences, runs, scans, targets } from '../../schema/tables.ts'
import { type ProofVerdict, type Purpose, type Sight, UNMADE } from '../../schema/words.ts'
import { type Answers, batch, type Db, once } from './db.ts'
import { targetName } from './portal.ts'
import { ofScan } from './runs.ts'
import { scanRow } from './scans.ts'

/** Touches of one kind that saw the same, by one run. */
export interface TouchCount {
  runId: string
  purpose: Purpose
  sight: Sight
  /** null: of whatever it touched for this purpose */
  endpoint: { address: string; port: number } | null
  /** that were made: what a probe left out on purpose is none */
  touches: number
  /** of them, those of a probe that was not fit at the moment */
  unfit: number
}

/** Groups that are read: one for each run, purpose, sight and lost endpoint. */
const MOST = 4_000

const observation = (name: string) => sql.raw(`seen.value ->> '$.${name}'`)

interface At {
  tenantId: Placeholder
  scanId: Placeholder
}
/** A query of one scan, written out once for all requests. */
const ofOne = <Row>(build: (db: Db, at: At) => PromiseLike<Row[]>) =>
  once<{ tenantId: string; scanId: string }, Row>(build)

/** Beacons, anchors and canaries, and what was done to every endpoint that the scan lost. */
const touchesOf = ofOne((db, { tenantId, scanId }) => {
  const isOfLost = sql`EXISTS (SELECT 1 FROM occurrences lost WHERE lost.tenant_id = ${tenantId} AND lost.scan_id = ${scanId}
    AND lost.address = ${observation('address')} AND lost.port = ${observation('port')})`
  return db
    .select({
      runId: facts.runId,
      purpose: sql<Purpose>`${observation('purpose')}`.as('purpose'),
      sight: sql<Sight>`${observation('sight')}`.as('sight'),
      address: sql<string | null>`CASE WHEN ${isOfLost} THEN ${observation('address')} END`.as('lost_address'),
      port: sql<number | null>`CASE WHEN ${isOfLost} THEN ${observation('port')} END`.as('lost_port'),
      touches: sql<number>`count(*)`,
      unfit: sql<number>`coalesce(sum(${observation('fit')} = 0), 0)`,
    })
    .from(facts)
    .innerJoin(sql`json_each(${facts.body}, '$.observations') seen`, sql`true`)
    .where(
      and(
        eq(facts.tenantId, tenantId),
        eq(facts.scanId, scanId),
        sql`NOT (${observation('sight')} = 'probe_fault' AND coalesce(${observation('code')}, '') IN (${sql.raw(UNMADE.map((code) => `'${code}'`).join(', '))}))`,
        sql`(${observation('purpose')} IN ('beacon', 'anchor', 'canary')
          OR ${observation('purpose')} IN ('discover', 'identify', 'baseline', 'verify', 'explain', 'recheck', 'recover') AND ${isOfLost})`,
      ),
    )
    .groupBy(facts.runId, sql`purpose`, sql`sight`, sql`lost_address`, sql`lost_port`)
    .limit(MOST)
})

const runLines = ofOne((db, { tenantId, scanId }) =>
  db.select({ id: runs.id, probeId: runs.probeId, kind: runs.kind }).from(runs).where(ofScan(tenantId, scanId)),
)

const targetOf = ofOne((db, { tenantId, scanId }) =>
  db
    .select({
      name: targetName,
      address: targets.address,
      tags: targets.tags,
      provedAt: targets.provedAt,
      outdatedBy: targets.outdatedBy,
      hasFacts:
        sql<number>`EXISTS (SELECT 1 FROM facts f WHERE f.tenant_id = ${tenantId} AND f.scan_id = ${scanId})`.as(
          'has_facts',
        ),
    })
    .from(scans)
    .leftJoin(targets, and(eq(targets.tenantId, scans.tenantId), eq(targets.id, scans.targetId)))
    .where(and(eq(scans.tenantId, tenantId), eq(scans.id, scanId))),
)

/** The last proof of the target that came to an end. */
const lastProofOf = ofOne((db, { tenantId, scanId }) =>
  db
    .select({
      id: sql<string>`'prf_' || substr(${scans.id}, 5)`,
      createdAt: scans.createdAt,
      finishedAt: scans.finishedAt,
      verdict: sql<ProofVerdict | null>`${scans.proofResult} ->> '$.verdict'`,
      statement: sql<string | null>`${scans.proofResult} ->> '$.statement'`,
      failing: sql<string>`coalesce(${scans.proofResult} -> '$.failing', '[]')`,
      endpoints: sql<number>`coalesce(json_array_length(${scans.proof}, '$.endpoints'), 0)`,
      hasStimulus: sql<number>`${scans.proof} ->> '$.stimulus' IS NOT NULL`,
      rows: sql<string>`(SELECT coalesce(json_group_array(json_object('site', row.value ->> '$.site', 'sourceAddress', row.value ->> '$.sourceAddress',
        'verdict', row.value ->> '$.verdict', 'state', row.value ->> '$.state',
        'passed', (SELECT count(*) FROM json_each(row.value, '$.cells') cell WHERE cell.value ->> '$.word' = 'passed'),
        'cells', json_array_length(row.value, '$.cells'))), '[]') FROM json_each(${scans.proofResult}, '$.rows') row)`,
    })
    .from(scans)
    .where(
      and(
        eq(scans.tenantId, tenantId),
        isNotNull(scans.proof),
        isNotNull(scans.finishedAt),
        sql`${scans.targetId} = (SELECT target_id FROM scans WHERE tenant_id = ${tenantId} AND id = ${scanId})`,
      ),
    )
    .orderBy(desc(scans.createdAt))
    .limit(1),
)

const issuesOf = ofOne((db, { tenantId, scanId }) =>
  db
    .select({ address: occurrences.address, port: occurrences.port, issueId: occurrences.issueId })
    .from(occurrences)
    .where(and(eq(occurrences.tenantId, tenantId), eq(occurrences.scanId, scanId)))
    .limit(2_000),
)

/** Null when the tenant has no such scan. One query. */
export async function readReport(db: Db, tenantId: string, scanId: string) {
  const of = { tenantId, scanId }
  const reads = [
    scanRow(db, of),
    targetOf(db, of),
    issuesOf(db, of),
    lastProofOf(db, of),
    runLines(db, of),
    touchesOf(db, of),
  ] as const
  const [[scan], [target], lost, [proof], runRows, touches] = (await batch(db, reads)) as Answers<typeof reads>
  if (!scan || scan.proof !== null || scan.control !== null) return null
  return {
    scan,
    target: target ?? null,
    lost,
    proof: proof
      ? {
          ...proof,
          failing: JSON.parse(proof.failing) as string[],
          rows: JSON.parse(proof.rows) as ProofLineRow[],
        }
      : null,
    runs: runRows,
    hasFacts: target?.hasFacts === 1,
    touches: touches.map(
      ({ address, port, ...rest }): TouchCount => ({
        ...rest,
        endpoint: address === null || port === null ? null : { address, port },
      }),
    ),
  }
}

/** One address of a proof. */
export interface ProofLineRow {
  site: string
  sourceAddress: string
  verdict: ProofVerdict | null
  state: string
  passed: number
  cells: number
}
export type ReportFile = NonNullable<Awaited<ReturnType<typeof readReport>>>
