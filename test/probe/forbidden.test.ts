/** The probe refuses by itself what is not for us, whatever its Worker says: not a packet is sent. */
import { createServer, type Server } from 'node:http'
import { createServer as createSecure } from 'node:https'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fetchToken } from '../../probe-node/checks/token.ts'
import { whyNot } from '../../probe-node/touch.ts'
import { addressAt, boundsOf, parseAddress, parseCidr } from '../../schema/address.ts'
import { BLOCK_ROWS } from '../../schema/address-blocks.ts'
import { CONTROL_PATH } from '../../schema/control.ts'
import type { ControlPlan, Step } from '../../schema/wire.ts'
import { AGENT_ADDRESS, agentFor, scanPlan, touchPlan } from '../support/agent.ts'
import { TEST_CERTIFICATE, TEST_KEY } from '../support/certificate.ts'
import { fakeDesk, TARGET_ID } from '../support/fake-desk.ts'
import { embeddings, ODD_SPELLINGS } from '../threats/support/spellings.ts'

const V4 = { sourceAddress: '198.51.100.7', allowPrivate: false }
const V6 = { sourceAddress: '2a01:4f8::7', allowPrivate: false }
const both = (address: string, allowPrivate: boolean) =>
  [V4, V6].map((probe) => whyNot({ ...probe, allowPrivate }, address))

describe('a probe without --allow-private', () => {
  test.each(BLOCK_ROWS.filter(([block]) => block !== '::/0'))('touches nothing in %s (%s)', (block) => {
    const cidr = parseCidr(block) ?? expect.fail(`${block} is no network`)
    const { first, last } = boundsOf(cidr)
    for (const bits of [first, last, first + (last - first) / 3n]) {
      const { text } = addressAt(bits, cidr.family)
      expect(whyNot(cidr.family === 4 ? V4 : V6, text), text).not.toBeNull()
    }
  })

  test.each(ODD_SPELLINGS)('reads %j as no address', (text) => {
    for (const why of [...both(text, false), ...both(text, true)]) expect(why).toContain('not a canonical address')
  })
})

test('no address is touched in any other spelling than its one', () => {
  for (const text of ['2A01:4F8::8', '2a01:04f8::8', '2a01:4f8:0:0:0:0:0:8', '2a01:4f8::0.0.0.8'])
    expect(whyNot(V6, text)).toContain('not a canonical address')
  expect(whyNot(V6, '2a01:4f8::8')).toBeNull()
})

test('an address inside an address is touched by no probe, not even with --allow-private', () => {
  fc.assert(
    fc.property(fc.ipV4(), (inner) => {
      for (const [way, text] of Object.entries(embeddings(inner))) {
        const canonical = parseAddress(text)?.text ?? expect.fail(`${text} did not parse`)
        if (canonical === '::1') continue
        for (const allowPrivate of [false, true])
          expect(whyNot({ ...V6, allowPrivate }, canonical), `${way} ${text}`).not.toBeNull()
      }
    }),
    { numRuns: 500 },
  )
})

describe('a Worker that lies', () => {
  let server: Server
  let port = 0
  let asked = 0
  beforeAll(async () => {
    server = createServer((_, response) => {
      asked++
      response.end('secret')
    })
    server.on('connection', () => asked++)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.9', resolve))
    port = (server.address() as { port: number }).port
  })
  afterAll(() => server.close())

  const touch = (address: string) => ({ address, port, check: 'http', service: 'http' }) as const
  const step = (touches: readonly ReturnType<typeof touch>[]): Step => ({
    ...{ at: Date.now(), purpose: 'verify', round: 0, timeoutMs: 1_000, beacon: false },
    touches: [...touches],
  })
  const control = (address: string): ControlPlan => ({
    ...{ kind: 'control', targetId: TARGET_ID, timeoutMs: 1_000 },
    fetches: [{ address, port }],
  })
  // As it is, and in dresses: the first two lead to the listener on any stack that unpacks them.
  const inside = ['127.0.0.9', '::ffff:127.0.0.9', '::ffff:7f00:9', '127.9', '0x7f.9', '2130706441', '127.0.0.9.']

  test.each(inside)(
    'a scan, a retest, a round, a recovery, a proof and a fetch of %s come to nothing',
    async (address) => {
      await using desk = await fakeDesk()
      await using _agent = await agentFor(desk, { allowPrivate: false })
      const plans = [
        scanPlan({ addresses: [address], ports: String(port) }),
        scanPlan({ addresses: [address], ports: String(port), only: [touch(address)] }),
        touchPlan({ steps: [step([touch(address)])] }),
        touchPlan({ kind: 'recover', steps: [step([touch(address)])] }),
        control(address),
      ] as const
      const before = asked
      for (const plan of plans) {
        const run = desk.offer(plan)
        desk.ring()
        expect(await desk.result(run)).toMatchObject({ outcome: 'failed', failure: { code: 'refused_by_probe' } })
      }
      const proof = desk.offer(
        scanPlan({ addresses: [address], ports: String(port), only: [touch(address)], proof: { watchMs: 0 } }),
        {
          kind: 'prove',
        },
      )
      desk.ring()
      expect(await desk.result(proof)).toMatchObject({ outcome: 'failed', failure: { code: 'refused_by_probe' } })
      expect(asked).toBe(before)
    },
  )

  test('one address among others that is not for us spoils no other, and gets no packet', async () => {
    await using desk = await fakeDesk()
    await using _agent = await agentFor(desk, { allowPrivate: true })
    const run = desk.offer({
      ...control('127.0.0.9'),
      fetches: [
        { address: '169.254.169.254', port: 80 },
        { address: '127.0.0.9', port },
        { address: '8.8.8.8', port: 8080 },
      ],
    })
    desk.ring()
    const { fetched } = await desk.result(run)
    expect(fetched).toMatchObject([
      { address: '169.254.169.254', code: 'REFUSED_BY_PROBE' },
      { address: '127.0.0.9', status: 200 },
      { address: '8.8.8.8', code: 'REFUSED_BY_PROBE' },
    ])
  })
})

