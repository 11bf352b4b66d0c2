/** Tables of what is told to whom. Same rules as in tables.ts, which passes them on. */
import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, real, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { ChannelFilters, ChannelHint, QuietHours, Reminders, Try } from './channels.ts'
import { CHANNEL_KINDS, CHANNEL_STATES, DELIVERY_STATES, NOTICES, type NoticeName } from './words.ts'

const tenantId = () => text('tenant_id').notNull()
const id = () => text('id').notNull()
const json = <T>(name: string) => text(name, { mode: 'json' }).$type<T>()

export const channels = sqliteTable(
  'channels',
  {
    tenantId: tenantId(),
    id: id(),
    kind: text('kind', { enum: CHANNEL_KINDS }).notNull(),
    name: text('name').notNull(),
    /** which CHANNEL_KEY sealed it */
    keyId: text('key_id').notNull(),
    /** URL and secrets, AES-GCM; opened for sending alone */
    sealed: text('sealed').notNull(),
    /** what may be shown of them */
    hint: json<ChannelHint>('hint').notNull(),
    /** null: those that most people want */
    events: json<NoticeName[]>('events'),
    filters: json<ChannelFilters>('filters').notNull(),
    quietHours: json<QuietHours>('quiet_hours'),
    reminders: json<Reminders>('reminders'),
    state: text('state', { enum: CHANNEL_STATES }).notNull(),
    stateReason: text('state_reason'),
    stateAt: integer('state_at').notNull(),
    createdAt: integer('created_at').notNull(),
    /** of the one sender that works on this channel, until `busyUntil`; every write of a sender asks for it */
    claim: text('claim').notNull().default(''),
    busyUntil: integer('busy_until').notNull().default(0),
    /** nothing is sent before: the platform said so, or it failed too often in a row */
    pausedUntil: integer('paused_until').notNull().default(0),
    /** attempts in a row that got no useful answer */
    failures: integer('failures').notNull().default(0),
    /** how long its last attempt took, in ms, to the second below: quick ones do not wait for slow ones */
    tookMs: integer('took_ms').notNull().default(0),
    /** the bucket: tokens as they were at `tokensAt` */
    tokens: real('tokens').notNull(),
    tokensAt: integer('tokens_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenantId, t.id] })],
)

/** One message to one channel. Its id follows from notice and channel, so that none is there twice. */
export const deliveries = sqliteTable(
  'deliveries',
  {
    tenantId: tenantId(),
    id: id(),
    channelId: text('channel_id').notNull(),
    noticeId: text('notice_id').notNull(),
    name: text('name', { enum: NOTICES }).notNull(),
    /** the story it belongs to: messages of one story keep their order */
    story: text('story').notNull(),
    /** when what it tells of happened; the order within the story */
    at: integer('at').notNull(),
    /** the how many-th reminder; 0: none */
    reminder: integer('reminder').notNull().default(0),
    /** earlier messages of the story that this one speaks for */
    gathered: integer('gathered').notNull().default(0),
    /** what comes and goes, across its stories: an issue that is opened again has a new id */
    flap: text('flap'),
    /** the first of those, or this one, when it was put off by quiet hours or because the story came and went */
    heldSince: integer('held_since'),
    state: text('state', { enum: DELIVERY_STATES }).notNull(),
    nextAt: integer('next_at').notNull(),
    /** place in the schedule of retries */
    step: integer('step').notNull().default(0),
    /** of this round of attempts: it ends when too old */
    since: integer('since').notNull(),
    attempts: integer('attempts').notNull().default(0),
    /** the fencing token: raised by each attempt, checked by what it writes */
    epoch: integer('epoch').notNull().default(0),
    leaseUntil: integer('lease_until').notNull().default(0),
    lastStatus: integer('last_status'),
    /** what was said to the last attempt, bounded, without secrets */
    lastSaid: text('last_said'),
    tries: json<Try[]>('tries').notNull().default([]),
    endedAt: integer('ended_at'),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    index('deliveries_log').on(t.tenantId, t.channelId, t.at),
    // By story: whether an earlier message of it is under way is one look.
    index('deliveries_open').on(t.tenantId, t.channelId, t.story, t.at).where(sql`ended_at is null`),
    // By when: the next one is the first that is found.
    index('deliveries_next').on(t.tenantId, t.channelId, t.nextAt, t.at, t.id).where(sql`ended_at is null`),
  ],
)

/** What a channel was told of one story: an issue, a probe, or a thing that comes and goes. */
export const stories = sqliteTable(
  'stories',
  {
    tenantId: tenantId(),
    channelId: text('channel_id').notNull(),
    key: text('key').notNull(),
    /** by which the platform finds the first message */
    memory: text('memory'),
    /** digest of what was told last, so that the same is not told again */
    essence: text('essence'),
    /** the last notice that said how it stands */
    noticeId: text('notice_id'),
    toldAt: integer('told_at').notNull(),
    /** the first attempt of any message of it: from then on the receiver may know of it */
    triedAt: integer('tried_at'),
    remindAt: integer('remind_at'),
    reminded: integer('reminded').notNull().default(0),
    /** when it came or went lately */
    flips: json<number[]>('flips').notNull().default([]),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.channelId, t.key] }),
    index('stories_remind').on(t.remindAt).where(sql`remind_at is not null`),
  ],
)
