/** What a scan proves, and what it does not: wholeness, retests, rest, and one scan at a time. */
import { beforeAll, beforeEach, expect, test } from 'vitest'
import type { IssueAnswer, ScanAnswer, TargetAnswer } from '../../schema/api.ts'
import type { LeasedRun } from '../../schema/wire.ts'
import { batch, openDb } from '../../worker/store/db.ts'
import { addRuns, type NewRun } from '../../worker/store/runs.ts'
import { readScan as readRow } from '../../worker/store/scans.ts'
import { enrolProbe, openFleet, type Probe, readScan } from './support/probes.ts'
import { openStage, type Stage } from './support/stage.ts'

let stage: Stage
let fleet: Probe[]
let next = 1

beforeAll(async () => {
  stage = await openStage()
  fleet = await openFleet(stage)
})
beforeEach(async () => {
  stage.pass(1_000)
  for (const probe of fleet) await probe.lease({ capacity: { scan: 0, short: 0, baseline: 0 } })
})

const targetAt = async (address: string, more: object = {}): Promise<TargetAnswer> =>
  (await stage.api<TargetAnswer>('POST', '/targets', { address, ports: '22', ...more })).body
const newTarget = (more: object = {}) => targetAt(`127.0.22.${next++}`, more)
const scanOf = (targetId: string, more: object = {}) =>
  stage.api<ScanAnswer>('POST', '/scans', { targetId, site: 'fra-1', ...more })
async function leased(scan: ScanAnswer): Promise<{ scanner: Probe; run: LeasedRun }> {
  const scanner = fleet.find((probe) => probe.id === scan.scanner?.probeId) as Probe
  const { runs } = await scanner.lease()
  return { scanner, run: runs.find((run) => run.scanId === scan.id && run.kind === 'scan') as LeasedRun }
}
const report = (run: LeasedRun) => ({
  runId: run.runId,
  epoch: run.epoch,
  seq: 900,
  observations: [],
  spans: [],
  found: [],
})
const result = (run: LeasedRun, more: object) => ({
  ...report(run),
  outcome: 'done',
  ...more,
})
const ALL = { ports: { asked: 1, tested: 1, untested: '' } }
const looked = (address: string, more: object) => ({
  n: 1,
  purpose: 'identify',
  check: 'greeting',
  address,
  port: 22,
  sight: 'open',
  at: stage.now(),
  afterMs: 3,
  ...more,
})
const foundAt = (address: string) => ({
  address,
  port: 22,
  check: 'greeting',
  service: 'ssh',
  firstSeenOpenAt: stage.now(),
})

/** An ended scan that saw port 22, and an open issue that says it was lost there. */
async function issueOn(target: TargetAnswer, said: object = ALL): Promise<{ issueId: string; scan: ScanAnswer }> {
  const { body: scan } = await scanOf(target.id)
  const { scanner, run } = await leased(scan)
  const { address } = await readScan(stage, scan.id)
  await scanner.say('result', result(run, { ...said, observations: [looked(address, {})], found: [foundAt(address)] }))
  expect((await readScan(stage, scan.id)).state).toBe('finished')
  const issueId = `iss_${scan.id.slice(4)}`
  await stage.env.DB.batch([
    stage.env.DB.prepare(
      "UPDATE scans SET judgement = json_set(judgement, '$.ports[0].verdict', 'interfered') WHERE id = ?",
    ).bind(scan.id),
    stage.env.DB.prepare(
      "INSERT INTO issues (tenant_id, id, target_id, finding, state, title, opened_at, restated_at, last_scan_id) VALUES ('ten_default', ?, ?, 'interference', 'open', 't', 1, 1, ?)",
    ).bind(issueId, target.id, scan.id),
  ])
  return { issueId, scan }
}
const issue = async (id: string) => (await stage.api<IssueAnswer>('GET', `/issues/${id}`)).body
const retestOf = (id: string) => stage.api<ScanAnswer & { code: string }>('POST', `/issues/${id}/retest`, {})

test.each([
  ['stopped with nothing said', { outcome: 'stopped' }],
  ['stopped after all ports', { outcome: 'stopped', ...ALL }],
  ['done with a port left untested', { ports: { asked: 1, tested: 0, untested: '22' } }],
])('a scan whose run is %s is incomplete, not clear', async (_, said) => {
  const { body: scan } = await scanOf((await newTarget()).id)
  const { scanner, run } = await leased(scan)
  await scanner.say('result', result(run, said))
  expect(await readScan(stage, scan.id)).toMatchObject({ state: 'finished', verdict: 'incomplete' })
})

