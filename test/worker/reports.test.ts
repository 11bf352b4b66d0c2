import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { ScanAnswer } from '../../schema/api.ts'
import { type LeaseAnswer, type LeasedRun, LIMITS } from '../../schema/wire.ts'
import { openFleet, type Probe, readScan } from './support/probes.ts'
import { openStage, type Stage } from './support/stage.ts'

let stage: Stage
let fleet: Probe[]
let next = 1

beforeAll(async () => {
  stage = await openStage()
  fleet = await openFleet(stage)
})

// Time passes in these stories: the probes say that they are still there.
beforeEach(async () => {
  for (const probe of fleet) await probe.lease({ capacity: { scan: 0, short: 0, baseline: 0 } })
})

/** A scan that its scanner has just leased. */
async function started(): Promise<{ scanId: string; address: string; scanner: Probe; other: Probe; run: LeasedRun }> {
  const address = `127.0.20.${next++}`
  const { body: target } = await stage.api<{ id: string }>('POST', '/targets', { address, ports: '22,80' })
  const { body: scan } = await stage.api<ScanAnswer>('POST', '/scans', { targetId: target.id, site: 'fra-1' })
  const scanner = fleet.find((probe) => probe.id === scan.scanner?.probeId) as Probe
  const other = fleet.find((probe) => probe !== scanner) as Probe
  const run = (await scanner.lease()).runs.find((one) => one.scanId === scan.id && one.kind === 'scan') as LeasedRun
  return { scanId: scan.id, address, scanner, other, run }
}
/** Ends it, so that the next test finds its probes free. */
const cancelled = async (scanId: string, scanner: Probe, run: LeasedRun): Promise<void> => {
  await stage.api('POST', `/scans/${scanId}/cancel`, {})
  await scanner.say('result', { ...report(run, 900), outcome: 'stopped' })
}
/** A witness with its baseline run. */
async function onlookerOf(scanId: string): Promise<{ onlooker: Probe; run: LeasedRun }> {
  const { panel } = await readScan(stage, scanId)
  const onlooker = fleet.find((probe) => probe.id === panel.find((one) => one.role === 'witness')?.probeId) as Probe
  const { runs } = await onlooker.lease({ capacity: { scan: 0, short: 8, baseline: 6 } })
  return { onlooker, run: runs.find((one) => one.scanId === scanId) as LeasedRun }
}
const report = (run: LeasedRun, seq: number, more: object = {}) => ({
  runId: run.runId,
  epoch: run.epoch,
  seq,
  observations: [],
  spans: [],
  found: [],
  ...more,
})
const seen = (address: string, port: number, more: object = {}) => ({
  n: 1,
  purpose: 'identify',
  check: 'tcp',
  address,
  port,
  sight: 'open',
  at: stage.now(),
  afterMs: 3,
  ...more,
})
const found = (address: string, port: number) => ({
  address,
  port,
  check: 'greeting',
  service: 'ssh',
  firstSeenOpenAt: stage.now(),
})

