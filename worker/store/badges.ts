/** Badges: a key for each target that has one, and what whoever knows it is shown. */
import { and, eq, isNull, sql } from 'drizzle-orm'
import { scans, targets } from '../../schema/tables.ts'
import type { Db } from './db.ts'

const mine = (tenantId: string, id: string) =>
  and(eq(targets.tenantId, tenantId), eq(targets.id, id), isNull(targets.deletedAt))

/** Switches it on with this key, unless it is on: then its own key stays. Null when there is no such target. */
export async function switchOn(db: Db, tenantId: string, id: string, key: string): Promise<string | null> {
  const [row] = await db
    .update(targets)
    .set({ badgeKey: sql`coalesce(${targets.badgeKey}, ${key})` })
    .where(mine(tenantId, id))
    .returning({ key: targets.badgeKey })
  return row?.key ?? null
}

/** Its key is good for nothing from now on. False when there is no such target. */
export async function switchOff(db: Db, tenantId: string, id: string): Promise<boolean> {
  const [row] = await db.update(targets).set({ badgeKey: null }).where(mine(tenantId, id)).returning({ id: targets.id })
  return row !== undefined
}

/** The last scan of the target with this id and key: nothing that names it. Null for anybody who guesses. */
export const readBadge = async (db: Db, id: string, key: string) =>
  (await db
    .select({ verdict: scans.verdict, share: scans.coverageShare, finishedAt: scans.finishedAt })
    .from(targets)
    .leftJoin(scans, and(eq(scans.tenantId, targets.tenantId), eq(scans.id, targets.lastScanId)))
    .where(and(eq(targets.badgeKey, key), eq(targets.id, id), isNull(targets.deletedAt)))
    .get()) ?? null
export type BadgeFacts = NonNullable<Awaited<ReturnType<typeof readBadge>>>
