/** What the overview shows, in two queries: the newest scans, and what somebody should look at. */
import { and, desc, eq, isNull, type SQL, sql } from 'drizzle-orm'
import { type Address, contains, isPublic, parseAddress, parseCidr } from '../../schema/address.ts'
import type { ControlTrouble } from '../../schema/control.ts'
import { probes, scans, targets } from '../../schema/tables.ts'
import { FINDINGS, type ScanVerdict } from '../../schema/words.ts'
import type { Db } from './db.ts'
import { OPERATOR } from './keys.ts'
import { MOST_LETTERS } from './letters.ts'
import { isOfLivingTarget, siteOfScan } from './portal.ts'

/** The newest scans with the share of each that was tested; a sentence for the first `told` of them alone, for it stands in the judgement. */
export const scanMarks = (db: Db, tenantId: string, limit: number, told: number) =>
  db
    .select({
      id: scans.id,
      targetId: scans.targetId,
      target: sql<string>`coalesce(${targets.name}, ${targets.address}, 'a removed target')`,
      site: siteOfScan,
      profile: scans.profile,
      state: scans.state,
      failureCode: scans.failureCode,
      verdict: sql<ScanVerdict | null>`coalesce(${scans.verdict}, ${scans.judgement} ->> '$.verdict')`,
      share: sql<number | null>`coalesce(${scans.coverageShare}, ${scans.judgement} ->> '$.coverage.share')`,
      coverage: sql<
        string | null
      >`CASE WHEN ${scans.id} IN (SELECT id FROM scans told WHERE told.tenant_id = ${tenantId}
        AND told.proof IS NULL AND told.control IS NULL ORDER BY told.created_at DESC, told.id DESC LIMIT ${told})
        THEN ${scans.judgement} ->> '$.coverage.statement' END`,
      retestOf: scans.retestOf,
      createdAt: scans.createdAt,
      finishedAt: scans.finishedAt,
    })
    .from(scans)
    .leftJoin(targets, and(eq(targets.tenantId, scans.tenantId), eq(targets.id, scans.targetId)))
    .where(and(eq(scans.tenantId, tenantId), isNull(scans.proof), isNull(scans.control)))
    .orderBy(desc(scans.createdAt), desc(scans.id))
    .limit(limit)

export const MATTERS = [
  ...FINDINGS,
  ...(['lapsed', 'failing', 'bare', 'channel', 'outdated', 'failed'] as const),
] as const

/** One thing that wants attention, and how many there are of its kind. */
export interface Matter {
  kind: (typeof MATTERS)[number]
  /** of the issue, the target, the channel or the scan */
  id: string
  /** its title or name */
  text: string
  /** of a channel: why; of a proof of control: what the last look found */
  why: string | null
  /** since when; of a proof of control: until when it holds */
  at: number | null
  total: number
  /** there may be more than `total` */
  isLeast: boolean
}

/** So long before its end a proof of control that fails is told of. */
const AHEAD_MS = 7 * 86_400_000
const DAY_MS = 86_400_000
/** A scan ends within so long after it was asked. */
const LONGEST_MS = 2 * DAY_MS
/** Rows looked through for one kind, however many there are. */
const LOOKED_THROUGH = 100

