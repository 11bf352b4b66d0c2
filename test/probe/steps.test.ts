import { expect, test } from 'vitest'
import type { Observation } from '../../schema/wire.ts'
import { agentFor, touchPlan, until } from '../support/agent.ts'
import { type FakeDesk, fakeDesk, step } from '../support/fake-desk.ts'
import { freePort, silent, sshd } from '../support/listeners.ts'

const tcp = (one: { address: string; port: number }) => ({
  address: one.address,
  port: one.port,
  check: 'tcp' as const,
  service: 'unknown' as const,
})
const ssh = (one: { address: string; port: number }) => ({
  address: one.address,
  port: one.port,
  check: 'greeting' as const,
  service: 'ssh' as const,
})
const seenBy = (desk: FakeDesk): Observation[] =>
  [...desk.of('renew'), ...desk.of('result')].flatMap(({ observations }) => observations)

test('each step starts at its time on the Worker’s clock, and is reported when it is over', async () => {
  await using desk = await fakeDesk()
  desk.offsetMs = 7_200_000
  await using server = await silent()
  await using _ = await agentFor(desk)
  await until('a lease', () => desk.of('lease').length >= 1)
  const steps = [200, 500, 900].map((inMs, round) => step(desk, inMs, [tcp(server)], { round }))
  await desk.result(desk.offer(touchPlan({ steps })))
  const seen = seenBy(desk)
  expect(seen.map(({ round }) => round)).toEqual([0, 1, 2])
  for (const [i, one] of seen.entries()) expect(one.at).toBeGreaterThanOrEqual((steps[i]?.at ?? 0) - 50)
  expect(desk.of('renew').filter(({ observations }) => observations.length > 0).length).toBeGreaterThanOrEqual(3)
})

test('a step long past is not made up for', async () => {
  await using desk = await fakeDesk()
  await using server = await silent()
  await using _ = await agentFor(desk)
  const steps = [step(desk, -9_000, [tcp(server)], { round: 0 }), step(desk, 300, [tcp(server)], { round: 1 })]
  await desk.result(desk.offer(touchPlan({ steps })))
  expect(seenBy(desk).map(({ round }) => round)).toEqual([1])
})

test('steps that an answer adds are carried out, and those it repeats are not done twice', async () => {
  await using desk = await fakeDesk()
  await using server = await silent()
  await using _ = await agentFor(desk)
  const first = step(desk, 100, [tcp(server)], { round: 0 })
  let second: typeof first | undefined
  desk.onRenew = ({ observations }) => {
    if (observations.length > 0) second ??= step(desk, 200, [tcp(server)], { purpose: 'explain', experiment: 'E1' })
    return { do: second ? 'experiment' : 'continue', steps: second ? [first, second] : [first] }
  }
  const result = await desk.result(desk.offer(touchPlan({ steps: [first] })))
  expect(result.outcome).toBe('done')
  expect(seenBy(desk).map(({ purpose, experiment }) => [purpose, experiment])).toEqual([
    ['verify', undefined],
    ['explain', 'E1'],
  ])
})

test('a standing run waits for more until it is told to stop', async () => {
  await using desk = await fakeDesk()
  await using server = await silent()
  await using _ = await agentFor(desk)
  let renewals = 0
  desk.onRenew = () => {
    renewals += 1
    return {
      askAgainMs: 100,
      do: seenBy(desk).length > 0 ? 'stop' : 'continue',
      steps: renewals >= 3 ? [step(desk, 50, [tcp(server)], { purpose: 'baseline' })] : [],
    }
  }
  const result = await desk.result(desk.offer(touchPlan({ kind: 'baseline', standing: true })))
  expect(result.outcome).toBe('stopped')
  expect(seenBy(desk)).toMatchObject([{ purpose: 'baseline', sight: 'open' }])
})

test('what a standing run saw waits as long as the Worker says; the bell makes it ask, and the answer calls it in', async () => {
  await using desk = await fakeDesk()
  await using server = await silent()
  await using _ = await agentFor(desk)
  const planned = step(desk, 50, [tcp(server)], { purpose: 'baseline' })
  let isAlarmed = false
  desk.onRenew = () => ({
    askAgainMs: isAlarmed ? 60_000 : 100,
    steps: [planned],
    reportWithinMs: isAlarmed ? 0 : 300_000,
    do: seenBy(desk).length > 0 ? 'stop' : 'continue',
  })
  const runId = desk.offer(touchPlan({ kind: 'baseline', standing: true }))
  await until('many renewals', () => desk.of('renew').length >= 8)
  expect(server.accepted()).toBe(1)
  desk.ring()
  await until('more renewals', () => desk.of('renew').length >= 12)
  expect(seenBy(desk)).toEqual([])
  isAlarmed = true
  desk.ring()
  expect((await desk.result(runId)).outcome).toBe('stopped')
  expect(seenBy(desk)).toMatchObject([{ purpose: 'baseline', sight: 'open' }])
})

test('a burst goes back to back', async () => {
  await using desk = await fakeDesk()
  await using server = await silent()
  await using _ = await agentFor(desk)
  await desk.result(
    desk.offer(
      touchPlan({ steps: [step(desk, 100, [tcp(server)], { purpose: 'explain', experiment: 'E2', burst: 9 })] }),
    ),
  )
  expect(seenBy(desk)).toHaveLength(9)
  expect(server.accepted()).toBe(9)
})

