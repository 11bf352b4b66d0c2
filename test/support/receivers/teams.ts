/** learn.microsoft.com, Workflows for Teams; the card is judged by the official renderer's own parser. */
import { createRequire } from 'node:module'
import { isObject, type Json, jsonReply, listOf, must, type Platform, readJson, refusalOf, textOf } from './platform.ts'

interface Context {
  eventCount: number
  getEventAt(i: number): { message: string }
}
interface Validation {
  validationEvents: { message: string }[]
}
interface Library {
  AdaptiveCard: new () => { parse(json: unknown, context: Context): void; validateProperties(): Validation }
  SerializationContext: new () => Context
}
// Its ESM entry does not load in Node.
const { AdaptiveCard, SerializationContext } = createRequire(import.meta.url)(
  'adaptivecards/dist/adaptivecards.js',
) as Library

/** 28 KB are documented; failures were measured from 21 KB on (elementary-data/elementary#2160). */
const MAX_BYTES = 21_000

export const teams = (): Platform => ({
  path: '/workflows/0123456789abcdef/triggers/manual/paths/invoke?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=secret',
  secrets: [],
  take(sent) {
    if (sent.url.searchParams.get('sig') !== 'secret')
      return jsonReply(401, {
        error: { code: 'DirectApiAuthorizationRequired', message: 'The request is not signed.' },
      })
    if (sent.body.length > MAX_BYTES)
      return jsonReply(413, { error: { code: 'RequestEntityTooLarge', message: 'Request entity too large.' } })
    const why = refusalOf(() => message(readJson(sent)))
    if (why !== null) return jsonReply(400, { error: { code: 'TriggerInputSchemaMismatch', message: why } })
    return { status: 202, headers: { 'x-ms-workflow-run-id': 'run' }, body: '' }
  },
})

function message(body: Json): void {
  must(sentType(body) === 'message', 'type must be message')
  const [attachment] = listOf(body.attachments, 'attachments', 1)
  must(isObject(attachment), 'attachment')
  must(attachment.contentType === 'application/vnd.microsoft.card.adaptive', 'contentType')
  must(attachment.contentUrl === null, 'contentUrl must be null')
  must(isObject(attachment.content), 'content must be a card')
  card(attachment.content)
}
const sentType = (body: Json) => body.type

export function card(content: Json): void {
  must(content.type === 'AdaptiveCard', 'type must be AdaptiveCard')
  must(/^1\.[0-5]$/.test(String(content.version)), 'Teams shows cards up to 1.5')
  listOf(content.body, 'body', 100)
  if (content.actions !== undefined) listOf(content.actions, 'actions', 6, 0)
  textOf(content.fallbackText, 'fallbackText', 5_000)
  const context = new SerializationContext()
  const parsed = new AdaptiveCard()
  parsed.parse(content, context)
  const events = Array.from({ length: context.eventCount }, (_, i) => context.getEventAt(i).message)
  must(events.length === 0, events[0] ?? '')
  const faults = parsed.validateProperties().validationEvents.map(({ message: why }) => why)
  must(faults.length === 0, faults[0] ?? '')
  runs(content)
}

/** Runs without text are not drawn, and a run's URL would be a link of somebody's making. */
function runs(value: unknown): void {
  const children = Array.isArray(value) ? value : isObject(value) ? Object.values(value) : []
  children.forEach(runs)
  if (!isObject(value)) return
  if (value.type === 'TextRun') textOf(value.text, 'TextRun', 5_000)
  if (value.type === 'RichTextBlock') listOf(value.inlines, 'inlines', 200)
}
