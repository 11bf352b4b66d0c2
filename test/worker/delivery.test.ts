/** A notice on its way: what every platform may do to it, and what becomes of it. */
import { beforeAll, describe, expect, test } from 'vitest'
import type { ScanAnswer, TargetAnswer } from '../../schema/api.ts'
import type { ChannelAnswer } from '../../schema/channels.ts'
import type { LeasedRun } from '../../schema/wire.ts'
import { addWebhook, logOf, news, put, received, script, urlOf } from './support/channels.ts'
import { openFleet, type Probe } from './support/probes.ts'
import { openStage, type Stage } from './support/stage.ts'

const MINUTE = 60_000
let stage: Stage
beforeAll(async () => {
  stage = await openStage({ ALLOW_LOCAL_RECEIVERS: '1' })
})

const ids = async (name: string) => (await received(name)).map((one) => one.headers['webhook-id'])
const read = async (id: string) => (await stage.api<ChannelAnswer>('GET', `/channels/${id}`)).body

describe('a message', () => {
  test('arrives once, signed, however often the tick comes', async () => {
    const channel = await addWebhook(stage, 'once')
    const id = await put(stage, news(stage, 'issue.opened', 1))
    for (let i = 0; i < 3; i++) await stage.tick()
    const [one, ...more] = await received('once')
    expect(more).toEqual([])
    expect(one?.headers).toMatchObject({ 'webhook-id': id, 'content-type': expect.stringContaining('json') })
    expect(one?.headers['webhook-signature']).toMatch(/^v1,/)
    expect(JSON.parse(one?.body ?? '')).toMatchObject({
      type: 'issue.opened',
      data: { links: { issue: expect.stringMatching(/^https:\/\/portwitness\.test\/issues\/iss_/) } },
    })
    expect(await logOf(stage, channel)).toMatchObject([
      { noticeId: id, state: 'sent', attempts: 1, lastStatus: 200, nextTryAt: null, tries: [{ status: 200 }] },
    ])
  })

  test('is sent by one of many senders that come at the same moment', async () => {
    const channel = await addWebhook(stage, 'raced')
    const wanted: string[] = []
    for (let n = 60; n < 68; n++) wanted.push(await put(stage, news(stage, 'issue.opened', n)))
    await Promise.all([stage.tick(), stage.tick(), stage.tick(), stage.tick()])
    expect((await ids('raced')).toSorted()).toEqual(wanted.toSorted())
    expect((await logOf(stage, channel)).every(({ state, attempts }) => state === 'sent' && attempts === 1)).toBe(true)
    await stage.api('DELETE', `/channels/${channel.id}`)
  })

  test('is tried again on the schedule, under the same id, until it is taken', async () => {
    await script('again', [{ status: 500 }, { status: 503 }, { resets: 'before' }, {}])
    const channel = await addWebhook(stage, 'again')
    const id = await put(stage, news(stage, 'issue.opened', 2))
    await stage.tick()
    expect(await logOf(stage, channel)).toMatchObject([{ state: 'waiting', attempts: 1, lastStatus: 500 }])
    stage.pass(4_000)
    await stage.tick()
    expect(await ids('again')).toHaveLength(1)
    for (const ms of [3_000, 7 * MINUTE, 40 * MINUTE]) {
      stage.pass(ms)
      await stage.tick()
    }
    expect(await ids('again')).toEqual([id, id, id, id])
    expect(await logOf(stage, channel)).toMatchObject([
      { state: 'sent', attempts: 4, tries: [{ status: 500 }, { status: 503 }, { status: null }, { status: 200 }] },
    ])
  })

  test('waits as long as the platform says, and so do the others of its channel', async () => {
    await script('later', [{ status: 429, headers: { 'retry-after': '90' } }, {}])
    const channel = await addWebhook(stage, 'later')
    await put(stage, news(stage, 'issue.opened', 3))
    await put(stage, news(stage, 'issue.opened', 4))
    await stage.tick()
    stage.pass(MINUTE)
    await stage.tick()
    expect(await ids('later')).toHaveLength(1)
    expect(await read(channel.id)).toMatchObject({ waiting: 2, pausedUntil: expect.any(String) })
    stage.pass(35_000)
    await stage.tick()
    expect(await ids('later')).toHaveLength(3)
  })

  test('is put off longer and longer by a platform that throttles and says to come at once', async () => {
    await script('at-once', [{ status: 429, headers: { 'retry-after': '0' } }])
    const channel = await addWebhook(stage, 'at-once')
    await put(stage, news(stage, 'issue.opened', 13))
    for (let i = 0; i < 20; i++) {
      await stage.tick()
      stage.pass(MINUTE)
    }
    expect((await ids('at-once')).length).toBeLessThanOrEqual(4)
    await stage.api('DELETE', `/channels/${channel.id}`)
  })

  test('keeps its place in its story, while other stories pass by', async () => {
    await script('order', [{ status: 500 }, {}])
    await addWebhook(stage, 'order')
    const first = await put(stage, news(stage, 'issue.opened', 5))
    stage.pass(1)
    const second = await put(stage, news(stage, 'issue.resolved', 5))
    const other = await put(stage, news(stage, 'issue.opened', 6))
    await stage.tick()
    expect(await ids('order')).toEqual([first, other])
    stage.pass(10_000)
    await stage.tick()
    expect(await ids('order')).toEqual([first, other, first, second])
  })

  test('is given up when the platform will never take it, and can be sent again by hand', async () => {
    await script('refused', [{ status: 400, body: 'no such field' }, {}])
    const channel = await addWebhook(stage, 'refused')
    const id = await put(stage, news(stage, 'issue.opened', 7))
    await stage.tick()
    const [failed] = await logOf(stage, channel)
    expect(failed).toMatchObject({ state: 'failed', lastStatus: 400, lastSaid: '400: no such field', nextTryAt: null })
    const { status } = await stage.api('POST', `/channels/deliveries/${failed?.id}/replay`, {})
    expect(status).toBe(202)
    expect(await ids('refused')).toEqual([id, id])
    expect(await logOf(stage, channel)).toMatchObject([{ state: 'sent', attempts: 2 }])
    expect((await stage.api('POST', `/channels/deliveries/${'dlv_'.padEnd(24, '0')}/replay`, {})).status).toBe(404)
  })

  test('follows no redirect', async () => {
    await script('elsewhere', [{ status: 302, headers: { location: 'http://127.0.0.1:1/' } }])
    const channel = await addWebhook(stage, 'elsewhere')
    await put(stage, news(stage, 'issue.opened', 8))
    await stage.tick()
    expect(await logOf(stage, channel)).toMatchObject([{ state: 'waiting', lastStatus: 302 }])
  })

  test('is taken although the answer never ends', async () => {
    await script('flood', [{ floods: true }])
    const channel = await addWebhook(stage, 'flood')
    await put(stage, news(stage, 'issue.opened', 9))
    await stage.tick()
    expect(await logOf(stage, channel)).toMatchObject([{ state: 'sent' }])
  })

  test('of a sender that died in the middle is sent again when its lease is over', async () => {
    const channel = await addWebhook(stage, 'died')
    const id = await put(stage, news(stage, 'issue.opened', 10))
    await stage.tick()
    await stage.env.DB.prepare(
      "UPDATE deliveries SET state = 'sending', ended_at = NULL, epoch = epoch + 1, lease_until = ?, next_at = 0 WHERE channel_id = ?",
    )
      .bind(stage.now() + 30_000, channel.id)
      .run()
    await stage.tick()
    expect(await ids('died')).toHaveLength(1)
    stage.pass(31_000)
    await stage.tick()
    expect(await ids('died')).toEqual([id, id])
    expect(await logOf(stage, channel)).toMatchObject([{ state: 'sent' }])
  })
})

