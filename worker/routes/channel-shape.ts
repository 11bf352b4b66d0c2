/** Rows of channels to answers. */
import { type ChannelAnswer, type DeliveryAnswer, usualFor } from '../../schema/channels.ts'
import type { ChannelRow, DeliveryRow } from '../store/channels.ts'
import { iso, maybeIso } from './shape.ts'

export const channelAnswer = (
  row: ChannelRow,
  side: { waiting: number; last: DeliveryRow | null } | undefined,
  now: number,
): ChannelAnswer => ({
  id: row.id,
  kind: row.kind,
  name: row.name,
  url: row.hint.url,
  secrets: row.hint.secrets
    .filter(({ until }) => until === null || until > now)
    .map(({ hint, until }) => ({ hint, until: maybeIso(until) })),
  publicKeys: row.hint.publicKeys,
  events: [...(row.events ?? usualFor(row.kind))],
  filters: row.filters,
  quietHours: row.quietHours,
  reminders: row.reminders,
  state: row.state,
  reason: row.stateReason,
  stateAt: iso(row.stateAt),
  createdAt: iso(row.createdAt),
  pausedUntil: row.pausedUntil > now ? iso(row.pausedUntil) : null,
  waiting: side?.waiting ?? 0,
  lastDelivery: side?.last
    ? {
        id: side.last.id,
        event: side.last.name,
        state: side.last.state,
        at: iso(side.last.at),
        lastStatus: side.last.lastStatus,
        lastSaid: side.last.lastSaid,
      }
    : null,
})

export const deliveryAnswer = (row: DeliveryRow): DeliveryAnswer => ({
  id: row.id,
  channelId: row.channelId,
  noticeId: row.noticeId,
  event: row.name,
  story: row.story,
  reminder: row.reminder,
  gathered: row.gathered,
  state: row.state,
  at: iso(row.at),
  attempts: row.attempts,
  nextTryAt: row.endedAt === null ? iso(row.nextAt) : null,
  lastStatus: row.lastStatus,
  lastSaid: row.lastSaid,
  endedAt: maybeIso(row.endedAt),
  tries: row.tries.map((one) => ({ ...one, at: iso(one.at) })),
})
