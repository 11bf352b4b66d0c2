/** Setting channels up: what is refused, what is shown, what stays secret, and whose it is. */
import { beforeAll, describe, expect, test } from 'vitest'
import type { ChannelAnswer, NewChannelAnswer, PreviewAnswer, TestAnswer } from '../../schema/channels.ts'
import { EVENT_SHAPES } from '../../schema/events.ts'
import { read } from '../../schema/read.ts'
import { NOTICES } from '../../schema/words.ts'
import { exampleOf } from '../../worker/deliver/examples.ts'
import { addWebhook, logOf, news, put, received, script, urlOf } from './support/channels.ts'
import { openStage, type Stage } from './support/stage.ts'

const HOUR = 3_600_000
const SLACK = { kind: 'slack', name: 'team', url: 'https://hooks.slack.com/services/T000/B000/abcdefghSECRET' }
interface Problem {
  errors: { field: string; detail: string }[]
  detail: string
}

/** As on Cloudflare: no receiver on this machine, names resolved by what the resolver says. */
let stage: Stage
let local: Stage
let answers: Record<string, string[]> = {}
const RESOLVER = {
  fetch: async (url: string) =>
    Response.json({ addresses: answers[new URL(url).searchParams.get('name') ?? ''] ?? [] }),
} as unknown as Fetcher
beforeAll(async () => {
  stage = await openStage({ RESOLVER })
  local = await openStage({ RESOLVER, ALLOW_LOCAL_RECEIVERS: '1' })
})

const post = (body: object, key?: string) => stage.api<NewChannelAnswer & Problem>('POST', '/channels', body, key)

describe('a channel is refused, with the field named,', () => {
  const hook = (url: string, more: object = {}) => ({ kind: 'webhook', name: 'hook', url, ...more })
  test.each<[string, object, string]>([
    ['when a chat leads elsewhere', { ...SLACK, url: 'https://hooks.slack.com.example.net/x' }, 'url'],
    ['when it is not https', hook('http://hooks.example.net/x'), 'url'],
    ['at an odd port', hook('https://hooks.example.net:22/x'), 'url'],
    ['at a loopback address', hook('https://127.0.0.1/x'), 'url'],
    ['at a loopback address in disguise', hook('https://0x7f.1/x'), 'url'],
    ['at a private address', hook('https://10.1.2.3/x'), 'url'],
    ['at a metadata service', hook('https://169.254.169.254/latest/meta-data'), 'url'],
    ['at a mapped address', hook('https://[::ffff:10.0.0.1]/x'), 'url'],
    ['at an inner name', hook('https://intranet/x'), 'url'],
    ['with a name that leads inside', hook('https://rebind.example.net/x'), 'url'],
    ['with a name that leads nowhere', hook('https://nowhere.example.net/x'), 'url'],
    ['with a password in the URL', hook('https://me:you@hooks.example.net/x'), 'url'],
    ['with a secret that is none', hook('https://hooks.example.net/x', { secret: 'short' }), 'secret'],
    ['with a secret where none is taken', { ...SLACK, secret: 'x'.repeat(40) }, 'secret'],
    ['with an unknown kind', { ...SLACK, kind: 'pigeon' }, 'kind'],
    ['with an unknown event', { ...SLACK, events: ['issue.lost'] }, 'events.0'],
    ['with no event', { ...SLACK, events: [] }, 'events'],
    ['with an unknown field', { ...SLACK, colour: 'red' }, 'colour'],
    ['with an unknown severity', { ...SLACK, filters: { severity: 'bad' } }, 'filters.severity'],
    [
      'with an unknown time zone',
      { ...SLACK, quietHours: { from: '22:00', to: '07:00', timezone: 'Mars' } },
      'quietHours.timezone',
    ],
    [
      'with no time of day',
      { ...SLACK, quietHours: { from: '24:00', to: '07:00', timezone: 'UTC' } },
      'quietHours.from',
    ],
    [
      'with quiet hours of no length',
      { ...SLACK, quietHours: { from: '07:00', to: '07:00', timezone: 'UTC' } },
      'quietHours',
    ],
    ['with reminders each hour', { ...SLACK, reminders: { everyDays: 0 } }, 'reminders.everyDays'],
    ['with a name of two lines', { ...SLACK, name: 'a\nb' }, 'name'],
  ])('%s', async (_, body, field) => {
    answers = { 'rebind.example.net': ['198.51.100.7', '10.0.0.1'], 'hooks.example.net': ['93.184.215.14'] }
    const { status, body: problem } = await post(body)
    expect(status).toBe(422)
    expect(problem.errors.map((one) => one.field)).toContain(field)
    expect(JSON.stringify(problem)).not.toMatch(/SECRET|10\.0\.0\.1/)
  })
})

