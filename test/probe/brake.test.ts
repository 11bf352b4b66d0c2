import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { createBrake, DEFAULT_OWN, NO_CEILINGS } from '../../probe-node/brake.ts'
import { agentFor, scanPlan, touchPlan } from '../support/agent.ts'
import { fakeDesk, step } from '../support/fake-desk.ts'

const never = new AbortController().signal
const SCAN = 'scn_ABCDEFGHIJ0123456789'

test('touches wait for their turn: no second has more than the ceiling, whoever asks', async () => {
  const brake = createBrake({ ...NO_CEILINGS, perAddress: 500 })
  const at: number[] = []
  const began = performance.now()
  await Promise.all(
    Array.from({ length: 120 }, async () => {
      await brake.turn('127.0.0.9', SCAN)
      at.push(performance.now() - began)
    }),
  )
  // A tenth of 500 is for touches: 50 a second.
  for (let from = 0; from < 2_400; from += 100)
    expect(at.filter((one) => one >= from && one < from + 1_000).length).toBeLessThanOrEqual(52)
  expect(Math.max(...at)).toBeGreaterThan(2_200)
  expect(brake.made(SCAN)).toBe(120)
})

test('addresses have a ceiling each, and all of them together one more', async () => {
  const brake = createBrake({ ...NO_CEILINGS, perAddress: 100, overall: 200 })
  const began = performance.now()
  const turns = Array.from({ length: 40 }, (_, i) => brake.turn(`127.0.0.${10 + (i % 10)}`, SCAN))
  await Promise.all(turns)
  // 20 a second overall, of which no more than 10 a second go to one address.
  expect(performance.now() - began).toBeGreaterThan(1_800)
})

test('a sweep gets what others leave, and waits while they leave nothing', async () => {
  const brake = createBrake({ ...NO_CEILINGS, perAddress: 100, overall: 150 })
  const first = await brake.sweep('127.0.0.9', 1_000, never)
  expect(first.perSecond).toBe(90)
  const other = await brake.sweep('127.0.0.10', 1_000, never)
  expect(other.perSecond).toBe(45)
  let third: { perSecond: number } | null = null
  const waiting = brake.sweep('127.0.0.9', 50, never).then((grant) => {
    third = grant
  })
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(third).toBeNull()
  first.release()
  await waiting
  expect(third).toMatchObject({ perSecond: 50 })
})

test('without flags public addresses have the ceilings of single servers, our own those of a machine', async () => {
  const brake = createBrake(NO_CEILINGS)
  expect((await brake.sweep('9.9.9.9', 200_000, never)).perSecond).toBe(DEFAULT_OWN.public.perAddress * 0.9)
  expect((await brake.sweep('9.9.9.8', 200_000, never)).perSecond).toBe(DEFAULT_OWN.public.perAddress * 0.9)
  expect((await brake.sweep('127.0.0.9', 200_000, never)).perSecond).toBe(DEFAULT_OWN.private.perAddress * 0.9)
  expect(brake.sockets(4_000)).toBe(4_000)
  expect(createBrake({ ...NO_CEILINGS, sockets: 10 }).sockets(4_000)).toBe(10)
})

/** A host that counts the connects of each tenth of a second. */
async function counting(host: string) {
  const at: number[] = []
  const server = createServer((socket) => {
    at.push(performance.now())
    socket.on('error', () => {}).destroy()
  })
  server.listen(0, host)
  await once(server, 'listening')
  return {
    port: (server.address() as { port: number }).port,
    /** connects in the fullest second */
    fullest: () => Math.max(0, ...at.map((from) => at.filter((one) => one >= from && one < from + 1_000).length)),
    count: () => at.length,
    [Symbol.asyncDispose]: async () => void server.close(),
  }
}

test('a Worker that lies gets no more than the probe’s own rate, and the result says what was sent', async () => {
  await using desk = await fakeDesk()
  await using _ = await agentFor(desk, { ceilings: { perAddress: 200, overall: null, sockets: 50 } })
  const began = performance.now()
  const result = await desk.result(
    desk.offer(scanPlan({ addresses: ['127.0.0.9'], ports: '40001-40400', maxConnectsPerSecond: 200_000 })),
  )
  // 400 refusals at 180 a second.
  expect(performance.now() - began).toBeGreaterThan(2_000)
  expect(result.ports).toMatchObject({ asked: 400, tested: 400 })
  expect(result.connects).toBeGreaterThanOrEqual(405)
  expect(result.connects).toBeLessThan(450)
})

test('a burst that a plan asks for is slowed, on one endpoint as well', async () => {
  await using desk = await fakeDesk()
  await using host = await counting('127.0.0.9')
  await using _ = await agentFor(desk, { ceilings: { perAddress: 100, overall: null, sockets: null } })
  const touch = { address: '127.0.0.9', port: host.port, check: 'tcp', service: 'unknown' } as const
  await desk.result(desk.offer(touchPlan({ steps: [step(desk, 0, [touch], { burst: 30 })] })))
  expect(host.count()).toBe(30)
  expect(host.fullest()).toBeLessThanOrEqual(12)
})
