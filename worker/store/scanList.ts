/** The portal's list of scans: filtered, searched, in either order of time, a page at a time; each by an index of its own. */
import { and, asc, desc, eq, isNotNull, isNull, like, or, type SQL, sql } from 'drizzle-orm'
import { scans, targets } from '../../schema/tables.ts'
import type { ScanState, ScanVerdict } from '../../schema/words.ts'
import { type Db, rows } from './db.ts'
import { cursorOf, readCursor } from './page.ts'
import { siteOfScan } from './portal.ts'

export interface ScanListAsk {
  state: ScanState | null
  verdict: ScanVerdict | null
  /** of this target alone; '' for all */
  target: string
  /** words of the target's name or address; '' for all */
  q: string
  /** oldest first */
  oldest: boolean
}

/** So many targets are looked up one by one; where words fit more, their scans lie dense enough to be met in order of time. */
const FEW_TARGETS = 200

/** Pages of scans: each is asked for by where the one before ended ('' for the first); words are looked for once. */
export function scanPages(db: Db, tenantId: string, ask: ScanListAsk) {
  let named: ReturnType<typeof targetsLike> | null = null
  const like = () => {
    if (ask.q !== '') named ??= targetsLike(db, tenantId, ask)
    return named
  }
  return (cursor: string, limit: number) => scanPage(db, tenantId, ask, like, { cursor, limit })
}

/** One of them, and where the next begins; null when the cursor is none of ours. */
async function scanPage(
  db: Db,
  tenantId: string,
  ask: ScanListAsk,
  like: () => ReturnType<typeof targetsLike> | null,
  { cursor, limit }: { cursor: string; limit: number },
) {
  const after = cursor === '' ? null : readCursor(cursor)
  if (cursor !== '' && after === null) return null
  const named = await like()
  // The plus keeps the planner from walking all scans in order of time where it can go to those of a few targets.
  const time = named?.areFew ? sql`+${scans.createdAt}` : scans.createdAt
  const found = await db
    .select({
      id: scans.id,
      targetId: scans.targetId,
      target: sql<string>`coalesce(${targets.name}, ${targets.address}, 'a removed target')`,
      address: sql<string>`coalesce(${targets.address}, ${scans.addresses} ->> '$[0]', '')`,
      site: siteOfScan,
      profile: scans.profile,
      state: scans.state,
      verdict: scans.verdict,
      share: scans.coverageShare,
      coverage: sql<string | null>`${scans.judgement} ->> '$.coverage.statement'`,
      lost: sql<number>`(SELECT count(*) FROM occurrences o WHERE o.tenant_id = ${scans.tenantId} AND o.scan_id = ${scans.id})`,
      retestOf: scans.retestOf,
      createdAt: scans.createdAt,
      startedAt: scans.startedAt,
      finishedAt: scans.finishedAt,
    })
    .from(scans)
    .leftJoin(targets, and(eq(targets.tenantId, scans.tenantId), eq(targets.id, scans.targetId)))
    .where(
      and(
        eq(scans.tenantId, tenantId),
        isNull(scans.proof),
        isNull(scans.control),
        ...(ask.target === '' ? [stateIs(ask.state), verdictIs(ask.verdict)] : ofTarget(ask)),
        named?.where,
        after === null
          ? undefined
          : ask.oldest
            ? sql`(${scans.createdAt}, ${scans.id}) > (${after.at}, ${after.id})`
            : sql`(${scans.createdAt}, ${scans.id}) < (${after.at}, ${after.id})`,
      ),
    )
    .orderBy(...(ask.oldest ? [asc(time), asc(scans.id)] : [desc(time), desc(scans.id)]))
    .limit(limit + 1)
  const kept = found.slice(0, limit)
  const last = kept.at(-1)
  return { rows: kept, next: last && found.length > limit ? cursorOf({ at: last.createdAt, id: last.id }) : null }
}
export type ScanListRow = NonNullable<Awaited<ReturnType<typeof scanPage>>>['rows'][number]

/** A partial index is only taken where the statement says word by word what it holds. */
const BAD_END = sql`${scans.state} in ('failed', 'cancelled')`

function stateIs(state: ScanState | null): SQL | undefined {
  switch (state) {
    case null:
      return undefined
    case 'failed':
      return sql`${BAD_END} AND ${scans.state} = 'failed'`
    case 'cancelled':
      return sql`${BAD_END} AND ${scans.state} = 'cancelled'`
    case 'queued':
    case 'running':
      return and(isNull(scans.finishedAt), eq(scans.state, state))
    case 'finished':
      return eq(scans.state, state)
  }
}

const verdictIs = (verdict: ScanVerdict | null): SQL | undefined =>
  verdict === null
    ? undefined
    : and(isNotNull(scans.finishedAt), eq(scans.verdict, verdict), eq(scans.state, 'finished'))

/** Of one target there are far fewer than of a verdict or state: the pluses keep the planner from the indexes of these. */
const ofTarget = ({ target, state, verdict }: ScanListAsk): (SQL | undefined)[] => [
  eq(scans.targetId, target),
  state === null ? undefined : sql`+${scans.state} = ${state}`,
  verdict === null ? undefined : sql`+${scans.verdict} = ${verdict} AND +${scans.state} = 'finished'`,
]

/** Scans of the targets that words fit. */
async function targetsLike(db: Db, tenantId: string, ask: ScanListAsk): Promise<{ where: SQL; areFew: boolean }> {
  const pattern = `%${ask.q.replace(/[\\%_]/g, (sign) => `\\${sign}`)}%`
  const fits = and(
    eq(targets.tenantId, tenantId),
    ask.target === '' ? undefined : eq(targets.id, ask.target),
    or(sql`${like(targets.address, pattern)} ESCAPE '\\'`, sql`${like(targets.name, pattern)} ESCAPE '\\'`),
  )
  const found = await db
    .select({ id: targets.id })
    .from(targets)
    .where(fits)
    .limit(FEW_TARGETS + 1)
  const areFew = found.length <= FEW_TARGETS
  return {
    areFew,
    where: areFew
      ? // Without the hint the planner walks all of the tenant's scans.
        sql`${scans.id} IN (SELECT one.id FROM scans one INDEXED BY scans_by_target WHERE one.tenant_id = ${tenantId}
          AND one.target_id IN (SELECT value FROM json_each(${rows(found.map(({ id }) => id))}))
          AND one.proof IS NULL AND one.control IS NULL)`
      : sql`+${scans.targetId} IN (SELECT id FROM targets WHERE ${fits})`,
  }
}