test('a channel whose name leads inside later is not sent to', async () => {
  answers = { 'flip.example.net': ['93.184.215.14'] }
  const { body: channel, status } = await post({ kind: 'webhook', name: 'flip', url: 'https://flip.example.net/x' })
  expect(status).toBe(201)
  answers = { 'flip.example.net': ['127.0.0.1'] }
  const { body } = await stage.api<TestAnswer>('POST', `/channels/${channel.id}/test`, {})
  expect(body).toMatchObject({ delivered: false, status: null, said: 'its name leads to a private or special address' })
  await stage.api('DELETE', `/channels/${channel.id}`)
})

test('secrets are sealed at rest and never shown but for their last four characters', async () => {
  const { body: channel } = await post(SLACK)
  expect(channel).toMatchObject({ url: 'https://hooks.slack.com/…CRET', state: 'on', secret: null })
  const row = await stage.env.DB.prepare('SELECT * FROM channels WHERE id = ?').bind(channel.id).first()
  expect(JSON.stringify(row)).not.toContain('abcdefgh')
  const all = [
    await stage.api('GET', '/channels'),
    await stage.api('GET', `/channels/${channel.id}`),
    await stage.api('GET', `/channels/${channel.id}/preview`),
  ]
  for (const { status, body } of all) {
    expect(status).toBe(200)
    expect(JSON.stringify(body)).not.toContain('abcdefgh')
  }
  // A row that is moved to another tenant cannot be opened there.
  await stage.env.DB.prepare("UPDATE channels SET tenant_id = 'ten_other' WHERE id = ?").bind(channel.id).run()
  await stage.env.DB.prepare(
    "UPDATE channels SET tenant_id = 'ten_default', id = 'chn_00000000000000000009' WHERE id = ?",
  )
    .bind(channel.id)
    .run()
  const { body: moved } = await stage.api<TestAnswer>('POST', '/channels/chn_00000000000000000009/test', {})
  expect(moved).toMatchObject({ delivered: false, said: expect.stringContaining('cannot be opened') })
  await stage.api('DELETE', '/channels/chn_00000000000000000009')
})

test('a stored secret goes to no other host than the one it was given for', async () => {
  answers = { 'chat.example.net': ['93.184.215.14'], 'spy.example.net': ['93.184.215.15'] }
  const token = 'syt_stored_token_of_the_team'
  const room = (host: string, name = 'room') => `https://${host}/?room=!${name}:chat.example.net`
  const { body: channel, status } = await post({
    kind: 'matrix',
    name: 'room',
    url: room('chat.example.net'),
    secret: token,
  })
  expect([status, channel.errors]).toEqual([201, undefined])
  const change = (body: object) => stage.api<Problem>('PATCH', `/channels/${channel.id}`, body)
  for (const url of [room('spy.example.net'), room('chat.example.net:8443')]) {
    const refused = await change({ url })
    expect([refused.status, refused.body.errors?.map(({ field }) => field)]).toEqual([422, ['secret']])
  }
  expect((await change({ url: room('chat.example.net', 'other') })).status).toBe(200)
  expect((await change({ url: room('spy.example.net'), secret: 'syt_another_token_of_theirs' })).status).toBe(200)
  await stage.api('DELETE', `/channels/${channel.id}`)
})

