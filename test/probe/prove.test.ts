import { expect, test } from 'vitest'
import type { TouchTarget } from '../../schema/wire.ts'
import { agentFor, scanPlan, until } from '../support/agent.ts'
import { type FakeDesk, fakeDesk } from '../support/fake-desk.ts'
import { type Listener, listener, silent, sshd, web } from '../support/listeners.ts'

const HOST = '127.0.0.12'
const target = ({ port }: Listener, service: 'http' | 'ssh' | 'silent'): TouchTarget => ({
  address: HOST,
  port,
  service,
  check: ({ http: 'http', ssh: 'greeting', silent: 'tcp' } as const)[service],
})
const provePlan = (only: readonly TouchTarget[], more: Parameters<typeof scanPlan>[0] = {}) =>
  scanPlan({ addresses: [HOST], ports: '1-65535', only: [...only], gaps: '', proof: { watchMs: 0 }, ...more })
const seenBy = (desk: FakeDesk) =>
  [...desk.of('renew'), ...desk.of('alarm'), ...desk.of('result')].flatMap(({ observations }) => observations)

test('a proof without a stimulus touches each endpoint, and tells what became of it', async () => {
  await using desk = await fakeDesk()
  await using http = await web(undefined, HOST)
  await using ssh = await sshd(HOST)
  await using quiet = await silent(HOST)
  await using _ = await agentFor(desk)
  const only = [target(http, 'http'), target(ssh, 'ssh'), target(quiet, 'silent')]
  const started = performance.now()
  const result = await desk.result(desk.offer(provePlan(only), { kind: 'prove' }))
  expect(performance.now() - started).toBeLessThan(5_000)
  expect(result).toMatchObject({ outcome: 'done', ports: { asked: 3, tested: 3, untested: '' }, engagement: [] })
  expect(result.recheck?.map(({ state }) => state)).toEqual(['open', 'open', 'open'])
  expect(http.received()).not.toContain('GET')
  expect(ssh.accepted(), 'a service that counts touches').toBeLessThanOrEqual(2)
  expect(result.output).toMatch(/proof prf_\w+, run run_/)
  expect(result.output).toContain('Open Port Re-check')
})

test('with the stimulus the sweep and the engagement are repeated, and the endpoints watched on afterwards', async () => {
  await using desk = await fakeDesk()
  await using http = await web(undefined, HOST)
  await using _ = await agentFor(desk)
  const plan = provePlan([target(http, 'http')], {
    profile: 'assertive',
    gaps: '1-200',
    proof: { watchMs: 4_000 },
  })
  const result = await desk.result(desk.offer(plan, { kind: 'prove' }))
  expect(result).toMatchObject({ outcome: 'done', ports: { asked: 201, tested: 201 } })
  const [done] = result.engagement ?? []
  expect(done?.planned).toBeGreaterThan(25)
  expect(done?.done).toBe(done?.planned)
  expect(http.received()).toContain('/wp-login.php')
  for (const path of ['/.git/config', "/?id=1'%20OR%20'1'='1"]) expect(result.output).toContain(`GET ${path}`)
  const spans = [...desk.of('renew'), ...desk.of('result')].flatMap(({ spans: some }) => some)
  const lastEngaged = Math.max(
    ...seenBy(desk)
      .filter(({ purpose }) => purpose === 'engage')
      .map(({ at }) => at),
  )
  expect(Math.max(...spans.map(({ to }) => to)) - lastEngaged).toBeGreaterThan(2_000)
})

test('an address that is banned for the stimulus stops it, raises the alarm, and is not taken up again', async () => {
  await using desk = await fakeDesk()
  let hits = 0
  let isBanned = false
  await using http = await listener((socket) => {
    if (isBanned) return void socket.resetAndDestroy()
    socket.on('data', (bytes) => {
      hits += 1
      isBanned = bytes.toString().includes('/.git/config')
      if (isBanned) socket.resetAndDestroy()
      else socket.end('HTTP/1.1 200 OK\r\nServer: test\r\nContent-Length: 0\r\n\r\n')
    })
  }, HOST)
  await using quiet = await silent(HOST)
  await using _ = await agentFor(desk)
  const only = [target(http, 'http'), target(quiet, 'silent')]
  const plan = provePlan(only, { profile: 'assertive', gaps: '1-50', proof: { watchMs: 2_000 } })
  const result = await desk.result(desk.offer(plan, { kind: 'prove' }))
  expect(result.outcome).toBe('done')
  expect(desk.of('alarm').flatMap(({ lost }) => lost)).toEqual([{ address: HOST, port: http.port }])
  expect(result.recheck?.find(({ port }) => port === http.port)?.state).toBe('closed')
  expect(result.recheck?.find(({ port }) => port === quiet.port)?.state).toBe('open')
  const one = result.engagement?.find(({ port }) => port === http.port)
  expect(one?.done).toBeLessThan(one?.planned ?? 0)
  expect(hits).toBeLessThan(15)
  expect(seenBy(desk).filter(({ purpose }) => purpose === 'beacon')).toMatchObject([{ sight: 'open' }])
})

test('a proof waits for no scan of its probe, and the kill switch ends it at its next renewal', async () => {
  await using desk = await fakeDesk()
  await using http = await web(undefined, HOST)
  await using _ = await agentFor(desk)
  const scan = desk.offer(scanPlan({ addresses: [HOST], ports: '1-2000', maxConnectsPerSecond: 20 }))
  await until('the scan is under way', () => desk.of('renew').some(({ runId }) => runId === scan))
  const quick = desk.offer(provePlan([target(http, 'http')]), { kind: 'prove' })
  expect((await desk.result(quick)).outcome).toBe('done')
  expect(desk.of('result').some(({ runId }) => runId === scan)).toBe(false)

  const long = desk.offer(provePlan([target(http, 'http')], { profile: 'standard', proof: { watchMs: 60_000 } }), {
    kind: 'prove',
  })
  await until('the proof is under way', () => desk.of('renew').some(({ runId }) => runId === long))
  desk.onRenew = () => ({ do: 'stop' })
  const stopped = await desk.result(long)
  expect(stopped.outcome).toBe('stopped')
})