test('touches amid a search for ports are left out where there is none to borrow', async () => {
  await using desk = await fakeDesk()
  await using server = await silent()
  await using _ = await agentFor(desk)
  const amid = { purpose: 'explain', experiment: 'E4', burst: 3, sweep: 500 } as const
  const steps = [step(desk, 200, [tcp(server)], amid), step(desk, 400, [tcp(server)], { round: 1 })]
  await desk.result(desk.offer(touchPlan({ steps })))
  expect(seenBy(desk).map(({ round }) => round)).toEqual([1])
})

test('beside a step the Worker’s own door is touched, to show that we are fit', async () => {
  await using desk = await fakeDesk()
  await using server = await silent()
  await using _ = await agentFor(desk)
  await desk.result(desk.offer(touchPlan({ steps: [step(desk, 100, [tcp(server)], { beacon: true, round: 4 })] })))
  expect(seenBy(desk)).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ purpose: 'beacon', sight: 'open', round: 4, httpStatus: 200 }),
      expect.objectContaining({ purpose: 'verify', sight: 'open', round: 4 }),
    ]),
  )
})

test('beside a beacon that is not reached, a loss accuses nobody', async () => {
  await using desk = await fakeDesk()
  const shut = await freePort()
  await using _ = await agentFor(desk)
  const beacons = [{ address: '127.0.0.1', port: await freePort() }]
  const lost = { address: '127.0.0.1', port: shut }
  await desk.result(
    desk.offer(touchPlan({ beacons, steps: [step(desk, 100, [tcp(lost)], { beacon: true, round: 0 })] })),
  )
  expect(seenBy(desk)).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ purpose: 'beacon', sight: 'closed' }),
      expect.objectContaining({ purpose: 'verify', sight: 'closed', fit: false }),
    ]),
  )
})

test('a beacon that is lost on the way is not believed before the next one was asked', async () => {
  await using desk = await fakeDesk()
  await using there = await silent()
  await using _ = await agentFor(desk)
  const beacons = [
    { address: '127.0.0.1', port: await freePort() },
    { address: there.address, port: there.port },
  ]
  const lost = { address: '127.0.0.1', port: await freePort() }
  const steps = [100, 200, 300, 400].map((inMs, round) => step(desk, inMs, [tcp(lost)], { beacon: true, round }))
  await desk.result(desk.offer(touchPlan({ beacons, steps })))
  const sights = (purpose: string) => seenBy(desk).filter((seen) => seen.purpose === purpose)
  expect(sights('beacon').map(({ sight }) => sight)).toEqual(['open', 'open', 'open', 'open'])
  expect(sights('verify').every(({ sight, fit }) => sight === 'closed' && fit === undefined)).toBe(true)
})

test('whatever a plan asks, a service that counts touches is spared; the round is answered all the same', async () => {
  await using desk = await fakeDesk()
  await using server = await sshd()
  await using _ = await agentFor(desk)
  const steps = [100, 200, 300, 400].map((inMs, round) => step(desk, inMs, [ssh(server)], { round }))
  await desk.result(desk.offer(touchPlan({ steps })))
  expect(seenBy(desk).map(({ sight, code, fit }) => [sight, code, fit])).toEqual([
    ['open', undefined, undefined],
    ['open', undefined, undefined],
    ['probe_fault', 'RATION', false],
    ['probe_fault', 'RATION', false],
  ])
  expect(server.accepted()).toBe(2)
})

test('an address that is not for us is told as such, and spoils no other touch of the run', async () => {
  await using desk = await fakeDesk()
  await using server = await silent()
  await using _ = await agentFor(desk)
  const other = { address: '::1', port: server.port }
  const strange = { address: '127.0.0.01', port: server.port }
  const result = await desk.result(
    desk.offer(
      touchPlan({
        steps: [
          step(desk, 100, [tcp(other), tcp(server), tcp(strange)], { round: 0 }),
          step(desk, 300, [tcp(server)], { round: 1 }),
        ],
      }),
    ),
  )
  expect(result.outcome).toBe('done')
  expect(
    seenBy(desk)
      .map(({ address, round, sight, code, fit }) => [address, round, sight, code, fit])
      .toSorted(),
  ).toEqual([
    ['127.0.0.01', 0, 'probe_fault', 'REFUSED_BY_PROBE', false],
    [server.address, 0, 'open', undefined, undefined],
    [server.address, 1, 'open', undefined, undefined],
    ['::1', 0, 'probe_fault', 'REFUSED_BY_PROBE', false],
  ])
})

test('a run that names no address for us is refused whole', async () => {
  await using desk = await fakeDesk()
  await using _ = await agentFor(desk)
  const steps = [
    step(desk, 100, [tcp({ address: '::1', port: 22 })]),
    step(desk, 200, [tcp({ address: '::1', port: 80 })]),
  ]
  expect(await desk.result(desk.offer(touchPlan({ steps })))).toMatchObject({
    outcome: 'failed',
    failure: { code: 'refused_by_probe' },
  })
  expect(seenBy(desk)).toEqual([])
})

test('the touches of a step are made together', async () => {
  await using desk = await fakeDesk()
  const servers = await Promise.all(Array.from({ length: 8 }, () => silent()))
  await using _ = await agentFor(desk)
  await desk.result(desk.offer(touchPlan({ steps: [step(desk, 200, servers.map(tcp), { round: 0 })] })))
  const seen = seenBy(desk)
  expect(seen.map(({ port }) => port).toSorted()).toEqual(servers.map(({ port }) => port).toSorted())
  // All were in the air before the slowest was over: a bare connect lasts 250 ms.
  expect(Math.max(...seen.map(({ at }) => at)) - Math.min(...seen.map(({ at }) => at))).toBeLessThan(250)
  for (const one of servers) await one.close()
})
