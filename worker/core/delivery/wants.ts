/** Whether a channel is to be told of an event. */
import { type ChannelFilters, usualFor } from '../../../schema/channels.ts'
import type { AnyEvent } from '../../../schema/events.ts'
import type { ChannelKind, NoticeName } from '../../../schema/words.ts'
import { isAtLeast } from '../notices/severity.ts'

export interface Wish {
  id: string
  kind: ChannelKind
  events: readonly NoticeName[] | null
  filters: ChannelFilters
}

/**
 * A filter asks only events that have what it asks for: a probe has no tags, a failed scan no cause. Whoever was told that
 * a story began is told how it goes on and ends, however harmless that is by itself. That another channel is dead is told
 * to all.
 */
export function wants(wish: Wish, event: AnyEvent, wasTold: boolean): boolean {
  if (event.type === 'channel.switched_off') return event.data.channel.id !== wish.id
  if (!(wish.events ?? usualFor(wish.kind)).includes(event.type)) return false
  if (wasTold && isEnd(event)) return true
  const { severity, causeClass, targetTags } = wish.filters
  // An incident is ended by a scan that got through, which is not grave at all.
  const isRemedy = wish.kind === 'pagerduty' && event.type === 'scan.finished'
  if (severity !== null && !isRemedy && !isAtLeast(event.data.severity, severity)) return false
  if (causeClass.length > 0 && !isRemedy && 'losses' in event.data) {
    const lost = event.data.losses
    if (!lost.some(({ cause }) => cause !== null && causeClass.includes(cause.class))) return false
  }
  // An end names no cause: it is only of use to those who were told of the beginning.
  if (causeClass.length > 0 && event.type === 'issue.resolved') return false
  return (
    targetTags.length === 0 ||
    !('target' in event.data) ||
    event.data.target.tags.some((tag) => targetTags.includes(tag))
  )
}

const isEnd = ({ type }: AnyEvent): boolean => type === 'issue.resolved' || type === 'probe.online'

/** What of an issue's news is worth telling again: everything but when it was seen. */
export function essenceOf(event: AnyEvent): string | null {
  if (event.type !== 'issue.opened' && event.type !== 'issue.updated') return null
  const { severity, issue, losses, portsTotal, coverage } = event.data
  return JSON.stringify([
    severity,
    issue.finding,
    portsTotal,
    Math.round((coverage?.share ?? 1) * 20),
    losses.map((loss) => [
      loss.verdict,
      loss.strength,
      loss.cause?.class,
      loss.cause?.mechanism,
      loss.cause?.vendor,
      loss.addresses,
      loss.ports,
    ]),
  ])
}