test('what a platform answers is kept without the secrets that it repeats', async () => {
  await script('echo', [{ status: 500, body: `no /in/echo-of-a-very-long-path for whsec_${'A'.repeat(42)}s=` }])
  const channel = await addWebhook(local, 'echo', {
    url: urlOf('echo/echo-of-a-very-long-path'),
    secret: `whsec_${'A'.repeat(42)}s=`,
  })
  await put(local, news(local, 'issue.opened', 201))
  await local.tick()
  const [delivery] = await logOf(local, channel)
  expect(delivery?.lastSaid).toBe('500: no /in/…path for …AAs=')
  await local.api('DELETE', `/channels/${channel.id}`)
})

test('what a platform answers is cut only where no secret is left in it', async () => {
  const secret = `whsec_${'B'.repeat(42)}s=`
  await script('cut', [{ status: 500, body: `${'-'.repeat(175)}${secret}` }])
  const channel = await addWebhook(local, 'cut', { secret })
  await put(local, news(local, 'issue.opened', 202))
  await local.tick()
  const [delivery] = await logOf(local, channel)
  expect(delivery?.lastSaid).toMatch(/^500: -+…/)
  expect(delivery?.lastSaid).not.toContain('BBBB')
  await local.api('DELETE', `/channels/${channel.id}`)
})

test('a new CHANNEL_KEY seals what the old one sealed, and then the old one can go', async () => {
  const [old, fresh] = [`k1:${btoa('0'.repeat(32))}`, `k2:${btoa('1'.repeat(32))}`]
  const channel = await addWebhook(local, 'rotated')
  local.env.CHANNEL_KEY = `${fresh},${old}`
  await local.tick()
  local.env.CHANNEL_KEY = fresh
  expect((await local.api<TestAnswer>('POST', `/channels/${channel.id}/test`, {})).body).toMatchObject({
    delivered: true,
  })
  local.env.CHANNEL_KEY = `${old},${fresh}`
  await local.tick()
  await local.api('DELETE', `/channels/${channel.id}`)
})

test('without CHANNEL_KEY no channel is taken', async () => {
  const key = stage.env.CHANNEL_KEY
  delete stage.env.CHANNEL_KEY
  const { status, body } = await post(SLACK)
  stage.env.CHANNEL_KEY = key
  expect([status, body.detail]).toEqual([409, expect.stringContaining('CHANNEL_KEY')])
})

