/** Zulip, Matrix and PagerDuty. */
import { readHtml } from './html.ts'
import {
  attempt,
  isObject,
  type Json,
  jsonReply,
  listOf,
  must,
  mustBeClean,
  onlyKnown,
  type Platform,
  readJson,
  refusalOf,
  textOf,
  urlOf,
} from './platform.ts'

// ---------------------------------------------------------------- Zulip

const ZULIP_KEY = 'bot@example.net:abcdefghijklmnopqrstuvwxyz012345'

/** zulip.com/api/send-message and /api/rest-error-handling */
export function zulip(): Platform {
  let last = 0
  return {
    path: '/?stream=security',
    secrets: [ZULIP_KEY],
    take(sent) {
      const error = (status: number, code: string, msg: string) => jsonReply(status, { result: 'error', code, msg })
      if (sent.headers.authorization !== `Basic ${Buffer.from(ZULIP_KEY).toString('base64')}`)
        return error(401, 'UNAUTHORIZED', 'Invalid API key')
      if (sent.method !== 'POST' || sent.url.pathname !== '/api/v1/messages')
        return error(404, 'BAD_REQUEST', 'Not found')
      const why = refusalOf(() => {
        must(/^application\/x-www-form-urlencoded/.test(sent.headers['content-type'] ?? ''), 'content-type')
        const form = new URLSearchParams(sent.body.toString('utf8'))
        for (const value of form.values()) mustBeClean(value)
        must(['stream', 'channel'].includes(form.get('type') ?? ''), 'Invalid type')
        textOf(form.get('to'), 'to', 60)
        // Longer ones are cut by the server, in mid-word.
        must([...textOf(form.get('topic'), 'topic', 120)].length <= 60, 'Topic is too long')
        must(Buffer.byteLength(textOf(form.get('content'), 'content', 10_000)) <= 10_000, 'Message is too long')
        must(!sent.body.toString('utf8').includes('%EF%BF%BD'), 'half a character')
      })
      if (why !== null) return error(400, 'BAD_REQUEST', why)
      last += 1
      return jsonReply(200, { result: 'success', msg: '', id: last })
    },
  }
}

// ---------------------------------------------------------------- Matrix

export const MATRIX_TAGS = { strong: [], em: [], code: [], a: ['href'], font: ['color'], del: [], p: [] }

/** spec.matrix.org/latest/client-server-api: PUT /rooms/{roomId}/send/{eventType}/{txnId}; events are at most 65,536 bytes */
export function matrix(): Platform {
  const byTransaction = new Map<string, string>()
  return {
    path: '/?room=!room:example.net',
    secrets: ['syt_secret_token'],
    take(sent) {
      const error = (status: number, errcode: string, why: string) => jsonReply(status, { errcode, error: why })
      if (sent.headers.authorization !== 'Bearer syt_secret_token')
        return error(401, 'M_UNKNOWN_TOKEN', 'Invalid access token passed.')
      const path = /^\/_matrix\/client\/v3\/rooms\/([^/]+)\/send\/m\.room\.message\/([^/]+)$/.exec(sent.url.pathname)
      if (sent.method !== 'PUT' || !path) return error(404, 'M_UNRECOGNIZED', 'Unrecognized request')
      if (decodeURIComponent(path[1] ?? '') !== '!room:example.net')
        return error(403, 'M_FORBIDDEN', 'User is not in the room')
      const known = byTransaction.get(path[2] ?? '')
      if (known) return jsonReply(200, { event_id: known })
      if (sent.body.length > 60_000) return error(413, 'M_TOO_LARGE', 'event too large')
      const why = refusalOf(() => matrixContent(readJson(sent)))
      if (why !== null) return error(400, 'M_BAD_JSON', why)
      const eventId = `$event${byTransaction.size}`
      byTransaction.set(path[2] ?? '', eventId)
      return jsonReply(200, { event_id: eventId })
    },
  }
}

function matrixContent(body: Json): void {
  must(['m.text', 'm.notice'].includes(String(body.msgtype)), 'msgtype')
  textOf(body.body, 'body', 60_000)
  if (body.format !== undefined) {
    must(body.format === 'org.matrix.custom.html', 'format')
    readHtml(textOf(body.formatted_body, 'formatted_body', 60_000), MATRIX_TAGS, ['br'])
  }
  must(isObject(body['m.mentions']) && Object.keys(body['m.mentions']).length === 0, 'm.mentions must say that none is')
  const relation = body['m.relates_to']
  if (relation !== undefined) must(isObject(relation) && /^\$/.test(String(relation.event_id)), 'm.relates_to')
}

// ---------------------------------------------------------------- PagerDuty

export const ROUTING_KEY = '0123456789abcdef0123456789abcdef'

/** developer.pagerduty.com/docs/events-api-v2: trigger and resolve; 512 KB */
export const pagerduty = (): Platform => ({
  path: '/v2/enqueue',
  secrets: [ROUTING_KEY],
  take(sent) {
    if (sent.body.length > 512 * 1024) return jsonReply(413, { status: 'invalid event', message: 'Too large' })
    const { value: body, why } = attempt(() => pagerEvent(readJson(sent)))
    if (body === null)
      return jsonReply(400, { status: 'invalid event', message: 'Event object is invalid', errors: [why] })
    return jsonReply(202, { status: 'success', message: 'Event processed', dedup_key: body.dedup_key })
  },
})

function pagerEvent(value: Json): Json {
  const known = ['routing_key', 'event_action', 'dedup_key', 'payload', 'images', 'links', 'client', 'client_url']
  const body = onlyKnown(value, 'event', known)
  must(body.routing_key === ROUTING_KEY, 'Invalid routing key')
  must(['trigger', 'acknowledge', 'resolve'].includes(String(body.event_action)), 'event_action is missing or invalid')
  if (body.event_action !== 'trigger') {
    textOf(body.dedup_key, 'dedup_key', 255)
    return body
  }
  if (body.dedup_key !== undefined) textOf(body.dedup_key, 'dedup_key', 255)
  const fields = ['summary', 'source', 'severity', 'timestamp', 'component', 'group', 'class', 'custom_details']
  const payload = onlyKnown(body.payload, 'payload', fields)
  textOf(payload.summary, 'summary', 1_024)
  textOf(payload.source, 'source', 255)
  must(['critical', 'error', 'warning', 'info'].includes(String(payload.severity)), 'severity')
  must(payload.timestamp === undefined || !Number.isNaN(Date.parse(String(payload.timestamp))), 'timestamp')
  for (const link of listOf(body.links ?? [], 'links', 50, 0))
    urlOf(onlyKnown(link, 'link', ['href', 'text']).href, 'href')
  return body
}
