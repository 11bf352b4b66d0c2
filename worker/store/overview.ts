/** What the overview shows, in two queries: the newest scans, and what somebody should look at. */
import { and, desc, eq, isNull, type SQL, sql } from 'drizzle-orm'
import { type Address, contains, isPublic, parseAddress, parseCidr } from '../../schema/address.ts'
import type { ControlTrouble } from '../../schema/control.ts'
import { probes, scans, targets } from '../../schema/tables.ts'
import type { ScanVerdict } from '../../schema/words.ts'
import type { Db } from './db.ts'
import { OPERATOR } from './keys.ts'
import { MOST_LETTERS } from './letters.ts'

/** The newest scans with the share of each that was tested; a sentence for the first `told` of them alone, for it stands in the judgement. */
export const scanMarks = (db: Db, tenantId: string, limit: number, told: number) =>
  db
    .select({
      id: scans.id,
      targetId: scans.targetId,
      target: sql<string>`coalesce(${targets.name}, ${targets.address}, 'a removed target')`,
      site: scans.site,
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
      createdAt: scans.createdAt,
      finishedAt: scans.finishedAt,
    })
    .from(scans)
    .leftJoin(targets, and(eq(targets.tenantId, scans.tenantId), eq(targets.id, scans.targetId)))
    .where(and(eq(scans.tenantId, tenantId), isNull(scans.proof), isNull(scans.control)))
    .orderBy(desc(scans.createdAt), desc(scans.id))
    .limit(limit)

export const MATTERS = ['interference', 'incomplete', 'unproved', 'control', 'channel', 'outdated'] as const

/** One thing that wants attention, and how many there are of its kind. */
export interface Matter {
  kind: (typeof MATTERS)[number]
  /** of the issue, the target or the channel */
  id: string
  /** its title or name */
  text: string
  /** of a channel: why; of a proof of control: what the last look found */
  why: string | null
  /** since when; of a proof of control: until when it holds */
  at: number | null
  total: number
}

/** So long before its end a proof of control that fails is told of. */
const AHEAD_MS = 7 * 86_400_000

/** A few of each kind, the newest first. One row with a list for each, for D1 takes five terms of a compound SELECT at most. */
export async function readMatters(db: Db, tenantId: string, now: number, each: number): Promise<Matter[]> {
  const listOf = (kind: string, rows: SQL) => sql`(SELECT json_group_array(json_object('kind', ${kind}, 'id', one.id,
    'text', one.text, 'why', one.why, 'at', one.at, 'total', one.total)) FROM (${rows}) one)`
  const standing = (finding: string) => sql`issues INDEXED BY issues_standing
    WHERE tenant_id = ${tenantId} AND closed_at IS NULL AND state = 'open' AND finding = ${finding}`
  const issuesOf = (finding: string) =>
    listOf(
      finding,
      sql`SELECT id, title AS text, NULL AS why, opened_at AS at, (SELECT count(*) FROM ${standing(finding)}) AS total
        FROM ${standing(finding)} ORDER BY restated_at DESC LIMIT ${each}`,
    )
  const lists = [
    ...(['interference', 'incomplete', 'unproved'] as const).map(issuesOf),
    listOf(
      'control',
      sql`SELECT t.id AS id, c.subject AS text, c.problem AS why, c.expires_at AS at, count(*) OVER () AS total
        FROM controls c JOIN targets t ON t.tenant_id = c.tenant_id AND t.id = c.target_id AND t.deleted_at IS NULL
        WHERE c.tenant_id = ${tenantId} AND c.method IS NOT NULL
          AND (c.expires_at IS NULL OR c.expires_at < ${now} OR (c.expires_at < ${now + AHEAD_MS} AND c.problem IS NOT NULL))
          AND NOT EXISTS (SELECT 1 FROM issues i WHERE i.tenant_id = c.tenant_id AND i.target_id = c.target_id
            AND i.finding = 'unproved' AND i.closed_at IS NULL)
        ORDER BY c.expires_at LIMIT ${each}`,
    ),
    listOf(
      'channel',
      sql`SELECT id, name AS text, state_reason AS why, state_at AS at, count(*) OVER () AS total FROM channels
        WHERE tenant_id = ${tenantId} AND state <> 'on' ORDER BY state_at DESC LIMIT ${each}`,
    ),
    listOf(
      'outdated',
      sql`SELECT id, coalesce(name, address) AS text, NULL AS why, NULL AS at, count(*) OVER () AS total FROM targets INDEXED BY targets_outdated
        WHERE tenant_id = ${tenantId} AND outdated_by <> '[]' AND deleted_at IS NULL LIMIT ${each}`,
    ),
    listOf(
      'letter',
      sql`SELECT id, cidr AS text, NULL AS why, NULL AS at, 0 AS total FROM letters
        WHERE tenant_id = ${tenantId} AND revoked_at IS NULL AND expires_at > ${now} LIMIT ${MOST_LETTERS}`,
    ),
  ]
  const columns = sql.join(
    lists.map((list, i) => sql`${list} AS ${sql.identifier(`list${i}`)}`),
    sql`, `,
  )
  const row = await db.get<Record<string, string>>(sql`SELECT ${columns}`)
  const found = Object.values(row ?? {}).flatMap(
    (list) => JSON.parse(list) as (Omit<Matter, 'kind'> & { kind: Matter['kind'] | 'letter' })[],
  )
  const letters = found.flatMap((row) => (row.kind === 'letter' ? (parseCidr(row.text) ?? []) : []))
  // Private addresses need no proof, and a letter speaks for those that it covers.
  const isNeeded = (address: Address | null) =>
    address !== null && isPublic(address) && !letters.some((cidr) => contains(cidr, address))
  return found.flatMap((row): Matter[] => {
    if (row.kind === 'letter') return []
    if (row.kind !== 'control') return [{ ...row, kind: row.kind }]
    return isNeeded(parseAddress(row.text)) ? [{ ...row, kind: row.kind, why: troubleOf(row.why) }] : []
  })
}

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
