/** Discord webhooks: one embed. discord.com/developers/docs/resources/message#embed-object-embed-limits */
import { type Card, COLOUR, fitted, SIGN } from '../card.ts'
import { type Channel, JSON_TYPE, RETRY_AFTER } from '../channel.ts'
import { clipped, inert, unquoted } from '../plain.ts'
import { inked } from '../spans.ts'
import { linksText, type Markup, sectionText } from '../text.ts'

const MAX_TITLE = 256
const MAX_DESCRIPTION = 4_096
const MAX_FIELD_NAME = 256
const MAX_FIELD = 1_024
const MAX_FIELDS = 25
/** of title, description, field names and values, footer and author, over all embeds */
const MAX_SUM = 6_000

const escaped = (text: string): string => text.replace(/[\\*_~`|>#\-[\]()<:]/g, '\\$&')
const titled = (text: string): string => escaped(inert(text))
const INK: Markup = {
  text: escaped,
  code: (text) => `\`${unquoted(text)}\``,
  bold: (text) => `**${escaped(text)}**`,
  link: (label, url) => `[${escaped(label)}](${url})`,
  newline: '\n',
  paragraph: '\n\n',
}
/** Before `1.` Discord would begin a list of its own; the escape of the ink would show. */
const LISTED: Markup = { ...INK, text: (text) => (/^(?:\d+\. |• )$/.test(text) ? text : escaped(text)) }

function embedOf(card: Card) {
  const description = [
    ...(card.text === '' ? [] : [inked([card.text], INK)]),
    ...card.sections.map((section) => sectionText(section, LISTED)),
    ...(card.links.length > 0 ? [linksText(card, INK)] : []),
  ].join('\n\n')
  return {
    title: clipped(`${SIGN[card.tone]} ${card.title}`, MAX_TITLE, titled),
    ...(card.links[0] ? { url: card.links[0].url } : {}),
    ...(description === '' ? {} : { description }),
    color: Number.parseInt(COLOUR[card.tone].slice(1), 16),
    fields: card.facts.map(({ name, value }) => ({ name, value: inked(value, INK), inline: true })),
    footer: { text: `Portwitness · ${card.kicker} · ${card.key}` },
    timestamp: card.at,
  }
}

function fits({ title, description, fields, footer }: ReturnType<typeof embedOf>): boolean {
  const sum =
    title.length +
    (description?.length ?? 0) +
    footer.text.length +
    fields.reduce((all, { name, value }) => all + name.length + value.length, 0)
  return (
    (description?.length ?? 0) <= MAX_DESCRIPTION &&
    fields.length <= MAX_FIELDS &&
    fields.every(({ name, value }) => name.length <= MAX_FIELD_NAME && value.length <= MAX_FIELD) &&
    sum <= MAX_SUM
  )
}

/** `…/webhooks/ID/TOKEN` with `?wait=true`, or its message; a `thread_id` stays. */
function urlOf(webhook: string, messageId: string | null): string {
  const url = new URL(webhook)
  if (messageId !== null) url.pathname = `${url.pathname.replace(/\/$/, '')}/messages/${encodeURIComponent(messageId)}`
  else url.searchParams.set('wait', 'true')
  return url.href
}

export const discord: Channel = {
  form: {
    url: 'the webhook’s URL; with ?thread_id= for a thread',
    secret: null,
    example: 'https://discord.com/api/webhooks/ID/TOKEN',
  },
  hosts: ['discord.com', 'discordapp.com', 'ptb.discord.com', 'canary.discord.com'],
  query: { needs: [], takes: ['thread_id'] },
  secret: null,
  rate: {
    perSecond: 0.5,
    burst: 5,
    source: 'webhooks answer x-ratelimit-limit 5 per window of 2 s; 30 a minute per channel',
  },
  answer: {
    success: { statuses: [200, 204] },
    retryAfter: [
      { in: 'json', at: 'retry_after', unit: 'seconds' },
      RETRY_AFTER,
      { in: 'header', at: 'x-ratelimit-reset-after', unit: 'seconds' },
    ],
    gone: [
      { status: 410 },
      { status: 404, says: /"code":\s*10015\b/ }, // Unknown Webhook
      { status: 401, says: /"code":\s*50027\b/ }, // Invalid Webhook Token
    ],
    reason: { json: 'message' },
  },
  follow: { how: 'edit', remember: 'id', forgotten: { status: 404, says: /"code":\s*10008\b/ } }, // Unknown Message
  render(message, { url }, memory) {
    const isEdit = message.event.type === 'issue.resolved' && memory !== null
    const embed = fitted(message, embedOf, fits)
    return {
      method: isEdit ? 'PATCH' : 'POST',
      url: urlOf(url, isEdit ? memory : null),
      headers: JSON_TYPE,
      body: JSON.stringify({ embeds: [embed], allowed_mentions: { parse: [] } }),
    }
  },
}
