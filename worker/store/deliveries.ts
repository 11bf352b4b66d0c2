/** Messages on their way. One sender at a time works on a channel; each attempt has an epoch, and only the last one writes. */
import { and, desc, eq, isNotNull, isNull, lt, sql } from 'drizzle-orm'
import { MAX_TRIES, type Try } from '../../schema/channels.ts'
import { channels, deliveries, issues, outbox, stories } from '../../schema/tables.ts'
import type { DeliveryState } from '../../schema/words.ts'
import type { ChannelRow, DeliveryRow } from './channels.ts'
import { batch, changed, type Db, type Statement } from './db.ts'
import { addNotices, type Told } from './outbox.ts'
import { type Page, type PageRequest, pageOf } from './page.ts'

/** An attempt takes 15 s at most, with 5 s to resolve the name; what lasts longer has died. */
export const LEASE_MS = 40_000

/** A message that was taken up, with all that it takes to send it. */
export interface Claimed {
  delivery: DeliveryRow
  channel: ChannelRow
  /** the event as JSON; null when the notice is gone */
  body: string | null
  /** of the story's first message */
  memory: string | null
  /** the issue it tells of sleeps until then */
  snoozedUntil: number | null
}
export interface Rate {
  perSecond: number
  burst: number
}

/**
 * Takes up the next message of a channel for the sender `token`: due, with no earlier one of its story under way, and a
 * token of the bucket for it. None when nothing is due or another sender is at work; `waitMs` when only a token lacks.
 */
export async function claimNext(
  db: Db,
  at: { tenantId: string; channelId: string },
  rate: Rate,
  token: string,
  now: number,
): Promise<{ claimed: Claimed | null; waitMs: number | null }> {
  const { tenantId, channelId } = at
  const until = now + LEASE_MS
  const filled = sql`min(${rate.burst}, tokens + max(0, ${now} - tokens_at) * ${rate.perSecond} / 1000.0)`
  const isFree = sql`ended_at IS NULL AND next_at <= ${now} AND lease_until <= ${now}`
  // Of the channel's messages that are open, the first of each story: the others wait for it.
  const next = sql`SELECT id FROM deliveries d INDEXED BY deliveries_next WHERE tenant_id = ${tenantId} AND channel_id = ${channelId} AND ${isFree}
    AND NOT EXISTS (SELECT 1 FROM deliveries e INDEXED BY deliveries_open WHERE e.tenant_id = d.tenant_id AND e.channel_id = d.channel_id
      AND e.ended_at IS NULL AND e.story = d.story AND (e.at, e.id) < (d.at, d.id)) ORDER BY next_at, at, id LIMIT 1`
  const mine = sql`tenant_id = ${tenantId} AND id = ${channelId}`
  const [, taken, open] = await batch(db, [
    db.run(sql`UPDATE channels SET claim = ${token}, busy_until = ${until}, tokens = ${filled} - 1, tokens_at = ${now}
      WHERE ${mine} AND state = 'on' AND paused_until <= ${now} AND (busy_until <= ${now} OR claim = ${token})
        AND ${filled} >= 1 AND EXISTS (${next})`),
    db.all(sql`UPDATE deliveries SET state = 'sending', epoch = epoch + 1, attempts = attempts + 1, lease_until = ${until}
      WHERE tenant_id = ${tenantId} AND id = (${next})
        AND EXISTS (SELECT 1 FROM channels WHERE ${mine} AND claim = ${token} AND busy_until = ${until})
      RETURNING id`) as unknown as Statement,
    db.all(sql`SELECT ${filled} AS tokens FROM channels WHERE ${mine} AND state = 'on' AND paused_until <= ${now}
      AND (busy_until <= ${now} OR claim = ${token}) AND EXISTS (${next})`) as unknown as Statement,
  ])
  const [mineNow] = taken as { id: string }[]
  if (mineNow) return { claimed: await readClaimed(db, tenantId, mineNow.id), waitMs: null }
  const [bucket] = open as { tokens: number }[]
  const lacks = bucket ? 1 - bucket.tokens : 0
  return { claimed: null, waitMs: lacks > 0 ? Math.ceil((lacks / rate.perSecond) * 1_000) + 5 : null }
}