test('a retest that never reached the lost port proves nothing; one that did closes the issue', async () => {
  const target = await newTarget()
  const { issueId } = await issueOn(target)
  const ration = { sight: 'probe_fault', code: 'RATION', fit: false, afterMs: 0 }
  for (const [said, state] of [
    [{ observations: [looked(target.address, ration)] }, 'open'],
    [{ observations: [looked(target.address, { fit: false })] }, 'open'],
    [{ observations: [looked(target.address, {})], found: [foundAt(target.address)] }, 'closed'],
  ] as const) {
    stage.pass(1_000)
    const { status, body: retest } = await retestOf(issueId)
    expect(status).toBe(202)
    const { scanner, run } = await leased(retest)
    expect(run.plan).toMatchObject({ only: [{ port: 22 }] })
    await scanner.say('result', result(run, { ...ALL, ...said }))
    expect((await readScan(stage, retest.id)).state).toBe('finished')
    expect(await issue(issueId)).toMatchObject({ state, answeredAt: null })
  }
})

test('a retest fills the gaps of its scan; what they tested between them is told, and gaps that stay prove nothing', async () => {
  const target = await newTarget({ ports: '22,80-99' })
  const { issueId, scan } = await issueOn(target, { ports: { asked: 21, tested: 11, untested: '90-99' } })
  await stage.env.DB.prepare("DELETE FROM issues WHERE target_id = ? AND finding = 'incomplete'").bind(target.id).run()
  const answer = (tested: number, untested: string) => ({
    ports: { asked: 11, tested, untested },
    observations: [looked(target.address, {})],
    found: [foundAt(target.address)],
  })
  const runs: ScanAnswer[] = []
  for (const said of [answer(7, '96-99'), answer(11, '')]) {
    stage.pass(1_000)
    const { body: retest } = await retestOf(issueId)
    const { scanner, run } = await leased(retest)
    expect(run.plan).toMatchObject({ only: [{ port: 22 }], gaps: '90-99' })
    const stranger = { ...foundAt(target.address), port: 80 }
    expect((await scanner.say('renew', { ...report(run), found: [stranger] })).status).toBe(422)
    await scanner.say('result', result(run, said))
    runs.push(await readScan(stage, retest.id))
    expect((await issue(issueId)).state).toBe(runs.length === 1 ? 'open' : 'closed')
  }
  expect(runs.map(({ verdict }) => verdict)).toEqual(['incomplete', 'clear'])
  const { body } = await stage.api<{ items: unknown[] }>('GET', `/issues?targetId=${target.id}`)
  expect(body.items, 'an incomplete retest makes no second issue').toHaveLength(1)
  expect(runs[0]?.coverage?.together).toMatchObject({ scanId: scan.id, portsAsked: 21, portsTested: 17 })
  expect(runs[0]?.coverage?.together?.statement).toMatch(/4 ports of 21 asked are still not tested \(96-99\)/)
  expect(runs[1]?.coverage?.together).toMatchObject({ scanId: scan.id, portsAsked: 21, portsTested: 21, share: 1 })
})

test('a lost port that a retest was decided without is touched by the next one, not swept', async () => {
  const target = await newTarget({ ports: '22,443' })
  const { issueId } = await issueOn(target, { ports: { asked: 2, tested: 2, untested: '' } })
  const { body: first } = await retestOf(issueId)
  await leased(first).then(({ scanner, run }) => {
    expect(run.plan).toMatchObject({ only: [{ port: 22 }], gaps: '' })
    return scanner.say('result', result(run, { ports: { asked: 1, tested: 0, untested: '22' } }))
  })
  await stage.env.DB.batch([
    stage.env.DB.prepare("UPDATE issues SET last_scan_id = ?, closed_at = NULL, state = 'open' WHERE id = ?").bind(
      first.id,
      issueId,
    ),
    stage.env.DB.prepare(
      "UPDATE scans SET judgement = json_insert(judgement, '$.ports[#]', json(?)) WHERE id = ?",
    ).bind(JSON.stringify({ address: target.address, port: 443, service: 'https', verdict: 'interfered' }), first.id),
  ])
  stage.pass(1_000)
  const { body: second } = await retestOf(issueId)
  const { run } = await leased(second)
  expect(run.plan).toMatchObject({ only: [{ port: 443 }, { port: 22 }], gaps: '' })
  await stage.api('POST', `/scans/${second.id}/cancel`, {})
})

test('a retest goes to the probe that has the old source address by now', async () => {
  const { issueId, scan } = await issueOn(await newTarget())
  const sourceAddress = scan.scanner?.sourceAddress ?? ''
  const anew = await enrolProbe(stage, { site: 'fra-1', sourceAddress })
  fleet = [...fleet.filter((probe) => probe.sourceAddress !== sourceAddress), anew]
  const { status, body } = await retestOf(issueId)
  expect(status).toBe(202)
  expect(body.scanner).toMatchObject({ probeId: anew.id, sourceAddress })
  await stage.api('POST', `/scans/${body.id}/cancel`, {})
})

test('a retest of a name that points elsewhere now is refused: nobody asked about the old address today', async () => {
  const resolves = (address: string) => {
    stage.env.RESOLVER = { fetch: async () => Response.json({ addresses: [address] }) } as unknown as Fetcher
  }
  resolves('127.0.23.1')
  const { issueId } = await issueOn(await targetAt('moves.example'))
  resolves('127.0.23.2')
  expect(await retestOf(issueId)).toMatchObject({ status: 409, body: { code: 'conflict' } })
  resolves('127.0.23.1')
  const { status, body } = await retestOf(issueId)
  expect(status).toBe(202)
  await stage.api('POST', `/scans/${body.id}/cancel`, {})
})

