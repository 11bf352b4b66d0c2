import { expect, test } from 'vitest'
import { AFTERMATH_MS } from '../../probe-node/scan/aftermath.ts'
import type { Scan } from '../../probe-node/scan/context.ts'
import { createEndpoints } from '../../probe-node/scan/endpoints.ts'
import { limits } from '../../probe-node/scan/limits.ts'
import { limps, stumbles } from '../../probe-node/scan/limp.ts'
import { stimuliFor } from '../../probe-node/scan/stimuli.ts'
import type { Seen } from '../../probe-node/touch.ts'
import { agentFor, scanPlan, touchPlan, until } from '../support/agent.ts'
import { type FakeDesk, fakeDesk, step } from '../support/fake-desk.ts'
import { type Listener, silent, web } from '../support/listeners.ts'

const HOST = '127.0.0.9'
const STIMULI = stimuliFor('assertive', { service: 'http', check: 'http' }).length
const seenBy = (desk: FakeDesk) =>
  [...desk.of('renew'), ...desk.of('alarm'), ...desk.of('result')].flatMap(({ observations }) => observations)

/** A web server that lets so many requests through and then so many a second, as nginx limit_req does. */
function limited(burst: number, perSecond: number, status = 503): Promise<Listener> {
  let tokens = burst
  let at = performance.now()
  return web((_, response) => {
    const now = performance.now()
    tokens = Math.min(burst, tokens + ((now - at) / 1_000) * perSecond)
    at = now
    if (tokens < 1) return void response.writeHead(status).end()
    tokens -= 1
    response.end('fine')
  }, HOST)
}

test('a limit that eats the engagement is seen while it holds: a plain touch, an alarm, and the share that was not done', async () => {
  await using desk = await fakeDesk()
  await using server = await limited(10, 0.3)
  await using _ = await agentFor(desk)
  const result = await desk.result(desk.offer(scanPlan({ ports: String(server.port), profile: 'assertive' })))
  const [alarm] = desk.of('alarm')
  expect(alarm?.lost).toEqual([{ address: HOST, port: server.port }])
  const seen = seenBy(desk).filter(({ purpose }) => purpose === 'engage')
  expect(seen.filter(({ httpStatus, sight }) => httpStatus === 503 && sight === 'open').length).toBeGreaterThanOrEqual(
    3,
  )
  expect(seen.filter(({ sight }) => sight === 'page')).toMatchObject([{ httpStatus: 503, check: 'http' }])
  const [engaged] = result.engagement ?? []
  expect(engaged?.planned).toBe(STIMULI)
  expect(engaged?.done).toBeLessThanOrEqual(10)
  expect(result.output).toContain('engagement is answered by a limit; a plain touch: page (HTTP 503')
})

test('a server that answers 503 from the start, or to some paths only, is no limit', async () => {
  await using desk = await fakeDesk()
  await using broken = await web((_, response) => response.writeHead(503).end(), HOST)
  let n = 0
  await using moody = await web((_, response) => response.writeHead(n++ % 2 === 0 ? 200 : 503).end(), HOST)
  await using _ = await agentFor(desk)
  const result = await desk.result(
    desk.offer(scanPlan({ ports: `${broken.port},${moody.port}`, profile: 'assertive' })),
  )
  expect(
    desk
      .of('alarm')
      .flatMap(({ lost }) => lost)
      .filter(({ port }) => port === broken.port),
  ).toEqual([])
  expect(result.engagement?.find(({ port }) => port === broken.port)).toMatchObject({ planned: STIMULI, done: STIMULI })
}, 60_000)

test('a ban that comes seconds after the last stimulus is still seen by the scan', async () => {
  await using desk = await fakeDesk()
  const server = await web(undefined, HOST)
  await using stays = await silent(HOST)
  await using _ = await agentFor(desk)
  const runId = desk.offer(scanPlan({ ports: `${server.port},${stays.port}`, profile: 'standard' }))
  const requests = () => server.received().match(/GET \/ HTTP/g)?.length ?? 0
  while (requests() === 0) await new Promise((resolve) => setTimeout(resolve, 50))
  await new Promise((resolve) => setTimeout(resolve, 2_500))
  await server.close()
  const result = await desk.result(runId)
  const [alarm] = desk.of('alarm')
  expect(alarm?.lost).toEqual([{ address: HOST, port: server.port }])
  expect(alarm?.observations).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ purpose: 'watch', sight: 'closed' }),
      // what had been done last before it
      expect.objectContaining({ purpose: 'engage', sight: 'open', port: server.port }),
    ]),
  )
  expect(result.recheck?.find(({ port }) => port === server.port)?.state).toBe('closed')
})

