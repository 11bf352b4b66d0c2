/** What has had its time goes, in small steps; verdicts and the logs that must stay do not. */
import { beforeAll, expect, test } from 'vitest'
import type { ScanAnswer } from '../../schema/api.ts'
import type { LeasedRun } from '../../schema/wire.ts'
import { putText } from '../../worker/store/raw.ts'
import { openFleet, type Probe, readScan } from './support/probes.ts'
import { openStage, type Stage } from './support/stage.ts'

const DAY = 86_400_000
let stage: Stage
let fleet: Probe[]
beforeAll(async () => {
  stage = await openStage()
  fleet = await openFleet(stage)
})
const alive = async () => {
  for (const probe of fleet) await probe.lease({ capacity: { scan: 0, short: 0, baseline: 0 } })
}

/** A scan that was carried out and ended, with its output. */
async function ended(address: string): Promise<string> {
  await alive()
  const { body: target } = await stage.api<{ id: string }>('POST', '/targets', { address, ports: '22' })
  const { body: scan } = await stage.api<ScanAnswer>('POST', '/scans', { targetId: target.id, site: 'nyc-1' })
  const scanner = fleet.find((probe) => probe.id === scan.scanner?.probeId) as Probe
  const { runId, epoch } = (await scanner.lease()).runs.find((run) => run.kind === 'scan') as LeasedRun
  const found = [{ address, port: 22, check: 'greeting', service: 'ssh', firstSeenOpenAt: stage.now() }]
  expect((await scanner.say('renew', { runId, epoch, seq: 1, observations: [], spans: [], found })).status).toBe(200)
  stage.pass(10 * 60_000)
  await alive()
  await stage.tick()
  expect((await readScan(stage, scan.id)).state).toBe('finished')
  await putText(stage.env.RAW, `ten_default/${scan.id}/run_x/1/digest`, 'a log')
  return scan.id
}
const objects = async (scanId: string) =>
  (await stage.env.RAW.list({ prefix: `ten_default/${scanId}/` })).objects.length
const facts = (scanId: string) => stage.count('facts', `scan_id = '${scanId}'`)
const runs = (scanId: string) => stage.count('runs', `scan_id = '${scanId}'`)

test('the periods have defaults, can be changed, and are bounded', async () => {
  expect((await stage.api('GET', '/retention')).body).toEqual({ factsDays: 180, rawDays: 90, deliveriesDays: 30 })
  expect((await stage.api('PUT', '/retention', { factsDays: 1, rawDays: 90, deliveriesDays: 30 })).status).toBe(422)
  const wanted = { factsDays: 20, rawDays: 10, deliveriesDays: 30 }
  expect((await stage.api('PUT', '/retention', wanted)).body).toEqual(wanted)
  expect((await stage.api('GET', '/retention')).body).toEqual(wanted)
})

test('raw output goes first, then what was seen; the verdict stays, and is not judged again from nothing', async () => {
  const [old] = [await ended('127.0.61.1')]
  const before = await readScan(stage, old)
  expect(await objects(old)).toBe(2)
  stage.pass(11 * DAY)
  await alive()
  await stage.tick()
  expect(await objects(old)).toBe(0)
  expect((await stage.api('GET', `/scans/${old}/output`)).status).toBe(404)
  expect(await facts(old)).toBeGreaterThan(0)
  stage.pass(10 * DAY)
  const young = await ended('127.0.61.2')
  await stage.tick()
  stage.pass(11 * 60_000)
  await stage.tick()
  expect([await facts(old), await runs(old)]).toEqual([0, 0])
  expect(await readScan(stage, old)).toEqual({ ...before, output: null })
  expect((await stage.api('POST', `/scans/${old}/rejudge`, {})).status).toBe(409)
  expect([await objects(young), (await facts(young)) > 0, (await runs(young)) > 0]).toEqual([2, true, true])
  expect((await stage.api('POST', `/scans/${young}/rejudge`, {})).status).toBe(200)
})

test('a step is small: many old scans take many ticks, a quiet stack writes a row every ten minutes at most', async () => {
  await stage.env.DB.prepare(
    `INSERT INTO scans (tenant_id, id, target_id, site, lane, due_key, state, profile, addresses, networks, ports, ports_asked, max_connects_per_second, scanner_probe_id, panel, created_at, due_at, deadline_at, alarms, finished_at, output_key, output_bytes)
     SELECT 'ten_default', printf('scn_old%013d', value), 'tgt_x', '', printf('%d', value), '', 'finished', 'standard', '[]', '[]', '22', 1, 1, 'prb_x', '[]', 1, 1, 1, '[]', 1, 'ten_default/x/output/y', 1 FROM json_each(?)`,
  )
    .bind(JSON.stringify(Array.from({ length: 25 }, (_, i) => i)))
    .run()
  const left = () => stage.count('scans', "id LIKE 'scn_old%' AND output_key IS NOT NULL")
  const steps: number[] = []
  for (let i = 0; i < 8 && (await left()) > 0; i++) {
    stage.pass(11 * 60_000)
    await stage.tick()
    steps.push(await left())
  }
  expect(steps.at(-1)).toBe(0)
  for (const [i, now] of steps.entries()) expect((steps[i - 1] ?? 25) - now).toBeLessThanOrEqual(10)
})
