/** Schedules in words, for people. What has no plain words stays the expression that it is. */
import { listed } from './text.ts'

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']
const SHORTHANDS: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}
/** More times than these are no sentence any more. */
const MOST_TIMES = 6

const two = (n: number): string => String(n).padStart(2, '0')

/** Numbers of a field, a list or a range of them, or names of days and months; null for anything else. */
function valuesOf(field: string, names: readonly string[], first: number): number[] | null {
  const values: number[] = []
  for (const part of field.split(',')) {
    const [from, to = from, ...more] = part.split('-').map((word) => numberOf(word, names, first))
    if (more.length > 0 || from == null || to == null || to < from) return null
    for (let n = from; n <= to; n++) values.push(n)
  }
  return [...new Set(values)].sort((a, b) => a - b)
}

function numberOf(word: string, names: readonly string[], first: number): number | null {
  if (/^\d{1,2}$/.test(word)) return Number(word)
  const at = word.length < 3 ? -1 : names.findIndex((name) => name.slice(0, 3).toLowerCase() === word.toLowerCase())
  return at < 0 ? null : at + first
}

const stepOf = (field: string): number | null => {
  const [, step] = /^(?:\*|0-59|0-23)\/(\d{1,2})$/.exec(field) ?? []
  return step === undefined ? null : Number(step)
}

/** `every Monday at 03:00`; null where there are no plain words. */
export function cronWords(expression: string): string | null {
  const text = expression.trim().toLowerCase()
  const [minute = '', hour = '', date = '', month = '', weekday = '', ...rest] = (SHORTHANDS[text] ?? text).split(/\s+/)
  if (rest.length > 0 || weekday === '') return null
  const day = dayWords(date, month, weekday)
  const time = timeWords(minute, hour)
  if (day === null || time === null) return null
  return time.startsWith('every') ? (day === 'every day' ? time : `${time}, ${day}`) : `${day} ${time}`
}

function timeWords(minute: string, hour: string): string | null {
  const hourStep = stepOf(hour)
  const minuteStep = stepOf(minute)
  if (hour === '*' && minute === '*') return 'every minute'
  if (hour === '*' && minuteStep !== null) return minuteStep === 1 ? 'every minute' : `every ${minuteStep} minutes`
  const minutes = valuesOf(minute, [], 0)
  if (minutes === null) return null
  const past = listed(minutes.map(two))
  if (hour === '*' || hourStep === 1) return `every hour at ${past} past`
  if (hourStep !== null) return `every ${hourStep} hours at ${past} past`
  const hours = valuesOf(hour, [], 0)
  if (hours === null || hours.length * minutes.length > MOST_TIMES) return null
  return `at ${listed(hours.flatMap((h) => minutes.map((m) => `${two(h)}:${two(m)}`)))}`
}

function dayWords(date: string, month: string, weekday: string): string | null {
  const isAny = (field: string) => field === '*' || field === '?'
  const months = isAny(month) ? [] : valuesOf(month, MONTHS, 1)
  if (months === null) return null
  const inMonths = months.length === 0 ? '' : ` in ${listed(months.map((n) => MONTHS[n - 1] ?? String(n)))}`
  // Both given: due when either fits, which no short sentence says.
  if (!isAny(date) && !isAny(weekday)) return null
  if (!isAny(weekday)) {
    const days = valuesOf(weekday, DAYS, 0)
    if (days === null) return null
    const set = [...new Set(days.map((n) => n % 7))]
    if (set.length === 7) return `every day${inMonths}`
    if (set.length === 5 && !set.includes(0) && !set.includes(6)) return `Monday to Friday${inMonths}`
    return `every ${listed(days.map((n) => DAYS[n] ?? String(n)))}${inMonths}`
  }
  if (isAny(date)) return `every day${inMonths}`
  const dates = valuesOf(date, [], 0)
  if (dates === null) return null
  return `on the ${listed(dates.map(ordinal))} ${months.length === 0 ? 'of each month' : `of ${listed(months.map((n) => MONTHS[n - 1] ?? ''))}`}`
}

function ordinal(n: number): string {
  const isTeen = n % 100 > 10 && n % 100 < 14
  return `${n}${(isTeen ? undefined : ['th', 'st', 'nd', 'rd'][n % 10]) ?? 'th'}`
}
