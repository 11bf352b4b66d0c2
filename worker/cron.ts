/** The only file that knows the cron library. Expressions have five fields, down to the minute. */
import { Cron } from 'croner'

const FIELDS = 5

/** What is wrong with an expression or a time zone, in words for the user; null when both are fine. */
export function cronError(
  schedule: string,
  timezone: string,
): { field: 'schedule' | 'timezone'; detail: string } | null {
  try {
    new Intl.DateTimeFormat('en', { timeZone: timezone })
  } catch {
    return { field: 'timezone', detail: 'not a time zone name, such as Europe/Berlin or UTC' }
  }
  const fields = schedule.trim().split(/\s+/).length
  if (fields !== FIELDS && !schedule.startsWith('@'))
    return { field: 'schedule', detail: `must have five fields, has ${fields}` }
  try {
    if (nextDue(schedule, timezone, Date.UTC(2026, 0, 1)) === null) return { field: 'schedule', detail: 'is never due' }
    return null
  } catch {
    return { field: 'schedule', detail: 'not a cron expression, such as 0 3 * * *' }
  }
}

/** The first due minute strictly after `after`, in the time zone; null when there is none. Times in ms. */
export const nextDue = (schedule: string, timezone: string, after: number): number | null =>
  new Cron(schedule, { timezone, paused: true }).nextRun(new Date(after))?.getTime() ?? null

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** How far back the latest due minute is looked for, once none is within the bound. */
const LOOK_BACK_MS = [HOUR_MS, DAY_MS, 32 * DAY_MS, 366 * DAY_MS]

/**
 * Due minutes from `first` (one itself) to `now`, oldest first: those of the last `bound` ms, or else the latest alone.
 * What was missed for long is not made up for.
 */
export function dueBetween(schedule: string, timezone: string, first: number, now: number, bound: number): number[] {
  const since = (from: number): number[] => {
    const due = first >= from ? [first] : []
    for (let next = nextDue(schedule, timezone, Math.max(first, from - 1)); next !== null && next <= now; ) {
      due.push(next)
      next = nextDue(schedule, timezone, next)
    }
    return due
  }
  const recent = since(now - bound)
  if (recent.length > 0) return recent
  for (const span of LOOK_BACK_MS) {
    const latest = since(now - span).at(-1)
    if (latest !== undefined) return [latest]
  }
  return [first]
}