describe('a report', () => {
  test('that is sent again is stored once, and acknowledged both times', async () => {
    const { scanId, address, scanner, run } = await started()
    const body = report(run, 1, { observations: [seen(address, 22)], found: [found(address, 22)] })
    for (let i = 0; i < 3; i++) expect((await scanner.say('renew', body)).status).toBe(200)
    expect(await stage.count('facts', `scan_id = '${scanId}'`)).toBe(1)
    await cancelled(scanId, scanner, run)
  })

  test('of another probe’s run, of an older lease, and of no run are answered alike: 410, and nothing is written', async () => {
    const { scanId, address, scanner, other, run } = await started()
    const body = report(run, 1, { observations: [seen(address, 22)] })
    for (const [who, said] of [
      [other, body],
      [scanner, { ...body, epoch: 2 }],
      [scanner, { ...body, runId: 'run_0123456789abcdef' }],
    ] as const)
      for (const path of ['renew', 'alarm', 'result']) {
        const answer = await who.say(path, {
          ...said,
          ...(path === 'alarm' ? { lost: [] } : {}),
          ...(path === 'result' ? { outcome: 'done' } : {}),
        })
        expect([path, answer.status, (answer.body as { code?: string }).code]).toEqual([path, 410, 'stale'])
      }
    expect(await stage.count('facts', `scan_id = '${scanId}'`)).toBe(0)
    await cancelled(scanId, scanner, run)
  })

  test('of a lease that stood a moment ago writes nothing either, whatever it says', async () => {
    const { scanId, address, scanner, run } = await started()
    expect((await scanner.say('renew', report(run, 1, { phase: 'discover' }))).status).toBe(200)
    stage.pass(1)
    const { runs } = await scanner.lease()
    const again = runs.find((one) => one.runId === run.runId) as LeasedRun
    expect(again.epoch).toBe(2)
    const told = { observations: [seen(address, 22)], found: [found(address, 22)], ready: true, discovered: true }
    for (const [path, more] of [
      ['renew', told],
      ['alarm', { observations: told.observations, lost: [{ address, port: 22 }] }],
      ['result', { observations: told.observations, outcome: 'done' }],
    ] as const)
      expect([path, (await scanner.say(path, report(run, 2, more))).status]).toEqual([path, 410])
    expect(await stage.count('facts', `scan_id = '${scanId}'`)).toBe(0)
    expect(await stage.count('scans', `id = '${scanId}' AND ready_at IS NULL AND alarms = '[]'`)).toBe(1)
    expect(await stage.count('runs', `id = '${run.runId}' AND ended_at IS NULL AND discovered = 0`)).toBe(1)
    await cancelled(scanId, scanner, again)
  })

  test('about an endpoint that the run does not name is refused whole, with the field named', async () => {
    const { scanId, address, scanner, run } = await started()
    const observations = [seen(address, 22), seen(address, 443, { n: 2 })]
    const port = await scanner.say('renew', report(run, 1, { observations }))
    expect(port).toMatchObject({
      status: 422,
      body: { code: 'outside_plan', errors: [{ field: 'observations.1.port' }] },
    })
    const other = await scanner.say('renew', report(run, 1, { found: [found('127.0.0.77', 22)] }))
    expect(other).toMatchObject({ status: 422, body: { code: 'outside_plan', errors: [{ field: 'found.0.address' }] } })
    const lost = await scanner.say('alarm', report(run, 1, { lost: [{ address, port: 8443 }] }))
    expect(lost).toMatchObject({ status: 422, body: { errors: [{ field: 'lost.0.port' }] } })
    const silenced = await scanner.say('alarm', report(run, 1, { lost: [], silenced: [address, '127.0.0.77'] }))
    expect(silenced).toMatchObject({ status: 422, body: { errors: [{ field: 'silenced.1' }] } })
    // Random high ports for the phantom test, and our own beacons, are no business of the plan's.
    const free = [seen(address, 54_321, { purpose: 'phantom' }), seen('127.0.99.99', 25, { n: 2, purpose: 'beacon' })]
    expect((await scanner.say('renew', report(run, 1, { observations: free }))).status).toBe(200)
    expect(await stage.count('facts', `scan_id = '${scanId}'`)).toBe(1)
    await cancelled(scanId, scanner, run)
  })

  test('of an onlooker never speaks for the scanner', async () => {
    const { scanId, address, scanner, run } = await started()
    const { onlooker, run: mine } = await onlookerOf(scanId)
    const said = async (path: string, more: object) =>
      (await onlooker.say<{ code?: string; errors?: { field: string }[] }>(path, report(mine, 1, more))).body
        .errors?.[0]?.field
    for (const more of [
      { ready: true },
      { discovered: true },
      { phase: 'engage' },
      { progress: { done: 9, total: 9 } },
      { found: [found(address, 22)] },
    ])
      expect(await said('renew', more)).toBe(Object.keys(more)[0])
    expect(await said('alarm', { lost: [{ address, port: 22 }] })).toBe('lost')
    expect(await said('alarm', { lost: [], silenced: [address] })).toBe('lost')
    for (const more of [{ recheck: [] }, { engagement: [] }, { ports: { asked: 1, tested: 1, untested: '' } }])
      expect(await said('result', { outcome: 'done', ...more })).toBe(Object.keys(more)[0])
    expect((await onlooker.say('renew', report(mine, 1))).status).toBe(200)
    expect((await readScan(stage, scanId)).progress).toBeNull()
    expect(await stage.count('scans', `id = '${scanId}' AND (ready_at IS NOT NULL OR alarms <> '[]')`)).toBe(0)
    await cancelled(scanId, scanner, run)
  })

  test('beyond what one run may tell is refused, and ends the run as failed', async () => {
    const { scanId, address, scanner, run } = await started()
    const { onlooker, run: mine } = await onlookerOf(scanId)
    const firstBytes = btoa('x'.repeat(LIMITS.firstBytes - 2))
    const flood = (seq: number) =>
      Array.from({ length: 2_000 }, (_, i) =>
        seen(address, 22, { n: seq * 2_000 + i, purpose: 'baseline', firstBytes }),
      )
    const answers: number[] = []
    for (let seq = 1; seq <= 6; seq++)
      answers.push((await onlooker.say('renew', report(mine, seq, { observations: flood(seq) }))).status)
    expect(answers).toEqual([200, 200, 413, 410, 410, 410])
    expect(await stage.count('runs', `id = '${mine.runId}' AND closing ->> '$.outcome' = 'failed'`)).toBe(1)
    const told = await stage.env.DB.prepare('SELECT sum(length(body)) AS bytes FROM facts WHERE run_id = ?')
      .bind(mine.runId)
      .first<{ bytes: number }>()
    expect(told?.bytes).toBeLessThan(8_000_000)
    await cancelled(scanId, scanner, run)
  })

  test('that tells of losses over and over leaves room for the judgement beside them', async () => {
    const { scanId, address, scanner, run } = await started()
    const lost = Array.from({ length: LIMITS.openPorts }, () => ({ address, port: 22 }))
    for (let seq = 1; seq <= 10; seq++)
      expect((await scanner.say('alarm', report(run, seq, { lost }))).status).toBe(200)
    const row = await stage.env.DB.prepare('SELECT length(alarms) AS bytes FROM scans WHERE id = ?')
      .bind(scanId)
      .first<{ bytes: number }>()
    expect(row?.bytes).toBeGreaterThan(100_000)
    expect(row?.bytes).toBeLessThan(300_000)
    await cancelled(scanId, scanner, run)
  })

  test('too long for one row is kept whole', async () => {
    const { scanId, address, scanner, run } = await started()
    const firstBytes = btoa('x'.repeat(LIMITS.firstBytes - 2))
    const observations = Array.from({ length: 1_500 }, (_, i) => seen(address, 22, { n: i + 1, firstBytes }))
    expect((await scanner.say('renew', report(run, 1, { observations }))).status).toBe(200)
    const lines = (await stage.api<string>('GET', `/scans/${scanId}/observations`)).body.trim().split('\n')
    expect(lines).toHaveLength(1_500)
    await cancelled(scanId, scanner, run)
  })
})

