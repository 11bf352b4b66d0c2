/** What a platform's answer means for the message and its channel. Pure: the sender waits, retries and switches off. */
import type { Channel, RetryForm } from './channel.ts'
import { clipped } from './plain.ts'

export interface Answer {
  status: number
  /** lower-case names */
  headers: Readonly<Record<string, string>>
  /** the beginning of the body, as much as was read */
  body: string
}

export type Outcome =
  /** `remember`: hand it to later renders of the same story */
  | { is: 'sent'; remember: string | null }
  /** put off: by the platform's own word after `afterMs`, or when the schedule says (null) */
  | { is: 'later'; afterMs: number | null; isThrottled: boolean; reason: string }
  /** the message as it is will never be taken */
  | { is: 'refused'; reason: string }
  /** the channel is gone or shut: switch it off, say so elsewhere */
  | { is: 'gone'; reason: string }
  /** the first message of the story is gone: forget it, render without, try at once */
  | { is: 'forgotten'; reason: string }

/** Longer is not waited for at anybody's word. */
const MAX_WAIT_MS = 24 * 3_600_000
const MAX_REASON = 200

/**
 * `wasFollowUp`: the request was rendered with a memory. Redirects are never followed, so that they are failures here. `masking`
 * hides secrets in what they said, before it is cut: half a secret would not be known for one.
 */
export function outcomeOf(
  { answer: form, follow }: Channel,
  answer: Answer,
  wasFollowUp: boolean,
  now: number,
  masking: (text: string) => string = (text) => text,
): Outcome {
  const json = parsed(answer.body)
  const says = (says: RegExp | undefined) => says === undefined || says.test(answer.body)
  const meant = form.success.unless?.exec(answer.body)?.[1]
  const status = meant !== undefined && answer.status < 300 ? Number(meant) : answer.status
  const reason = clipped(
    `${status}: ${masking(form.reason === 'text' ? answer.body : textIn(json, form.reason.json) || answer.body)}`,
    MAX_REASON,
  )
  if (status >= 200 && status < 300) {
    if (!isSuccess(form.success, answer, json)) return { is: 'later', afterMs: null, isThrottled: false, reason }
    return { is: 'sent', remember: follow.remember === null ? null : textAt(json, follow.remember) || null }
  }
  if (wasFollowUp && follow.forgotten && status === follow.forgotten.status && says(follow.forgotten.says))
    return { is: 'forgotten', reason }
  if (form.gone.some((one) => one.status === status && says(one.says))) return { is: 'gone', reason }
  const isThrottled = status === 429
  if (isThrottled || status === 408 || status === 425 || status >= 500)
    return { is: 'later', afterMs: waitOf(form.retryAfter, answer, json, now), isThrottled, reason }
  // A refusal now may be a mistake of theirs that is mended later; the schedule ends by itself.
  if (status === 400 || status === 413 || status === 422) return { is: 'refused', reason }
  return { is: 'later', afterMs: null, isThrottled: false, reason }
}

function isSuccess({ statuses, body }: Channel['answer']['success'], answer: Answer, json: unknown): boolean {
  if (statuses !== '2xx' && !statuses.includes(answer.status)) return false
  if (body === undefined) return true
  return 'text' in body ? answer.body.trim() === body.text : at(json, body.json) === body.is
}

/** ms; null when the answer does not say. */
function waitOf(forms: readonly RetryForm[], answer: Answer, json: unknown, now: number): number | null {
  for (const form of forms) {
    const found = form.in === 'header' ? answer.headers[form.at] : at(json, form.at)
    if (found === undefined || found === null || found === '') continue
    const waitMs = msOf(String(found), form.unit, now)
    if (waitMs !== null) return Math.min(MAX_WAIT_MS, Math.max(0, Math.ceil(waitMs)))
  }
  return null
}

function msOf(text: string, unit: RetryForm['unit'], now: number): number | null {
  const value = Number(text)
  if (!Number.isFinite(value)) {
    const date = unit === 'date_or_seconds' ? Date.parse(text) : Number.NaN
    return Number.isNaN(date) ? null : date - now
  }
  switch (unit) {
    case 'seconds':
    case 'date_or_seconds':
      return value * 1_000
    case 'milliseconds':
      return value
    case 'epoch_milliseconds':
      return value - now
  }
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return null
  }
}

/** `parameters.retry_after`: own properties only. */
function at(json: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    return (value as Record<string, unknown>)[key]
  }, json)
}

function textIn(json: unknown, path: string): string {
  const value = at(json, path)
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}
const textAt = (json: unknown, path: string): string => textIn(json, path).slice(0, 500)