test('what a probe’s report brings to light is told behind its answer, before any tick', async () => {
  await addWebhook(stage, 'behind', { events: ['scan.failed'] })
  const fleet = await openFleet(stage)
  for (const probe of fleet) await probe.lease({ capacity: { scan: 0, short: 0, baseline: 0 } })
  const wish = { address: '127.0.41.1', ports: '22' }
  const { body: target } = await stage.api<TargetAnswer>('POST', '/targets', wish)
  const { body: scan } = await stage.api<ScanAnswer>('POST', '/scans', { targetId: target.id, site: 'fra-1' })
  const scanner = fleet.find(({ id }) => id === scan.scanner?.probeId) as Probe
  const { runId, epoch } = (await scanner.lease()).runs.find((one) => one.kind === 'scan') as LeasedRun
  const failure = { code: 'refused_by_probe', detail: 'The probe may not touch this address.' }
  const report = { runId, epoch, seq: 1, observations: [], spans: [], found: [] }
  expect((await scanner.say('result', { ...report, outcome: 'failed', failure })).status).toBe(200)
  expect((await received('behind')).map((one) => JSON.parse(one.body))).toMatchObject([
    { type: 'scan.failed', data: { scan: { id: scan.id }, failure } },
  ])
})

test('the end of a story rewrites its first message, or is a new one where that is gone', async () => {
  const made = { kind: 'discord', name: 'edits', url: urlOf('edits/api/webhooks/1/x') }
  const { body: channel } = await stage.api<ChannelAnswer>('POST', '/channels', made)
  const unknown = { status: 404, body: '{"message":"Unknown Message","code":10008}' }
  await script('edits', [
    { body: '{"id":"77"}' },
    { body: '{"id":"77"}' },
    { body: '{"id":"78"}' },
    unknown,
    { body: '{"id":"79"}' },
  ])
  for (const n of [40, 41])
    for (const type of ['issue.opened', 'issue.resolved'] as const) {
      await put(stage, news(stage, type, n))
      await stage.tick()
      stage.pass(1_000)
    }
  expect((await received('edits')).map(({ method, path }) => `${method} ${path.replace('/in/edits', '')}`)).toEqual([
    'POST /api/webhooks/1/x?wait=true',
    'PATCH /api/webhooks/1/x/messages/77',
    'POST /api/webhooks/1/x?wait=true',
    'PATCH /api/webhooks/1/x/messages/78',
    'POST /api/webhooks/1/x?wait=true',
  ])
  expect((await logOf(stage, channel)).map(({ state }) => state)).toEqual(['sent', 'sent', 'sent', 'sent'])
  await stage.api('DELETE', `/channels/${channel.id}`)
})