test('discovery re-checks at once; only profiles with a stimulus watch what comes of it', async () => {
  expect(AFTERMATH_MS).toEqual({ standard: 6_000, assertive: 12_000 })
  await using desk = await fakeDesk()
  await using server = await silent(HOST)
  await using _ = await agentFor(desk)
  const started = performance.now()
  await desk.result(desk.offer(scanPlan({ ports: String(server.port), profile: 'discovery' })))
  expect(performance.now() - started).toBeLessThan(5_000)
})

test('handshakes that need a second SYN are kept, and several of them ask the panel to look along', () => {
  const kept: Seen[] = []
  const reporter = { add: (seen: Seen) => kept.push(seen) }
  const endpoints = createEndpoints(reporter as never)
  const scan = { reporter, endpoints, output: { line() {} } } as unknown as Scan
  const known = endpoints.add({ address: HOST, port: 80, check: 'http', service: 'http', firstSeenOpenAt: 0 }, 0)
  const seen = (connectMs: number): Seen => ({
    purpose: 'watch',
    check: 'http',
    address: HOST,
    port: 80,
    sight: 'open',
    at: 0,
    afterMs: connectMs,
    connectMs,
  })
  const told = [12, 1_030, 11, 13, 2_040, 12, 1_020, 10].map((connectMs) => limps(scan, known, seen(connectMs)))
  expect(kept.map(({ connectMs }) => connectMs)).toEqual([1_030, 2_040, 1_020])
  expect(told).toEqual([false, false, false, false, false, false, true, false])
  // Where every handshake takes long, a long one says nothing.
  const far = endpoints.add({ address: HOST, port: 81, check: 'http', service: 'http', firstSeenOpenAt: 0 }, 0)
  expect([600, 1_200, 1_300, 1_250].map((connectMs) => limps(scan, far, { ...seen(connectMs), port: 81 }))).toEqual([
    false,
    false,
    false,
    false,
  ])
})

test('an engagement of which every second connect fails asks the panel, though never two fail running', () => {
  const endpoints = createEndpoints({ add() {} } as never)
  const known = endpoints.add({ address: HOST, port: 22, check: 'greeting', service: 'ssh', firstSeenOpenAt: 0 }, 0)
  const told = [false, true, false, true, false, true].map((failed) => stumbles({} as Scan, known, failed))
  expect(told).toEqual([false, false, false, false, false, true])
})

test('limit answers count only after other answers, and each run of them asks for a plain look now and then', () => {
  const scan = { run: { scanId: 'scn' }, world: { memory: { first: () => ({ httpStatus: 200, mitigated: false }) } } }
  const counter = limits(scan as unknown as Scan, { target: {} } as never)
  const due = [200, 503, 503, 503, 503, 503, 503, 503, 200, 503].map(
    (httpStatus) => counter.after({ sight: 'open', httpStatus }).isDue,
  )
  expect(due).toEqual([false, false, false, true, false, false, false, true, false, false])
})

test('a burst of E4 meets the limit that slow touches pass, and E8 asks the last rung by GET', async () => {
  await using desk = await fakeDesk()
  await using server = await limited(6, 1, 429)
  await using _ = await agentFor(desk)
  await until('a lease', () => desk.of('lease').length >= 1)
  const http = { address: HOST, port: server.port, check: 'http' as const, service: 'http' as const }
  const explain = { purpose: 'explain' as const, timeoutMs: 3_000 }
  const steps = [
    step(desk, 300, [http], { round: 0 }),
    step(desk, 1_500, [http], { ...explain, experiment: 'E4', burst: 20 }),
    step(desk, 5_000, [http], { ...explain, experiment: 'E4' }),
    step(desk, 7_000, [{ ...http, check: 'tcp' }], { ...explain, experiment: 'E8' }),
    step(desk, 8_000, [http], { ...explain, experiment: 'E8' }),
  ]
  await desk.result(desk.offer(touchPlan({ steps })))
  const seen = seenBy(desk)
  const rate = seen.filter(({ experiment }) => experiment === 'E4')
  const burst = rate.slice(0, 20)
  expect(Math.max(...burst.map(({ at }) => at)) - Math.min(...burst.map(({ at }) => at))).toBeLessThan(1_000)
  expect(burst.filter(({ sight }) => sight === 'open').length).toBeLessThanOrEqual(8)
  expect(burst.filter(({ sight, httpStatus }) => sight === 'page' && httpStatus === 429).length).toBeGreaterThanOrEqual(
    12,
  )
  expect(rate.slice(20)).toMatchObject([{ sight: 'open' }])
  expect(seen.filter(({ experiment }) => experiment === 'E8').map(({ check, sight }) => [check, sight])).toEqual([
    ['tcp', 'open'],
    ['http', 'open'],
  ])
  expect(server.received().match(/GET \/ HTTP/g)).toHaveLength(1)
})