/** A few of each kind, the newest first. One row with a list for each, for D1 takes five terms of a compound SELECT at most. */
export async function readMatters(
  db: Db,
  tenantId: string,
  now: number,
  each: number,
  mostCounted: number,
): Promise<{ matters: Matter[]; running: number; snoozed: number }> {
  const listOf = (kind: string, rows: SQL) => sql`(SELECT json_group_array(json_object('kind', ${kind}, 'id', one.id,
    'text', one.text, 'why', one.why, 'at', one.at, 'told', one.told, 'total', one.total)) FROM (${rows}) one)`
  const standing = (finding: string) => sql`issues INDEXED BY issues_standing
    WHERE issues.tenant_id = ${tenantId} AND closed_at IS NULL AND state = 'open' AND finding = ${finding} AND ${isOfLivingTarget(tenantId)}`
  const issuesOf = (finding: string) =>
    listOf(
      finding,
      sql`SELECT id, title AS text, NULL AS why, opened_at AS at, 0 AS told, (SELECT count(*) FROM ${standing(finding)}) AS total
        FROM ${standing(finding)} ORDER BY restated_at DESC LIMIT ${each}`,
    )
  const toldOf = (
    targetId: SQL,
  ) => sql`EXISTS (SELECT 1 FROM issues i INDEXED BY issues_open_once WHERE i.tenant_id = ${tenantId}
    AND i.target_id = ${targetId} AND i.finding = 'unproved' AND i.closed_at IS NULL)`
  const proofs = (
    ends: SQL,
    rest = sql`1`,
  ) => sql`SELECT t.id AS id, c.subject AS text, c.problem AS why, c.expires_at AS at,
      ${toldOf(sql`t.id`)} AS told, 0 AS total
    FROM (SELECT * FROM controls c INDEXED BY controls_by_end WHERE c.tenant_id = ${tenantId} AND ${ends} ORDER BY c.expires_at LIMIT ${LOOKED_THROUGH}) c
    CROSS JOIN targets t ON t.tenant_id = ${tenantId} AND t.id = c.target_id AND t.deleted_at IS NULL WHERE ${rest}`
  const lists = [
    ...FINDINGS.map(issuesOf),
    listOf('lapsed', proofs(sql`c.expires_at <= ${now}`)),
    listOf(
      'failing',
      proofs(sql`c.expires_at > ${now} AND c.expires_at < ${now + AHEAD_MS}`, sql`c.problem IS NOT NULL`),
    ),
    // Who never chose a method has no row in `controls`; without a proof nothing was scanned yet, or a letter has ended.
    listOf(
      'bare',
      sql`SELECT t.id AS id, address.value AS text, c.problem AS why, NULL AS at, ${toldOf(sql`t.id`)} AS told, 0 AS total
        FROM (SELECT * FROM targets INDEXED BY targets_by_last_scan WHERE tenant_id = ${tenantId} AND deleted_at IS NULL
          AND coalesce(last_scanned_at, 0) = 0 LIMIT ${LOOKED_THROUGH}) t,
          json_each(CASE json_array_length(t.resolved) WHEN 0 THEN json_array(t.address) ELSE t.resolved END) address
        LEFT JOIN controls c ON c.tenant_id = ${tenantId} AND c.subject = address.value
        WHERE c.proved_at IS NULL LIMIT ${LOOKED_THROUGH}`,
    ),
    listOf('bare', proofs(sql`c.expires_at IS NULL`, sql`c.method IS NOT NULL`)),
    listOf(
      'channel',
      sql`SELECT id, name AS text, state_reason AS why, state_at AS at, 0 AS told, count(*) OVER () AS total FROM channels
        WHERE tenant_id = ${tenantId} AND state <> 'on' ORDER BY state_at DESC LIMIT ${each}`,
    ),
    listOf(
      'outdated',
      sql`SELECT id, coalesce(name, address) AS text, NULL AS why, NULL AS at, 0 AS told, count(*) OVER () AS total FROM targets INDEXED BY targets_outdated
        WHERE tenant_id = ${tenantId} AND outdated_by <> '[]' AND deleted_at IS NULL LIMIT ${each}`,
    ),
    listOf(
      'failed',
      sql`SELECT s.id AS id, coalesce(t.name, t.address, 'a removed target') AS text, NULL AS why, s.finished_at AS at, 0 AS told, count(*) OVER () AS total
        FROM (SELECT * FROM scans INDEXED BY scans_by_bad_end WHERE tenant_id = ${tenantId} AND state IN ('failed', 'cancelled') AND state = 'failed'
          AND created_at > ${now - LONGEST_MS} ORDER BY created_at DESC LIMIT ${LOOKED_THROUGH}) s
        LEFT JOIN targets t ON t.tenant_id = ${tenantId} AND t.id = s.target_id
        WHERE s.finished_at > ${now - DAY_MS} AND s.proof IS NULL AND s.control IS NULL AND NOT EXISTS (
          SELECT 1 FROM scans later INDEXED BY scans_by_target WHERE later.tenant_id = ${tenantId} AND later.target_id = s.target_id
          AND later.created_at > s.created_at AND later.proof IS NULL AND later.control IS NULL AND later.finished_at IS NOT NULL)
        ORDER BY s.created_at DESC LIMIT ${each}`,
    ),
    listOf(
      'letter',
      sql`SELECT id, cidr AS text, NULL AS why, NULL AS at, 0 AS told, 0 AS total FROM letters
        WHERE tenant_id = ${tenantId} AND revoked_at IS NULL AND expires_at > ${now} LIMIT ${MOST_LETTERS}`,
    ),
  ]
  const columns = sql.join(
    lists.map((list, i) => sql`${list} AS ${sql.identifier(`list${i}`)}`),
    sql`, `,
  )
  const row = await db.get<Record<string, string>>(
    sql`SELECT ${columns}, ${runningScans(tenantId, mostCounted)} AS running, ${snoozedIssues(tenantId, mostCounted)} AS snoozed`,
  )
  const found = lists.flatMap((_, i) => JSON.parse(row?.[`list${i}`] ?? '[]') as Found[])
  const letters = found.flatMap((row) => (row.kind === 'letter' ? (parseCidr(row.text) ?? []) : []))
  // Private addresses need no proof, and a letter speaks for those that it covers.
  const isNeeded = (address: Address | null) =>
    address !== null && isPublic(address) && !letters.some((cidr) => contains(cidr, address))
  const proofsOf = (kind: 'lapsed' | 'failing' | 'bare'): Matter[] => {
    const looked = found.filter((row) => row.kind === kind)
    const needed = looked.filter(({ text }) => isNeeded(parseAddress(text)))
    const targets = [...new Map(needed.toReversed().map((row) => [row.id, row])).values()].toReversed()
    const isLeast = kind === 'bare' || looked.length >= LOOKED_THROUGH
    // Of those that an issue tells of it says no more, but the list that it leads to shows them.
    return targets
      .filter(({ told }) => told === 0)
      .slice(0, each)
      .map(({ told: _, why, ...row }) => ({ ...row, kind, why: troubleOf(why), total: targets.length, isLeast }))
  }
  const others = found.flatMap(({ told: _, kind, ...row }): Matter[] =>
    kind === 'letter' || kind === 'lapsed' || kind === 'failing' || kind === 'bare'
      ? []
      : [{ ...row, kind, isLeast: false }],
  )
  return {
    matters: [...others, ...proofsOf('lapsed'), ...proofsOf('failing'), ...proofsOf('bare')],
    running: Number(row?.running ?? 0),
    snoozed: Number(row?.snoozed ?? 0),
  }
}
interface Found extends Omit<Matter, 'kind' | 'isLeast'> {
  kind: Matter['kind'] | 'letter'
  /** 1 where an issue tells of it */
  told: 0 | 1
}

