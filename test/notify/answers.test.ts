import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CHANNEL_KINDS, type ChannelKind } from '../../schema/words.ts'
import { type Outcome, outcomeOf } from '../../worker/notify/answer.ts'
import { channelOf, render } from '../../worker/notify/channels.ts'
import { THROTTLED, TIMELESS } from '../support/receivers/platforms.ts'
import { type Behaviour, openReceiver, type Receiver } from '../support/receivers/receiver.ts'
import { deliver } from './deliver.ts'
import { messageOf, SAMPLES } from './samples.ts'

const receivers = new Map<ChannelKind, Receiver>()
beforeAll(async () => {
  for (const kind of CHANNEL_KINDS) receivers.set(kind, await openReceiver(kind))
})
afterAll(async () => {
  for (const receiver of receivers.values()) await receiver[Symbol.asyncDispose]()
})

let n = 0
/** Sends one sample; what came of it, and what the receiver got. */
async function tell(
  kind: ChannelKind,
  type: keyof typeof SAMPLES,
  { next, memory = null, id }: { next?: Behaviour; memory?: string | null; id?: string } = {},
): Promise<{ outcome: Outcome; receiver: Receiver }> {
  const receiver = receivers.get(kind) as Receiver
  if (next) receiver.next.push(next)
  n += 1
  const message = messageOf(SAMPLES[type], id ?? `ntc_${String(n).padStart(20, '0')}`)
  const request = render(kind, message, receiver.destination, memory)
  const answer = await deliver(message.id, request, receiver.destination.secrets)
  return { outcome: outcomeOf(channelOf(kind), answer, memory !== null, Date.now()), receiver }
}
const answer = (status: number, body = '', headers = {}) => ({ status, body, headers })

describe('what an answer means', () => {
  for (const kind of CHANNEL_KINDS) {
    test(`${kind}: a good answer is a message sent`, async () => {
      expect((await tell(kind, 'issue.opened')).outcome.is).toBe('sent')
    })

    test(`${kind}: its own way to say "not so fast" is understood, and how long to wait`, async () => {
      const { outcome } = await tell(kind, 'issue.opened', { next: THROTTLED[kind](7, Date.now()) })
      expect(outcome).toMatchObject({ is: 'later', isThrottled: true })
      if (outcome.is !== 'later') return
      if (TIMELESS.includes(kind)) expect(outcome.afterMs).toBeNull()
      else {
        expect(outcome.afterMs).toBeGreaterThan(5_000)
        expect(outcome.afterMs).toBeLessThanOrEqual(7_000)
      }
    })

    test(`${kind}: its trouble is waited out, its farewell switches the channel off, a redirect is no delivery`, async () => {
      for (const status of [500, 502, 503, 504, 408])
        expect((await tell(kind, 'issue.opened', { next: answer(status) })).outcome.is, String(status)).toBe('later')
      expect((await tell(kind, 'issue.opened', { next: answer(410) })).outcome.is).toBe('gone')
      const elsewhere = answer(302, '', { location: 'http://127.0.0.1:9/' })
      expect((await tell(kind, 'issue.opened', { next: elsewhere })).outcome.is).toBe('later')
      expect((await tell(kind, 'issue.opened', { next: answer(413) })).outcome.is).toBe('refused')
    })

    test(`${kind}: a success that its body does not confirm is none`, async () => {
      const { success } = channelOf(kind).answer
      if (!success.body) return
      const status = success.statuses === '2xx' ? 200 : (success.statuses[0] ?? 200)
      for (const body of ['', '<html>welcome</html>', '{"ok":false,"success":false,"result":"error","status":"x"}'])
        expect((await tell(kind, 'issue.opened', { next: answer(status, body) })).outcome.is).toBe('later')
    })
  }

  test('a wait is bounded, and never negative', async () => {
    const { outcome } = await tell('slack', 'issue.opened', { next: answer(429, '', { 'retry-after': '9999999999' }) })
    expect(outcome).toMatchObject({ afterMs: 24 * 3_600_000 })
    const past = new Date(Date.now() - 60_000).toUTCString()
    expect(
      (await tell('webhook', 'issue.opened', { next: answer(503, '', { 'retry-after': past }) })).outcome,
    ).toMatchObject({
      afterMs: 0,
    })
    expect(
      (await tell('webhook', 'issue.opened', { next: answer(503, '', { 'retry-after': 'soon' }) })).outcome,
    ).toMatchObject({
      afterMs: null,
    })
  })

  test('a refusal keeps the platform’s reason, on one line, without what a terminal would act upon', async () => {
    const { outcome } = await tell('telegram', 'issue.opened', {
      next: answer(400, JSON.stringify({ ok: false, description: 'Bad Request: \u001b[31mtoo\nlong' })),
    })
    expect(outcome).toEqual({ is: 'refused', reason: '400: Bad Request: [31mtoo long' })
  })
})

test('a passing 401, 403 or 404 of something on the way switches no channel off', async () => {
  for (const kind of CHANNEL_KINDS)
    for (const status of [401, 403, 404])
      expect((await tell(kind, 'issue.opened', { next: answer(status, '<html>proxy</html>') })).outcome.is).toBe(
        'later',
      )
})

