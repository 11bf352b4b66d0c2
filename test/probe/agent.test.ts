import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { AGENT_ADDRESS, agentFor, scanPlan, touchPlan, until } from '../support/agent.ts'
import { fakeDesk, step } from '../support/fake-desk.ts'
import { freePort, silent, sshd, web } from '../support/listeners.ts'

const target = (one: { address: string; port: number }) => ({
  address: one.address,
  port: one.port,
  check: 'tcp' as const,
  service: 'unknown' as const,
})

test('an agent enrols once, keeps its key to itself, and signs everything after', async () => {
  await using desk = await fakeDesk()
  await using agent = await agentFor(desk)
  await until('a lease', () => desk.of('lease').length >= 2)
  await until('the doorbell', () => desk.bells.size === 1)
  expect(desk.of('enrol')).toMatchObject([{ token: 'one-use', sourceAddress: AGENT_ADDRESS, allowPrivate: true }])
  expect(desk.badSignatures).toBe(0)
  expect((await stat(join(agent.dataDir, 'probe.json'))).mode & 0o777).toBe(0o600)
  expect(JSON.stringify(agent.lines)).not.toMatch(/PRIVATE|one-use/)
})

test('a restarted agent needs no token, and holds nothing', async () => {
  await using desk = await fakeDesk()
  await using agent = await agentFor(desk)
  await until('a lease', () => desk.of('lease').length >= 1)
  await agent.stop()
  agent.start()
  const before = desk.of('lease').length
  await until('a lease after the restart', () => desk.of('lease').length > before)
  expect(desk.of('enrol')).toHaveLength(1)
  expect(desk.of('lease').at(-1)?.holding).toEqual([])
})

test('without a key and without a token there is nothing to do', async () => {
  await using desk = await fakeDesk()
  await using agent = await agentFor(desk, { token: null })
  await expect(agent.over()).rejects.toThrow(/no token/)
})

test('a ring brings the agent at once, however long it was to wait', async () => {
  await using desk = await fakeDesk()
  desk.onLease = () => ({ nextPollMs: 600_000 })
  await using server = await silent()
  await using _ = await agentFor(desk)
  await until('the doorbell', () => desk.bells.size === 1 && desk.of('lease').length >= 1)
  const runId = desk.offer(touchPlan({ steps: [step(desk, 0, [target(server)])] }))
  desk.ring()
  expect(await desk.result(runId)).toMatchObject({ outcome: 'done' })
})

test.each([
  ['rang for none of it', 10_000, true],
  ['could not have rung yet', 0, false],
])('work found by the clock, and a bell that %s', async (_, waitedMs, isDialledAgain) => {
  await using desk = await fakeDesk()
  await using server = await silent()
  await using agent = await agentFor(desk)
  await until('the doorbell', () => desk.bells.size === 1 && desk.of('lease').length >= 2)
  const [first] = desk.bells
  await desk.result(desk.offer(touchPlan({ steps: [step(desk, 0, [target(server)])] }), { waitedMs }))
  const leases = desk.of('lease').length
  if (isDialledAgain)
    await until('another bell', () => desk.bells.size === 1 && ![...desk.bells].includes(first as never))
  await until('two more leases', () => desk.of('lease').length >= leases + 2)
  expect([...desk.bells].includes(first as never)).toBe(!isDialledAgain)
  expect(agent.lines.some(({ message }) => message.startsWith('the doorbell is deaf'))).toBe(isDialledAgain)
})

test('a clock that is hours off is corrected by the first answer', async () => {
  await using desk = await fakeDesk()
  desk.offsetMs = -3 * 3_600_000
  await using server = await silent()
  await using _ = await agentFor(desk)
  const runId = desk.offer(touchPlan({ steps: [step(desk, 200, [target(server)])] }))
  await desk.result(runId)
  const seen = [...desk.of('renew'), ...desk.of('result')].flatMap(({ observations }) => observations)
  expect(seen).toHaveLength(1)
  expect(Math.abs((seen[0]?.at ?? 0) - Date.now() - desk.offsetMs)).toBeLessThan(60_000)
})

test('a report whose answer was lost is sent again, the very same', async () => {
  await using desk = await fakeDesk()
  await using server = await silent()
  await using _ = await agentFor(desk)
  await until('a lease', () => desk.of('lease').length >= 1)
  desk.loseAnswers = 3
  const runId = desk.offer(touchPlan({ steps: [step(desk, 100, [target(server)])] }))
  await desk.result(runId)
  const reports = [...desk.of('renew'), ...desk.of('result')]
  const again = reports.filter(({ seq }, i) => reports.findIndex((one) => one.seq === seq) < i)
  expect(again.length).toBeGreaterThan(0)
  for (const one of again) expect(one).toEqual(reports.find(({ seq }) => seq === one.seq))
})

