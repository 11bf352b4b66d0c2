import { and, asc, desc, eq, isNull, lte, sql } from 'drizzle-orm'
import { newId } from '../../schema/ids.ts'
import { targets } from '../../schema/tables.ts'
import { type Db, rows, rowWhere } from './db.ts'
import { isThere } from './keys.ts'
import { type Page, type PageRequest, pageOf } from './page.ts'

export type Target = typeof targets.$inferSelect
/** What its owner says of a target. */
export type TargetWish = Pick<
  Target,
  | 'address'
  | 'name'
  | 'ports'
  | 'schedule'
  | 'timezone'
  | 'sites'
  | 'profile'
  | 'maxConnectsPerSecond'
  | 'anchors'
  | 'tags'
  | 'proofHeader'
  | 'nextDueAt'
>

const mine = (tenantId: string, id: string) =>
  and(eq(targets.tenantId, tenantId), eq(targets.id, id), isNull(targets.deletedAt))

/** Null when the tenant was removed. */
export async function addTarget(db: Db, tenantId: string, wish: TargetWish, now: number): Promise<Target | null> {
  const row = { ...wish, tenantId, id: newId('tgt'), createdAt: now, scanners: {}, lastKnown: {} }
  const [added] = await db
    .insert(targets)
    .select(rowWhere(targets, row, isThere(tenantId)))
    .returning()
  return added ?? null
}

export const readTarget = async (db: Db, tenantId: string, id: string): Promise<Target | null> =>
  (await db.select().from(targets).where(mine(tenantId, id)).get()) ?? null

/** Other targets of the tenant whose literal address begins so (`203.0.113.`): the address, and what was open there. */
export async function readNeighbours(
  db: Db,
  tenantId: string,
  except: string,
  prefixes: readonly string[],
): Promise<Pick<Target, 'address' | 'lastKnown'>[]> {
  if (prefixes.length === 0) return []
  return db
    .select({ address: targets.address, lastKnown: targets.lastKnown })
    .from(targets)
    .where(
      and(
        eq(targets.tenantId, tenantId),
        isNull(targets.deletedAt),
        sql`${targets.id} <> ${except}`,
        sql`EXISTS (SELECT 1 FROM json_each(${rows(prefixes)}) WHERE ${targets.address} LIKE value || '%')`,
      ),
    )
    .limit(16)
}

export async function listTargets(
  db: Db,
  tenantId: string,
  filter: { address?: string },
  { limit, cursor }: PageRequest,
): Promise<Page<Target>> {
  const address = filter.address === undefined ? undefined : eq(targets.address, filter.address)
  const before = cursor ? sql`(${targets.createdAt}, ${targets.id}) < (${cursor.at}, ${cursor.id})` : undefined
  const found = await db
    .select()
    .from(targets)
    .where(and(eq(targets.tenantId, tenantId), isNull(targets.deletedAt), address, before))
    .orderBy(desc(targets.createdAt), desc(targets.id))
    .limit(limit + 1)
  return pageOf(
    found,
    limit,
    (row) => row.createdAt,
    (row) => row,
  )
}

/** Of this address, with this tag. */
export const targetsTagged = (db: Db, tenantId: string, address: string, tag: string): Promise<Target[]> =>
  db
    .select()
    .from(targets)
    .where(
      and(
        eq(targets.tenantId, tenantId),
        eq(targets.address, address),
        isNull(targets.deletedAt),
        sql`EXISTS (SELECT 1 FROM json_each(${targets.tags}) WHERE value = ${tag})`,
      ),
    )
    .limit(10)

/** Null when there is no such target. */
export async function changeTarget(
  db: Db,
  tenantId: string,
  id: string,
  change: Partial<TargetWish>,
): Promise<Target | null> {
  if (Object.keys(change).length === 0) return readTarget(db, tenantId, id)
  const [row] = await db.update(targets).set(change).where(mine(tenantId, id)).returning()
  return row ?? null
}

/** Keeps what was found; the target is seen and scanned no more. */
export async function removeTarget(db: Db, tenantId: string, id: string, now: number): Promise<boolean> {
  const [row] = await db
    .update(targets)
    .set({ deletedAt: now, nextDueAt: null })
    .where(mine(tenantId, id))
    .returning({ id: targets.id })
  return row !== undefined
}

/** Targets of all tenants whose schedule is due, the longest due first. */
export const dueTargets = (db: Db, now: number, limit: number): Promise<Target[]> =>
  db
    .select()
    .from(targets)
    .where(and(lte(targets.nextDueAt, now), isNull(targets.deletedAt), isThere(sql`${targets.tenantId}`)))
    .orderBy(asc(targets.nextDueAt))
    .limit(limit)

/** Moves the schedule on. Only the tick that still finds the old due time does it; a doubled one changes nothing. */
export const moveOn = async (
  db: Db,
  tenantId: string,
  id: string,
  from: number,
  to: number | null,
  skipped: number,
): Promise<void> => {
  await db
    .update(targets)
    .set({ nextDueAt: to, skipped: sql`${targets.skipped} + ${skipped}` })
    .where(and(mine(tenantId, id), eq(targets.nextDueAt, from)))
}
