/** What comes and goes again and again is said once, and then summed up. */
import type { AnyEvent } from '../../../schema/events.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
/** So many turns within `WINDOW_MS` are told one by one: it came, it went. */
const TOLD = 2
const WINDOW_MS = 6 * HOUR
/** The summary is sent when nothing has turned for so long, and at the latest so long after the first that was held. */
const CALM_MS = 30 * MINUTE
const MOST_MS = 6 * HOUR

/** Names what turns, across the issues that it opens; null for what has no two sides. */
export function flapOf(event: AnyEvent): string | null {
  switch (event.type) {
    case 'issue.opened':
    case 'issue.resolved':
      return `flap:${event.data.target.id}:${event.data.issue.finding}`
    case 'probe.offline':
      // That a probe is not believed any more is never held back.
      return event.data.reason === undefined ? `flap:${event.data.probe.id}` : null
    case 'probe.online':
      return `flap:${event.data.probe.id}`
    default:
      return null
  }
}

/** Turns that still count, this one among them. */
export const turnsWith = (earlier: readonly number[], now: number): number[] =>
  [...earlier.filter((at) => at > now - WINDOW_MS), now].slice(-50)

/** Until when this turn is held; null when it is told at once. `heldSince`: of an earlier one that is held still. */
export function heldUntil(turns: readonly number[], heldSince: number | null, now: number): number | null {
  if (turns.length <= TOLD && heldSince === null) return null
  return Math.min(now + CALM_MS, (heldSince ?? now) + MOST_MS)
}
