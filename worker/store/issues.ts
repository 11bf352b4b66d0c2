import { and, asc, desc, eq, isNull, ne, type SQL, sql } from 'drizzle-orm'
import type { IssueCause, OccurrenceSaid } from '../../schema/issue.ts'
import { issues, occurrences, targets } from '../../schema/tables.ts'
import type { IssueState, SnoozeReason } from '../../schema/words.ts'
import type { IssueStep, OpenIssue } from '../core/issue.ts'
import { type Db, inParts, rows, type Statement } from './db.ts'
import { type Page, type PageRequest, pageOf } from './page.ts'
import type { Scan } from './scans.ts'
import type { Target } from './targets.ts'

export type Issue = typeof issues.$inferSelect
export type OccurrenceRow = typeof occurrences.$inferSelect

/** A target's issues that are not closed and of which a scan may say something: none of an address whose control is not proved. */
export const openIssues = async (db: Db, tenantId: string, targetId: string): Promise<OpenIssue[]> =>
  (
    await db
      .select()
      .from(issues)
      .where(
        and(
          eq(issues.tenantId, tenantId),
          eq(issues.targetId, targetId),
          ne(issues.finding, 'unproved'),
          isNull(issues.closedAt),
        ),
      )
  ).map((row) => ({
    id: row.id,
    finding: row.finding,
    state: row.state === 'snoozed' ? 'snoozed' : 'open',
    snoozedUntil: row.snoozedUntil,
  }))

/** A step with the ids it needs: that of its issue, and of each endpoint's occurrence; and what lists say of both. */
export interface AppliedStep {
  step: Exclude<IssueStep, { do: 'nothing' }>
  issueId: string
  occurrences: readonly { id: string; address: string; port: number; said: OccurrenceSaid }[]
  causes: readonly IssueCause[]
}

/**
 * The writes of the issue's next steps; each asks `guard`. Opening meets a unique index: two scans of one target that end
 * at once make the whole batch of the second fail, and its judge looks again.
 */
export function applySteps(db: Db, scan: Scan, steps: readonly AppliedStep[], guard: SQL, now: number): Statement[] {
  return steps.flatMap(({ step, issueId, occurrences: seen, causes }) => [
    issueWrite(db, scan, step, issueId, causes, guard, now),
    ...(seen.length > 0 ? inParts(seen).map((part) => seenWrite(db, scan, issueId, part, guard, now)) : []),
  ])
}

function issueWrite(
  db: Db,
  scan: Scan,
  step: AppliedStep['step'],
  issueId: string,
  causes: readonly IssueCause[],
  guard: SQL,
  now: number,
): Statement {
  const mine = sql`tenant_id = ${scan.tenantId} AND id = ${issueId} AND closed_at IS NULL AND ${guard}`
  switch (step.do) {
    case 'open':
      return db.run(sql`INSERT INTO issues (tenant_id, id, target_id, finding, state, title, opened_at, restated_at, last_scan_id, causes)
        SELECT ${scan.tenantId}, ${issueId}, ${scan.targetId}, ${step.finding}, 'open', ${step.title}, ${now}, ${now}, ${scan.id}, ${rows(causes)} WHERE ${guard}`)
    case 'restate':
      return step.answeredAt === null
        ? db.run(sql`UPDATE issues SET title = ${step.title}, restated_at = ${now}, last_scan_id = ${scan.id}, answered_at = NULL, causes = ${rows(causes)},
            state = CASE WHEN ${step.wake ? 1 : 0} THEN 'open' ELSE state END WHERE ${mine}`)
        : db.run(
            sql`UPDATE issues SET answered_at = ${step.answeredAt}, title = CASE WHEN ${step.keepsTitle ? 1 : 0} THEN title ELSE ${step.title} END, state = CASE WHEN ${step.wake ? 1 : 0} THEN 'open' ELSE state END WHERE ${mine}`,
          )
    case 'close':
      return db.run(sql`UPDATE issues SET state = 'closed', closed_at = ${now}, closed_by = ${step.by} WHERE ${mine}`)
  }
}

const seenWrite = (
  db: Db,
  scan: Scan,
  issueId: string,
  seen: AppliedStep['occurrences'],
  guard: SQL,
  now: number,
): Statement =>
  db.run(sql`INSERT OR IGNORE INTO occurrences (tenant_id, issue_id, id, scan_id, address, port, seen_at, said)
    SELECT ${scan.tenantId}, ${issueId}, value ->> '$.id', ${scan.id}, value ->> '$.address', value ->> '$.port', ${now}, value -> '$.said'
    FROM json_each(${rows(seen)}) WHERE ${guard}`)

