/** discord.com/developers/docs/resources/webhook and /resources/message (embed limits) */
import {
  attempt,
  type Json,
  jsonReply,
  listOf,
  must,
  onlyKnown,
  type Platform,
  readJson,
  textOf,
  urlOf,
} from './platform.ts'

const HOOK = '/api/webhooks/100000000000000001/token'
/** Sent with each answer, also a good one. */
const BUCKET = {
  'x-ratelimit-limit': '5',
  'x-ratelimit-remaining': '4',
  'x-ratelimit-reset-after': '2.000',
  'x-ratelimit-bucket': 'hook',
}

export function discord(): Platform {
  const messages = new Map<string, Json>()
  return {
    path: HOOK,
    secrets: [],
    take(sent) {
      if (!sent.url.pathname.startsWith(HOOK))
        return jsonReply(404, { message: 'Unknown Webhook', code: 10015 }, BUCKET)
      const rest = sent.url.pathname.slice(HOOK.length)
      const edited = /^\/messages\/(\d+)$/.exec(rest)?.[1]
      if (sent.method === 'PATCH' ? edited === undefined : sent.method !== 'POST' || rest !== '')
        return jsonReply(405, { message: '405: Method Not Allowed', code: 0 }, BUCKET)
      if (edited !== undefined && !messages.has(edited))
        return jsonReply(404, { message: 'Unknown Message', code: 10008 }, BUCKET)
      const { value: body, why } = attempt(() => message(readJson(sent)))
      if (body === null)
        return jsonReply(
          400,
          { message: 'Invalid Form Body', code: 50035, errors: { _errors: [{ message: why }] } },
          BUCKET,
        )
      const id = edited ?? String(200_000_000_000_000_000n + BigInt(messages.size))
      messages.set(id, body)
      if (edited === undefined && sent.url.searchParams.get('wait') !== 'true')
        return { status: 204, headers: BUCKET, body: '' }
      return jsonReply(200, { id, type: 0, ...body }, BUCKET)
    },
  }
}

function message(value: Json): Json {
  const body = onlyKnown(value, 'message', ['content', 'embeds', 'allowed_mentions', 'username', 'avatar_url'])
  must(body.content !== undefined || body.embeds !== undefined, 'Cannot send an empty message')
  if (body.content !== undefined) textOf(body.content, 'content', 2_000)
  const embeds = listOf(body.embeds ?? [], 'embeds', 10, 0).map(embed)
  must(embeds.reduce((sum, size) => sum + size, 0) <= 6_000, 'embeds hold more than 6000 characters')
  return body
}

/** How many characters of it count. */
function embed(value: unknown): number {
  const known = [
    'title',
    'url',
    'description',
    'color',
    'fields',
    'footer',
    'timestamp',
    'author',
    'image',
    'thumbnail',
  ]
  const one = onlyKnown(value, 'embed', known)
  const title = one.title === undefined ? '' : textOf(one.title, 'title', 256)
  const description = one.description === undefined ? '' : textOf(one.description, 'description', 4_096)
  if (one.url !== undefined) urlOf(one.url, 'url', 2_048)
  must(one.color === undefined || (Number.isInteger(one.color) && (one.color as number) <= 0xffffff), 'color')
  must(one.timestamp === undefined || !Number.isNaN(Date.parse(String(one.timestamp))), 'timestamp')
  const fields = listOf(one.fields ?? [], 'fields', 25, 0).map((field) => {
    const { name, value: text } = onlyKnown(field, 'field', ['name', 'value', 'inline'])
    return textOf(name, 'name', 256).length + textOf(text, 'value', 1_024).length
  })
  const footer =
    one.footer === undefined ? '' : textOf(onlyKnown(one.footer, 'footer', ['text', 'icon_url']).text, 'footer', 2_048)
  return title.length + description.length + footer.length + fields.reduce((sum, size) => sum + size, 0)
}
