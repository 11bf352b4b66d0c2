import { createExecutionContext } from 'cloudflare:test'
import { beforeAll, describe, expect, test } from 'vitest'
import { LIMITS } from '../../schema/wire.ts'
import { app } from '../../worker/app.ts'
import { enrolProbe, openFleet, type Probe } from './support/probes.ts'
import { openStage, type Stage } from './support/stage.ts'

let stage: Stage
let probe: Probe
const LEASE = {
  wire: 1,
  capacity: { scan: 1, short: 8, baseline: 6 },
  holding: [],
  allowPrivate: true,
  health: { agent: 'test', fit: true, reasons: [], lagMs: 0, spooled: 0 },
}

beforeAll(async () => {
  stage = await openStage()
  ;[probe] = (await openFleet(stage)) as [Probe]
})

describe('a signed request', () => {
  test('is believed with a right signature from the right address', async () => {
    expect((await probe.say('lease', LEASE)).status).toBe(200)
  })

  test('is refused when signature, address or body were changed, or when the probe is unknown', async () => {
    const flip = (signature: string) => `${signature[0] === 'A' ? 'B' : 'A'}${signature.slice(1)}`
    const refused = [
      await probe.say('lease', LEASE, { sign: flip }),
      await probe.say('lease', LEASE, { sign: () => 'short' }),
      await probe.say('lease', LEASE, { from: '127.0.1.2' }),
      await probe.say('lease', LEASE, { headers: { 'x-portwitness-nonce': 'another' } }),
      await probe.say('lease', LEASE, { headers: { 'x-portwitness-probe': 'prb_00000000000000000000' } }),
    ]
    expect(refused.map((answer) => answer.status)).toEqual([401, 401, 401, 401, 401])
  })

  test('with a clock more than a minute off is told the time', async () => {
    const answer = await probe.say<{ code: string; now: number }>('lease', LEASE, { time: stage.now() - 61_000 })
    expect(answer).toMatchObject({ status: 401, body: { code: 'clock_skew', now: stage.now() } })
    expect((await probe.say('lease', LEASE, { time: stage.now() + 59_000 })).status).toBe(200)
  })

  test('of another version of the protocol is told to upgrade', async () => {
    expect(await probe.say('lease', { ...LEASE, wire: 2 })).toMatchObject({
      status: 426,
      body: { code: 'upgrade_required', wire: 1 },
    })
  })

  test('of a revoked probe is refused, also of one that was just here', async () => {
    const gone = await enrolProbe(stage, { site: 'gone-1', sourceAddress: '127.0.5.1' })
    expect((await gone.say('lease', LEASE)).status).toBe(200)
    expect((await stage.api('DELETE', `/probes/${gone.id}`)).status).toBe(204)
    expect((await gone.say('lease', LEASE)).status).toBe(401)
  })

  test('of a revoked probe is refused at once by whoever revoked it, not only a lease', async () => {
    const gone = await enrolProbe(stage, { site: 'gone-1', sourceAddress: '127.0.5.2' })
    const report = { runId: 'run_ABCDEFGHIJ0123456789', epoch: 1, seq: 1, observations: [], spans: [], found: [] }
    expect((await gone.say('renew', report)).status).toBe(410)
    expect((await stage.api('DELETE', `/probes/${gone.id}`)).status).toBe(204)
    expect((await gone.say('renew', report)).status).toBe(401)
    expect((await gone.say('result', { ...report, outcome: 'done' })).status).toBe(401)
  })
})