/** What a target learns from an ended scan. */
export const teachTarget = (
  db: Db,
  scan: Scan,
  lesson: Partial<Pick<Target, 'scanners' | 'lastKnown' | 'waf' | 'highestCleanRate' | 'lastScanId' | 'lastScannedAt'>>,
  guard: SQL,
): Statement =>
  db
    .update(targets)
    .set(lesson)
    .where(and(eq(targets.tenantId, scan.tenantId), eq(targets.id, scan.targetId), guard))

// ---------------------------------------------------------------- reading

export async function listIssues(
  db: Db,
  tenantId: string,
  filter: { state?: IssueState; targetId?: string },
  { limit, cursor }: PageRequest,
): Promise<Page<Issue>> {
  const found = await db
    .select()
    .from(issues)
    .where(
      and(
        eq(issues.tenantId, tenantId),
        filter.state ? eq(issues.state, filter.state) : undefined,
        filter.targetId ? eq(issues.targetId, filter.targetId) : undefined,
        cursor ? sql`(${issues.openedAt}, ${issues.id}) < (${cursor.at}, ${cursor.id})` : undefined,
      ),
    )
    .orderBy(desc(issues.openedAt), desc(issues.id))
    .limit(limit + 1)
  return pageOf(
    found,
    limit,
    (row) => row.openedAt,
    (row) => row,
  )
}

export const readIssue = async (db: Db, tenantId: string, id: string): Promise<Issue | null> =>
  (await db
    .select()
    .from(issues)
    .where(and(eq(issues.tenantId, tenantId), eq(issues.id, id)))
    .get()) ?? null

export async function listOccurrences(
  db: Db,
  tenantId: string,
  issueId: string,
  { limit, cursor }: PageRequest,
): Promise<Page<OccurrenceRow>> {
  const found = await db
    .select()
    .from(occurrences)
    .where(
      and(
        eq(occurrences.tenantId, tenantId),
        eq(occurrences.issueId, issueId),
        cursor ? sql`(${occurrences.seenAt}, ${occurrences.id}) < (${cursor.at}, ${cursor.id})` : undefined,
      ),
    )
    .orderBy(desc(occurrences.seenAt), desc(occurrences.id))
    .limit(limit + 1)
  return pageOf(
    found,
    limit,
    (row) => row.seenAt,
    (row) => row,
  )
}

export const readOccurrence = async (db: Db, tenantId: string, id: string): Promise<OccurrenceRow | null> =>
  (await db
    .select()
    .from(occurrences)
    .where(and(eq(occurrences.tenantId, tenantId), eq(occurrences.id, id)))
    .get()) ?? null

/** The endpoints of a scan that were entered as occurrences. */
export const occurrencesOfScan = (db: Db, tenantId: string, scanId: string): Promise<OccurrenceRow[]> =>
  db
    .select()
    .from(occurrences)
    .where(and(eq(occurrences.tenantId, tenantId), eq(occurrences.scanId, scanId)))
    .orderBy(asc(occurrences.port))
    .limit(1_000)

/** Null when there is no such issue or it is closed. */
export async function snoozeIssue(
  db: Db,
  tenantId: string,
  id: string,
  snooze: { until: number; reason: SnoozeReason; note: string | null },
): Promise<Issue | null> {
  const [row] = await db
    .update(issues)
    .set({ state: 'snoozed', snoozedUntil: snooze.until, snoozeReason: snooze.reason, snoozeNote: snooze.note })
    .where(and(eq(issues.tenantId, tenantId), eq(issues.id, id), isNull(issues.closedAt)))
    .returning()
  return row ?? null
}

/** Ends a snooze before its time. Null when it was not snoozed. */
export async function wakeIssue(db: Db, tenantId: string, id: string): Promise<Issue | null> {
  const [row] = await db
    .update(issues)
    .set({ state: 'open' })
    .where(and(eq(issues.tenantId, tenantId), eq(issues.id, id), eq(issues.state, 'snoozed'), isNull(issues.closedAt)))
    .returning()
  return row ?? null
}

/** Snoozes that have run out end here. */
export const wakeIssues = async (db: Db, now: number): Promise<void> => {
  await db
    .update(issues)
    .set({ state: 'open' })
    .where(sql`state = 'snoozed' AND closed_at IS NULL AND snoozed_until <= ${now}`)
}
