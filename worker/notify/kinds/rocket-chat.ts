/** Rocket.Chat incoming webhooks: Slack-like attachments. docs.rocket.chat, Integrations */
import { type Card, COLOUR, fitted, SIGN } from '../card.ts'
import { type Channel, JSON_TYPE, RETRY_AFTER } from '../channel.ts'
import { clipped, inert, unquoted } from '../plain.ts'
import { bodyText, linksText, type Markup } from '../text.ts'

/** Message_MaxAllowedSize is 5,000 unless changed; attachments are kept below it too. */
const MAX_TEXT = 4_800

/** Its Markdown has no escapes that all versions honour: a character of no width keeps marks from opening anything. */
const mild = (text: string): string => unquoted(text).replace(/[*_~[\]<|#\\]/g, '\u200b$&\u200b')
const titled = (text: string): string => mild(inert(text))
const INK: Markup = {
  text: mild,
  code: (text) => `\`${unquoted(text)}\``,
  bold: (text) => `*${mild(text)}*`,
  link: (label, url) => `[${mild(label)}](${url})`,
  newline: '\n',
  paragraph: '\n\n',
}

const bodyOf = (card: Card) => ({
  text: '',
  attachments: [
    {
      color: COLOUR[card.tone],
      title: clipped(`${SIGN[card.tone]} ${card.title}`, 300, titled),
      ...(card.links[0] ? { title_link: card.links[0].url } : {}),
      text: [mild(card.kicker), bodyText(card, INK), linksText(card, INK)].filter((part) => part !== '').join('\n\n'),
      ts: card.at,
    },
  ],
})

export const rocketChat: Channel = {
  form: {
    url: 'the incoming integration’s webhook URL',
    secret: null,
    example: 'https://chat.example.net/hooks/ID/TOKEN',
  },
  hosts: 'any',
  query: { needs: [], takes: [] },
  secret: null,
  rate: {
    perSecond: 0.15,
    burst: 5,
    source: 'developer.rocket.chat, rate limiter: 10 calls a minute per endpoint unless changed',
  },
  answer: {
    success: { statuses: [200], body: { json: 'success', is: true } },
    retryAfter: [RETRY_AFTER, { in: 'header', at: 'x-ratelimit-reset', unit: 'epoch_milliseconds' }],
    gone: [
      { status: 410 },
      { status: 404, says: /Invalid integration id or token/ },
      { status: 400, says: /Invalid integration id or token/ },
    ],
    reason: { json: 'error' },
  },
  follow: { how: 'new_message', remember: null, forgotten: null },
  render: (message, { url }) => ({
    method: 'POST',
    url,
    headers: JSON_TYPE,
    body: JSON.stringify(
      fitted(message, bodyOf, ({ attachments }) => attachments.every(({ text }) => text.length <= MAX_TEXT)),
    ),
  }),
}
