/** Slack incoming webhooks: Block Kit, coloured by an attachment. docs.slack.dev/reference/block-kit/blocks */
import { type Card, COLOUR, fitted, SIGN } from '../card.ts'
import { type Channel, JSON_TYPE, RETRY_AFTER } from '../channel.ts'
import { clipped, inert, unquoted } from '../plain.ts'
import { inked } from '../spans.ts'
import { linksText, type Markup, sectionText } from '../text.ts'

/** The three characters that Slack wants as entities; with `verbatim` nothing else is acted upon. */
const entities = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')
/** mrkdwn knows no escape for these: a character of no width keeps them from opening anything. */
const mild = (text: string): string => entities(unquoted(text)).replace(/[*_~]/g, '\u200b$&\u200b')

const titled = (text: string): string => entities(inert(text))
const INK: Markup = {
  text: mild,
  code: (text) => `\`${entities(unquoted(text))}\``,
  bold: (text) => `*${mild(text)}*`,
  link: (label, url) => `<${url}|${mild(label)}>`,
  newline: '\n',
  paragraph: '\n\n',
}

/** From the block reference; for the whole see slackapi/bolt-js#2509, where 13,000 characters were too many. */
const MAX_HEADER = 150
const MAX_SECTION = 3_000
const MAX_FIELD = 2_000
const MAX_ALL = 12_000

const mrkdwn = (text: string) => ({ type: 'mrkdwn', text, verbatim: true })
const section = (text: string) => ({ type: 'section', text: mrkdwn(text) })

function bodyOf(card: Card) {
  const fields = card.facts.map(({ name, value }) => mrkdwn(`${INK.bold(name)}\n${inked(value, INK)}`))
  const header = `${SIGN[card.tone]} ${card.title}`
  return {
    text: clipped(`${card.kicker}: ${card.title}`, MAX_HEADER, titled),
    // Not `emoji: true`: names such as :fire: in a target's name are no pictures.
    blocks: [{ type: 'header', text: { type: 'plain_text', text: clipped(header, MAX_HEADER), emoji: false } }],
    attachments: [
      {
        color: COLOUR[card.tone],
        fallback: clipped(card.text || card.title, 300, titled),
        blocks: [
          ...(card.text === '' ? [] : [section(inked([card.text], INK))]),
          ...(fields.length > 0 ? [{ type: 'section', fields: fields.slice(0, 10) }] : []),
          ...card.sections.map((one) => section(sectionText(one, INK))),
          // Links, not buttons: pressing a webhook's button shows a warning where the app takes no interactions.
          ...(card.links.length > 0 ? [section(linksText(card, INK))] : []),
          { type: 'context', elements: [mrkdwn(`${INK.text(card.kicker)} · Portwitness · ${INK.code(card.key)}`)] },
        ],
      },
    ],
  }
}

function fits({ blocks, attachments }: ReturnType<typeof bodyOf>): boolean {
  const all = [...blocks, ...attachments.flatMap((one) => one.blocks)]
  const texts = all.flatMap((block) => ('text' in block ? [block.text.text] : []))
  const fields = all.flatMap((block) => ('fields' in block && block.fields ? block.fields.map(({ text }) => text) : []))
  return (
    texts.every((text) => text.length <= MAX_SECTION) &&
    fields.every((text) => text.length <= MAX_FIELD) &&
    [...texts, ...fields].reduce((sum, text) => sum + text.length, 0) <= MAX_ALL
  )
}

export const slack: Channel = {
  form: {
    url: 'the incoming webhook’s URL',
    secret: null,
    example: 'https://hooks.slack.com/services/T…/B…/…',
  },
  hosts: ['hooks.slack.com', 'hooks.slack-gov.com'],
  query: { needs: [], takes: [] },
  secret: null,
  rate: { perSecond: 1, burst: 3, source: 'docs.slack.dev/apis/web-api/rate-limits: 1 a second, short bursts' },
  answer: {
    success: { statuses: [200], body: { text: 'ok' } },
    retryAfter: [RETRY_AFTER],
    gone: [
      { status: 410 },
      { status: 404, says: /^(no_service|no_team|channel_not_found)/ },
      { status: 403, says: /^(action_prohibited|invalid_token)/ },
    ],
    reason: 'text',
  },
  follow: { how: 'new_message', remember: null, forgotten: null },
  render: (message, { url }) => ({
    method: 'POST',
    url,
    headers: JSON_TYPE,
    body: JSON.stringify(fitted(message, bodyOf, fits)),
  }),
}