test('a result that the Worker cannot take now waits on disk, survives a restart, and is forgotten once taken', async () => {
  await using desk = await fakeDesk()
  await using server = await silent()
  let isDown = true
  desk.onResult = () => (isDown ? { status: 503, headers: { 'retry-after': '60' } } : {})
  // Away for all: a Worker that could lease meanwhile would hand out the run anew, under the next epoch.
  desk.onLease = () => (isDown && desk.of('renew').length > 0 ? { status: 503 } : {})
  await using agent = await agentFor(desk)
  const runId = desk.offer(touchPlan({ steps: [step(desk, 0, [target(server)])] }))
  const spooled = async () =>
    (await readdir(join(agent.dataDir, 'spool')).catch(() => [] as string[])).filter((name) => name.endsWith('.json'))
  await until('a step that is reported', () => desk.of('renew').some(({ observations }) => observations.length > 0))
  for (let i = 0; i < 500 && (await spooled()).length === 0; i++)
    await new Promise((resolve) => setTimeout(resolve, 10))
  const [name] = await spooled()
  expect(JSON.parse(await readFile(join(agent.dataDir, 'spool', String(name)), 'utf8'))).toMatchObject({
    kind: 'result',
    body: { runId, outcome: 'done' },
  })
  await agent.stop()
  isDown = false
  agent.start()
  expect(await desk.result(runId)).toMatchObject({ outcome: 'done' })
  for (let i = 0; i < 500 && (await spooled()).length > 0; i++) await new Promise((resolve) => setTimeout(resolve, 10))
  expect(await spooled()).toEqual([])
})

test('a run that is no longer ours is dropped without a result', async () => {
  await using desk = await fakeDesk()
  await using server = await silent()
  await using _ = await agentFor(desk)
  desk.onRenew = () => ({ status: 410 })
  desk.offer(touchPlan({ steps: [step(desk, 0, [target(server)])], standing: true }))
  await until('a renewal', () => desk.of('renew').length >= 1)
  // Dropped, so it is given out again under the next epoch.
  await until('the next epoch', () => desk.of('renew').some(({ epoch }) => epoch >= 2))
  expect(desk.of('result')).toEqual([])
})

test('observations of a second lease have numbers of their own', async () => {
  await using desk = await fakeDesk()
  await using server = await silent()
  await using _ = await agentFor(desk)
  // The first lease ends in the middle; the run is given out again, as after a crash.
  desk.onRenew = ({ epoch, observations }) =>
    epoch === 1 && observations.some(({ round }) => round === 1) ? { status: 410 } : {}
  const steps = [100, 600, 2_000].map((inMs, round) => step(desk, inMs, [target(server)], { round }))
  await desk.result(desk.offer(touchPlan({ steps })))
  const seen = [...desk.of('renew'), ...desk.of('result')].flatMap(({ epoch, observations }) =>
    observations.map(({ n }) => ({ epoch, n })),
  )
  expect(new Set(seen.map(({ epoch }) => epoch)).size).toBeGreaterThan(1)
  expect(new Set(seen.map(({ n }) => n)).size).toBe(seen.length)
})

test('the kill switch ends a scan at once, with what was seen', async () => {
  await using desk = await fakeDesk()
  await using server = await web(undefined, '127.0.0.9')
  let stopped = false
  desk.onLease = () => ({ stopped })
  await using _ = await agentFor(desk)
  const runId = desk.offer(scanPlan({ ports: `${server.port}`, profile: 'accompany', accompanySeconds: 600 }))
  await until('the scan to say it is ready', () => desk.of('renew').some(({ ready }) => ready))
  stopped = true
  expect(await desk.result(runId)).toMatchObject({ outcome: 'stopped', recheck: [] })
})

test('an address that this probe may not touch is refused before any packet', async () => {
  await using desk = await fakeDesk()
  await using server = await sshd('127.0.0.9')
  await using _ = await agentFor(desk, { allowPrivate: false })
  const scan = desk.offer(scanPlan({ ports: `${server.port}` }))
  const short = desk.offer(touchPlan({ steps: [step(desk, 0, [target(server)])] }))
  for (const runId of [scan, short])
    expect(await desk.result(runId)).toMatchObject({
      outcome: 'failed',
      failure: { code: 'refused_by_probe' },
      observations: [],
    })
  expect(server.accepted()).toBe(0)
})

test('a bad answer of the Worker is neither believed nor a crash', async () => {
  await using desk = await fakeDesk()
  await using server = await silent()
  desk.onRenew = ({ seq }) => (seq === 1 ? ({ do: 'dance' } as never) : {})
  await using _ = await agentFor(desk)
  const runId = desk.offer(touchPlan({ steps: [step(desk, 0, [target(server)])] }))
  desk.onRenew = () => ({})
  expect(await desk.result(runId)).toMatchObject({ outcome: 'done' })
})

test('the Worker may be away for a while', async () => {
  const first = await fakeDesk()
  const port = Number(new URL(first.url).port)
  await using agent = await agentFor(first)
  await until('a lease', () => first.of('lease').length >= 1)
  await first.close()
  await until('a warning', () => agent.lines.some(({ message }) => /does not answer/.test(message)))
  const dead = await freePort()
  expect(dead).toBeGreaterThan(0)
  // The new one does not know the key: it refuses, and the agent goes on asking, quietly.
  await using second = await fakeDesk('127.0.0.1', port)
  await until('it asks again', () => second.badSignatures > 0)
})