test('the end of a story is a new message where the channel was moved meanwhile', async () => {
  const made = { kind: 'discord', name: 'moves', url: urlOf('moves/api/webhooks/1/x') }
  const { body: channel } = await stage.api<ChannelAnswer>('POST', '/channels', made)
  await script('moves', [{ body: '{"id":"77"}' }])
  await put(stage, news(stage, 'issue.opened', 44))
  await stage.tick()
  await stage.api('PATCH', `/channels/${channel.id}`, { url: urlOf('moves/api/webhooks/2/y') })
  stage.pass(1_000)
  await put(stage, news(stage, 'issue.resolved', 44))
  await stage.tick()
  expect((await received('moves')).map(({ method }) => method)).toEqual(['POST', 'POST'])
  await stage.api('DELETE', `/channels/${channel.id}`)
})

describe('a channel', () => {
  test('that is gone is switched off, keeps what waits, and the others say so', async () => {
    await script('gone', [{ status: 410 }, {}])
    await addWebhook(stage, 'witness')
    const channel = await addWebhook(stage, 'gone')
    const id = await put(stage, news(stage, 'issue.opened', 11))
    await stage.tick()
    expect(await read(channel.id)).toMatchObject({ state: 'switched_off', reason: '410: ok', waiting: 1 })
    const said = (await received('witness')).map((one) => JSON.parse(one.body))
    expect(said.at(-1)).toMatchObject({
      type: 'channel.switched_off',
      data: { channel: { id: channel.id, name: 'gone' }, waiting: 1 },
    })
    await put(stage, news(stage, 'issue.opened', 12))
    await stage.tick()
    expect(await ids('gone')).toHaveLength(1)
    await stage.api('PATCH', `/channels/${channel.id}`, { state: 'on' })
    expect(await ids('gone')).toEqual([id, id])
    expect(await read(channel.id)).toMatchObject({ state: 'on', reason: null })
  })

  test('that hangs keeps no other waiting, and is left in peace after a while', { timeout: 120_000 }, async () => {
    await script('hangs', [{ hangs: true }])
    const hanging = await addWebhook(stage, 'hangs')
    await addWebhook(stage, 'quick')
    for (let n = 20; n < 25; n++) await put(stage, news(stage, 'issue.opened', n))
    const began = performance.now()
    const tick = stage.tick()
    while ((await received('quick')).length < 5 && performance.now() - began < 10_000)
      await new Promise((resolve) => setTimeout(resolve, 50))
    expect((await received('quick')).length).toBe(5)
    expect(performance.now() - began).toBeLessThan(8_000)
    await tick
    // A sender behind an earlier request may be the one that waits for it.
    const tries = async () => {
      await stage.tick()
      return (await received('hangs')).length
    }
    await expect.poll(tries, { timeout: 70_000, interval: 500 }).toBe(3)
    await expect
      .poll(() => read(hanging.id), { timeout: 20_000, interval: 500 })
      .toMatchObject({ waiting: 5, pausedUntil: expect.any(String) })
    await stage.api('PATCH', `/channels/${hanging.id}`, { state: 'off' })
  })

  test('that stays away too long is not told of what is old by then', async () => {
    await script('away', [{ status: 410 }])
    const channel = await addWebhook(stage, 'away')
    await put(stage, news(stage, 'issue.opened', 29))
    await stage.tick()
    stage.pass(5 * 24 * 60 * MINUTE - (stage.now() % (60 * MINUTE)))
    await stage.tick()
    expect(await logOf(stage, channel)).toMatchObject([
      { state: 'failed', lastSaid: expect.stringContaining('too old') },
    ])
    await stage.api('DELETE', `/channels/${channel.id}`)
  })

  test('is told nothing that was there before it', async () => {
    await put(stage, news(stage, 'issue.opened', 30))
    stage.pass(1_000)
    await addWebhook(stage, 'young')
    await stage.tick()
    expect(await received('young')).toEqual([])
  })
})
