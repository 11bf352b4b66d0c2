import { beforeAll, expect, test } from 'vitest'
import type { ScanAnswer, TargetAnswer } from '../../schema/api.ts'
import type { LeasedRun } from '../../schema/wire.ts'
import { openFleet, type Probe } from './support/probes.ts'
import { openStage, START, type Stage } from './support/stage.ts'

let stage: Stage
let fleet: Probe[]
const MINUTE = 60_000

beforeAll(async () => {
  stage = await openStage()
  fleet = await openFleet(stage)
})

const alive = async () => {
  for (const probe of fleet) await probe.lease({ capacity: { scan: 0, short: 0, baseline: 0 } })
}
const dueKeys = async (targetId: string, site: string): Promise<string[]> =>
  (
    await stage.env.DB.prepare('SELECT due_key FROM scans WHERE target_id = ? AND site = ? ORDER BY due_key')
      .bind(targetId, site)
      .all<{ due_key: string }>()
  ).results.map((row) => row.due_key.slice(11))

/** The scanners come, find nothing, and end their scans. */
async function work(): Promise<void> {
  for (const probe of fleet)
    for (const run of (await probe.lease()).runs.filter((one: LeasedRun) => one.kind === 'scan'))
      await probe.say('result', {
        runId: run.runId,
        epoch: run.epoch,
        seq: 1,
        observations: [],
        spans: [],
        found: [],
        outcome: 'done',
        ports: { asked: 1, tested: 1, untested: '' },
        engagement: [],
        recheck: [],
        output: 'nothing',
      })
}

test('opens exactly one scan per site and due minute, with one tick missed and one doubled', async () => {
  const { body: target } = await stage.api<TargetAnswer>('POST', '/targets', {
    address: '127.0.30.1',
    ports: '22',
    schedule: '* * * * *',
    sites: ['fra-1', 'nyc-1'],
  })
  expect(target.nextDueAt).toBe(new Date(START + MINUTE).toISOString())
  for (let minute = 1; minute <= 6; minute++) {
    stage.pass(MINUTE)
    await alive()
    if (minute === 3) continue
    await stage.tick()
    if (minute === 5) await Promise.all([stage.tick(), stage.tick()])
    // Jitter lets a scan start within its minute; then it is done before the next, which lets the waiting one begin.
    for (const rest of [20_000, 20_000]) {
      stage.pass(rest)
      await work()
    }
    stage.pass(-40_000)
  }
  for (const site of ['fra-1', 'nyc-1'])
    expect(await dueKeys(target.id, site)).toEqual(['12:01', '12:02', '12:03', '12:04', '12:05', '12:06'])
  expect((await stage.api<TargetAnswer>('GET', `/targets/${target.id}`)).body).toMatchObject({
    skippedScans: 0,
    nextDueAt: new Date(START + 7 * MINUTE).toISOString(),
  })
  await stage.api('DELETE', `/targets/${target.id}`)
})

test('lets one scan wait behind a running one, and skips and counts beyond that', async () => {
  const { body: target } = await stage.api<TargetAnswer>('POST', '/targets', {
    address: '127.0.30.2',
    ports: '22',
    schedule: '* * * * *',
    sites: ['sgp-1'],
  })
  for (let minute = 0; minute < 4; minute++) {
    stage.pass(MINUTE)
    await alive()
    await stage.tick()
  }
  const { body } = await stage.api<{ items: ScanAnswer[] }>('GET', `/scans?targetId=${target.id}`)
  expect(body.items.map((scan) => [scan.state, scan.scanner === null])).toEqual([
    ['queued', true],
    ['queued', false],
  ])
  expect((await stage.api<TargetAnswer>('GET', `/targets/${target.id}`)).body.skippedScans).toBe(2)
  expect(await stage.api('POST', '/scans', { targetId: target.id })).toMatchObject({
    status: 409,
    body: { code: 'scan_running' },
  })
  await stage.api('DELETE', `/targets/${target.id}`)
  for (const scan of body.items) await stage.api('POST', `/scans/${scan.id}/cancel`, {})
})

test('after a long silence opens the latest due minute alone', async () => {
  const { body: target } = await stage.api<TargetAnswer>('POST', '/targets', {
    address: '127.0.30.3',
    ports: '22',
    schedule: '0 * * * *',
    sites: ['sao-1'],
  })
  stage.pass(3 * 60 * MINUTE + 20 * MINUTE)
  await alive()
  await stage.tick()
  const latest = new Date(Math.floor(stage.now() / (60 * MINUTE)) * 60 * MINUTE).toISOString().slice(11, 16)
  expect(await dueKeys(target.id, 'sao-1')).toEqual([latest])
  await stage.api('DELETE', `/targets/${target.id}`)
})

test('a schedule follows its own time zone, and a scan nobody can carry out is recorded as failed', async () => {
  const { body: target } = await stage.api<TargetAnswer>('POST', '/targets', {
    address: '127.0.30.4',
    ports: '22',
    schedule: '0 3 * * *',
    timezone: 'Asia/Tokyo',
    sites: ['nowhere-9'],
  })
  expect(target.nextDueAt?.slice(11)).toBe('18:00:00.000Z')
  stage.pass(Date.parse(target.nextDueAt ?? '') - stage.now())
  await stage.tick()
  const { body } = await stage.api<{ items: ScanAnswer[] }>('GET', `/scans?targetId=${target.id}`)
  expect(body.items[0]).toMatchObject({ state: 'failed', failure: { code: 'no_probe' } })
  // Else a fleet that is down over night would be told of by nothing.
  expect(await stage.count('outbox', `name = 'scan.failed' AND body LIKE '%${body.items[0]?.id}%'`)).toBe(1)
})

test('the kill switch lets due minutes pass unused', async () => {
  const { body: target } = await stage.api<TargetAnswer>('POST', '/targets', {
    address: '127.0.30.5',
    ports: '22',
    schedule: '* * * * *',
    sites: ['fra-1'],
  })
  await stage.api('PUT', '/kill-switch', { stopped: true })
  stage.pass(MINUTE)
  await stage.tick()
  await stage.api('PUT', '/kill-switch', { stopped: false })
  expect(await stage.count('scans', `target_id = '${target.id}'`)).toBe(0)
})
