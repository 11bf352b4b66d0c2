/** Telegram Bot API: sendMessage in HTML. core.telegram.org/bots/api#html-style */
import { fitted } from '../card.ts'
import { type Channel, JSON_TYPE, RETRY_AFTER } from '../channel.ts'
import { html } from '../plain.ts'
import { type Markup, wholeText } from '../text.ts'

/** After entities are parsed, in UTF-16 units; entities beyond 100 are ignored. */
const MAX_TEXT = 4_096
const MAX_ENTITIES = 100

const INK: Markup = {
  text: html,
  code: (text) => `<code>${html(text)}</code>`,
  bold: (text) => `<b>${html(text)}</b>`,
  link: (label, url) => `<a href="${html(url)}">${html(label)}</a>`,
  newline: '\n',
  paragraph: '\n\n',
}

/** The Bot API's own word, not that of something on the way to it. */
const IS_ANSWER = /"ok":\s*false/

const fits = (text: string): boolean => {
  const parsed = text.replace(/<[^>]*>/g, '').replace(/&(?:amp|lt|gt|quot);/g, '&')
  return parsed.length <= MAX_TEXT && (text.match(/<[a-z]/g)?.length ?? 0) <= MAX_ENTITIES
}

export const telegram: Channel = {
  form: {
    url: 'the Bot API with ?chat_id= and, for a topic, &message_thread_id=',
    secret: 'the bot’s token',
    example: 'https://api.telegram.org/?chat_id=-1001234567890',
  },
  hosts: ['api.telegram.org'],
  query: { needs: ['chat_id'], takes: ['message_thread_id'] },
  secret: /^\d{3,20}:[\w-]{20,100}$/,
  rate: { perSecond: 0.33, burst: 3, source: 'core.telegram.org/bots/faq: 1 a second per chat, 20 a minute per group' },
  answer: {
    success: { statuses: [200], body: { json: 'ok', is: true } },
    retryAfter: [{ in: 'json', at: 'parameters.retry_after', unit: 'seconds' }, RETRY_AFTER],
    gone: [
      { status: 410 },
      { status: 401, says: IS_ANSWER },
      { status: 404, says: IS_ANSWER },
      { status: 403, says: IS_ANSWER },
      { status: 400, says: /chat not found|group chat was upgraded|TOPIC_CLOSED|message thread not found/ },
    ],
    reason: { json: 'description' },
  },
  follow: { how: 'reply', remember: 'result.message_id', forgotten: null },
  render(message, { url, secrets }, memory) {
    const { origin, pathname, searchParams } = new URL(url)
    const thread = searchParams.get('message_thread_id')
    const replied = memory === null ? Number.NaN : Number(memory)
    return {
      method: 'POST',
      url: `${origin}${pathname.replace(/\/$/, '')}/bot${secrets[0] ?? ''}/sendMessage`,
      headers: JSON_TYPE,
      body: JSON.stringify({
        chat_id: searchParams.get('chat_id'),
        ...(thread === null ? {} : { message_thread_id: Number(thread) }),
        text: fitted(message, (card) => wholeText(card, INK), fits),
        parse_mode: 'HTML',
        link_preview_options: { is_disabled: true },
        // Sent all the same when the first message was deleted.
        ...(Number.isSafeInteger(replied)
          ? { reply_parameters: { message_id: replied, allow_sending_without_reply: true } }
          : {}),
      }),
    }
  },
}