/** The message that was just taken up, with what it takes to send it. */
const readClaimed = async (db: Db, tenantId: string, id: string): Promise<Claimed | null> =>
  (await db
    .select({
      delivery: deliveries,
      channel: channels,
      body: outbox.body,
      memory: stories.memory,
      snoozedUntil: issues.snoozedUntil,
    })
    .from(deliveries)
    .innerJoin(channels, and(eq(channels.tenantId, deliveries.tenantId), eq(channels.id, deliveries.channelId)))
    .leftJoin(outbox, and(eq(outbox.tenantId, deliveries.tenantId), eq(outbox.id, deliveries.noticeId)))
    .leftJoin(
      stories,
      and(
        eq(stories.tenantId, deliveries.tenantId),
        eq(stories.channelId, deliveries.channelId),
        eq(stories.key, deliveries.story),
      ),
    )
    .leftJoin(
      issues,
      and(eq(issues.tenantId, deliveries.tenantId), eq(issues.id, deliveries.story), eq(issues.state, 'snoozed')),
    )
    .where(and(eq(deliveries.tenantId, tenantId), eq(deliveries.id, id)))
    .get()) ?? null

/** What an attempt came to. */
export interface Ending {
  state: DeliveryState
  /** when to try again; null: ended */
  next: { at: number; step: number } | null
  /** null when nothing was sent at all */
  tried: Try | null
  memory: string | null
  /** what was remembered is of no use any more */
  forgets: boolean
  channel: { failures: number; pausedUntil: number; switchedOff: { reason: string; notice: Told } | null }
}

/** Writes what an attempt came to, if no later one has been begun. */
export async function endAttempt(
  db: Db,
  { delivery, channel }: Claimed,
  token: string,
  ending: Ending,
  now: number,
): Promise<boolean> {
  const { tenantId, id, epoch } = delivery
  const { tried, next } = ending
  const fenced = sql`EXISTS (SELECT 1 FROM deliveries WHERE tenant_id = ${tenantId} AND id = ${id} AND epoch = ${epoch} AND state = ${ending.state})`
  const off = ending.channel.switchedOff
  const tookMs = tried ? Math.floor(tried.afterMs / 1_000) * 1_000 : channel.tookMs
  const [written] = await batch(db, [
    db
      .update(deliveries)
      .set({
        state: ending.state,
        leaseUntil: 0,
        ...(next ? { nextAt: next.at, step: next.step } : { endedAt: now }),
        ...(tried
          ? { lastStatus: tried.status, lastSaid: tried.said, tries: [...delivery.tries, tried].slice(-MAX_TRIES) }
          : {
              // Nothing was sent: that was no attempt.
              attempts: sql`attempts - 1`,
              ...(ending.state === 'dropped'
                ? { lastSaid: 'nobody wants to be told of it any more' }
                : { heldSince: sql`coalesce(held_since, ${now})` }),
            }),
      })
      .where(
        and(
          eq(deliveries.tenantId, tenantId),
          eq(deliveries.id, id),
          eq(deliveries.epoch, epoch),
          eq(deliveries.state, 'sending'),
        ),
      ),
    ...(ending.memory !== null || ending.forgets
      ? [
          db.run(sql`UPDATE stories SET memory = ${ending.memory} WHERE tenant_id = ${tenantId} AND channel_id = ${channel.id}
            AND key = ${delivery.story} AND (memory IS NULL OR ${ending.forgets ? 1 : 0}) AND ${fenced}`),
        ]
      : []),
    // What did not arrive was not told: the same news is worth telling again.
    ...(ending.state === 'failed' || ending.state === 'dropped'
      ? [
          db.run(sql`UPDATE stories SET essence = NULL WHERE tenant_id = ${tenantId} AND channel_id = ${channel.id}
            AND key = ${delivery.story} AND ${fenced}`),
        ]
      : []),
    ...(tried
      ? [
          db.run(sql`UPDATE stories SET tried_at = ${now} WHERE tenant_id = ${tenantId} AND channel_id = ${channel.id}
            AND key = ${delivery.story} AND tried_at IS NULL`),
        ]
      : []),
    db.run(sql`UPDATE channels SET failures = ${ending.channel.failures}, took_ms = ${tookMs}, paused_until = max(paused_until, ${ending.channel.pausedUntil})
      WHERE tenant_id = ${tenantId} AND id = ${channel.id} AND claim = ${token}
        AND (failures <> ${ending.channel.failures} OR took_ms <> ${tookMs} OR paused_until < ${ending.channel.pausedUntil})`),
    ...(off ? switchOff(db, channel, off, now) : []),
  ])
  return changed(written) > 0
}