/** Scans that run or wait, counted up to `most`. */
const runningScans = (tenantId: string, most: number) =>
  sql<number>`(SELECT count(*) FROM (SELECT 1 FROM (SELECT proof, control FROM scans INDEXED BY scans_one_running
    WHERE tenant_id = ${tenantId} AND finished_at IS NULL LIMIT ${4 * most}) WHERE proof IS NULL AND control IS NULL LIMIT ${most}))`

/** Issues of which nobody is told for now, counted up to `most`. */
const snoozedIssues = (tenantId: string, most: number) =>
  sql<number>`(SELECT count(*) FROM (SELECT 1 FROM issues INDEXED BY issues_unclosed WHERE issues.tenant_id = ${tenantId}
    AND closed_at IS NULL AND state = 'snoozed' AND ${isOfLivingTarget(tenantId)} LIMIT ${most}))`

const troubleOf = (stored: string | null): string | null =>
  stored === null ? null : (JSON.parse(stored) as ControlTrouble).detail

/** The fleet as the overview needs it: without keys and directories. */
export const probeHealth = (db: Db) =>
  db
    .select({
      id: probes.id,
      site: probes.site,
      sourceAddress: probes.sourceAddress,
      country: probes.country,
      provider: probes.provider,
      seenAt: probes.seenAt,
      health: probes.health,
      drainedAt: probes.drainedAt,
      quarantinedAt: probes.quarantinedAt,
      quarantineReason: probes.quarantineReason,
    })
    .from(probes)
    .where(and(eq(probes.tenantId, OPERATOR), isNull(probes.revokedAt)))
    .limit(1_000)
