/** Targets as their list shows them: found, sorted and read a page at a time, without what of them can be long. */
import { and, eq, isNull, type SQL, sql } from 'drizzle-orm'
import { CONTROL_STATES, type ControlState } from '../../schema/control.ts'
import { scans, targets } from '../../schema/tables.ts'
import type { ScanVerdict } from '../../schema/words.ts'
import type { Db } from './db.ts'

export const TARGET_SORTS = ['name', 'last', 'issues'] as const
export type TargetSort = (typeof TARGET_SORTS)[number]

/** What is looked for; '' where nothing is asked. */
export interface TargetAsk {
  q: string
  sort: TargetSort
  desc: boolean
  issues: '' | 'open' | 'none'
  schedule: '' | 'yes' | 'no'
  tag: string
  control: '' | ControlState
  allowlist: '' | 'outdated'
  /** id of the last target of the page before; '' on the first */
  cursor: string
}

// As the indexes targets_by_name and targets_by_last_scan have them.
const label = (table: SQL) => sql`lower(coalesce(${table}.name, ${table}.address))`
const lastScan = (table: SQL) => sql`coalesce(${table}.last_scanned_at, 0)`
const openIssues = (table: SQL) =>
  sql<number>`(SELECT count(*) FROM issues INDEXED BY issues_open_once WHERE issues.tenant_id = ${table}.tenant_id AND issues.target_id = ${table}.id AND issues.closed_at IS NULL)`
const KEY: Record<TargetSort, (table: SQL) => SQL> = { name: label, last: lastScan, issues: openIssues }

const T = sql.raw('targets')

/** The newest retest of the target's last whole scan: those after it are few, and of them one is read. */
const retestOfLast = sql`(SELECT json_object('id', retest.id, 'at', retest.finished_at, 'verdict', retest.verdict,
    'share', retest.judgement ->> '$.coverage.together.share')
  FROM scans retest INDEXED BY scans_by_target WHERE retest.tenant_id = targets.tenant_id AND retest.target_id = targets.id
    AND retest.proof IS NULL AND retest.control IS NULL AND retest.created_at > ${scans.createdAt}
    AND retest.fills = targets.last_scan_id AND retest.state = 'finished' ORDER BY retest.created_at DESC LIMIT 1)`

/** In the order asked for; one row more than `limit` where there are further ones. */
export async function targetRows(db: Db, tenantId: string, ask: TargetAsk, limit: number, now: number) {
  const key = KEY[ask.sort]
  const way = sql.raw(ask.desc ? 'DESC' : 'ASC')
  const found = await db
    .select({
      id: targets.id,
      tenantId: targets.tenantId,
      address: targets.address,
      resolved: targets.resolved,
      name: targets.name,
      ports: sql<string>`substr(${targets.ports}, 1, 80)`,
      profile: targets.profile,
      schedule: targets.schedule,
      timezone: targets.timezone,
      nextDueAt: targets.nextDueAt,
      tags: targets.tags,
      openIssues: openIssues(T),
      lastScanId: targets.lastScanId,
      lastScannedAt: targets.lastScannedAt,
      lastVerdict: sql<ScanVerdict | null>`${scans.verdict}`,
      lastShare: sql<number | null>`${scans.coverageShare}`,
      retest: sql<string | null>`${retestOfLast}`,
    })
    .from(targets)
    .leftJoin(scans, and(eq(scans.tenantId, targets.tenantId), eq(scans.id, targets.lastScanId)))
    .where(
      and(
        eq(targets.tenantId, tenantId),
        isNull(targets.deletedAt),
        ask.cursor === '' ? undefined : after(tenantId, ask, key),
        ...conditionsOf(tenantId, ask),
        ask.control === '' ? undefined : maybeIs(ask.control, now),
      ),
    )
    .orderBy(sql`${key(T)} ${way}`, sql`targets.id ${way}`)
    .limit(limit + 1)
  return found.map((row) => ({ ...row, retest: row.retest === null ? null : (JSON.parse(row.retest) as TargetRetest) }))
}
/** `share`: what it and the scan tested between them. */
export interface TargetRetest {
  id: string
  at: number
  verdict: ScanVerdict | null
  share: number | null
}
export type TargetListRow = Awaited<ReturnType<typeof targetRows>>[number]

