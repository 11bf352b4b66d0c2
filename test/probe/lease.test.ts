/** What a probe that hears nothing of the Worker may still send: as long as its lease lasts, and nothing after. */
import { setTimeout as rest } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { createLease } from '../../probe-node/lease.ts'
import type { Observation, TouchTarget } from '../../schema/wire.ts'
import { agentFor, scanPlan, touchPlan, until } from '../support/agent.ts'
import { type FakeDesk, fakeDesk, step } from '../support/fake-desk.ts'
import { type Listener, silent, web } from '../support/listeners.ts'

const HOST = '127.0.0.9'
/** Where a range of ports is searched, nobody else listens for a moment. */
const SEARCHED = '127.0.0.57'
vi.setConfig({ testTimeout: 90_000 })

const LEASE_MS = 3_000
/** Touches that are in the air when the lease ends. */
const IN_THE_AIR_MS = 500
const AWAY_MS = LEASE_MS + IN_THE_AIR_MS + 3_000

const seenBy = (desk: FakeDesk): Observation[] =>
  [...desk.of('renew'), ...desk.of('alarm'), ...desk.of('result')].flatMap(({ observations }) => observations)
const spansOf = (desk: FakeDesk) => [...desk.of('renew'), ...desk.of('result')].flatMap(({ spans }) => spans)
const target = ({ port }: Listener): TouchTarget => ({ address: HOST, port, check: 'tcp', service: 'silent' })

/** Cuts the desk off until well past the lease, and counts what came then; `between` happens before it is back. */
async function cutOff(desk: FakeDesk, server: Listener, between: () => void = () => {}) {
  desk.isAway = true
  const awayAt = Date.now()
  await rest(LEASE_MS + IN_THE_AIR_MS)
  const before = server.accepted()
  await rest(AWAY_MS - LEASE_MS - IN_THE_AIR_MS)
  const late = server.accepted() - before
  between()
  desk.isAway = false
  return { late, from: awayAt + LEASE_MS + IN_THE_AIR_MS, to: Date.now() }
}

test.concurrent('a watching scan without its lease sends nothing, and goes on when the Worker is back', async () => {
  await using desk = await fakeDesk()
  desk.leaseMs = LEASE_MS
  await using server = await web(undefined, HOST)
  await using agent = await agentFor(desk)
  const runId = desk.offer(scanPlan({ ports: `${server.port}`, profile: 'accompany', accompanySeconds: 25 }))
  await until('the scan to be ready', () => desk.of('renew').some(({ ready }) => ready))
  const { late, from, to } = await cutOff(desk, server)
  expect(late).toBe(0)
  const renewals = desk.of('renew').length
  await until('a renewal', () => desk.of('renew').length > renewals, 40_000)
  const touches = server.accepted()
  await until('a touch', () => server.accepted() > touches)
  const result = await desk.result(runId)
  expect(result).toMatchObject({ outcome: 'done', recheck: [{ port: server.port, state: 'open' }] })
  expect(desk.of('alarm')).toEqual([])
  expect(seenBy(desk).filter(({ sight }) => sight !== 'open' && sight !== 'closed')).toEqual([])
  expect(spansOf(desk).filter((span) => span.from < from && span.to > to)).toEqual([])
  expect(result.output).toMatch(/nothing is sent until it does[\s\S]*the lease is renewed/)
  expect(agent.lines.some(({ message }) => /nothing is sent/.test(message))).toBe(true)
})

test.concurrent('a kill switch that is set meanwhile is heard before anything is sent again', async () => {
  await using desk = await fakeDesk()
  desk.leaseMs = LEASE_MS
  await using server = await web(undefined, HOST)
  await using _ = await agentFor(desk)
  const runId = desk.offer(scanPlan({ ports: `${server.port}`, profile: 'accompany', accompanySeconds: 600 }))
  await until('the scan to be ready', () => desk.of('renew').some(({ ready }) => ready))
  const { late } = await cutOff(desk, server, () => {
    desk.onLease = () => ({ stopped: true })
    desk.onRenew = () => ({ do: 'stop' })
  })
  const before = server.accepted()
  expect(await desk.result(runId)).toMatchObject({ outcome: 'stopped' })
  expect(late).toBe(0)
  await rest(500)
  expect(server.accepted()).toBe(before)
})

test.concurrent('a run that was ended meanwhile is dropped without another packet', async () => {
  await using desk = await fakeDesk()
  desk.leaseMs = LEASE_MS
  await using server = await web(undefined, HOST)
  await using _ = await agentFor(desk)
  desk.offer(scanPlan({ ports: `${server.port}`, profile: 'accompany', accompanySeconds: 600 }))
  await until('the scan to be ready', () => desk.of('renew').some(({ ready }) => ready))
  const { late } = await cutOff(desk, server, () => {
    desk.onRenew = () => ({ status: 410 })
    desk.onLease = () => ({ status: 503 })
  })
  const before = server.accepted()
  const renewals = desk.of('renew').length
  await until('the refusal', () => desk.of('renew').length > renewals, 40_000)
  await rest(1_000)
  expect(late).toBe(0)
  expect(server.accepted()).toBe(before)
  expect(desk.of('result')).toEqual([])
})

