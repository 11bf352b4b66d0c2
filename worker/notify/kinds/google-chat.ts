/** Google Chat webhooks: cardsV2. developers.google.com/workspace/chat/api/reference/rest/v1/cards */
import { type Card, fitted, SIGN } from '../card.ts'
import type { Section } from '../cards/body.ts'
import { type Channel, JSON_TYPE, RETRY_AFTER } from '../channel.ts'
import { bytes, html, inert } from '../plain.ts'
import { type Ink, inked, type Line } from '../spans.ts'

/** A card is at most 32 KB; widgets beyond 100 are ignored. */
const MAX_BYTES = 30_000
const MAX_WIDGETS = 100

/** The few tags that card text knows; there is none for code. */
const INK: Ink = {
  text: html,
  code: (text) => html(inert(text)),
  bold: (text) => `<b>${html(text)}</b>`,
}

const paragraph = (text: string) => ({ textParagraph: { text } })

function bodyOf(card: Card) {
  return {
    fallbackText: `${SIGN[card.tone]} ${card.kicker}: ${card.title}`,
    thread: { threadKey: card.key },
    cardsV2: [
      {
        cardId: card.key,
        card: {
          header: { title: `${SIGN[card.tone]} ${card.title}`, subtitle: card.kicker },
          sections: [
            {
              widgets: [
                ...(card.text === '' ? [] : [paragraph(inked([card.text], INK))]),
                ...card.facts.map(({ name, value }) => ({
                  decoratedText: { topLabel: name, text: inked(value, INK), wrapText: true },
                })),
              ],
            },
            ...card.sections.map(sectionOf),
            ...(card.links.length > 0 ? [{ widgets: [buttons(card)] }] : []),
          ].filter(({ widgets }) => widgets.length > 0),
        },
      },
    ],
  }
}

const sectionOf = ({ heading, lines, isNumbered, more }: Section) => ({
  header: html(inert(heading)),
  widgets: [
    ...lines.map((line: Line, i) => paragraph(`${isNumbered ? `${i + 1}. ` : ''}${inked(line, INK)}`)),
    ...(more === null ? [] : [paragraph(inked([more], INK))]),
  ],
})

const buttons = (card: Card) => ({
  buttonList: { buttons: card.links.map(({ label, url }) => ({ text: label, onClick: { openLink: { url } } })) },
})

const widgetsIn = (body: ReturnType<typeof bodyOf>): number =>
  body.cardsV2.reduce((sum, { card }) => sum + card.sections.reduce((all, one) => all + one.widgets.length, 0), 0)

function urlOf(webhook: string): string {
  const url = new URL(webhook)
  url.searchParams.set('messageReplyOption', 'REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD')
  return url.href
}

export const googleChat: Channel = {
  form: {
    url: 'the space’s webhook URL',
    secret: null,
    example: 'https://chat.googleapis.com/v1/spaces/SPACE/messages?key=…&token=…',
  },
  hosts: ['chat.googleapis.com'],
  query: { needs: ['key', 'token'], takes: [] },
  secret: null,
  rate: {
    perSecond: 1,
    burst: 1,
    source: 'developers.google.com/workspace/chat/limits: 1 a second per space, shared by all apps',
  },
  answer: {
    success: { statuses: [200] },
    retryAfter: [RETRY_AFTER],
    gone: [{ status: 410 }, { status: 404, says: /NOT_FOUND/ }, { status: 403, says: /PERMISSION_DENIED/ }],
    reason: { json: 'error.message' },
  },
  follow: { how: 'thread', remember: null, forgotten: null },
  render: (message, { url }) => ({
    method: 'POST',
    url: urlOf(url),
    headers: JSON_TYPE,
    body: JSON.stringify(
      fitted(message, bodyOf, (body) => bytes(JSON.stringify(body)) <= MAX_BYTES && widgetsIn(body) <= MAX_WIDGETS),
    ),
  }),
}