/** Behind the target at which the page before ended, wherever that stands now. */
function after(tenantId: string, { cursor, desc }: TargetAsk, key: (table: SQL) => SQL): SQL {
  const last = sql.raw('last_seen')
  return sql`(${key(T)}, targets.id) ${sql.raw(desc ? '<' : '>')}
    (SELECT ${key(last)}, last_seen.id FROM targets last_seen WHERE last_seen.tenant_id = ${tenantId} AND last_seen.id = ${cursor})`
}

const hasOpen = sql`EXISTS (SELECT 1 FROM issues INDEXED BY issues_open_once WHERE issues.tenant_id = targets.tenant_id AND issues.target_id = targets.id AND issues.closed_at IS NULL)`

/** The few are found by their own index, whatever the order. */
const outdatedOf = (tenantId: string) =>
  sql`targets.id IN (SELECT few.id FROM targets few INDEXED BY targets_outdated WHERE few.tenant_id = ${tenantId} AND few.outdated_by <> '[]')`

function conditionsOf(tenantId: string, { q, issues, schedule, tag, allowlist }: TargetAsk): (SQL | undefined)[] {
  const tagged = (word: string) => sql`EXISTS (SELECT 1 FROM json_each(${targets.tags}) WHERE value = ${word})`
  return [
    q === ''
      ? undefined
      : sql`(instr(lower(coalesce(${targets.name}, '') || ' ' || ${targets.address}), lower(${q})) > 0 OR ${tagged(q)})`,
    issues === '' ? undefined : issues === 'open' ? hasOpen : sql`NOT ${hasOpen}`,
    schedule === '' ? undefined : sql`(${targets.schedule} IS NULL) = ${schedule === 'no' ? 1 : 0}`,
    tag === '' ? undefined : tagged(tag),
    allowlist === '' ? undefined : outdatedOf(tenantId),
  ]
}

/** Certainly not public: the rest is told by worker/core/control.ts, row by row. */
const PRIVATE = ['10.*', '127.*', '192.168.*', '172.1[6-9].*', '172.2[0-9].*', '172.3[01].*', 'f[cd]*:*', '::1']
const isPrivate = sql`(${sql.join(
  PRIVATE.map((glob) => sql`targets.address GLOB ${glob}`),
  sql` OR `,
)})`

/** Control of one of its addresses was once asked for, and stands so. */
const row = (stands: SQL) =>
  sql`EXISTS (SELECT 1 FROM controls c WHERE c.tenant_id = targets.tenant_id AND c.method IS NOT NULL
    AND (c.subject = targets.address OR c.subject IN (SELECT value FROM json_each(targets.resolved))) AND ${stands})`
const covered = sql`EXISTS (SELECT 1 FROM letters WHERE letters.tenant_id = targets.tenant_id AND letters.revoked_at IS NULL)`

/** What can be told in the database; a few more may pass, which the caller then leaves out. */
function maybeIs(state: ControlState, now: number): SQL {
  switch (state) {
    case 'proved':
      return sql`(${row(sql`c.expires_at > ${now}`)} OR ${covered})`
    case 'failing':
      return row(sql`c.expires_at > ${now} AND c.problem IS NOT NULL`)
    case 'lapsed':
      return row(sql`c.expires_at <= ${now}`)
    case 'unproved':
      return sql`NOT ${isPrivate} AND NOT (json_array_length(targets.resolved) = 0 AND ${row(sql`c.expires_at > ${now}`)})`
    case 'not_needed':
      return sql`NOT ${row(sql`c.expires_at > ${now}`)}`
  }
}

export const isControlState = (word: string): word is ControlState =>
  (CONTROL_STATES as readonly string[]).includes(word)
