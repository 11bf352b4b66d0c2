/** Bodies and answers of the API's channels: where notices are sent, and what became of each. */
import * as v from 'valibot'
import { id, listOf, text, whole } from './shapes.ts'
import {
  CAUSE_CLASSES,
  CHANNEL_KINDS,
  CHANNEL_STATES,
  type ChannelKind,
  DELIVERY_STATES,
  NOTICES,
  type NoticeName,
  SEVERITIES,
} from './words.ts'

/** Told unless a channel says otherwise. Not the end of each scan: what it found is told by its issue. */
const USUAL_NOTICES: readonly NoticeName[] = NOTICES.filter((name) => name !== 'scan.finished')
/** Where incidents are kept, a scan that got through ends the incident of the one that failed before. */
export const usualFor = (kind: ChannelKind): readonly NoticeName[] => (kind === 'pagerduty' ? NOTICES : USUAL_NOTICES)

const label = (max: number) => v.pipe(text(max), v.regex(/^[^\p{Cc}\p{Cf}\p{Cs}]*$/u, 'must be plain text on one line'))
const clock = v.pipe(text(5, 5), v.regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'must be a time of day such as 22:00'))
const timezone = v.pipe(text(64), v.check(isTimezone, 'must be a time zone name, such as Europe/Berlin'))

/** Known to this runtime. */
export function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

export const ChannelFilters = v.strictObject({
  severity: v.pipe(v.nullish(v.picklist(SEVERITIES), null), v.description('this grave or graver')),
  causeClass: v.pipe(
    v.optional(listOf(v.picklist(CAUSE_CLASSES), CAUSE_CLASSES.length), []),
    v.description('where something was lost: to one of these; empty: to any'),
  ),
  targetTags: v.pipe(
    v.optional(listOf(label(60), 20), []),
    v.description('where it is about a target: one that has any of these tags; empty: any target'),
  ),
})
export type ChannelFilters = v.InferOutput<typeof ChannelFilters>

export const QuietHours = v.pipe(
  v.strictObject({
    from: clock,
    to: v.pipe(clock, v.description('earlier than `from`: on the next day')),
    timezone,
    unless: v.pipe(v.nullish(v.picklist(SEVERITIES), null), v.description('this grave or graver is told at once')),
  }),
  v.check(({ from, to }) => from !== to, 'must begin and end at different times'),
)
export type QuietHours = v.InferOutput<typeof QuietHours>

export const Reminders = v.strictObject({ everyDays: whole(1, 90), atMost: v.optional(whole(1, 20), 5) })
export type Reminders = v.InferOutput<typeof Reminders>

const secretText = v.pipe(text(1_000), v.regex(/^[\x21-\x7e]+$/, 'must be visible ASCII without blanks'))
const events = v.nullish(
  v.pipe(
    listOf(v.picklist(NOTICES), NOTICES.length),
    v.minLength(1, 'choose at least one, or switch the channel off instead'),
  ),
)
const url = text(2_000)

export const ChannelBody = v.strictObject({
  kind: v.picklist(CHANNEL_KINDS),
  name: label(100),
  url,
  secret: v.pipe(
    v.nullish(secretText),
    v.description('kind `webhook`: made here and shown once, unless you bring your own'),
  ),
  events,
  filters: v.optional(ChannelFilters),
  quietHours: v.nullish(QuietHours),
  reminders: v.nullish(Reminders),
})
export type ChannelBody = v.InferOutput<typeof ChannelBody>
export const ChannelChange = v.strictObject({
  name: v.optional(label(100)),
  url: v.optional(url),
  secret: v.optional(secretText),
  rotateSecret: v.pipe(
    v.optional(v.boolean()),
    v.description('kind `webhook`: a new secret, shown this once; both are valid for `keepOldSecretHours`'),
  ),
  keepOldSecretHours: v.pipe(
    v.optional(whole(0, 720)),
    v.description('kind `webhook`: so long the secret before signs too; 24 unless said'),
  ),
  events,
  filters: v.optional(ChannelFilters),
  quietHours: v.nullish(QuietHours),
  reminders: v.nullish(Reminders),
  state: v.optional(v.picklist(['on', 'off'])),
})
export type ChannelChange = v.InferOutput<typeof ChannelChange>