test('a webhook’s secret is made, shown once, and replaced while both are valid', async () => {
  const channel = await addWebhook(local, 'keys')
  expect(channel.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
  const { body: rotated } = await local.api<NewChannelAnswer>('PATCH', `/channels/${channel.id}`, {
    rotateSecret: true,
    keepOldSecretHours: 1,
  })
  expect(rotated.secret).toMatch(/^whsec_/)
  expect(rotated.secret).not.toBe(channel.secret)
  const signatures = async () => {
    await local.api('POST', `/channels/${channel.id}/test`, {})
    return (await received('keys')).at(-1)?.headers['webhook-signature']?.split(' ').length
  }
  expect(await signatures()).toBe(2)
  local.pass(HOUR + 1)
  expect(await signatures()).toBe(1)
  expect((await local.api<ChannelAnswer>('GET', `/channels/${channel.id}`)).body).toMatchObject({
    secrets: [{ hint: `…${rotated.secret?.slice(-4)}`, until: null }],
  })
  await local.api('DELETE', `/channels/${channel.id}`)
})

test('a test says what the platform said, and tells that it is one', async () => {
  await script('tried', [{ status: 418, body: 'short and stout' }, {}])
  const channel = await addWebhook(local, 'tried')
  const { body: refused } = await local.api<TestAnswer>('POST', `/channels/${channel.id}/test`, {})
  expect(refused).toMatchObject({ delivered: false, status: 418, said: '418: short and stout' })
  const { body: taken } = await local.api<TestAnswer>('POST', `/channels/${channel.id}/test`, {})
  expect(taken).toMatchObject({ delivered: true, status: 200 })
  expect(JSON.parse((await received('tried')).at(-1)?.body ?? '')).toMatchObject({ type: 'issue.opened', test: true })
  await local.api('DELETE', `/channels/${channel.id}`)
})

test('a preview is what would be sent: an example of each event, or what really happened', async () => {
  const { body: channel } = await post(SLACK)
  for (const event of NOTICES) {
    expect(read(EVENT_SHAPES[event], exampleOf(event, stage.now()))).toHaveProperty('value')
    const { status, body } = await stage.api<PreviewAnswer>('GET', `/channels/${channel.id}/preview?event=${event}`)
    expect([status, body.method, JSON.parse(body.body).blocks?.length > 0], event).toEqual([200, 'POST', true])
  }
  const id = await put(stage, news(stage, 'issue.opened', 210, { title: 'What really happened' }))
  const { body } = await stage.api<PreviewAnswer>('GET', `/channels/${channel.id}/preview`)
  expect([body.noticeId, body.body.includes('What really happened')]).toEqual([id, true])
  expect((await stage.api('GET', `/channels/${channel.id}/preview?event=nosuch`)).status).toBe(422)
  expect((await stage.api('GET', `/channels/${channel.id}/preview?noticeId=ntc_none`)).status).toBe(404)
  await stage.api('DELETE', `/channels/${channel.id}`)
})

test('a preview of a webhook has no signature that its receiver would take', async () => {
  const channel = await addWebhook(local, 'unsigned')
  const { body } = await local.api<PreviewAnswer>('GET', `/channels/${channel.id}/preview`)
  expect(body.headers).toMatchObject({ 'webhook-id': expect.any(String), 'webhook-signature': 'v1,…' })
  await local.api('DELETE', `/channels/${channel.id}`)
})

test('no tenant sees, changes, tries or is told of another’s', async () => {
  // Later than all that the stories above told of.
  local.pass(1_000)
  const { body: other } = await local.api<{ key: string; id: string }>('POST', '/tenants', { name: 'other' })
  const mine = await addWebhook(local, 'mine')
  const theirs = await addWebhook(local, 'theirs', {}, other.key)
  await put(local, news(local, 'issue.opened', 220))
  await put(local, news(local, 'issue.opened', 221), other.id)
  await local.tick()
  expect((await received('mine')).map((one) => JSON.parse(one.body).data.issue.id)).toEqual([
    'iss_00000000000000000220',
  ])
  expect((await received('theirs')).map((one) => JSON.parse(one.body).data.issue.id)).toEqual([
    'iss_00000000000000000221',
  ])
  const [delivery] = await logOf(local, mine)
  const asked: [string, string, object?][] = [
    ['GET', `/channels/${mine.id}`],
    ['PATCH', `/channels/${mine.id}`, { state: 'off' }],
    ['DELETE', `/channels/${mine.id}`],
    ['POST', `/channels/${mine.id}/test`, {}],
    ['GET', `/channels/${mine.id}/preview`],
    ['GET', `/channels/${mine.id}/deliveries`],
    ['POST', `/channels/deliveries/${delivery?.id}/replay`, {}],
  ]
  for (const [method, path, body] of asked)
    expect([path, (await local.api(method, path, body, other.key)).status]).toEqual([path, 404])
  const { body: list } = await local.api<{ items: ChannelAnswer[] }>('GET', '/channels', undefined, other.key)
  expect(list.items.map(({ id }) => id)).toEqual([theirs.id])
  expect(await received('mine')).toHaveLength(1)
})

test('a key that may only read changes and sends nothing', async () => {
  const { body: reader } = await stage.api<{ key: string }>('POST', '/keys', { name: 'r', scope: 'read' })
  expect((await post(SLACK, reader.key)).status).toBe(403)
  expect((await stage.api('GET', '/channels', undefined, reader.key)).status).toBe(200)
})
