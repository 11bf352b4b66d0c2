/** Notices → one message for each channel that wants it, and when. */

import type { AnyEvent } from '../../schema/events.ts'
import { derivedId } from '../../schema/ids.ts'
import { flapOf, heldUntil, turnsWith } from '../core/delivery/flap.ts'
import { quietUntil } from '../core/delivery/quiet.ts'
import { essenceOf, wants } from '../core/delivery/wants.ts'
import { storyOf } from '../notify/story.ts'
import { sha256 } from '../secrets.ts'
import { type ChannelRow, listChannels } from '../store/channels.ts'
import { causeOf } from '../store/db.ts'
import {
  type NewDelivery,
  type NewStory,
  type NoticeRow,
  readTold,
  type StoryRow,
  spread,
  unspread,
  type Waiting,
} from '../store/outbox.ts'
import type { World } from '../world.ts'

const DAY_MS = 86_400_000

/** Spreads as many as `most` notices, of one tenant or of all, in their order. */
export async function spreadNotices(world: World, most: number, tenantId: string | null): Promise<number> {
  const notices = await unspread(world.db, most, tenantId)
  const channels = new Map<string, ChannelRow[]>()
  for (const id of new Set(notices.map((notice) => notice.tenantId)))
    channels.set(
      id,
      (await listChannels(world.db, id)).filter(({ state }) => state === 'on'),
    )
  // A scan's end is told by its issue where that is told.
  const toldScans = new Set<string>()
  // After one that fails the tenant's later ones wait with it: what comes first is told first.
  const failed = new Set<string>()
  for (const notice of issuesFirst(notices)) {
    if (failed.has(notice.tenantId)) continue
    await spreadOne(world, notice, channels.get(notice.tenantId) ?? [], toldScans).catch((error: unknown) => {
      failed.add(notice.tenantId)
      console.error(JSON.stringify({ event: 'spread.failed', notice: notice.id, error: causeOf(error) }))
    })
  }
  return notices.length
}

const issuesFirst = (notices: readonly NoticeRow[]): NoticeRow[] =>
  notices.toSorted((a, b) => a.at - b.at || Number(a.name === 'scan.finished') - Number(b.name === 'scan.finished'))

async function spreadOne(
  world: World,
  notice: NoticeRow,
  channels: readonly ChannelRow[],
  toldScans: Set<string>,
): Promise<void> {
  const event = JSON.parse(notice.body) as AnyEvent
  const story = storyOf(event, notice.id)
  const flap = flapOf(event)
  const told =
    channels.length > 0 ? await readTold(world.db, notice.tenantId, [story.key, ...(flap ? [flap] : [])]) : null
  const text = essenceOf(event)
  const essence = text === null ? null : (await sha256(text)).slice(0, 32)
  const messages: NewDelivery[] = []
  const known: NewStory[] = []
  for (const channel of told ? channels : []) {
    // What was there before the channel was is not told to it.
    if (notice.at < channel.createdAt) continue
    const of = (key: string) => told?.stories.find((row) => row.channelId === channel.id && row.key === key) ?? null
    const before = of(story.key)
    const held = (told?.held ?? []).filter((row) => row.channelId === channel.id)
    if (!wants(channel, event, before !== null)) continue
    if (isSaid(channel, event, before, essence, toldScans)) continue
    const turns = flap ? turnsWith(of(flap)?.flips ?? [], world.now) : []
    const id = await derivedId('dlv', notice.id, channel.id)
    messages.push({
      ...timed(channel, event, turns, held, world.now),
      ...spokenFor(story.key, held),
      id,
      channelId: channel.id,
    })
    known.push(
      ...storiesOf(
        channel,
        event,
        { notice, key: story.key, flap, essence, turns, isAlone: story.deed === 'alone' },
        world.now,
      ),
    )
    const scanId = 'scan' in event.data ? (event.data.scan?.id ?? null) : null
    if (scanId !== null) toldScans.add(`${channel.id} ${scanId}`)
  }
  await spread(world.db, notice, { story: story.key, flap }, messages, known, world.now)
}

/** Machines are told everything they asked for; people nothing twice. */
function isSaid(
  { id, kind }: ChannelRow,
  event: AnyEvent,
  before: StoryRow | null,
  essence: string | null,
  toldScans: ReadonlySet<string>,
): boolean {
  if (kind === 'webhook') return false
  if (event.type === 'issue.updated') return before !== null && before.essence === essence
  return kind !== 'pagerduty' && event.type === 'scan.finished' && toldScans.has(`${id} ${event.data.scan.id}`)
}

/**
 * Which earlier messages one speaks for. Of another issue only what nobody was told the beginning of: its end is owed to
 * whoever was, for an incident that is open there would stay so for ever.
 */
function spokenFor(story: string, held: readonly Waiting[]): Pick<NewDelivery, 'gathered' | 'instead'> {
  const gathered = held.filter((row) => row.story === story || row.isKnown === 0)
  return { gathered: gathered.reduce((sum, row) => sum + row.gathered + 1, 0), instead: gathered.map(({ id }) => id) }
}

/** When a message is due. */
function timed(
  channel: ChannelRow,
  event: AnyEvent,
  turns: readonly number[],
  held: readonly Waiting[],
  now: number,
): Pick<NewDelivery, 'nextAt' | 'heldSince'> {
  const since = held.length > 0 ? Math.min(...held.map((row) => row.heldSince ?? now)) : null
  const isGrave = event.data.severity === 'critical'
  const calm =
    turns.length > 0
      ? heldUntil(turns, since, now)
      : // News of what is held already waits with it, unless it is grave.
        held.length > 0 && !isGrave
        ? Math.max(...held.map((row) => row.nextAt))
        : null
  const quiet = quietUntil(channel.quietHours, event.data.severity, calm ?? now)
  const nextAt = quiet ?? calm ?? now
  return {
    nextAt,
    heldSince: nextAt > now || held.length > 0 ? (since ?? now) : null,
  }
}

function storiesOf(
  { id: channelId, reminders }: ChannelRow,
  event: AnyEvent,
  told: {
    notice: NoticeRow
    key: string
    flap: string | null
    essence: string | null
    turns: readonly number[]
    isAlone: boolean
  },
  now: number,
): NewStory[] {
  const isOpen = event.type === 'issue.opened' || event.type === 'issue.updated'
  const own = {
    channelId,
    key: told.key,
    essence: told.essence,
    noticeId: isOpen ? told.notice.id : null,
    remindAt: isOpen && reminders ? now + reminders.everyDays * DAY_MS : null,
    flips: [],
  }
  const flapping = told.flap && {
    channelId,
    key: told.flap,
    essence: null,
    noticeId: null,
    remindAt: null,
    flips: told.turns,
  }
  return [...(told.isAlone ? [] : [own]), ...(flapping ? [flapping] : [])]
}
