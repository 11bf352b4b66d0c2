/** Looking for lines in the audit log without reading all of it: a step reads so many lines at most, newest first. */
import { and, desc, eq, gt, gte, lt, or, type SQL, sql } from 'drizzle-orm'
import { audit } from '../../schema/tables.ts'
import type { AuditRow } from './audit.ts'
import type { Db } from './db.ts'

/** As many lines are looked through in one step. */
export const LOOKED_THROUGH = 5_000

export interface AuditWish {
  /** lines before this one; null: from the newest on */
  before: number | null
  /** from this time on; null: from the beginning */
  from: number | null
  /** before this time; null: to the end */
  until: number | null
  /** begins with it, such as `key:` */
  actor: string
  /** begins with it, such as `DELETE ` */
  deed: string
  /** somewhere in actor, deed or subject */
  words: string
}

export interface AuditStep {
  rows: AuditRow[]
  /** where to look on; null when there is nothing older that could fit */
  next: number | null
}

/** The first number whose line is of this time or later: a log is in the order of its times, so halving finds it. */
const firstFrom = (tenantId: string, at: number): SQL => sql`(WITH RECURSIVE half(low, high) AS (
    SELECT min(seq), max(seq) + 1 FROM audit WHERE tenant_id = ${tenantId}
    UNION ALL SELECT
      iif((SELECT at FROM audit WHERE tenant_id = ${tenantId} AND seq = (low + high) / 2) < ${at}, (low + high) / 2 + 1, low),
      iif((SELECT at FROM audit WHERE tenant_id = ${tenantId} AND seq = (low + high) / 2) < ${at}, high, (low + high) / 2)
    FROM half WHERE low < high)
  SELECT max(low) FROM half)`

type Column = typeof audit.actor | typeof audit.deed | typeof audit.subject
// Not LIKE: D1 takes no pattern of more than 50 bytes (platform.md 1.2).
const holds = (column: Column, words: string): SQL => sql`instr(lower(coalesce(${column}, '')), ${words}) > 0`
const begins = (column: Column, text: string): SQL | undefined =>
  text === '' ? undefined : sql`substr(${column}, 1, ${text.length}) = ${text}`

/** Two queries: where the step lies, and what fits in it. */
export async function searchAudit(db: Db, tenantId: string, wish: AuditWish, limit: number): Promise<AuditStep> {
  const span = await db.get<{ top: number | null; floor: number | null }>(sql`SELECT
    ${wish.until === null ? sql`(SELECT max(seq) + 1 FROM audit WHERE tenant_id = ${tenantId})` : firstFrom(tenantId, wish.until)} AS top,
    ${wish.from === null ? sql`(SELECT min(seq) FROM audit WHERE tenant_id = ${tenantId})` : firstFrom(tenantId, wish.from)} AS floor`)
  const top = Math.min(wish.before ?? Number.POSITIVE_INFINITY, span?.top ?? 0)
  const floor = span?.floor ?? 0
  if (top <= floor) return { rows: [], next: null }
  const bottom = Math.max(floor, top - LOOKED_THROUGH)
  const words = wish.words.toLowerCase()
  const found = await db
    .select()
    .from(audit)
    .where(
      and(
        eq(audit.tenantId, tenantId),
        lt(audit.seq, top),
        gte(audit.seq, bottom),
        begins(audit.actor, wish.actor),
        begins(audit.deed, wish.deed),
        words === '' ? undefined : or(holds(audit.actor, words), holds(audit.deed, words), holds(audit.subject, words)),
      ),
    )
    .orderBy(desc(audit.seq))
    .limit(limit + 1)
  const rows = found.slice(0, limit)
  if (found.length > limit) return { rows, next: rows.at(-1)?.seq ?? null }
  return { rows, next: bottom > floor ? bottom : null }
}

/** Oldest first, with the line before the first of them: what a check of the chain goes on from. */
export async function auditPortion(
  db: Db,
  tenantId: string,
  after: number,
  limit: number,
): Promise<{ kept: AuditRow | null; rows: AuditRow[] }> {
  const found = await db
    .select()
    .from(audit)
    .where(and(eq(audit.tenantId, tenantId), after > 0 ? gte(audit.seq, after) : gt(audit.seq, 0)))
    .orderBy(audit.seq)
    .limit(limit + 1)
  const isKept = after > 0 && found[0]?.seq === after
  return { kept: isKept ? (found[0] ?? null) : null, rows: isKept ? found.slice(1) : found.slice(0, limit) }
}
