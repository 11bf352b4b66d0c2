/** What a kind of channel is: one pure render, and what its sender must know, as data. Nothing here does I/O. */
import type { AnyEvent } from '../../schema/events.ts'

export interface Message {
  /** of the notice, `ntc_…`: the same at each attempt, and what makes a repeat harmless where the platform can */
  id: string
  event: AnyEvent
  /** where this Worker is reached from outside, without a slash at the end: links begin with it */
  base: string
  /** sent by hand to try a channel, and says so */
  isTest?: boolean
}

/** Where to: as the user gave it, checked by `checkDestination`. */
export interface Destination {
  url: string
  /** newest first; only kind `webhook` takes more than one */
  secrets: readonly string[]
}

/** What is to be sent. URL and headers may hold secrets: they belong in no log. */
export interface Request {
  method: 'POST' | 'PUT' | 'PATCH'
  url: string
  headers: Record<string, string>
  body: string
  /** to be signed per Standard Webhooks at each attempt (`signed` in signing.ts) */
  isSigned?: boolean
}

/** Where an answer says when to come again. */
export interface RetryForm {
  in: 'header' | 'json'
  /** a header's name, or a path such as `parameters.retry_after` */
  at: string
  /** `date_or_seconds` as in RFC 9110; `epoch_milliseconds` is a moment */
  unit: 'seconds' | 'milliseconds' | 'date_or_seconds' | 'epoch_milliseconds'
}

export interface AnswerForm {
  success: {
    statuses: readonly number[] | '2xx'
    /** the body must say so too */
    body?: { text: string } | { json: string; is: unknown }
    /** said by a body of a success that is none; the first group is the status that was meant */
    unless?: RegExp
  }
  /** in order: the first that is there counts */
  retryAfter: readonly RetryForm[]
  /** answers that mean the channel itself is gone or shut: switch it off and say so elsewhere */
  gone: readonly { status: number; says?: RegExp }[]
  /** where a refusal says why, for the delivery log */
  reason: { json: string } | 'text'
}

/** How a later message of the same story finds the first one. */
export interface Follow {
  /**
   * `thread`, `topic`, `dedup_key`: by a key of ours, nothing to remember. `thread_of`, `reply`: under the first message.
   * `edit`: the end of a story rewrites the first message. `new_message`: the platform cannot.
   */
  how: 'thread' | 'topic' | 'dedup_key' | 'thread_of' | 'reply' | 'edit' | 'new_message'
  /** path in the JSON of the first message's answer, to be handed to later renders as `memory`; null: nothing */
  remember: string | null
  /** an answer to a later message that says the first one is gone: forget it and render without */
  forgotten: { status: number; says?: RegExp } | null
}

/** Tokens of a bucket per destination: `perSecond` come in, at most `burst` are kept. */
export interface Rate {
  perSecond: number
  burst: number
  source: string
}

export interface Channel {
  /** what `url` and `secret` must be, for the person who sets the channel up */
  form: { url: string; secret: string | null; example: string }
  /** host names; with a dot in front also all below it; `any`: whatever is public */
  hosts: readonly string[] | 'any'
  /** query parameters that the URL must have, and may have */
  query: { needs: readonly string[]; takes: readonly string[] }
  /** what a secret looks like; null: none is taken */
  secret: RegExp | null
  rate: Rate
  answer: AnswerForm
  follow: Follow
  /** `memory` is what was remembered of the story's first message, if anything */
  render(message: Message, to: Destination, memory: string | null): Request
}

export const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' }
/** RFC 9110, 10.2.3 */
export const RETRY_AFTER: RetryForm = { in: 'header', at: 'retry-after', unit: 'date_or_seconds' }
