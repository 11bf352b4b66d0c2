/** docs.slack.dev/reference/block-kit/blocks; docs.slack.dev/messaging/sending-messages-using-incoming-webhooks */
import {
  attempt,
  isObject,
  type Json,
  listOf,
  must,
  onlyKnown,
  type Platform,
  readJson,
  refusalOf,
  textOf,
  textReply,
} from './platform.ts'

export const slack = (): Platform => ({
  path: '/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX',
  secrets: [],
  take(sent) {
    if (sent.method !== 'POST') return textReply(405, 'method_not_allowed')
    const { value: body } = attempt(() => readJson(sent))
    if (body === null) return textReply(400, 'invalid_payload')
    if (!body.text && !body.blocks && !body.attachments) return textReply(400, 'no_text')
    const faults = [
      ['invalid_blocks', () => body.blocks !== undefined && listOf(body.blocks, 'blocks', 50).forEach(block)],
      ['too_many_attachments', () => must(((body.attachments as unknown[]) ?? []).length <= 20, 'too many')],
      ['invalid_attachments', () => ((body.attachments as unknown[]) ?? []).forEach(attachment)],
      ['invalid_blocks', () => must(blocksOf(body).length <= 50, 'more than 50 blocks')],
      // slackapi/bolt-js#2509
      ['msg_blocks_too_long', () => must(JSON.stringify(blocksOf(body).map(textsOf)).length <= 13_200, 'too long')],
      ['msg_too_long', () => body.text !== undefined && textOf(body.text, 'text', 40_000)],
      ['invalid_text', () => [...blocksOf(body).flatMap(markdownOf), String(body.text ?? '')].forEach(control)],
    ] as const
    for (const [code, check] of faults) {
      const why = refusalOf(() => void check())
      if (why !== null) return textReply(400, code, { 'x-why': encodeURIComponent(why) })
    }
    return textReply(200, 'ok')
  },
})

export const blocksOf = (body: Json): Json[] =>
  [body, ...((body.attachments as Json[] | undefined) ?? [])].flatMap((one) => (one.blocks as Json[] | undefined) ?? [])

const objectsOf = (one: Json): Json[] =>
  [one.text, ...((one.fields as Json[]) ?? []), ...((one.elements as Json[]) ?? [])].filter(isObject)
const textsOf = (one: Json): string[] => objectsOf(one).map(({ text }) => String(text))
export const markdownOf = (one: Json): string[] =>
  objectsOf(one)
    .filter(({ type }) => type === 'mrkdwn')
    .map(({ text }) => String(text))

function attachment(value: unknown): void {
  const { blocks, color } = onlyKnown(value, 'attachment', ['color', 'fallback', 'blocks'])
  must(typeof color === 'string' && /^(#[0-9A-F]{6}|good|warning|danger)$/i.test(color), 'color')
  listOf(blocks, 'blocks', 50).forEach(block)
}

const BLOCKS: Record<string, (one: Json) => void> = {
  header: (one) => textObject(onlyKnown(one, 'header', ['type', 'text', 'block_id']).text, 150, ['plain_text']),
  section: (one) => {
    onlyKnown(one, 'section', ['type', 'text', 'fields', 'block_id'])
    must(one.text !== undefined || one.fields !== undefined, 'a section needs text or fields')
    if (one.text !== undefined) textObject(one.text, 3_000)
    if (one.fields !== undefined) for (const field of listOf(one.fields, 'fields', 10)) textObject(field, 2_000)
  },
  context: (one) => {
    onlyKnown(one, 'context', ['type', 'elements', 'block_id'])
    for (const element of listOf(one.elements, 'elements', 10)) textObject(element, 3_000)
  },
  divider: (one) => void onlyKnown(one, 'divider', ['type', 'block_id']),
}

function block(value: unknown): void {
  must(isObject(value) && typeof value.type === 'string' && value.type in BLOCKS, 'an unknown block')
  BLOCKS[value.type]?.(value)
}

function textObject(value: unknown, max: number, types = ['plain_text', 'mrkdwn']): void {
  const { type, text, emoji, verbatim } = onlyKnown(value, 'text', ['type', 'text', 'emoji', 'verbatim'])
  must(types.includes(String(type)), 'a text object of the wrong type')
  must(emoji === undefined || type === 'plain_text', 'emoji is for plain_text')
  must(verbatim === undefined || type === 'mrkdwn', 'verbatim is for mrkdwn')
  textOf(text, 'text', max)
}

/** `&`, `<` and `>` stand for themselves only as entities; a control sequence is closed and known. */
function control(text: string): void {
  for (const [, inside = ''] of text.matchAll(/<([^>]*)>/g))
    must(/^(?:https?:\/\/[^|\s]+\|[^|<]+|[@#!][^<]*)$/.test(inside), 'a broken control sequence')
  const rest = text.replace(/<[^>]*>/g, '')
  must(!/[<>]/.test(rest), 'a bare angle bracket')
  must(!/&(?!amp;|lt;|gt;)/.test(rest), 'a bare ampersand')
}