test.concurrent('a search for ports stops with the lease, and takes up what it had not tested', async () => {
  await using desk = await fakeDesk()
  desk.leaseMs = LEASE_MS
  const servers = await Promise.all(Array.from({ length: 12 }, () => web(undefined, SEARCHED)))
  await using _ = await agentFor(desk)
  const open = servers.map(({ port }) => port)
  const ports = `20000-21999,${open.join()}`
  const runId = desk.offer(scanPlan({ addresses: [SEARCHED], ports, maxConnectsPerSecond: 200 }))
  await until('the first report', () => desk.of('renew').length > 0)
  desk.isAway = true
  await rest(LEASE_MS + IN_THE_AIR_MS)
  const count = () => servers.reduce((sum, server) => sum + server.accepted(), 0)
  const before = count()
  await rest(3_000)
  expect(count()).toBe(before)
  const held = desk.of('renew').at(-1)?.progress?.done ?? 0
  expect(held).toBeLessThan(2_000)
  desk.isAway = false
  const result = await desk.result(runId)
  expect(result).toMatchObject({ outcome: 'done', ports: { tested: result.ports?.asked, untested: '' } })
  expect(result.recheck?.map(({ port, state }) => [port, state]).toSorted()).toEqual(
    open.map((port) => [port, 'open']).toSorted(),
  )
  expect(desk.of('alarm')).toEqual([])
  await Promise.all(servers.map((server) => server.close()))
})

test.concurrent('rounds that fall due without a lease are left out, those after it are made', async () => {
  await using desk = await fakeDesk()
  desk.leaseMs = LEASE_MS
  await using server = await silent(HOST)
  await using _ = await agentFor(desk)
  const round = (number: number, inMs: number) => step(desk, inMs, [target(server)], { round: number, beacon: true })
  const planned = [round(0, 0), round(1, 1_000)]
  const runId = desk.offer(touchPlan({ steps: [...planned], standing: true }))
  await until('the first rounds', () => seenBy(desk).some((one) => one.round === 1))
  planned.push(round(2, LEASE_MS + 3_000), round(3, LEASE_MS + 4_000))
  desk.onRenew = () => ({ steps: planned })
  const renewals = () => desk.of('renew').length
  const known = renewals() + 1
  await until('that they are known', () => renewals() > known)
  const { late } = await cutOff(desk, server)
  expect(late).toBe(0)
  await until('the Worker to be asked again', () => renewals() > known + 1, 40_000)
  planned.push(round(4, 1_500), round(5, 2_500))
  await until('the last round', () => seenBy(desk).some((one) => one.round === 5))
  desk.onRenew = () => ({ do: 'stop' })
  await desk.result(runId)
  const made = seenBy(desk).filter(({ purpose }) => purpose === 'verify')
  expect(made.map((one) => [one.round, one.sight])).toEqual([0, 1, 4, 5].map((number) => [number, 'open']))
  for (const one of made) expect(Math.abs(one.at - (planned[one.round ?? 0]?.at ?? 0))).toBeLessThan(2_000)
})

test.concurrent('what an onlooker could not touch for want of a lease it touches after', async () => {
  await using desk = await fakeDesk()
  desk.leaseMs = LEASE_MS
  const [first, second] = [await silent(HOST), await silent(HOST)]
  await using _ = await agentFor(desk)
  const early = step(desk, 0, [target(first)], { purpose: 'baseline' })
  const later = step(desk, LEASE_MS + 2_500, [target(second)], { purpose: 'baseline' })
  desk.onRenew = () => ({ steps: [early, later] })
  const runId = desk.offer(touchPlan({ kind: 'baseline', steps: [early, later], standing: true }))
  await until('the first touch', () => first.accepted() === 1)
  const { late } = await cutOff(desk, second)
  expect(late).toBe(0)
  await until('the second touch', () => second.accepted() === 1, 40_000)
  desk.onRenew = () => ({ do: 'stop' })
  await desk.result(runId)
  expect([first.accepted(), second.accepted()]).toEqual([1, 1])
  for (const server of [first, second]) await server.close()
})

test.concurrent('after a short outage the Worker is heard within seconds, however often it was asked in vain', async () => {
  await using desk = await fakeDesk()
  await using server = await web(undefined, HOST)
  await using _ = await agentFor(desk)
  const runId = desk.offer(scanPlan({ ports: `${server.port}`, profile: 'accompany', accompanySeconds: 600 }))
  await until('the scan to be ready', () => desk.of('renew').some(({ ready }) => ready))
  desk.isAway = true
  desk.onLease = () => ({ status: 503 })
  desk.onRenew = () => ({ do: 'stop' })
  await rest(20_000)
  desk.isAway = false
  const backAt = performance.now()
  await desk.result(runId)
  expect(performance.now() - backAt).toBeLessThan(6_000)
})

test('a lease counts from when it was asked for, and a late answer opens it again', async () => {
  const never = new AbortController().signal
  const lease = createLease({ now: 1_000_000, leaseUntil: 1_000_300 }, performance.now() - 100)
  expect(lease.isHeld()).toBe(true)
  const lapse = lease.untilLapse()
  await rest(150)
  expect([lease.isHeld(), lapse.aborted]).toEqual([true, false])
  await rest(100)
  expect([lease.isHeld(), lapse.aborted]).toEqual([false, true])
  expect(await lease.held(AbortSignal.timeout(20))).toBe(false)
  const waiting = lease.held(never)
  lease.renew({ now: 5, leaseUntil: 100 }, performance.now() - 200)
  expect(lease.isHeld()).toBe(false)
  lease.renew({ now: 5, leaseUntil: 1_005 }, performance.now())
  expect(await waiting).toBe(true)
  expect([lease.isHeld(), lease.untilLapse().aborted]).toEqual([true, false])
  expect(await lease.held(AbortSignal.abort())).toBe(false)
})