describe('a result', () => {
  test('that arrives fifty times at once is taken once', async () => {
    const { scanId, address, scanner, run } = await started()
    const body = report(run, 1, {
      observations: [seen(address, 22)],
      found: [found(address, 22)],
      outcome: 'done',
      ports: { asked: 2, tested: 2, untested: '' },
      engagement: [],
      recheck: [{ address, port: 22, state: 'open' }],
      output: 'log\n',
    })
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => scanner.say<{ outcome: string }>('result', body)),
    )
    expect(answers.every((answer) => answer.status === 200)).toBe(true)
    expect(answers.filter((answer) => answer.body.outcome === 'applied')).toHaveLength(1)
    expect(await stage.count('facts', `scan_id = '${scanId}'`)).toBe(1)
    const scan = await readScan(stage, scanId)
    expect(scan.state).toBe('finished')
    expect(await stage.count('issues', `last_scan_id = '${scanId}'`)).toBeLessThanOrEqual(1)
    expect(await stage.count('outbox', `body LIKE '%${scanId}%' AND name = 'scan.finished'`)).toBe(1)
    const other = await scanner.say('result', { ...body, output: 'another log\n' })
    expect(other).toMatchObject({ status: 409, body: { code: 'result_differs' } })
  })

  test('that comes after the run was given up is stale', async () => {
    const { scanId, scanner, run } = await started()
    stage.pass(5 * 60_000)
    await stage.tick()
    const answer = await scanner.say('result', report(run, 1, { outcome: 'done' }))
    expect(answer.status).toBe(410)
    expect((await readScan(stage, scanId)).failure?.code).toBe('probe_lost')
  })
})

