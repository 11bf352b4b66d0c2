/** core.telegram.org/bots/api: sendMessage, formatting options, making requests */
import { readHtml } from './html.ts'
import {
  attempt,
  type Json,
  jsonReply,
  must,
  onlyKnown,
  type Platform,
  readJson,
  refusalOf,
  textOf,
} from './platform.ts'

const TOKEN = '123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsawX'
export const TELEGRAM_TAGS = {
  ...{ b: [], strong: [], i: [], em: [], u: [], ins: [], s: [], strike: [], del: [], pre: [] },
  ...{ a: ['href'], code: ['class'], blockquote: [], 'tg-spoiler': [] },
}

export function telegram(): Platform {
  let last = 0
  return {
    path: '/?chat_id=-1001234567890&message_thread_id=7',
    secrets: [TOKEN],
    take(sent) {
      const error = (code: number, description: string) => jsonReply(code, { ok: false, error_code: code, description })
      const [, token, method] = /^\/bot([^/]+)\/(\w+)$/.exec(sent.url.pathname) ?? []
      if (token !== TOKEN) return error(401, 'Unauthorized')
      if (method !== 'sendMessage') return error(404, 'Not Found')
      const { value: body, why } = attempt(() => message(readJson(sent), last))
      if (body === null) return error(400, `Bad Request: ${why}`)
      last += 1
      return jsonReply(200, { ok: true, result: { message_id: last, chat: { id: Number(body.chat_id) }, date: 1 } })
    },
  }
}

function message(value: Json, last: number): Json {
  const known = ['chat_id', 'message_thread_id', 'text', 'parse_mode', 'link_preview_options', 'reply_parameters']
  const body = onlyKnown(value, 'message', known)
  must(String(body.chat_id) === '-1001234567890', 'chat not found')
  must(body.parse_mode === 'HTML', 'unsupported parse_mode')
  const why = refusalOf(() => {
    const { text, entities } = readHtml(textOf(body.text, 'text', 100_000, 0), TELEGRAM_TAGS)
    must(text.trim().length > 0, 'message text is empty')
    must(text.length <= 4_096, 'message is too long')
    // What is beyond is shown without its markup, which is as bad as a refusal.
    must(entities.length <= 100, 'too many entities')
  })
  must(why === null, /too long|empty/.test(why ?? '') ? (why ?? '') : `can't parse entities: ${why}`)
  if (body.reply_parameters === undefined) return body
  const reply = onlyKnown(body.reply_parameters, 'reply_parameters', ['message_id', 'allow_sending_without_reply'])
  const isThere = Number(reply.message_id) >= 1 && Number(reply.message_id) <= last
  must(isThere || reply.allow_sending_without_reply === true, 'message to be replied not found')
  return body
}
