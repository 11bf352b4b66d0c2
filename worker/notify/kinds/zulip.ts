/** Zulip: a form to a stream, one topic per issue. zulip.com/api/send-message */
import { type Card, fitted } from '../card.ts'
import { type Channel, RETRY_AFTER } from '../channel.ts'
import { bytes, clipped, unquoted } from '../plain.ts'
import { storyOf } from '../story.ts'
import { type Markup, wholeText } from '../text.ts'

const MAX_TOPIC = 60
const MAX_CONTENT = 10_000

/** No escapes: a character of no width keeps marks, `$$` and `:emoji:` from opening anything. */
const mild = (text: string): string => unquoted(text).replace(/[*_~[\]<|$\\]/g, '\u200b$&\u200b')
const INK: Markup = {
  text: mild,
  code: (text) => `\`${unquoted(text)}\``,
  bold: (text) => `**${mild(text)}**`,
  link: (label, url) => `[${mild(label)}](${url})`,
  newline: '\n',
  paragraph: '\n\n',
}

/** The target's name and the end of the id: the same over an issue's life, as long as the target keeps its name. */
function topicOf(key: string, target: string): string {
  const end = ` (${key.slice(-6)})`
  return `${clipped(target, MAX_TOPIC - end.length)}${end}`
}

const base64 = (text: string): string => btoa(String.fromCharCode(...new TextEncoder().encode(text)))

export const zulip: Channel = {
  form: {
    url: 'the organisation’s address with ?stream=, and &topic= for one topic for all',
    secret: 'the bot’s e-mail address and key, with a colon between',
    example: 'https://example.zulipchat.com/?stream=security',
  },
  hosts: 'any',
  query: { needs: ['stream'], takes: ['topic'] },
  secret: /^[^\s:@]+@[^\s:]+:[A-Za-z0-9]{20,64}$/,
  rate: { perSecond: 3, burst: 20, source: 'zulip.com/api/rest-error-handling: 200 requests a minute per user' },
  answer: {
    success: { statuses: [200], body: { json: 'result', is: 'success' } },
    retryAfter: [{ in: 'json', at: 'retry-after', unit: 'seconds' }, RETRY_AFTER],
    gone: [
      { status: 410 },
      { status: 401, says: /"result":\s*"error"/ },
      { status: 400, says: /STREAM_DOES_NOT_EXIST|Invalid API key/ },
      { status: 403, says: /USER_DEACTIVATED|REALM_DEACTIVATED/ },
    ],
    reason: { json: 'msg' },
  },
  follow: { how: 'topic', remember: null, forgotten: null },
  render(message, { url, secrets }) {
    const { origin, pathname, searchParams } = new URL(url)
    const { event, id } = message
    const subject = 'target' in event.data ? (event.data.target.name ?? event.data.target.address) : 'Portwitness'
    const form = new URLSearchParams({
      type: 'stream',
      to: searchParams.get('stream') ?? '',
      topic: searchParams.get('topic') ?? topicOf(storyOf(event, id).key, subject),
      content: fitted(
        message,
        (card: Card) => wholeText(card, INK),
        (text) => bytes(text) <= MAX_CONTENT,
      ),
    })
    return {
      method: 'POST',
      url: `${origin}${pathname.replace(/\/$/, '')}/api/v1/messages`,
      headers: {
        'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
        authorization: `Basic ${base64(secrets[0] ?? '')}`,
      },
      body: form.toString(),
    }
  },
}