describe('a lease', () => {
  test('is renewed on paper only when little of it is left', async () => {
    const { scanId, scanner, run } = await started()
    stage.rows()
    stage.pass(15_000)
    await scanner.say('renew', report(run, 1))
    expect(stage.rows()).toBe(0)
    stage.pass(30_000)
    const { body } = await scanner.say<{ leaseUntil: number }>('renew', report(run, 2))
    expect(stage.rows()).toBe(1)
    expect(body.leaseUntil).toBe(stage.now() + 60_000)
    await cancelled(scanId, scanner, run)
  })

  test('is handed out again at once to a probe that restarted, with what it had found', async () => {
    const { scanId, address, scanner, run } = await started()
    await scanner.say(
      'renew',
      report(run, 1, {
        observations: [seen(address, 22)],
        found: [found(address, 22)],
        discovered: true,
        untested: '25,80',
      }),
    )
    expect(
      (await scanner.lease({ holding: [{ runId: run.runId, epoch: 1 }] })).runs.map((one) => one.runId),
    ).not.toContain(run.runId)
    stage.pass(1)
    const again = (await scanner.lease({ holding: [] })).runs.find((one) => one.runId === run.runId) as LeasedRun
    expect(again).toMatchObject({
      epoch: 2,
      plan: { kind: 'scan', discovered: true, untested: '25,80', known: [{ port: 22, service: 'ssh' }] },
    })
    expect((await scanner.say('renew', report(run, 2))).status).toBe(410)
    expect((await scanner.say('renew', report(again, 1))).status).toBe(200)
    await cancelled(scanId, scanner, again)
  })

  test('is not disowned by a request that was signed before it: played again, or late', async () => {
    const recorded = stage.now()
    stage.pass(5_000)
    const { scanId, scanner, run } = await started()
    const health = { agent: 'test', fit: true, reasons: [], lagMs: 0, spooled: 0 }
    const capacity = { scan: 1, short: 8, baseline: 6 }
    const ask = { wire: 1, capacity, holding: [], allowPrivate: true, health }
    for (const time of [recorded, stage.now()]) {
      const { body } = await scanner.say<LeaseAnswer>('lease', ask, { time })
      expect(body.runs.map((one) => one.runId)).not.toContain(run.runId)
      // Whoever asks in earnest has learned the time by this answer, and need not wait.
      expect(body.nextPollMs).toBeLessThanOrEqual(1_000)
    }
    expect((await scanner.say('renew', report(run, 1))).status).toBe(200)
    await cancelled(scanId, scanner, run)
  })

  test('goes to nobody but the probe that the run names', async () => {
    const { scanId, scanner, run } = await started()
    for (const probe of fleet.filter((one) => one !== scanner))
      expect((await probe.lease()).runs.every((one) => one.runId !== run.runId)).toBe(true)
    await cancelled(scanId, scanner, run)
  })
})

describe('stopping', () => {
  test('a cancelled scan tells its probe so at the next renewal, and ends as cancelled', async () => {
    const { scanId, scanner, run } = await started()
    const { status } = await stage.api('POST', `/scans/${scanId}/cancel`, {})
    expect(status).toBe(202)
    expect((await readScan(stage, scanId)).state).toBe('running')
    expect((await scanner.say('renew', report(run, 1))).body).toMatchObject({ do: 'stop' })
    await scanner.say('result', report(run, 2, { outcome: 'stopped' }))
    expect(await readScan(stage, scanId)).toMatchObject({ state: 'cancelled', verdict: null })
  })

  test('a cancelled scan waits for nobody but its scanner', async () => {
    const { scanId, scanner, run } = await started()
    await onlookerOf(scanId)
    await stage.api('POST', `/scans/${scanId}/cancel`, {})
    await scanner.say('result', report(run, 1, { outcome: 'stopped' }))
    expect((await readScan(stage, scanId)).state).toBe('cancelled')
  })

  test('a cancelled scan whose scanner is gone ends soon after its lease', async () => {
    const { scanId } = await started()
    await stage.api('POST', `/scans/${scanId}/cancel`, {})
    stage.pass(60_000 + 10_000)
    await stage.tick()
    expect((await readScan(stage, scanId)).state).toBe('running')
    stage.pass(15_000)
    await stage.tick()
    expect((await readScan(stage, scanId)).state).toBe('cancelled')
  })

  test('a cancelled scan that no probe holds ends at once', async () => {
    const { body: target } = await stage.api<{ id: string }>('POST', '/targets', { address: '127.0.21.1', ports: '22' })
    const { body: scan } = await stage.api<ScanAnswer>('POST', '/scans', { targetId: target.id })
    expect((await stage.api<ScanAnswer>('POST', `/scans/${scan.id}/cancel`, {})).body.state).toBe('cancelled')
  })

  test('the kill switch stops what runs, hands out nothing, opens nothing, and can be lifted', async () => {
    const { scanId, scanner, run } = await started()
    expect((await stage.api('PUT', '/kill-switch', { stopped: true })).body).toEqual({ stopped: true })
    expect((await scanner.say('renew', report(run, 1))).body).toMatchObject({ do: 'stop' })
    expect(await scanner.lease()).toMatchObject({ stopped: true, runs: [] })
    await scanner.say('result', report(run, 2, { outcome: 'stopped' }))
    expect((await readScan(stage, scanId)).state).toBe('cancelled')
    const { body: target } = await stage.api<{ id: string }>('POST', '/targets', { address: '127.0.21.2' })
    expect(await stage.api('POST', '/scans', { targetId: target.id })).toMatchObject({
      status: 409,
      body: { code: 'scanning_stopped' },
    })
    await stage.api('PUT', '/kill-switch', { stopped: false })
    expect((await stage.api('POST', '/scans', { targetId: target.id })).status).toBe(202)
  })
})