test('who scanned an address is tired for it, whatever the target is called and whoever asked', async () => {
  const address = '127.0.22.200'
  const { body: tenant } = await stage.api<{ key: string }>('POST', '/tenants', { name: 'Second' })
  const { body: theirs } = await stage.api<TargetAnswer>('POST', '/targets', { address, ports: '22' }, tenant.key)
  for (const site of ['nyc-1', 'sgp-1']) {
    const { body } = await stage.api<ScanAnswer>('POST', '/scans', { targetId: theirs.id, site }, tenant.key)
    // What is under way takes its share of what the address bears.
    await stage.api('POST', `/scans/${body.id}/cancel`, {}, tenant.key)
  }
  await stage.tick()
  const { body: scan } = await scanOf((await targetAt(address)).id)
  const rested = Object.fromEntries(scan.panel.map((member) => [member.site, member.rested]))
  expect(rested).toEqual({ 'fra-1': true, 'nyc-1': false, 'sgp-1': false, 'sao-1': true })
  await stage.api('POST', `/scans/${scan.id}/cancel`, {})
})

test('a target is scanned once at a time from a site, also when no site was named', async () => {
  const target = await newTarget()
  const { body: first } = await stage.api<ScanAnswer>('POST', '/scans', { targetId: target.id })
  for (const more of [{}, { scannerProbeId: first.scanner?.probeId }, { site: first.scanner?.site }])
    expect(await stage.api('POST', '/scans', { targetId: target.id, ...more })).toMatchObject({
      status: 409,
      body: { code: 'scan_running' },
    })
  await stage.api('POST', `/scans/${first.id}/cancel`, {})
})

test('a scheduled scan of any site waits while its site is busy, and begins when that scan has ended', async () => {
  const target = await newTarget({ schedule: '* * * * *' })
  const { body: asked } = await scanOf(target.id)
  stage.pass(60_000)
  for (const probe of fleet) await probe.lease({ capacity: { scan: 0, short: 0, baseline: 0 } })
  await stage.tick()
  await stage.tick()
  const scans = async () =>
    (await stage.api<{ items: ScanAnswer[] }>('GET', `/scans?targetId=${target.id}`)).body.items.map((scan) => [
      scan.state,
      scan.scanner?.site ?? null,
      scan.address,
    ])
  expect(await scans()).toEqual([
    ['queued', null, target.address],
    ['queued', 'fra-1', target.address],
  ])
  await stage.api('POST', `/scans/${asked.id}/cancel`, {})
  expect(await scans()).toEqual([
    ['queued', 'fra-1', target.address],
    ['cancelled', 'fra-1', target.address],
  ])
  // The minute was used: its scan is known by the site that was asked for, not by the one that took it.
  await stage.tick()
  expect(await scans()).toHaveLength(2)
  await stage.api('DELETE', `/targets/${target.id}`)
  const { body } = await stage.api<{ items: ScanAnswer[] }>('GET', `/scans?targetId=${target.id}&state=queued`)
  for (const scan of body.items) await stage.api('POST', `/scans/${scan.id}/cancel`, {})
})

test('the sites of a target share its ceiling', async () => {
  const target = await newTarget({ sites: ['fra-1', 'nyc-1', 'sgp-1'], maxConnectsPerSecond: 300 })
  const { body: scan } = await scanOf(target.id)
  const { run } = await leased(scan)
  expect(run.plan).toMatchObject({ maxConnectsPerSecond: 100 })
  await stage.api('POST', `/scans/${scan.id}/cancel`, {})
})

test('runs made for another panel than the scan has are not made', async () => {
  const { body: scan } = await scanOf((await newTarget()).id)
  const db = openDb(stage.env.DB)
  const row = await readRow(db, 'ten_default', scan.id)
  if (!row) throw new Error('the scan is gone')
  const other = fleet.find((probe) => probe.site === 'sao-1') as Probe
  const run: NewRun = {
    id: `run_${scan.id.slice(4)}secondsecond`,
    key: 'scan',
    probeId: other.id,
    role: 'scanner',
    kind: 'scan',
    dueAt: row.dueAt,
    deadlineAt: row.deadlineAt,
    needsPrivate: true,
    plan: { kind: 'baseline', targetId: row.targetId, name: null, steps: [], standing: false, beacons: [] },
  }
  const runs = () => stage.count('runs', `scan_id = '${scan.id}'`)
  const before = await runs()
  await batch(db, addRuns(db, { ...row, panel: row.panel.map((one) => ({ ...one, probeId: other.id })) }, [run]))
  expect(await runs()).toBe(before)
  await batch(db, addRuns(db, row, [run]))
  expect(await runs()).toBe(before + 1)
  await stage.api('POST', `/scans/${scan.id}/cancel`, {})
})
