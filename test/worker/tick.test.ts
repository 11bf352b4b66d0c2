/** One tick of cron serves all tenants: what fails in one scan, or waits for one tenant, keeps nobody else from theirs. */
import { beforeAll, beforeEach, expect, test } from 'vitest'
import type { ScanAnswer, TargetAnswer } from '../../schema/api.ts'
import type { LeasedRun } from '../../schema/wire.ts'
import { openFleet, type Probe, readScan } from './support/probes.ts'
import { openStage, type Stage } from './support/stage.ts'

let stage: Stage
let fleet: Probe[]

beforeAll(async () => {
  stage = await openStage()
  fleet = await openFleet(stage)
})
const alive = async () => {
  for (const probe of fleet) await probe.lease({ capacity: { scan: 0, short: 0, baseline: 0 } })
}
beforeEach(alive)

/** A scan that found a port and was then left alone. */
async function abandoned(site: string, address: string): Promise<string> {
  const { body: target } = await stage.api<TargetAnswer>('POST', '/targets', { address, ports: '22' })
  const { body: scan } = await stage.api<ScanAnswer>('POST', '/scans', { targetId: target.id, site })
  const scanner = fleet.find((probe) => probe.id === scan.scanner?.probeId) as Probe
  const run = (await scanner.lease()).runs.find((one) => one.kind === 'scan') as LeasedRun
  const found = [{ address, port: 22, check: 'greeting', service: 'ssh', firstSeenOpenAt: stage.now() }]
  const { status } = await scanner.say('renew', { ...run2report(run), found })
  expect(status).toBe(200)
  return scan.id
}
const run2report = ({ runId, epoch }: LeasedRun) => ({ runId, epoch, seq: 1, observations: [], spans: [], found: [] })

test('a scan whose end cannot be written does not hold up the others, nor what is due', async () => {
  const scans = [await abandoned('fra-1', '127.0.31.1'), await abandoned('nyc-1', '127.0.31.2')]
  const { body: due } = await stage.api<TargetAnswer>('POST', '/targets', {
    address: '127.0.31.3',
    ports: '22',
    schedule: '* * * * *',
    sites: ['sgp-1'],
  })
  for (const [broken, whole] of [scans, [...scans].reverse()] as [string, string][]) {
    const raw = stage.env.RAW
    stage.env.RAW = new Proxy(raw, {
      get: (object, name) =>
        name === 'put'
          ? (key: string, ...rest: unknown[]) => {
              if (key.includes(broken)) throw new Error('R2 is away')
              return (object.put as (...all: unknown[]) => unknown)(key, ...rest)
            }
          : (Reflect.get(object, name) as () => unknown).bind?.(object),
    })
    stage.pass(5 * 60_000)
    await alive()
    await stage.tick()
    stage.env.RAW = raw
    const states = [(await readScan(stage, broken)).state, (await readScan(stage, whole)).state]
    // The second time round the broken one of the first has ended as well.
    expect(states[1]).toBe('finished')
    if (broken === scans[0]) expect(states[0]).toBe('running')
  }
  expect(await stage.count('scans', `target_id = '${due.id}'`)).toBeGreaterThan(0)
  await stage.api('DELETE', `/targets/${due.id}`)
})

const INSERT = `INSERT INTO scans (tenant_id, id, target_id, site, due_key, state, profile, addresses, networks, ports, ports_asked, max_connects_per_second,
  scanner_probe_id, panel, created_at, due_at, deadline_at, alarms) VALUES (?, ?, ?, 'x', '', 'queued', 'standard', '[]', ?, '22', 1, 1, ?, '[]', 1, 1, 9e15, '[]')`
const inserted = (name: string, count: number, networks: string, scanner: string) =>
  stage.env.DB.batch(
    Array.from({ length: count }, (_, i) =>
      stage.env.DB.prepare(INSERT).bind('ten_busy', `scn_${name}${i}`, `tgt_${name}${i}`, networks, scanner),
    ),
  )

test('the waiting scans of a tenant at its ceiling keep those of another from nothing', async () => {
  await inserted('network', 128, '["127.0.32.0/24"]', 'prb_x')
  const { body: target } = await stage.api<TargetAnswer>('POST', '/targets', {
    address: '127.0.32.1',
    ports: '22',
    schedule: '* * * * *',
    sites: ['fra-1'],
  })
  stage.pass(60_000)
  await alive()
  await stage.tick()
  const mine = async () =>
    (await stage.api<{ items: ScanAnswer[] }>('GET', `/scans?targetId=${target.id}`)).body.items[0] as ScanAnswer
  expect(await mine()).toMatchObject({ state: 'queued', scanner: null, address: '127.0.32.1' })
  await stage.env.DB.prepare("DELETE FROM scans WHERE id LIKE 'scn_network%'").run()
  await inserted('running', 100, '[]', 'prb_x')
  await inserted('waiting', 150, '[]', '')
  await stage.tick()
  expect((await mine()).scanner).toMatchObject({ site: 'fra-1' })
  expect(await stage.count('scans', "id LIKE 'scn_waiting%' AND finished_at IS NULL")).toBe(150)
  // Below its ceiling it gets its share of each tick, and no more than others do.
  await stage.env.DB.prepare("DELETE FROM scans WHERE id LIKE 'scn_running%'").run()
  await stage.tick()
  expect(await stage.count('scans', "id LIKE 'scn_waiting%' AND finished_at IS NULL")).toBe(130)
  await stage.env.DB.prepare("DELETE FROM scans WHERE tenant_id = 'ten_busy'").run()
  await stage.api('DELETE', `/targets/${target.id}`)
})

test('what nobody was there to be told is forgotten after a week', async () => {
  const before = stage.now()
  const waiting = () => stage.count('outbox', `at <= ${before}`)
  expect(await waiting()).toBeGreaterThan(0)
  stage.pass(6 * 24 * 3_600_000)
  await stage.tick()
  expect(await waiting()).toBeGreaterThan(0)
  stage.pass(2 * 24 * 3_600_000)
  await stage.tick()
  expect(await waiting()).toBe(0)
})
