/** Notices on their way out: at once after what they tell of is stored, and by cron for whatever that missed. */
import { derivedId } from '../../schema/ids.ts'
import { quietUntil } from '../core/delivery/quiet.ts'
import { MAX_AGE_MS } from '../core/delivery/schedule.ts'
import { readRetention } from '../retention.ts'
import { changeChannel, sealedBefore } from '../store/channels.ts'
import { causeOf } from '../store/db.ts'
import { forgetDeliveries } from '../store/deliveries.ts'
import { type DueReminder, dueReminders, remind } from '../store/reminders.ts'
import type { World } from '../world.ts'
import { open, seal } from './destination.ts'
import { type Budget, budgetFor, drainDue } from './drain.ts'
import { spreadNotices } from './spread.ts'

/**
 * As much as one tick does, so that with `plan` (flow.ts) it stays below the 1,000 queries of an invocation: a notice is
 * about 3, a reminder 1, a message 5. What is left is as due at the next tick.
 */
const NOTICES = 20
const NOTICES_OF_CHANNELS = 4
const REMINDERS = 10
const RESEALED = 10
const MESSAGES = 60
/** Behind a request, whose own work comes on top. */
const NOTICES_SOON = 12
const MESSAGES_SOON = 12
/** Work that outlives its request is ended by the platform after 30 s, and one attempt takes 20 s at most. */
const AFTER_REQUEST_MS = 9_000
/** A tick ends before the next. */
const PER_TICK_MS = 30_000
/** The first retry is due 5 s after the first attempt, with up to a fifth more. */
const FIRST_RETRY_MS = 6_200
const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000

/** Tells a tenant's channels what was just stored, behind the answer: it delays nobody and never fails. */
export const sendSoon = (world: World, tenantId: string): void => world.later(sendNow(world, tenantId).catch(note))

async function sendNow(world: World, tenantId: string): Promise<void> {
  const until = world.clock() + AFTER_REQUEST_MS
  const budget = budgetFor(MESSAGES_SOON)
  if ((await spreadNotices(world, NOTICES_SOON, tenantId)) === 0) return
  const isLeft = await drainDue(world, tenantId, until, budget)
  if (!isLeft || world.clock() + FIRST_RETRY_MS > until) return
  await new Promise((resolve) => setTimeout(resolve, FIRST_RETRY_MS))
  await spreadNotices(world, NOTICES_SOON, tenantId)
  await drainDue(world, tenantId, until, budget)
}

/** Sends what waits of a tenant, behind the answer: a channel was mended, or a message is wanted again. */
export const sendDueOf = (world: World, tenantId: string): void =>
  world.later(drainDue(world, tenantId, world.clock() + AFTER_REQUEST_MS, budgetFor(MESSAGES_SOON)).catch(note))

/** The tick: what was not told yet, reminders, what is due again, keys that were changed, logs that are old. */
export async function sendDue(world: World): Promise<void> {
  const until = world.clock() + PER_TICK_MS
  const budget: Budget = budgetFor(MESSAGES)
  await noted(() => remindDue(world))
  await noted(() => spreadNotices(world, NOTICES, null))
  await noted(() => drainDue(world, null, until, budget))
  // That a channel was switched off is told without waiting for the next tick.
  await noted(async () => {
    if ((await spreadNotices(world, NOTICES_OF_CHANNELS, null)) > 0) await drainDue(world, null, until, budget)
  })
  await noted(() => reseal(world))
  if (world.now % HOUR_MS < 60_000) {
    const { db, now } = world
    await noted(async () => {
      const { deliveriesDays } = await readRetention(db)
      await forgetDeliveries(db, now - deliveriesDays * DAY_MS, now - MAX_AGE_MS, now)
    })
  }
}

const note = (error: unknown) => console.error(JSON.stringify({ event: 'send.failed', error: causeOf(error) }))
const noted = (job: () => Promise<unknown>): Promise<unknown> => job().catch(note)

async function remindDue(world: World): Promise<void> {
  for (const due of await dueReminders(world.db, world.now, REMINDERS)) await remindOne(world, due)
}

async function remindOne({ db, now }: World, due: DueReminder): Promise<void> {
  const { story, channel, issue, removedAt } = due
  const { reminders } = channel
  const isOver = !issue || issue.state === 'closed' || removedAt !== null
  if (!reminders || isOver || story.noticeId === null) return remind(db, due, null, null, now)
  const later = now + reminders.everyDays * DAY_MS
  if (issue.state === 'snoozed' || channel.state !== 'on')
    return remind(db, due, Math.max(issue.snoozedUntil ?? 0, later), null, now)
  const number = story.reminded + 1
  const id = await derivedId('dlv', story.noticeId, story.channelId, 'reminder', story.remindAt ?? now)
  const nextAt = quietUntil(channel.quietHours, 'info', now) ?? now
  return remind(db, due, number < reminders.atMost ? later : null, { id, nextAt }, now)
}

/** Once CHANNEL_KEY has a new first key, what the old one sealed is sealed anew, so that the old one can go. */
async function reseal(world: World): Promise<void> {
  const { db, keyring } = world
  if (!keyring) return
  for (const row of await sealedBefore(db, keyring.first, RESEALED))
    await noted(async () =>
      changeChannel(
        db,
        row.tenantId,
        row.id,
        row.sealed,
        await seal(world, row.tenantId, row.id, await open(world, row)),
      ),
    )
}
