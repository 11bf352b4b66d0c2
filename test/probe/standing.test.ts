/** A probe refuses by itself to scan from an address whose range is not in use, whatever it is given. */
import { expect, test } from 'vitest'
import { agentFor, scanPlan, touchPlan, until } from '../support/agent.ts'
import { fakeDesk, step } from '../support/fake-desk.ts'
import { silent } from '../support/listeners.ts'

const target = (one: { address: string; port: number }) => ({
  address: one.address,
  port: one.port,
  check: 'tcp' as const,
  service: 'unknown' as const,
})
const announced = {
  range: '9.9.9.0/24',
  state: 'announced' as const,
  scans: false,
  looks: false,
  detail: '9.9.9.9 lies in 9.9.9.0/24, which is announced and not used before 2026-12-28.',
}

test('in an announced range no run is carried out: not a packet is sent, and the Worker and the log hear why', async () => {
  await using desk = await fakeDesk()
  desk.onLease = () => ({ standing: announced })
  await using server = await silent()
  await using agent = await agentFor(desk)
  const scan = desk.offer(scanPlan({ addresses: [server.address], ports: String(server.port) }))
  const verify = desk.offer(touchPlan({ steps: [step(desk, 0, [target(server)])] }))
  for (const runId of [scan, verify]) {
    expect(await desk.result(runId)).toMatchObject({
      outcome: 'failed',
      failure: { code: 'range_inactive', detail: announced.detail },
      observations: [],
    })
  }
  expect(server.accepted()).toBe(0)
  const said = agent.lines.filter(({ level }) => level === 'warn').map(({ message }) => message)
  expect(said).toContain(announced.detail)
  expect(said).toContain(`refused a run of kind scan: ${announced.detail}`)
})

test('in a range for second looks it looks for others, and refuses to scan', async () => {
  await using desk = await fakeDesk()
  desk.onLease = () => ({ standing: { ...announced, state: 'active', looks: true } })
  await using server = await silent()
  await using _ = await agentFor(desk)
  const verify = desk.offer(touchPlan({ steps: [step(desk, 0, [target(server)])] }))
  expect(await desk.result(verify)).toMatchObject({ outcome: 'done' })
  const scan = desk.offer(scanPlan({ addresses: [server.address], ports: String(server.port) }))
  expect(await desk.result(scan)).toMatchObject({ outcome: 'failed', failure: { code: 'range_inactive' } })
})

test('a range that is retired while a scan runs ends the scan, and a last day that has passed is enough', async () => {
  await using desk = await fakeDesk()
  await using server = await silent()
  await using _ = await agentFor(desk)
  // Slow enough to be under way when the range ends.
  const scan = desk.offer(scanPlan({ addresses: [server.address], ports: '1-20000', maxConnectsPerSecond: 20 }))
  await until('the scan runs', () => desk.of('renew').some(({ runId }) => runId === scan))
  desk.onLease = () => ({ standing: { until: Date.now() + desk.offsetMs - 1, state: 'retiring' } })
  desk.ring()
  expect(await desk.result(scan)).toMatchObject({ outcome: 'stopped' })
})
