/** The published source prefixes and their life: announced, active, retiring, retired. */
import { and, asc, eq, lte, sql } from 'drizzle-orm'
import { newId } from '../../schema/ids.ts'
import { ranges } from '../../schema/tables.ts'
import type { RangeState } from '../../schema/words.ts'
import type { Db, Statement } from './db.ts'
import { OPERATOR } from './keys.ts'

export type Range = typeof ranges.$inferSelect
export type NewRange = Omit<Range, 'tenantId' | 'id' | 'retireAfter'>
/** How long before its first packet a public range is announced, and how long after its last it stays listed. */
export const NOTICE_MS = 30 * 24 * 3_600_000

/** Announces a range; one that is known already stays as it is, but for being made active at once. */
export const addRange = (db: Db, range: NewRange): Statement =>
  db
    .insert(ranges)
    .values({ ...range, tenantId: OPERATOR, id: newId('rng') })
    .onConflictDoUpdate({
      target: [ranges.tenantId, ranges.cidr],
      set: { state: range.state, activeFrom: range.activeFrom, retireAfter: null },
      setWhere: sql`excluded.state = 'active' AND ${ranges.state} <> 'active'`,
    })

export const listRanges = (db: Db): Promise<Range[]> =>
  db.select().from(ranges).where(eq(ranges.tenantId, OPERATOR)).orderBy(asc(ranges.cidr)).limit(5_000)

/** Null when there is no such range. */
export async function changeRange(db: Db, id: string, state: RangeState, now: number): Promise<Range | null> {
  const [row] = await db
    .update(ranges)
    .set({
      state,
      ...(state === 'active' ? { activeFrom: now, retireAfter: null } : {}),
      ...(state === 'announced' ? { activeFrom: now + NOTICE_MS, retireAfter: null } : {}),
      ...(state === 'retiring' ? { retireAfter: now + NOTICE_MS } : {}),
    })
    .where(and(eq(ranges.tenantId, OPERATOR), eq(ranges.id, id)))
    .returning()
  return row ?? null
}

/** Ranges whose time has come go on to their next state. */
export const ageRanges = async (db: Db, now: number): Promise<void> => {
  await db.batch([
    db
      .update(ranges)
      .set({ state: 'active' })
      .where(and(eq(ranges.state, 'announced'), lte(ranges.activeFrom, now))),
    db
      .update(ranges)
      .set({ state: 'retired' })
      .where(and(eq(ranges.state, 'retiring'), lte(ranges.retireAfter, now))),
  ])
}