test('what the platform says of a channel that is gone is understood', async () => {
  const said: [ChannelKind, number, string][] = [
    ['slack', 404, 'no_service'],
    ['slack', 403, 'action_prohibited'],
    ['discord', 404, '{"message": "Unknown Webhook", "code": 10015}'],
    ['telegram', 401, '{"ok":false,"error_code":401,"description":"Unauthorized"}'],
    ['telegram', 403, '{"ok":false,"error_code":403,"description":"Forbidden: bot was kicked from the group chat"}'],
    ['telegram', 400, '{"ok":false,"error_code":400,"description":"Bad Request: chat not found"}'],
    ['google_chat', 404, '{"error":{"code":404,"message":"Requested entity was not found.","status":"NOT_FOUND"}}'],
    ['zulip', 401, '{"result":"error","msg":"Invalid API key","code":"INVALID_API_KEY"}'],
    ['matrix', 401, '{"errcode":"M_UNKNOWN_TOKEN","error":"Invalid access token passed."}'],
    ['matrix', 403, '{"errcode":"M_FORBIDDEN","error":"You are not in the room"}'],
    ['rocket_chat', 404, '{"success":false,"error":"Invalid integration id or token provided."}'],
    [
      'pagerduty',
      400,
      '{"status":"invalid event","message":"Event object is invalid","errors":["Invalid routing key"]}',
    ],
    ['teams', 404, '{"error":{"code":"WorkflowNotFound","message":"The workflow could not be found."}}'],
  ]
  for (const [kind, status, body] of said)
    expect((await tell(kind, 'issue.opened', { next: answer(status, body) })).outcome.is, `${kind} ${body}`).toBe(
      'gone',
    )
})

describe('what follows an issue finds its first message', () => {
  test('Discord: the end rewrites it', async () => {
    const first = await tell('discord', 'issue.opened')
    expect(first.outcome).toMatchObject({ is: 'sent', remember: expect.stringMatching(/^\d+$/) })
    const memory = first.outcome.is === 'sent' ? first.outcome.remember : null
    expect((await tell('discord', 'issue.updated', { memory })).receiver.taken.at(-1)?.sent.method).toBe('POST')
    const { outcome, receiver } = await tell('discord', 'issue.resolved', { memory })
    expect(outcome).toMatchObject({ is: 'sent', remember: memory })
    expect(receiver.taken.at(-1)?.sent).toMatchObject({ method: 'PATCH' })
    expect(receiver.taken.at(-1)?.sent.body.toString()).toContain('proved fixed')
  })

  test('Discord: when somebody deleted it, that is known, and a new one can be sent', async () => {
    expect((await tell('discord', 'issue.resolved', { memory: '999' })).outcome.is).toBe('forgotten')
    expect((await tell('discord', 'issue.resolved')).outcome.is).toBe('sent')
  })

  test('Telegram: it is answered, and sent all the same when it is gone', async () => {
    const first = await tell('telegram', 'issue.opened')
    const memory = first.outcome.is === 'sent' ? first.outcome.remember : null
    expect(memory).toMatch(/^\d+$/)
    const { receiver } = await tell('telegram', 'issue.resolved', { memory })
    expect(JSON.parse(String(receiver.taken.at(-1)?.sent.body)).reply_parameters.message_id).toBe(Number(memory))
    expect((await tell('telegram', 'issue.resolved', { memory: '123456' })).outcome.is).toBe('sent')
  })

  test('Matrix: it is the root of a thread, and a repeat of the same notice is the same event', async () => {
    const first = await tell('matrix', 'issue.opened', { id: 'ntc_one' })
    const again = await tell('matrix', 'issue.opened', { id: 'ntc_one' })
    expect(again.outcome).toEqual(first.outcome)
    const memory = first.outcome.is === 'sent' ? first.outcome.remember : null
    const { receiver } = await tell('matrix', 'issue.resolved', { memory })
    expect(JSON.parse(String(receiver.taken.at(-1)?.sent.body))['m.relates_to']).toMatchObject({
      rel_type: 'm.thread',
      event_id: memory,
    })
  })

  test('Google Chat and Zulip: thread and topic are the issue’s own', async () => {
    const threads = []
    const topics: (string | null)[] = []
    for (const type of ['issue.opened', 'issue.resolved'] as const) {
      const chat = (await tell('google_chat', type)).receiver.taken.at(-1)?.sent
      threads.push(JSON.parse(String(chat?.body)).thread.threadKey)
      expect(chat?.url.searchParams.get('messageReplyOption')).toBe('REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD')
      const zulip = (await tell('zulip', type)).receiver.taken.at(-1)?.sent
      topics.push(new URLSearchParams(String(zulip?.body)).get('topic'))
    }
    expect(new Set(threads).size).toBe(1)
    expect(new Set(topics).size).toBe(1)
    expect(topics[0]).toMatch(/^shop\.example\.com \(\w{6}\)$/)
  })

  test('PagerDuty: an incident is triggered, seen again and resolved by one key', async () => {
    const events = []
    for (const type of ['issue.opened', 'issue.updated', 'issue.resolved'] as const)
      events.push(JSON.parse(String((await tell('pagerduty', type)).receiver.taken.at(-1)?.sent.body)))
    expect(events.map((one) => one.event_action)).toEqual(['trigger', 'trigger', 'resolve'])
    expect(new Set(events.map((one) => one.dedup_key)).size).toBe(1)
    expect(events[0].payload).toMatchObject({ severity: 'error', source: '203.0.113.9' })
  })
})
