/** The event as it is told when it is not told at once: as a reminder, or for earlier ones that nobody was told of. */
import type { AnyEvent } from '../../../schema/events.ts'
import { said } from '../notices/said.ts'
import { count } from '../text.ts'

const DAY_MS = 86_400_000

export function retold(
  event: AnyEvent,
  how: { reminder: number; gathered: number; heldSince: number | null },
  now: number,
): AnyEvent {
  const { title, text } = event.data
  if (how.reminder > 0 && (event.type === 'issue.opened' || event.type === 'issue.updated')) {
    const days = Math.max(1, Math.round((now - Date.parse(event.timestamp)) / DAY_MS))
    return {
      ...event,
      type: 'issue.updated',
      data: {
        proof: null,
        ...event.data,
        title: said(`Still open: ${title}`, 400),
        text: said(`Reminder ${how.reminder}: nothing new for ${count(days, 'day')}. ${text}`, 800),
      },
    }
  }
  if (how.gathered === 0) return event
  const since =
    how.heldSince === null ? '' : ` since ${new Date(how.heldSince).toISOString().slice(0, 16).replace('T', ' ')} UTC`
  const words = `${count(how.gathered, 'earlier message')} of this${since} ${how.gathered === 1 ? 'was' : 'were'} not sent; this is how it stands now. ${text}`
  return { ...event, data: { ...event.data, text: said(words, 800) } } as AnyEvent
}