/** What may be shown of a URL and secrets. */
export interface ChannelHint {
  /** scheme, host, and the last four characters */
  url: string
  secrets: { hint: string; until: number | null }[]
  /** `whpk_…`, for receivers that check Ed25519 signatures */
  publicKeys: string[]
}

/** One attempt. */
const Try = v.object({
  at: v.number(),
  afterMs: v.pipe(v.number(), v.description('how long it took')),
  status: v.pipe(v.nullable(v.number()), v.description('null: no answer came')),
  said: v.string(),
})
export type Try = v.InferOutput<typeof Try>
/** As many attempts as the log of a delivery keeps: the last ones. */
export const MAX_TRIES = 12

const time = v.pipe(v.string(), v.isoTimestamp())
const maybeTime = v.nullable(time)

export const DeliveryAnswer = v.object({
  id: id('dlv'),
  channelId: id('chn'),
  noticeId: v.string(),
  event: v.picklist(NOTICES),
  story: v.string(),
  reminder: v.number(),
  gathered: v.pipe(v.number(), v.description('earlier messages that this one speaks for')),
  state: v.picklist(DELIVERY_STATES),
  at: time,
  attempts: v.number(),
  nextTryAt: maybeTime,
  lastStatus: v.nullable(v.number()),
  lastSaid: v.nullable(v.string()),
  endedAt: maybeTime,
  tries: v.array(v.object({ ...Try.entries, at: time })),
})
export type DeliveryAnswer = v.InferOutput<typeof DeliveryAnswer>

export const ChannelAnswer = v.object({
  id: id('chn'),
  kind: v.picklist(CHANNEL_KINDS),
  name: v.string(),
  url: v.pipe(v.string(), v.description('host and last four characters')),
  secrets: v.array(v.object({ hint: v.string(), until: maybeTime })),
  publicKeys: v.array(v.string()),
  events: v.array(v.picklist(NOTICES)),
  filters: ChannelFilters,
  quietHours: v.nullable(QuietHours),
  reminders: v.nullable(Reminders),
  state: v.picklist(CHANNEL_STATES),
  reason: v.pipe(v.nullable(v.string()), v.description('why it was switched off')),
  stateAt: time,
  createdAt: time,
  pausedUntil: v.pipe(maybeTime, v.description('the platform asked to wait, or it failed several times in a row')),
  waiting: v.pipe(v.number(), v.description('messages that are not sent yet')),
  lastDelivery: v.nullable(
    v.object({
      id: id('dlv'),
      event: v.picklist(NOTICES),
      state: v.picklist(DELIVERY_STATES),
      at: time,
      lastStatus: v.nullable(v.number()),
      lastSaid: v.nullable(v.string()),
    }),
  ),
})
export type ChannelAnswer = v.InferOutput<typeof ChannelAnswer>
export const NewChannelAnswer = v.object({
  ...ChannelAnswer.entries,
  secret: v.pipe(v.nullable(v.string()), v.description('when it was made here: shown this once')),
})
export type NewChannelAnswer = v.InferOutput<typeof NewChannelAnswer>

export const TestAnswer = v.object({
  delivered: v.boolean(),
  status: v.pipe(v.nullable(v.number()), v.description('null: no answer came')),
  said: v.string(),
  afterMs: v.number(),
})
export type TestAnswer = v.InferOutput<typeof TestAnswer>

export const PreviewAnswer = v.object({
  event: v.picklist(NOTICES),
  noticeId: v.pipe(v.nullable(v.string()), v.description('null: an example')),
  method: v.string(),
  url: v.string(),
  headers: v.record(v.string(), v.string()),
  body: v.pipe(v.string(), v.description('as it would be sent, with secrets masked')),
})
export type PreviewAnswer = v.InferOutput<typeof PreviewAnswer>
