/** Mattermost incoming webhooks: Slack-like attachments in Markdown. developers.mattermost.com/integrate/reference/message-attachments */
import { type Card, COLOUR, fitted, SIGN } from '../card.ts'
import { type Channel, JSON_TYPE, RETRY_AFTER } from '../channel.ts'
import { clipped, inert, unquoted } from '../plain.ts'
import { bodyText, linksText, type Markup } from '../text.ts'

/** A post holds 16,383 characters; text and attachments are kept below that together. */
const MAX_ALL = 14_000

/** What its Markdown (a fork of marked) takes as escaped; any other backslash would be shown. */
const escaped = (text: string): string => text.replace(/[\\`*_[\]()#|~>]/g, '\\$&').replace(/</g, '<\u200b')
const titled = (text: string): string => escaped(inert(text))
const INK: Markup = {
  text: escaped,
  code: (text) => `\`${unquoted(text)}\``,
  bold: (text) => `**${escaped(text)}**`,
  link: (label, url) => `[${escaped(label)}](${url})`,
  newline: '  \n',
  paragraph: '\n\n',
}
const LISTED: Markup = { ...INK, text: (text) => (/^(?:\d+\. |• )$/.test(text) ? text : escaped(text)) }

const bodyOf = (card: Card) => ({
  attachments: [
    {
      fallback: clipped(`${card.kicker}: ${card.title}`, 300, titled),
      color: COLOUR[card.tone],
      title: clipped(`${SIGN[card.tone]} ${card.title}`, 300, titled),
      ...(card.links[0] ? { title_link: card.links[0].url } : {}),
      text: [bodyText(card, LISTED), linksText(card, INK)].filter((part) => part !== '').join('\n\n'),
      footer: `Portwitness · ${card.kicker}`,
    },
  ],
})

export const mattermost: Channel = {
  form: {
    url: 'the incoming webhook’s URL',
    secret: null,
    example: 'https://mattermost.example.net/hooks/…',
  },
  hosts: 'any',
  query: { needs: [], takes: [] },
  secret: null,
  rate: {
    perSecond: 5,
    burst: 10,
    source: 'docs.mattermost.com, RateLimitSettings: 10 a second, burst 100; half of it',
  },
  answer: {
    success: { statuses: [200], body: { text: 'ok' } },
    retryAfter: [RETRY_AFTER, { in: 'header', at: 'x-ratelimit-reset', unit: 'seconds' }],
    gone: [
      { status: 410 },
      { status: 404, says: /web_?hook/i },
      { status: 400, says: /incoming[._]webhook\.(?:disabled|invalid)|web_hook\.incoming\.disabled/ },
    ],
    reason: { json: 'message' },
  },
  follow: { how: 'new_message', remember: null, forgotten: null },
  render: (message, { url }) => ({
    method: 'POST',
    url,
    headers: JSON_TYPE,
    body: fitted(
      message,
      (card) => JSON.stringify(bodyOf(card)),
      (body) => body.length <= MAX_ALL,
    ),
  }),
}
