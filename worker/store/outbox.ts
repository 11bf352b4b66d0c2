/** Notices to send. They are written in the batch of what they tell of, and sent by cron. */
import { and, asc, eq, inArray, isNull } from 'drizzle-orm'
import { outbox } from '../../schema/tables.ts'
import type { Notice } from '../core/notice.ts'
import type { Db } from './db.ts'

export type Waiting = { tenantId: string; id: string; at: number; notice: Notice & { links: Record<string, string> } }

/** The oldest notices that nobody was told yet, of all tenants. */
export async function unsent(db: Db, limit: number): Promise<Waiting[]> {
  const found = await db.select().from(outbox).where(isNull(outbox.sentAt)).orderBy(asc(outbox.at)).limit(limit)
  return found.map((row) => ({ tenantId: row.tenantId, id: row.id, at: row.at, notice: JSON.parse(row.body) }))
}

export const markSent = async (db: Db, tenantId: string, ids: readonly string[], now: number): Promise<void> => {
  await db
    .update(outbox)
    .set({ sentAt: now })
    .where(and(eq(outbox.tenantId, tenantId), inArray(outbox.id, [...ids]), isNull(outbox.sentAt)))
}