describe('a message', () => {
  test('that is packed is refused unread: unpacking is not bounded by what is read of it', async () => {
    const packed = await new Response(
      new Blob([JSON.stringify(LEASE)])
        .stream()
        .pipeThrough(new CompressionStream('gzip') as unknown as ReadableWritablePair<Uint8Array, Uint8Array>),
    ).arrayBuffer()
    for (const encoding of ['gzip', 'deflate', 'br'])
      expect(await probe.say('lease', null, { raw: packed, headers: { 'content-encoding': encoding } })).toMatchObject({
        status: 415,
        body: { code: 'wrong_type' },
      })
    expect((await probe.say('lease', LEASE, { headers: { 'content-encoding': 'identity' } })).status).toBe(200)
  })

  test('that is too large, too deep, cut off, not JSON, not UTF-8 or of another type is refused before it is read', async () => {
    const said = async (raw: BodyInit, headers = {}) => (await probe.say('lease', null, { raw, headers })).status
    expect(await said('x'.repeat(LIMITS.bodyBytes + 1))).toBe(413)
    expect(await said(`${'['.repeat(5_000)}${']'.repeat(5_000)}`)).toBe(400)
    expect(await said('{"wire":1,')).toBe(400)
    expect(await said(new Uint8Array([0x22, 0xff, 0x22]))).toBe(400)
    expect(await said('{}', { 'content-type': 'text/plain' })).toBe(415)
  })

  test('of the wrong shape is refused with each field and its limit named', async () => {
    const { status, body } = await probe.say<{ errors: { field: string; detail: string }[] }>('lease', {
      ...LEASE,
      capacity: { scan: 2, short: 8, baseline: 6 },
      more: 1,
    })
    expect(status).toBe(422)
    expect(body.errors).toContainEqual({ field: 'capacity.scan', detail: 'must not be more than 1' })
    expect(body.errors.map((error) => error.field)).toContain('more')
  })
})

describe('enrolment', () => {
  const enrol = (token: string, from: string, sourceAddress = from) =>
    stage.fetch('/probe/v1/enrol', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'cf-connecting-ip': from },
      body: JSON.stringify({
        wire: 1,
        token,
        publicKey: `${'A'.repeat(43)}=`,
        sourceAddress,
        allowPrivate: false,
        agent: 'test',
      }),
    })
  const token = async (sourceAddress: string) =>
    (await stage.api<{ token: string }>('POST', '/probes/enrolments', { site: 'ams-1', sourceAddress })).body.token

  test('takes a token once, from its own address, for fifteen minutes', async () => {
    const one = await token('127.0.6.1')
    expect((await enrol(one, '127.0.6.2')).status).toBe(401)
    expect((await enrol(one, '127.0.6.2', '127.0.6.1')).status).toBe(401)
    const both = await Promise.all([enrol(one, '127.0.6.1'), enrol(one, '127.0.6.1')])
    expect(both.map((answer) => answer.status).sort()).toEqual([200, 401])
    const late = await token('127.0.6.3')
    stage.pass(15 * 60_000 + 1)
    expect((await enrol(late, '127.0.6.3')).status).toBe(401)
    expect((await enrol('pwe_made-up', '127.0.6.3')).status).toBe(401)
  })

  test('announces a public range with a notice period, unless it is active already; a private one is active and never published', async () => {
    await token('192.0.2.55')
    await stage.api('POST', '/probes/enrolments', { site: 'ams-1', sourceAddress: '9.9.9.10' })
    await stage.api('POST', '/probes/enrolments', { site: 'ams-1', sourceAddress: '9.9.9.11', rangeActive: true })
    const { body } = await stage.api<{ items: { cidr: string; state: string; published: boolean }[] }>('GET', '/ranges')
    const state = Object.fromEntries(body.items.map((range) => [range.cidr, [range.state, range.published]]))
    expect(state).toMatchObject({
      '9.9.9.10/32': ['announced', true],
      '9.9.9.11/32': ['active', true],
      '127.0.6.1/32': ['active', false],
    })
    const published = await stage.fetch('/ips-v4')
    expect(await published.text()).toBe('9.9.9.10/32\n9.9.9.11/32\n')
    const again = await stage.fetch('/ip-ranges.txt', {
      headers: { 'if-none-match': published.headers.get('etag') ?? '' },
    })
    expect(again.status).toBe(304)
    expect(await (await stage.fetch('/ip-ranges.json')).json()).toMatchObject({
      schema: 1,
      prefixes: [{ prefix: '9.9.9.10/32', status: 'announced', family: 4 }, { prefix: '9.9.9.11/32' }],
    })
    stage.pass(31 * 24 * 3_600_000)
    await stage.tick()
    expect(
      (await stage.api<typeof body>('GET', '/ranges')).body.items.find((range) => range.cidr === '9.9.9.10/32')?.state,
    ).toBe('active')
  })
})

test('with a front, only what passed it is answered', async () => {
  const guarded = { ...stage.env, FRONT_SECRET: 'between-us' }
  const ask = async (headers: Record<string, string>) =>
    (await app.fetch(new Request('http://x/healthz', { headers }), guarded, createExecutionContext())).status
  expect(await ask({})).toBe(403)
  expect(await ask({ 'x-portwitness-front': 'guess' })).toBe(403)
  expect(await ask({ 'x-portwitness-front': 'between-us' })).toBe(200)
})