describe('a fetch of the token', () => {
  interface Heard {
    method: string | undefined
    url: string | undefined
    headers: Record<string, unknown>
  }
  type Answer = (response: import('node:http').ServerResponse) => void
  async function fetched(answer: Answer, more: Partial<ControlPlan> = {}) {
    const heard: Heard[] = []
    const server = createServer(({ method, url, headers }, response) => {
      heard.push({ method, url, headers })
      answer(response)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.9', resolve))
    const { port } = server.address() as { port: number }
    try {
      await using desk = await fakeDesk()
      await using _agent = await agentFor(desk)
      const run = desk.offer({
        ...{ kind: 'control', targetId: TARGET_ID, timeoutMs: 1_500 },
        fetches: [{ address: '127.0.0.9', port }],
        ...more,
      })
      desk.ring()
      const result = await desk.result(run)
      return { heard, port, result, one: result.fetched?.[0] }
    } finally {
      server.closeAllConnections()
      server.close()
    }
  }
  const textOf = (body: string | undefined) => Buffer.from(body ?? '', 'base64').toString()

  test('is one GET of the one path, to the address, that says who asks', async () => {
    const { heard, port, one, result } = await fetched((response) => response.end('portwitness-verification=abc\n'))
    expect(heard).toMatchObject(
      [
        { method: 'GET', url: CONTROL_PATH, headers: { host: `127.0.0.9:${port}`, 'user-agent': /^Portwitness\// } },
      ].map(({ headers: { host }, ...rest }) => ({ ...rest, headers: { host } })),
    )
    expect(heard[0]?.headers['user-agent']).toMatch(/^Portwitness\//)
    expect(heard[0]?.headers).toHaveProperty('signature')
    expect(one).toMatchObject({ address: '127.0.0.9', port, status: 200 })
    expect(textOf(one?.body)).toBe('portwitness-verification=abc\n')
    expect(result.observations).toEqual([])
  })

  test('follows no redirect', async () => {
    const { heard, one } = await fetched((response) =>
      response.writeHead(302, { location: `http://127.0.0.9${CONTROL_PATH}?again` }).end('moved'),
    )
    expect(heard.length).toBe(1)
    expect(one?.status).toBe(302)
  })

  test('reads chunks, and no more than a kilobyte of a flood', async () => {
    const { one } = await fetched((response) => {
      response.write('part')
      setTimeout(() => response.end('s'), 100)
    })
    expect(textOf(one?.body)).toBe('parts')
    let sent = 0
    const flood = await fetched((response) => {
      const more = () => {
        sent += 65_536
        if (!response.destroyed && response.write('x'.repeat(65_536))) setImmediate(more)
        else response.once('drain', more)
      }
      more()
    })
    expect(textOf(flood.one?.body).length).toBe(1_024)
    expect(sent).toBeLessThan(20_000_000)
  })

  test('ends in its time with a server that says nothing, or never ends', async () => {
    const mute = await fetched(() => {})
    expect(mute.one).toMatchObject({ code: 'TIMEOUT' })
    expect(mute.one?.afterMs).toBeLessThan(4_000)
    const drip = await fetched((response) => {
      const timer = setInterval(() => response.write('.'), 50)
      response.on('close', () => clearInterval(timer))
    })
    expect(drip.one).toMatchObject({ status: 200 })
    expect(drip.one?.afterMs).toBeLessThan(4_000)
  })

  test('says that nothing answers, and what is no HTTP', async () => {
    await using desk = await fakeDesk()
    await using _agent = await agentFor(desk)
    const run = desk.offer({
      ...{ kind: 'control', targetId: TARGET_ID, timeoutMs: 1_500 },
      fetches: [{ address: '127.0.0.9', port: 9 }],
    })
    desk.ring()
    expect((await desk.result(run)).fetched).toMatchObject([{ code: 'ECONNREFUSED' }])
    const { one } = await fetched((response) => response.socket?.end('220 mail.example ESMTP\r\n'))
    expect(one?.status).toBeUndefined()
    expect(one?.code).toBeDefined()
  })

  test('is made behind TLS where that is wanted, whatever certificate is shown', async () => {
    const server = createSecure({ cert: TEST_CERTIFICATE, key: TEST_KEY }, (_, response) => response.end('token'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.9', resolve))
    const { port } = server.address() as { port: number }
    const options = {
      ...{ address: '127.0.0.9', family: 4 as const, port, source: null, name: null, service: 'http' as const },
      ...{ timeoutMs: 2_000, userAgent: 'Portwitness/test' },
    }
    const one = await fetchToken(options, true)
    expect(one).toMatchObject({ status: 200 })
    expect(textOf(one.body)).toBe('token')
    expect(await fetchToken(options, false)).toMatchObject({ code: expect.any(String) })
    server.closeAllConnections()
    server.close()
  })

  test('leaves from the probe’s own address', async () => {
    let from = ''
    await fetched((response) => {
      from = response.socket?.remoteAddress ?? ''
      response.end()
    })
    expect(from).toBe(AGENT_ADDRESS)
  })
})
