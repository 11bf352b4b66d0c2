/** All that the page of one issue shows, in one batch: its row, the scan that saw it last, and what has been done about it. */
import { and, asc, desc, eq, isNotNull, or, type Placeholder, type SQL, sql } from 'drizzle-orm'
import type { PortVerdict, ScanCoverage } from '../../schema/judgement.ts'
import { audit, issues, occurrences, scans, targets } from '../../schema/tables.ts'
import type { ProofVerdict, ScanVerdict } from '../../schema/words.ts'
import { type Answers, batch, type Db, once, type Query, read, type Statement } from './db.ts'
import { cursorOf, type Page, type PageRequest } from './page.ts'
import { targetName } from './portal.ts'
import { runIdOf, SCAN_KEY } from './runs.ts'

/** Endpoints that are told in full: each can be 5 kB. */
const TOLD = 60
/** Endpoints that an allowlist is filled in for. */
const ENDPOINTS = 200
/** Lines of what was done about it, of each kind. */
const LINES = 30

interface At {
  tenantId: Placeholder
  id: Placeholder
}
/** A query of one issue, written out once for all requests: ten wide ones are as much work as the rest of the page. */
const ofOne = <Row>(build: (db: Db, at: At) => PromiseLike<Row[]>) => once<{ tenantId: string; id: string }, Row>(build)

const ofIssue = ({ tenantId, id }: At): SQL | undefined => and(eq(issues.tenantId, tenantId), eq(issues.id, id))
const ofTarget = and(eq(targets.tenantId, issues.tenantId), eq(targets.id, issues.targetId))
const lastScan = and(eq(scans.tenantId, issues.tenantId), eq(scans.id, issues.lastScanId))

/** The issue with its target and the scan that saw it last, without that scan's ports. */
const headOf = ofOne((db, at) =>
  db
    .select({
      issue: issues,
      target: targetName,
      targetRemovedAt: targets.deletedAt,
      // The first column of each tells whether there is such a row at all: it must be one that is never null.
      targetRow: { address: targets.address, name: targets.name, sites: targets.sites, tags: targets.tags },
      scan: {
        site: scans.site,
        profile: scans.profile,
        createdAt: scans.createdAt,
        startedAt: scans.startedAt,
        finishedAt: scans.finishedAt,
        panel: scans.panel,
        alarms: scans.alarms,
        outputBytes: scans.outputBytes,
        // In a batch rows come by the names of their columns: a second `id` would hide the issue's.
        id: sql<string>`${scans.id}`.as('scan_id'),
      },
      coverage: sql<string | null>`${scans.judgement} -> '$.coverage'`,
      rules: sql<string | null>`${scans.judgement} ->> '$.rules'`,
      // The one of the same finding at the same target that was closed before this one was opened.
      before: sql<string | null>`(SELECT json_object('id', one.id, 'closedAt', one.closed_at) FROM issues one
        WHERE one.tenant_id = ${issues.tenantId} AND one.target_id = ${issues.targetId} AND one.finding = ${issues.finding}
          AND one.closed_at <= ${issues.openedAt} ORDER BY one.restated_at DESC LIMIT 1)`,
      seen: sql<number>`(SELECT count(*) FROM occurrences o WHERE o.tenant_id = ${at.tenantId} AND o.issue_id = ${at.id})`,
    })
    .from(issues)
    .leftJoin(targets, ofTarget)
    .leftJoin(scans, lastScan)
    .where(ofIssue(at)),
)

/** What its last scan, as it is judged now, says of the endpoints that it entered. */
const lostOf = ofOne((db, at) =>
  db
    .select({ verdict: sql<string>`port.value` })
    .from(issues)
    .innerJoin(scans, lastScan)
    .innerJoin(sql`json_each(${scans.judgement}, '$.ports') port`, sql`true`)
    .innerJoin(
      occurrences,
      sql`${occurrences.tenantId} = ${issues.tenantId} AND ${occurrences.scanId} = ${scans.id} AND ${occurrences.address} = port.value ->> '$.address'
        AND ${occurrences.port} = port.value ->> '$.port' AND ${occurrences.issueId} = ${issues.id}`,
    )
    .where(ofIssue(at))
    .orderBy(asc(occurrences.port), asc(occurrences.address))
    .limit(TOLD),
)

const endpointsOf = ofOne((db, at) =>
  db
    .select({ address: occurrences.address, port: occurrences.port })
    .from(issues)
    .innerJoin(
      occurrences,
      and(
        eq(occurrences.tenantId, issues.tenantId),
        eq(occurrences.scanId, issues.lastScanId),
        eq(occurrences.issueId, issues.id),
      ),
    )
    .where(ofIssue(at))
    .orderBy(asc(occurrences.port))
    .limit(ENDPOINTS),
)

