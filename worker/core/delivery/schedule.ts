/** When a message is tried again. */

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
/** Before each attempt: the example schedule of Standard Webhooks 1.0, "Deliverability and reliability". */
export const SCHEDULE_MS: readonly number[] = [
  0,
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
]
/** The schedule and its jitter take 92 h; a platform that puts us off for ever gets no more than this. */
export const MAX_AGE_MS = 100 * HOUR
/** Added by chance to each wait, so that what failed together does not come back together. */
const JITTER = 0.2

/** "Come again at once" from a platform that throttles is no word on when to come. */
const LEAST_TOLD_MS = SECOND
/** Throttled more often than this in a row, a channel counts as failing: what it says of the wait is not so. */
const THROTTLES = 5

export interface Round {
  /** the message, for a jitter that needs no luck: another for each message and step */
  id: string
  /** place in the schedule of the attempt that failed */
  step: number
  /** ms since 1970, of the first attempt of this round */
  since: number
}

/**
 * When to try again, and the place in the schedule then; null: given up. A platform that only throttles (429) costs no
 * place in the schedule, because it is there; its own word on when to come (`afterMs`) is never undercut.
 */
export function nextTry(
  { id, step, since }: Round,
  { afterMs, isThrottled }: { afterMs: number | null; isThrottled: boolean },
  now: number,
): { at: number; step: number } | null {
  const isWaitTold = afterMs !== null && afterMs >= LEAST_TOLD_MS
  const next = isThrottled && isWaitTold ? step : step + 1
  const planned = isThrottled && isWaitTold ? 0 : SCHEDULE_MS[next]
  if (planned === undefined) return null
  const luck = fraction(`${id}|${next}|${now}`)
  const waitMs = Math.max(planned * (1 + JITTER * luck), (afterMs ?? 0) + (isWaitTold ? SECOND * luck : 0))
  const at = now + Math.ceil(waitMs)
  return at - since > MAX_AGE_MS ? null : { at, step: next }
}

/** Whether an answer that throttles is a failure too: after so many earlier ones in a row. */
export const isOverThrottled = (earlier: number): boolean => earlier >= THROTTLES

/** From the third failure in a row on, a channel is left in peace for longer and longer: it costs nobody else time. */
export function pauseMs(failures: number): number {
  return failures < 3 ? 0 : Math.min(5 * MINUTE, 10 * SECOND * 2 ** (failures - 3))
}

/** 0 to 1, from 32-bit FNV-1a. */
function fraction(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash ^= hash >>> 16
  hash = Math.imul(hash, 0x85ebca6b)
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32
}
