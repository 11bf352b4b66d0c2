/** Google Chat, Mattermost and Rocket.Chat. */
import { readHtml } from './html.ts'
import {
  attempt,
  isObject,
  type Json,
  jsonReply,
  listOf,
  must,
  onlyKnown,
  type Platform,
  readJson,
  refusalOf,
  textOf,
  textReply,
  urlOf,
} from './platform.ts'

// ---------------------------------------------------------------- Google Chat

/** Text formatting of cards: developers.google.com/workspace/chat/format-messages#card-formatting */
export const CARD_TAGS = { b: [], i: [], u: [], strike: [], font: ['color'], a: ['href'] }

/** developers.google.com/workspace/chat/api/reference/rest/v1/cards; cards and messages are at most 32,000 bytes */
export const googleChat = (): Platform => ({
  path: '/v1/spaces/SPACE/messages?key=key&token=token',
  secrets: [],
  take(sent) {
    const error = (code: number, status: string, why: string) =>
      jsonReply(code, { error: { code, message: why, status } })
    if (sent.url.searchParams.get('token') !== 'token') return error(401, 'UNAUTHENTICATED', 'invalid token')
    if (sent.body.length > 32_000) return error(400, 'INVALID_ARGUMENT', 'Message is too long')
    const { value: body, why } = attempt(() => chatMessage(readJson(sent)))
    if (body === null) return error(400, 'INVALID_ARGUMENT', why)
    const key = (body.thread as Json | undefined)?.threadKey
    return jsonReply(200, { name: 'spaces/SPACE/messages/M', thread: { name: `spaces/SPACE/threads/${String(key)}` } })
  },
})

function chatMessage(value: Json): Json {
  const body = onlyKnown(value, 'message', ['text', 'fallbackText', 'thread', 'cardsV2'])
  if (body.thread !== undefined)
    textOf(onlyKnown(body.thread, 'thread', ['threadKey', 'name']).threadKey, 'threadKey', 4_000)
  if (body.text !== undefined) textOf(body.text, 'text', 4_096)
  for (const one of listOf(body.cardsV2 ?? [], 'cardsV2', 100, 0)) {
    const { card, cardId } = onlyKnown(one, 'cardWithId', ['cardId', 'card'])
    textOf(cardId, 'cardId', 64)
    const { header, sections } = onlyKnown(card, 'card', ['header', 'sections'])
    textOf(onlyKnown(header, 'header', ['title', 'subtitle', 'imageUrl', 'imageType']).title, 'title', 1_000)
    const widgets = listOf(sections, 'sections', 100).flatMap((section) => {
      const { header: heading, widgets: own } = onlyKnown(section, 'section', ['header', 'widgets', 'collapsible'])
      if (heading !== undefined) readHtml(textOf(heading, 'header', 1_000), CARD_TAGS)
      return listOf(own, 'widgets', 100)
    })
    // More are passed over in silence, which is as bad as a refusal.
    must(widgets.length <= 100, 'more than 100 widgets')
    widgets.forEach(widget)
  }
  return body
}

function widget(value: unknown): void {
  must(isObject(value) && Object.keys(value).length === 1, 'a widget is of one kind')
  const [kind] = Object.keys(value)
  const one = value[kind ?? '']
  switch (kind) {
    case 'textParagraph':
      return void readHtml(textOf(onlyKnown(one, kind, ['text']).text, 'text', 20_000), CARD_TAGS)
    case 'decoratedText': {
      const { text, topLabel } = onlyKnown(one, kind, ['topLabel', 'text', 'wrapText', 'bottomLabel'])
      textOf(topLabel, 'topLabel', 500)
      return void readHtml(textOf(text, 'text', 20_000), CARD_TAGS)
    }
    case 'buttonList':
      for (const button of listOf(onlyKnown(one, kind, ['buttons']).buttons, 'buttons', 50)) {
        const { text, onClick } = onlyKnown(button, 'button', ['text', 'onClick'])
        textOf(text, 'text', 100)
        urlOf(onlyKnown(onlyKnown(onClick, 'onClick', ['openLink']).openLink, 'openLink', ['url']).url, 'url')
      }
      return
    default:
      must(false, `unknown widget ${kind}`)
  }
}

// ---------------------------------------------------------------- Mattermost and Rocket.Chat

function attachments(body: Json, known: readonly string[], maxText: number): void {
  for (const value of listOf(body.attachments ?? [], 'attachments', 20, 0)) {
    const one = onlyKnown(value, 'attachment', known)
    if (one.title !== undefined) textOf(one.title, 'title', 1_000)
    if (one.title_link !== undefined) urlOf(one.title_link, 'title_link')
    if (one.text !== undefined) textOf(one.text, 'text', maxText)
    must(one.color === undefined || /^#[0-9A-F]{6}$/i.test(String(one.color)), 'color')
  }
}

/** developers.mattermost.com/integrate/webhooks/incoming; a post holds 16,383 characters */
export const mattermost = (): Platform => ({
  path: '/hooks/xxxxxxxxxxxxxxxxxxxxxxxxxx',
  secrets: [],
  take(sent) {
    const error = (status: number, id: string, message: string) =>
      jsonReply(status, { id, message, detailed_error: '', request_id: 'r', status_code: status })
    const why = refusalOf(() => {
      const body = onlyKnown(readJson(sent), 'payload', ['text', 'attachments', 'username', 'channel', 'props'])
      must(body.text || body.attachments, 'No text specified')
      if (body.text !== undefined) textOf(body.text, 'text', 16_383)
      attachments(body, ['fallback', 'color', 'title', 'title_link', 'text', 'footer', 'fields'], 16_383)
    })
    if (why === null) return textReply(200, 'ok')
    return error(400, 'web_hook.incoming.error', `Couldn't handle the payload: ${why}`)
  },
})

/** docs.rocket.chat, incoming webhooks; Message_MaxAllowedSize is 5,000 unless changed */
export const rocketChat = (): Platform => ({
  path: '/hooks/ID/TOKEN',
  secrets: [],
  take(sent) {
    const why = refusalOf(() => {
      const body = onlyKnown(readJson(sent), 'payload', ['text', 'attachments', 'alias', 'avatar', 'emoji', 'channel'])
      must(body.text || body.attachments, 'error-invalid-payload')
      if (body.text !== undefined) textOf(body.text, 'error-message-size-exceeded: text', 5_000, 0)
      attachments(body, ['color', 'title', 'title_link', 'text', 'ts', 'collapsed', 'fields'], 5_000)
    })
    return why === null ? jsonReply(200, { success: true }) : jsonReply(400, { success: false, error: why })
  },
})