/** The scans that saw it, newest first. */
const sightingsOf = ofOne((db, at) =>
  db
    .select({
      scanId: occurrences.scanId,
      at: sql<number>`max(${occurrences.seenAt})`,
      ports: sql<number>`count(*)`,
    })
    .from(occurrences)
    .where(and(eq(occurrences.tenantId, at.tenantId), eq(occurrences.issueId, at.id)))
    // The plus keeps the planner from walking all of the tenant's occurrences in the order of their scans.
    .groupBy(sql`+${occurrences.scanId}`)
    .orderBy(sql`2 DESC`)
    .limit(LINES),
)

const retestsOf = ofOne((db, at) =>
  db
    .select({
      id: scans.id,
      state: scans.state,
      createdAt: scans.createdAt,
      finishedAt: scans.finishedAt,
      verdict: sql<ScanVerdict | null>`${scans.judgement} ->> '$.verdict'`,
    })
    .from(scans)
    .where(and(eq(scans.tenantId, at.tenantId), eq(scans.retestOf, at.id), isNotNull(scans.retestOf)))
    .orderBy(desc(scans.createdAt))
    .limit(LINES),
)

/** Proofs that were asked while it was open and speak of it. */
const proofsOf = ofOne((db, at) =>
  db
    .select({
      id: sql<string>`'prf_' || substr(${scans.id}, 5)`,
      state: scans.state,
      createdAt: scans.createdAt,
      finishedAt: scans.finishedAt,
      verdict: sql<ProofVerdict | null>`${scans.proofResult} ->> '$.verdict'`,
      statement: sql<string | null>`${scans.proofResult} ->> '$.statement'`,
      sources: sql<number>`coalesce(json_array_length(${scans.proof}, '$.sources'), 0)`,
      hasStimulus: sql<number>`${scans.proof} ->> '$.stimulus' IS NOT NULL`,
    })
    .from(issues)
    .innerJoin(
      scans,
      and(
        eq(scans.tenantId, issues.tenantId),
        eq(scans.targetId, issues.targetId),
        isNotNull(scans.proof),
        sql`${scans.createdAt} >= ${issues.openedAt}`,
        sql`${scans.createdAt} <= coalesce(${issues.closedAt}, 9e15)`,
        sql`EXISTS (SELECT 1 FROM json_each(${scans.proof}, '$.issues') one WHERE one.value ->> '$.id' = ${issues.id})`,
      ),
    )
    .where(ofIssue(at))
    .orderBy(desc(scans.createdAt))
    .limit(LINES),
)

/** The last condition is that of the index on lines of issues, word by word: without it it is not used. */
const deedsOf = ofOne((db, at) =>
  db
    .select({ at: sql<number>`${audit.at}`, actor: sql<string>`${audit.actor}`, deed: sql<string>`${audit.deed}` })
    // The planner would walk the whole log backwards.
    .from(sql`${audit} INDEXED BY audit_of_issues`)
    .where(and(eq(audit.tenantId, at.tenantId), eq(audit.subject, at.id), sql`substr(subject, 1, 4) = 'iss_'`))
    .orderBy(desc(audit.seq))
    .limit(LINES),
)

type Occurrence = typeof occurrences.$inferSelect
type OfPage = { tenantId: string; id: string; most: number }

const occurrencesFrom = (
  db: Db,
  { tenantId, id, most }: { readonly [Name in keyof OfPage]: OfPage[Name] | Placeholder },
  after: SQL | undefined,
) =>
  db
    .select()
    .from(occurrences)
    .where(and(eq(occurrences.tenantId, tenantId), eq(occurrences.issueId, id), after))
    .orderBy(desc(occurrences.seenAt), asc(occurrences.port), asc(occurrences.id))
    .limit(most)
const firstOccurrences = once<OfPage, Occurrence>((db, at) => occurrencesFrom(db, at, undefined))

/** The first page, which is what nearly everybody asks for, is written out once. */
function occurrencesOf(db: Db, tenantId: string, id: string, { limit, cursor }: PageRequest): Query<Occurrence> {
  const of = { tenantId, id, most: limit + 1 }
  const after = afterOccurrence(cursor)
  return after ? (occurrencesFrom(db, of, after) as Query<Occurrence>) : firstOccurrences(db, of)
}

