import type { QuietHours } from '../../../schema/channels.ts'
import type { Severity } from '../../../schema/words.ts'
import { isAtLeast } from '../notices/severity.ts'

const MINUTE_MS = 60_000
const DAY_MINUTES = 1_440
/** A day with a change to summer time has 25 hours. */
const MAX_QUIET_MINUTES = 25 * 60

/** When the quiet hours end in which `now` is; null when it is in none, or when this is grave enough to be told anyway. */
export function quietUntil(quiet: QuietHours | null, severity: Severity, now: number): number | null {
  if (!quiet || (quiet.unless !== null && isAtLeast(severity, quiet.unless))) return null
  const [from, to] = [minutesOf(quiet.from), minutesOf(quiet.to)]
  const clock = clockOf(quiet.timezone)
  if (!isWithin(clock(now), from, to)) return null
  // The wall clock may jump on the way: guess, then step by the minute to the first one that is not quiet.
  const rest = (to - clock(now) + DAY_MINUTES) % DAY_MINUTES || DAY_MINUTES
  const minute = Math.floor(now / MINUTE_MS) * MINUTE_MS
  let end = minute + Math.max(1, rest - 61) * MINUTE_MS
  for (let i = 0; i < MAX_QUIET_MINUTES && isWithin(clock(end), from, to); i++) end += MINUTE_MS
  return end
}

const isWithin = (at: number, from: number, to: number): boolean =>
  from === to ? false : from < to ? at >= from && at < to : at >= from || at < to

const minutesOf = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3))

/** Minutes since midnight on the wall clock of a time zone. */
function clockOf(timeZone: string): (at: number) => number {
  const format = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
  return (at) => minutesOf(format.format(at))
}
