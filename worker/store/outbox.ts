/** Notices to send. They are written in the batch of what they tell of, and wait here until each channel has its message. */
import { and, asc, desc, eq, inArray, isNull, lt, type SQL, sql } from 'drizzle-orm'
import type { AnyEvent } from '../../schema/events.ts'
import { type deliveries, outbox, stories } from '../../schema/tables.ts'
import type { NoticeName } from '../../schema/words.ts'
import { batch, changed, type Db, rows, type Statement } from './db.ts'

/** An event under its id. It is stored as its schema has it, so that any channel can be rendered later. */
export interface Told {
  id: string
  event: AnyEvent
}

/** Where the tenant has no channel, nobody is to be told, and that is known at once. */
const settledAt = (tenantId: string, now: number): SQL =>
  sql`CASE WHEN EXISTS (SELECT 1 FROM channels WHERE tenant_id = ${tenantId} AND state = 'on') THEN NULL ELSE ${now} END`

/**
 * Notices go in with what they tell of. Their ids follow from it, so that none is told twice.
 */
export const addNotices = (db: Db, tenantId: string, notices: readonly Told[], guard: SQL, now: number): Statement =>
  db.run(sql`INSERT OR IGNORE INTO outbox (tenant_id, id, name, at, body, spread_at)
    SELECT ${tenantId}, value ->> '$.id', value ->> '$.event.type', ${now}, value ->> '$.event',
      ${settledAt(tenantId, now)}
    FROM json_each(${rows(notices)}) WHERE ${guard}`)

/** Forgets notices that reached nobody in their time: they would be told too late to be of use. */
export const forgetNotices = async (db: Db, before: number): Promise<void> => {
  await db.delete(outbox).where(and(isNull(outbox.sentAt), lt(outbox.at, before)))
}

export type NoticeRow = typeof outbox.$inferSelect
export type StoryRow = typeof stories.$inferSelect

/** What no channel has a message of yet, in order; of one tenant or of all. */
export const unspread = (db: Db, limit: number, tenantId: string | null): Promise<NoticeRow[]> =>
  db
    .select()
    .from(outbox)
    .where(and(isNull(outbox.spreadAt), tenantId === null ? undefined : eq(outbox.tenantId, tenantId)))
    .orderBy(asc(outbox.at), asc(outbox.id))
    .limit(limit)

/** The tenant's last notice of this name, or the one with this id. */
export const lastNotice = async (
  db: Db,
  tenantId: string,
  wish: { name: NoticeName } | { id: string },
): Promise<NoticeRow | null> =>
  (await db
    .select()
    .from(outbox)
    .where(and(eq(outbox.tenantId, tenantId), 'id' in wish ? eq(outbox.id, wish.id) : eq(outbox.name, wish.name)))
    .orderBy(desc(outbox.at))
    .limit(1)
    .get()) ?? null

/** A message that waits and was never tried. `isKnown`: the receiver may have heard of its story by an earlier one. */
export type Waiting = Pick<
  typeof deliveries.$inferSelect,
  'id' | 'channelId' | 'story' | 'flap' | 'heldSince' | 'gathered' | 'nextAt'
> & { isKnown: 0 | 1 }

/** What the tenant's channels were told of these stories, and which messages were put off and never tried. */
export async function readTold(
  db: Db,
  tenantId: string,
  keys: readonly string[],
): Promise<{ stories: StoryRow[]; held: Waiting[] }> {
  const answers = await batch(db, [
    db
      .select()
      .from(stories)
      .where(and(eq(stories.tenantId, tenantId), inArray(stories.key, [...keys]))),
    db.all(sql`SELECT id, channel_id AS channelId, story, flap, held_since AS heldSince, gathered, next_at AS nextAt,
        EXISTS (SELECT 1 FROM stories s WHERE s.tenant_id = d.tenant_id AND s.channel_id = d.channel_id AND s.key = d.story AND s.tried_at IS NOT NULL)
        OR EXISTS (SELECT 1 FROM deliveries e INDEXED BY deliveries_open WHERE e.tenant_id = d.tenant_id AND e.channel_id = d.channel_id
          AND e.story = d.story AND e.ended_at IS NULL AND e.attempts > 0) AS isKnown
      FROM deliveries d INDEXED BY deliveries_open WHERE tenant_id = ${tenantId} AND ended_at IS NULL AND held_since IS NOT NULL AND attempts = 0
        AND (story IN (SELECT value FROM json_each(${rows(keys)})) OR flap IN (SELECT value FROM json_each(${rows(keys)})))`) as unknown as Statement,
  ])
  return { stories: answers[0] as StoryRow[], held: answers[1] as Waiting[] }
}

/** What one channel is to be told of one notice. */
export interface NewDelivery {
  id: string
  channelId: string
  nextAt: number
  gathered: number
  heldSince: number | null
  /** messages that this one speaks for */
  instead: readonly string[]
}
export interface NewStory {
  channelId: string
  key: string
  essence: string | null
  noticeId: string | null
  remindAt: number | null
  flips: readonly number[]
}

/** Each channel's message and what it is to know of the story, in one batch, once; true for the one who did it. */
export async function spread(
  db: Db,
  notice: NoticeRow,
  { story, flap }: { story: string; flap: string | null },
  messages: readonly NewDelivery[],
  known: readonly NewStory[],
  now: number,
): Promise<boolean> {
  const { tenantId, id } = notice
  const guard = sql`EXISTS (SELECT 1 FROM outbox WHERE tenant_id = ${tenantId} AND id = ${id} AND spread_at IS NULL)`
  const instead = messages.flatMap((message) => message.instead)
  const answers = await batch(db, [
    ...(messages.length > 0
      ? [
          db.run(sql`INSERT OR IGNORE INTO deliveries (tenant_id, id, channel_id, notice_id, name, story, at, gathered, flap, held_since, state, next_at, since)
            SELECT ${tenantId}, value ->> '$.id', value ->> '$.channelId', ${id}, ${notice.name}, ${story}, ${notice.at}, value ->> '$.gathered',
              ${flap}, value ->> '$.heldSince', 'waiting', value ->> '$.nextAt', ${now} FROM json_each(${rows(messages)}) WHERE ${guard}`),
        ]
      : []),
    ...(instead.length > 0
      ? [
          db.run(sql`UPDATE deliveries SET state = 'gathered', ended_at = ${now} WHERE tenant_id = ${tenantId} AND ended_at IS NULL
            AND attempts = 0 AND id IN (SELECT value FROM json_each(${rows(instead)})) AND ${guard}`),
        ]
      : []),
    ...(known.length > 0
      ? [
          db.run(sql`INSERT INTO stories (tenant_id, channel_id, key, essence, notice_id, told_at, remind_at, flips)
            SELECT ${tenantId}, value ->> '$.channelId', value ->> '$.key', value ->> '$.essence', value ->> '$.noticeId', ${now},
              value ->> '$.remindAt', value ->> '$.flips' FROM json_each(${rows(known)}) WHERE ${guard}
            ON CONFLICT (tenant_id, channel_id, key) DO UPDATE SET essence = excluded.essence, notice_id = coalesce(excluded.notice_id, notice_id),
              told_at = excluded.told_at, remind_at = excluded.remind_at, reminded = 0, flips = excluded.flips`),
        ]
      : []),
    db
      .update(outbox)
      .set({ spreadAt: now, ...(messages.length > 0 ? { sentAt: now } : {}) })
      .where(and(eq(outbox.tenantId, tenantId), eq(outbox.id, id), isNull(outbox.spreadAt))),
  ])
  return changed(answers.at(-1)) > 0
}
