/** Channels: where a tenant wants to be told. Secrets come and go sealed; this file never sees them. */
import { and, asc, eq, isNull, lte, ne, sql } from 'drizzle-orm'
import { newId } from '../../schema/ids.ts'
import { channels, deliveries, stories } from '../../schema/tables.ts'
import { batch, type Db, rowWhere, type Statement } from './db.ts'
import { isThere } from './keys.ts'

export type ChannelRow = typeof channels.$inferSelect
export type DeliveryRow = typeof deliveries.$inferSelect

/** As many as a tenant may have. */
export const MAX_CHANNELS = 100

const one = (tenantId: string, id: string) => and(eq(channels.tenantId, tenantId), eq(channels.id, id))

export type ChannelWish = Pick<
  ChannelRow,
  'kind' | 'name' | 'keyId' | 'sealed' | 'hint' | 'events' | 'filters' | 'quietHours' | 'reminders'
>

export const newChannelId = (): string => newId('chn')

/** Null when the tenant has as many as it may have, or was removed. */
export async function addChannel(
  db: Db,
  tenantId: string,
  id: string,
  wish: ChannelWish,
  tokens: number,
  now: number,
): Promise<ChannelRow | null> {
  const row = { ...wish, tenantId, id, state: 'on' as const, stateAt: now, createdAt: now, tokens, tokensAt: now }
  const isRoom = sql`(SELECT count(*) FROM channels WHERE tenant_id = ${tenantId}) < ${MAX_CHANNELS}`
  const [added] = await db
    .insert(channels)
    .select(rowWhere(channels, row, sql`${isRoom} AND ${isThere(tenantId)}`))
    .returning()
  return added ?? null
}

export const listChannels = (db: Db, tenantId: string): Promise<ChannelRow[]> =>
  db.select().from(channels).where(eq(channels.tenantId, tenantId)).orderBy(asc(channels.createdAt), asc(channels.id))

export const readChannel = async (db: Db, tenantId: string, id: string): Promise<ChannelRow | null> =>
  (await db.select().from(channels).where(one(tenantId, id)).get()) ?? null

/** Null when there is no such channel, or when it changed since it was read with this seal. */
export async function changeChannel(
  db: Db,
  tenantId: string,
  id: string,
  sealed: string,
  change: Partial<ChannelWish & Pick<ChannelRow, 'state' | 'stateReason' | 'stateAt' | 'pausedUntil' | 'failures'>>,
): Promise<ChannelRow | null> {
  if (Object.keys(change).length === 0) return readChannel(db, tenantId, id)
  const [row] = await db
    .update(channels)
    .set(change)
    .where(and(one(tenantId, id), eq(channels.sealed, sealed)))
    .returning()
  return row ?? null
}

/** Elsewhere nobody knows the first messages of its stories. */
export const forgetMemories = async (db: Db, { tenantId, id }: Pick<ChannelRow, 'tenantId' | 'id'>): Promise<void> => {
  await db
    .update(stories)
    .set({ memory: null })
    .where(and(eq(stories.tenantId, tenantId), eq(stories.channelId, id)))
}

/** Takes it away with all that was to be told to it. */
export async function removeChannel(db: Db, tenantId: string, id: string): Promise<boolean> {
  const [gone] = await batch(db, [
    db.delete(channels).where(one(tenantId, id)).returning({ id: channels.id }),
    db.delete(deliveries).where(and(eq(deliveries.tenantId, tenantId), eq(deliveries.channelId, id))),
    db.delete(stories).where(and(eq(stories.tenantId, tenantId), eq(stories.channelId, id))),
  ])
  return (gone as unknown[]).length > 0
}

/** What a list says of each channel besides: how many messages wait, and the last one. */
export async function readSides(
  db: Db,
  tenantId: string,
): Promise<Map<string, { waiting: number; last: DeliveryRow | null }>> {
  const answers = await batch(db, [
    db.all(sql`SELECT channel_id AS channelId, count(*) AS count
      FROM deliveries INDEXED BY deliveries_open WHERE tenant_id = ${tenantId} AND ended_at IS NULL GROUP BY channel_id`) as unknown as Statement,
    db
      .select()
      .from(deliveries)
      .where(
        and(
          eq(deliveries.tenantId, tenantId),
          sql`${deliveries.id} IN (SELECT (SELECT d.id FROM deliveries d WHERE d.tenant_id = c.tenant_id AND d.channel_id = c.id
            ORDER BY d.at DESC, d.id DESC LIMIT 1) FROM channels c WHERE c.tenant_id = ${tenantId})`,
        ),
      ),
  ])
  const sides = new Map<string, { waiting: number; last: DeliveryRow | null }>()
  for (const row of answers[0] as { channelId: string; count: number }[])
    sides.set(row.channelId, { waiting: row.count, last: null })
  for (const row of answers[1] as DeliveryRow[])
    sides.set(row.channelId, { waiting: sides.get(row.channelId)?.waiting ?? 0, last: row })
  return sides
}

/** Channels of all tenants whose seal is of an older key. */
export const sealedBefore = (db: Db, keyId: string, limit: number): Promise<ChannelRow[]> =>
  db.select().from(channels).where(ne(channels.keyId, keyId)).limit(limit)

export type DueChannel = Pick<ChannelRow, 'tenantId' | 'id' | 'kind' | 'failures' | 'tookMs'>

/** Of the channels that are taken up at once, every so manieth is the slow one that waits longest. */
const SLOW_SHARE = 5

/**
 * Channels with something to send now that nobody works on: those that answered last first, the quick before the slow, then
 * the longest due; and between them the slow and the failing, so that no load of others keeps them waiting for ever.
 */
export const dueChannels = (
  db: Db,
  { now, slowMs, limit, tenantId }: { now: number; slowMs: number; limit: number; tenantId: string | null },
): Promise<DueChannel[]> => {
  const dueAt = sql`min(${deliveries.nextAt})`
  const isSlow = sql`(${channels.failures} > 0 OR ${channels.tookMs} > ${slowMs})`
  const place = sql`row_number() OVER (ORDER BY ${channels.failures}, ${channels.tookMs}, ${dueAt})`
  const slowPlace = sql`${SLOW_SHARE} * row_number() OVER (PARTITION BY ${isSlow} ORDER BY ${dueAt})`
  return db
    .select({
      tenantId: channels.tenantId,
      id: channels.id,
      kind: channels.kind,
      failures: channels.failures,
      tookMs: channels.tookMs,
    })
    .from(deliveries)
    .innerJoin(channels, and(eq(channels.tenantId, deliveries.tenantId), eq(channels.id, deliveries.channelId)))
    .where(
      and(
        isNull(deliveries.endedAt),
        lte(deliveries.nextAt, now),
        eq(channels.state, 'on'),
        lte(channels.busyUntil, now),
        lte(channels.pausedUntil, now),
        tenantId === null ? undefined : eq(deliveries.tenantId, tenantId),
      ),
    )
    .groupBy(channels.tenantId, channels.id)
    .orderBy(sql`CASE WHEN ${isSlow} THEN min(${place}, ${slowPlace}) ELSE ${place} END`, sql`${isSlow} DESC`)
    .limit(limit)
}