/** Once: the notice goes in only with the change, and only if the destination is still the one that answered so. */
const switchOff = (
  db: Db,
  { tenantId, id, sealed }: ChannelRow,
  { reason, notice }: { reason: string; notice: Told },
  now: number,
): Statement[] => [
  db.run(sql`UPDATE channels SET state = 'switched_off', state_reason = ${reason}, state_at = ${now}
    WHERE tenant_id = ${tenantId} AND id = ${id} AND state = 'on' AND sealed = ${sealed}`),
  addNotices(
    db,
    tenantId,
    [notice],
    sql`EXISTS (SELECT 1 FROM channels WHERE tenant_id = ${tenantId} AND id = ${id} AND state = 'switched_off' AND state_at = ${now})`,
    now,
  ),
]

/** Messages of a channel that are still to be sent. */
export const countOpen = (db: Db, tenantId: string, channelId: string): Promise<number> =>
  db.$count(
    deliveries,
    and(eq(deliveries.tenantId, tenantId), eq(deliveries.channelId, channelId), isNull(deliveries.endedAt)),
  )

/** Gives a channel free for the next sender. */
export const release = async (
  db: Db,
  { tenantId, channelId }: { tenantId: string; channelId: string },
  token: string,
): Promise<void> => {
  await db
    .update(channels)
    .set({ busyUntil: 0, claim: '' })
    .where(and(eq(channels.tenantId, tenantId), eq(channels.id, channelId), eq(channels.claim, token)))
}

// ---------------------------------------------------------------- log

const mine = (tenantId: string, id: string) => and(eq(deliveries.tenantId, tenantId), eq(deliveries.id, id))

export async function listDeliveries(
  db: Db,
  tenantId: string,
  channelId: string,
  { limit, cursor }: PageRequest,
): Promise<Page<DeliveryRow>> {
  const before = cursor ? sql`(${deliveries.at}, ${deliveries.id}) < (${cursor.at}, ${cursor.id})` : undefined
  const found = await db
    .select()
    .from(deliveries)
    .where(and(eq(deliveries.tenantId, tenantId), eq(deliveries.channelId, channelId), before))
    .orderBy(desc(deliveries.at), desc(deliveries.id))
    .limit(limit + 1)
  return pageOf(
    found,
    limit,
    (row) => row.at,
    (row) => row,
  )
}

export const readDelivery = async (db: Db, tenantId: string, id: string): Promise<DeliveryRow | null> =>
  (await db.select().from(deliveries).where(mine(tenantId, id)).get()) ?? null

/** From the beginning once more; null when it is under way anyhow, or no message of the tenant. */
export async function replay(db: Db, tenantId: string, id: string, now: number): Promise<DeliveryRow | null> {
  const [row] = await db
    .update(deliveries)
    .set({ state: 'waiting', nextAt: now, step: 0, since: now, endedAt: null, leaseUntil: 0 })
    .where(
      and(
        mine(tenantId, id),
        isNotNull(deliveries.endedAt),
        sql`EXISTS (SELECT 1 FROM outbox o WHERE o.tenant_id = ${tenantId} AND o.id = ${deliveries.noticeId})`,
      ),
    )
    .returning()
  return row ?? null
}

/** Forgets what was told long ago and what nothing will be told of again; gives up what waits since before `tooOld`. */
export async function forgetDeliveries(db: Db, before: number, tooOld: number, now: number): Promise<void> {
  await batch(db, [
    db.run(sql`UPDATE stories SET essence = NULL WHERE essence IS NOT NULL AND EXISTS (SELECT 1 FROM deliveries d INDEXED BY deliveries_open
      WHERE d.tenant_id = stories.tenant_id AND d.channel_id = stories.channel_id AND d.story = stories.key
        AND d.ended_at IS NULL AND d.since < ${tooOld} AND d.lease_until < ${now})`),
    db
      .update(deliveries)
      .set({ state: 'failed', endedAt: now, lastSaid: 'too old: its channel was not there to be told' })
      .where(and(isNull(deliveries.endedAt), lt(deliveries.since, tooOld), lt(deliveries.leaseUntil, now))),
    db.delete(deliveries).where(and(isNotNull(deliveries.endedAt), lt(deliveries.at, before))),
    // What is open still keeps its story, as does an issue that is not closed.
    db.run(sql`DELETE FROM stories WHERE told_at < ${before} AND remind_at IS NULL
      AND NOT EXISTS (SELECT 1 FROM issues i WHERE i.tenant_id = stories.tenant_id AND i.id = stories.key AND i.closed_at IS NULL)`),
    db.run(sql`DELETE FROM outbox WHERE sent_at IS NOT NULL AND at < ${before}
      AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.tenant_id = outbox.tenant_id AND d.notice_id = outbox.id)
      AND NOT EXISTS (SELECT 1 FROM stories s WHERE s.tenant_id = outbox.tenant_id AND s.notice_id = outbox.id AND s.remind_at IS NOT NULL)`),
  ])
}
