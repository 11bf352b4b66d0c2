/** What the portal's lists show: rows of several nouns joined, and never a whole judgement, which can be 2 MB. */
import { and, desc, eq, isNotNull, isNull, type Placeholder, type SQL, sql } from 'drizzle-orm'
import { issues, scans, targets, tenants } from '../../schema/tables.ts'
import type { ScanVerdict } from '../../schema/words.ts'
import { type Db, once, read } from './db.ts'
import { stoppedFlag } from './settings.ts'

const bannerOf = once<
  { tenantId: string; most: number },
  { tenant: string; stopped: number | null; openIssues: number }
>((db, { tenantId, most }) =>
  db
    .select({
      tenant: tenants.name,
      stopped: stoppedFlag,
      openIssues: sql<number>`(SELECT count(*) FROM (SELECT 1 FROM issues INDEXED BY issues_standing WHERE issues.tenant_id = ${tenantId} AND issues.closed_at IS NULL AND issues.state = 'open' AND ${isOfLivingTarget(tenantId)} LIMIT ${most}))`,
    })
    .from(tenants)
    .where(eq(tenants.id, tenantId)),
)

/** What every page says of its tenant; open issues are counted up to `most`. */
export async function readBanner(
  db: Db,
  tenantId: string,
  most: number,
): Promise<{ tenant: string; stopped: boolean; openIssues: number }> {
  const [row] = await read(db, bannerOf(db, { tenantId, most }))
  return { tenant: row?.tenant ?? '', stopped: row?.stopped === 1, openIssues: row?.openIssues ?? 0 }
}

// A target that was removed keeps its name in what was found on it.
const targetOfScan = and(eq(targets.tenantId, scans.tenantId), eq(targets.id, scans.targetId))
export const targetName = sql<string>`coalesce(${targets.name}, ${targets.address}, 'a removed target')`
/** Where a scan runs from: of one that any site may do, the site that took it up; '' before that. */
export const siteOfScan = sql<string>`coalesce(nullif(${scans.site}, ''), ${scans.lane})`
/** Of an issue of this target: it is there, so that something can be done about it. */
export const isOfLivingTarget = (tenantId: string | Placeholder): SQL =>
  sql`EXISTS (SELECT 1 FROM targets living WHERE living.tenant_id = ${tenantId} AND living.id = issues.target_id AND living.deleted_at IS NULL)`

const scanLines = (db: Db, where: SQL | undefined) =>
  db
    .select({
      id: scans.id,
      targetId: scans.targetId,
      target: targetName,
      site: siteOfScan,
      profile: scans.profile,
      state: scans.state,
      verdict: sql<ScanVerdict | null>`coalesce(${scans.verdict}, ${scans.judgement} ->> '$.verdict')`,
      coverage: sql<string | null>`${scans.judgement} ->> '$.coverage.statement'`,
      retestOf: scans.retestOf,
      createdAt: scans.createdAt,
      finishedAt: scans.finishedAt,
    })
    .from(scans)
    .leftJoin(targets, targetOfScan)
    .where(where)
    .orderBy(desc(scans.createdAt), desc(scans.id))

/** The newest scans, of one target or of all. */
export const recentScans = (db: Db, tenantId: string, targetId: string | null, limit: number) =>
  scanLines(
    db,
    and(
      eq(scans.tenantId, tenantId),
      isNull(scans.proof),
      isNull(scans.control),
      targetId === null ? undefined : eq(scans.targetId, targetId),
    ),
  ).limit(limit)

const issueLines = (db: Db, where: SQL | undefined) =>
  db
    .select({
      id: issues.id,
      targetId: issues.targetId,
      target: targetName,
      finding: issues.finding,
      state: issues.state,
      title: issues.title,
      openedAt: issues.openedAt,
      restatedAt: issues.restatedAt,
      answeredAt: issues.answeredAt,
      closedAt: issues.closedAt,
    })
    .from(issues)
    .leftJoin(targets, and(eq(targets.tenantId, issues.tenantId), eq(targets.id, issues.targetId)))
    .where(where)
    .orderBy(desc(issues.restatedAt), desc(issues.id))

/** The issues last seen: those not closed, or the closed ones; of one target, or of all. */
export const recentIssues = (
  db: Db,
  tenantId: string,
  filter: { closed?: boolean; targetId?: string },
  limit: number,
) =>
  issueLines(
    db,
    and(
      eq(issues.tenantId, tenantId),
      filter.closed === undefined ? undefined : filter.closed ? isNotNull(issues.closedAt) : isNull(issues.closedAt),
      filter.targetId ? eq(issues.targetId, filter.targetId) : undefined,
    ),
  ).limit(limit)

/** Name or address of a proof's target, removed or not. */
export const readTargetName = async (
  db: Db,
  tenantId: string,
  id: string,
): Promise<{ target: string; targetRemovedAt: number | null }> =>
  (await db
    .select({ target: targetName, targetRemovedAt: targets.deletedAt })
    .from(targets)
    .where(and(eq(targets.tenantId, tenantId), eq(targets.id, id)))
    .get()) ?? { target: 'a removed target', targetRemovedAt: null }
