/** Anybody's receiver: the event itself, signed per Standard Webhooks. github.com/standard-webhooks/standard-webhooks */
import { type Channel, JSON_TYPE, type Message, RETRY_AFTER } from '../channel.ts'
import { bytes, hrefOf } from '../plain.ts'

/** Receivers of small bodies are common; long lists are shortened, and the totals beside them still count all. */
const MAX_BYTES = 60_000
const LENGTHS = [Number.POSITIVE_INFINITY, 20, 5, 1]

/** The event with whole URLs, as text that any JSON reader takes. */
export function bodyOf({ event, base, isTest }: Message): string {
  const links: Record<string, string | null> = Object.fromEntries(
    // A link that would lead elsewhere leads home.
    Object.entries(event.data.links).map(([name, link]) => [name, link && (hrefOf(link, base) ?? `${base}/`)]),
  )
  let body = ''
  for (const length of LENGTHS) {
    const lists = Object.entries(event.data).map(([key, value]) => [
      key,
      Array.isArray(value) ? value.slice(0, length) : value,
    ])
    const data = { ...Object.fromEntries(lists), links }
    body = JSON.stringify({ ...event, ...(isTest ? { test: true } : {}), data }, (_, value) =>
      typeof value === 'string' ? wellFormed(value) : value,
    )
    if (bytes(body) <= MAX_BYTES) break
  }
  return body
}

/** Half a surrogate pair is no character, and control characters are no text: strict readers refuse a body for them. */
const wellFormed = (text: string): string => text.replace(/[\p{Cs}\p{Cc}]/gu, '\ufffd')

export const webhook: Channel = {
  form: {
    url: 'where the events go: https, and no redirect',
    secret: 'whsec_ and 24 to 64 bytes in base64 (HMAC), or whsk_ and an Ed25519 key; two while one replaces the other',
    example: 'https://example.net/hooks/portwitness',
  },
  hosts: 'any',
  query: { needs: [], takes: ['*'] },
  secret: /^(?:whsec_[A-Za-z0-9+/]{32,88}={0,2}|whsk_[A-Za-z0-9+/]{43,88}={0,2})$/,
  rate: { perSecond: 10, burst: 20, source: 'ours: receivers that want less answer 429' },
  answer: {
    success: { statuses: '2xx' },
    retryAfter: [RETRY_AFTER],
    gone: [{ status: 410 }],
    reason: 'text',
  },
  // `data.issue.id` is in each body.
  follow: { how: 'new_message', remember: null, forgotten: null },
  render: (message, { url }) => ({
    method: 'POST',
    url,
    headers: { ...JSON_TYPE, 'user-agent': 'Portwitness' },
    body: bodyOf(message),
    isSigned: true,
  }),
}
