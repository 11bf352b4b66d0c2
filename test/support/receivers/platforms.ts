/** Each platform's receiver, and its own way to say "not so fast". */
import type { ChannelKind } from '../../../schema/words.ts'
import { googleChat, mattermost, rocketChat } from './chats.ts'
import { discord } from './discord.ts'
import { jsonReply, type Platform, type Reply, textReply } from './platform.ts'
import { matrix, pagerduty, zulip } from './servers.ts'
import { slack } from './slack.ts'
import { teams } from './teams.ts'
import { telegram } from './telegram.ts'
import { webhook } from './webhook.ts'

export const PLATFORMS: Record<ChannelKind, () => Platform> = {
  slack,
  teams,
  discord,
  google_chat: googleChat,
  mattermost,
  rocket_chat: rocketChat,
  telegram,
  zulip,
  matrix,
  pagerduty,
  webhook,
}

/** The platform's 429 that asks for `seconds`, as its documentation shows it. */
export const THROTTLED: Record<ChannelKind, (seconds: number, now: number) => Reply> = {
  slack: (seconds) => textReply(429, 'rate_limited', { 'retry-after': String(seconds) }),
  // Told in the body of a success, without a time: learn.microsoft.com, add-incoming-webhook
  teams: () =>
    textReply(
      200,
      'Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429 with ContextId tcid=0.',
    ),
  discord: (seconds) =>
    jsonReply(
      429,
      { message: 'You are being rate limited.', retry_after: seconds, global: false },
      {
        'retry-after': String(Math.ceil(seconds)),
        'x-ratelimit-reset-after': String(seconds),
        'x-ratelimit-remaining': '0',
      },
    ),
  google_chat: () =>
    jsonReply(429, { error: { code: 429, message: 'Resource has been exhausted', status: 'RESOURCE_EXHAUSTED' } }),
  mattermost: (seconds) =>
    textReply(429, 'limit exceeded', { 'x-ratelimit-limit': '101', 'x-ratelimit-reset': String(seconds) }),
  rocket_chat: (seconds, now) =>
    jsonReply(
      429,
      { success: false, error: `Error, too many requests. Please slow down. You must wait ${seconds} seconds` },
      { 'x-ratelimit-reset': String(now + seconds * 1_000), 'x-ratelimit-remaining': '0' },
    ),
  telegram: (seconds) =>
    jsonReply(429, {
      ok: false,
      error_code: 429,
      description: `Too Many Requests: retry after ${seconds}`,
      parameters: { retry_after: seconds },
    }),
  zulip: (seconds) =>
    jsonReply(
      429,
      { result: 'error', code: 'RATE_LIMIT_HIT', msg: 'API usage exceeded rate limit', 'retry-after': seconds },
      { 'retry-after': String(seconds) },
    ),
  matrix: (seconds) =>
    jsonReply(429, { errcode: 'M_LIMIT_EXCEEDED', error: 'Too many requests', retry_after_ms: seconds * 1_000 }),
  pagerduty: (seconds) =>
    jsonReply(429, { status: 'throttle exceeded', message: 'Too many requests' }, { 'retry-after': String(seconds) }),
  webhook: (seconds, now) => textReply(429, '', { 'retry-after': new Date(now + seconds * 1_000).toUTCString() }),
}

/** Kinds whose 429 says no time. */
export const TIMELESS: readonly ChannelKind[] = ['teams', 'google_chat']