/** Of the scans that a page of occurrences names, those whose raw output is kept: each is looked at once. */
const outputsFrom = (
  db: Db,
  at: { readonly [Name in keyof OfPage]: OfPage[Name] | Placeholder },
  after: SQL | undefined,
) =>
  db
    .select({ id: scans.id })
    .from(scans)
    .where(
      and(
        eq(scans.tenantId, at.tenantId),
        isNotNull(scans.outputKey),
        sql`${scans.id} IN (SELECT scan_id FROM (${occurrencesFrom(db, at, after)}))`,
      ),
    )
const firstOutputs = once<OfPage, { id: string }>((db, at) => outputsFrom(db, at, undefined))

function outputsOf(db: Db, tenantId: string, id: string, { limit, cursor }: PageRequest): Query<{ id: string }> {
  const of = { tenantId, id, most: limit }
  const after = afterOccurrence(cursor)
  return after ? (outputsFrom(db, of, after) as Query<{ id: string }>) : firstOutputs(db, of)
}

/** Within one scan they stand in the order of their ports: the cursor names port and id. */
function afterOccurrence(cursor: PageRequest['cursor']): SQL | undefined {
  const [, port, id] = /^(\d{5})(\w+)$/.exec(cursor?.id ?? '') ?? []
  if (!cursor || !port || !id) return undefined
  return or(
    sql`${occurrences.seenAt} < ${cursor.at}`,
    sql`${occurrences.seenAt} = ${cursor.at} AND (${occurrences.port}, ${occurrences.id}) > (${Number(port)}, ${id})`,
  )
}

function occurrencePage(found: readonly Occurrence[], limit: number): Page<Occurrence> {
  const items = found.slice(0, limit)
  const last = items.at(-1)
  const next = last && cursorOf({ at: last.seenAt, id: `${String(last.port).padStart(5, '0')}${last.id}` })
  return { items, nextCursor: found.length > limit && next ? next : null }
}

/** A page of an issue's occurrences, newest first, in the order of ports within a scan. */
export const readOccurrencePage = async (
  db: Db,
  tenantId: string,
  id: string,
  request: PageRequest,
): Promise<Page<Occurrence>> => occurrencePage(await read(db, occurrencesOf(db, tenantId, id, request)), request.limit)

/** Null when the tenant has no such issue. `more` are reads that go along in the same batch. */
export async function readIssueFile(
  db: Db,
  tenantId: string,
  id: string,
  request: PageRequest,
  more: readonly Statement[] = [],
) {
  const of = { tenantId, id }
  const reads = [
    headOf(db, of),
    lostOf(db, of),
    endpointsOf(db, of),
    sightingsOf(db, of),
    retestsOf(db, of),
    proofsOf(db, of),
    deedsOf(db, of),
    outputsOf(db, tenantId, id, request),
  ] as const
  const [seen, [head], lost, endpoints, sightings, retests, proofs, deeds, outputs, ...others] = (await batch(db, [
    occurrencesOf(db, tenantId, id, request),
    ...reads,
    ...more,
  ])) as [Occurrence[], ...Answers<typeof reads>, ...unknown[]]
  if (!head) return null
  const { scan, coverage, before, ...rest } = head
  return {
    ...rest,
    before: before === null ? null : (JSON.parse(before) as { id: string; closedAt: number }),
    scan: scan && { ...scan, coverage: coverage === null ? null : (JSON.parse(coverage) as ScanCoverage) },
    lost: lost.map(({ verdict }) => JSON.parse(verdict) as PortVerdict),
    endpoints,
    occurrences: occurrencePage(seen, request.limit),
    outputs: outputs.map((scan) => scan.id),
    ...{ sightings, retests, proofs, deeds },
    more: others,
  }
}
export type IssueFile = NonNullable<Awaited<ReturnType<typeof readIssueFile>>>

const engagementOf = once<{ run: string; tenantId: string; scanId: string }, { engagement: string | null }>(
  (db, { run, tenantId, scanId }) =>
    db.all<{ engagement: string | null }>(sql`SELECT closing -> '$.engagement' AS engagement FROM runs
      WHERE id = ${run} AND tenant_id = ${tenantId} AND probe_id = (SELECT scanner_probe_id FROM scans WHERE tenant_id = ${tenantId} AND id = ${scanId})`),
)

/** What was planned and done on each port of a scan, as its scanner told it at the end; none while it runs. */
export async function readEngagement(
  db: Db,
  tenantId: string,
  scanId: string,
): Promise<{ address: string; port: number; planned: number; done: number }[]> {
  const run = await runIdOf(scanId, SCAN_KEY)
  const [row] = await read(db, engagementOf(db, { run, tenantId, scanId }))
  return JSON.parse(row?.engagement ?? '[]')
}
