/** Issues that stay open are told of again, seldom and not for ever. */
import { and, asc, eq, lte, sql } from 'drizzle-orm'
import { channels, issues, stories, targets } from '../../schema/tables.ts'
import { batch, type Db } from './db.ts'

export interface DueReminder {
  story: typeof stories.$inferSelect
  channel: Pick<typeof channels.$inferSelect, 'reminders' | 'state' | 'quietHours'>
  issue: Pick<typeof issues.$inferSelect, 'state' | 'snoozedUntil'> | null
  /** when the issue's target was removed */
  removedAt: number | null
}

export const dueReminders = (db: Db, now: number, limit: number): Promise<DueReminder[]> =>
  db
    .select({
      story: stories,
      channel: { reminders: channels.reminders, state: channels.state, quietHours: channels.quietHours },
      issue: { state: issues.state, snoozedUntil: issues.snoozedUntil },
      removedAt: targets.deletedAt,
    })
    .from(stories)
    .innerJoin(channels, and(eq(channels.tenantId, stories.tenantId), eq(channels.id, stories.channelId)))
    .leftJoin(issues, and(eq(issues.tenantId, stories.tenantId), eq(issues.id, stories.key)))
    .leftJoin(targets, and(eq(targets.tenantId, issues.tenantId), eq(targets.id, issues.targetId)))
    .where(lte(stories.remindAt, now))
    .orderBy(asc(stories.remindAt))
    .limit(limit)

/**
 * Moves a story's reminder on, and puts the message of this one in, if there is one. Only for the tick that still finds
 * the old time.
 */
export async function remind(
  db: Db,
  { story }: DueReminder,
  next: number | null,
  message: { id: string; nextAt: number } | null,
  now: number,
): Promise<void> {
  const { tenantId, channelId, key, remindAt, reminded } = story
  const here = sql`tenant_id = ${tenantId} AND channel_id = ${channelId} AND key = ${key} AND remind_at = ${remindAt}`
  await batch(db, [
    ...(message
      ? [
          db.run(sql`INSERT OR IGNORE INTO deliveries (tenant_id, id, channel_id, notice_id, name, story, at, reminder, state, next_at, since)
            SELECT ${tenantId}, ${message.id}, ${channelId}, ${story.noticeId}, 'issue.updated', ${key}, ${remindAt}, ${reminded + 1}, 'waiting', ${message.nextAt}, ${now}
            FROM stories WHERE ${here}`),
        ]
      : []),
    db.run(sql`UPDATE stories SET remind_at = ${next}, reminded = ${reminded + (message ? 1 : 0)} WHERE ${here}`),
  ])
}

/** A channel wants reminders from now on, or none: of the open issues that it was told of before, too. */
export const planReminders = async (
  db: Db,
  { tenantId, id }: { tenantId: string; id: string },
  firstAt: number | null,
): Promise<void> => {
  await db.run(sql`UPDATE stories SET remind_at = ${firstAt}, reminded = 0 WHERE tenant_id = ${tenantId} AND channel_id = ${id}
    AND notice_id IS NOT NULL AND EXISTS (SELECT 1 FROM issues i WHERE i.tenant_id = ${tenantId} AND i.id = stories.key AND i.closed_at IS NULL
      AND NOT EXISTS (SELECT 1 FROM targets t WHERE t.tenant_id = i.tenant_id AND t.id = i.target_id AND t.deleted_at IS NOT NULL))`)
}
