import { beforeAll, describe, expect, test } from 'vitest'
import type { IssueAnswer, ScanAnswer, TargetAnswer } from '../../schema/api.ts'
import type { ProofAnswer } from '../../schema/proofApi.ts'
import type { LeasedRun, TouchTarget } from '../../schema/wire.ts'
import { openDb } from '../../worker/store/db.ts'
import { overdue } from '../../worker/store/scans.ts'
import {
  enrolProbe,
  hasEnded,
  type Model,
  openFleet,
  openProcess,
  type Probe,
  type Process,
  play,
} from './support/probes.ts'
import { openStage, type Stage } from './support/stage.ts'

let stage: Stage
let fleet: Probe[]
/** source addresses that the target's defence turns away */
const banned = new Set<string>()
const address = '127.0.9.40'
const OPEN: TouchTarget[] = [
  { address, port: 80, check: 'http', service: 'http' },
  { address, port: 3306, check: 'greeting', service: 'mysql' },
]
let targetId: string
let scanId: string

const model: Model = (probe, endpoint) =>
  endpoint.address === address && banned.has(probe.sourceAddress) ? 'unresponsive' : 'open'
const processes = (who: readonly Probe[] = fleet): Process[] =>
  who.map((probe) => openProcess(stage, probe, model, { engageMs: 20_000, open: OPEN }))

const prove = (body: object = {}, id = targetId) => stage.api<ProofAnswer>('POST', `/targets/${id}/prove`, body)
const readProof = async (id: string) => (await stage.api<ProofAnswer>('GET', `/proofs/${id}`)).body
const isOver = (id: string) => async () => (await readProof(id)).state !== 'running'
async function proved(body: object = {}, who: readonly Probe[] = fleet): Promise<ProofAnswer> {
  const opened = await prove(body)
  expect(opened.status).toBe(202)
  await play(stage, processes(who), isOver(opened.body.id), 1_200)
  return readProof(opened.body.id)
}
const issueNow = async (): Promise<IssueAnswer> =>
  (await stage.api<{ items: IssueAnswer[] }>('GET', `/issues?targetId=${targetId}`)).body.items[0] as IssueAnswer
const wordsOf = (proof: ProofAnswer) =>
  proof.sources.map(({ sourceAddress, verdict, cells }) => [sourceAddress, verdict, cells.map(({ word }) => word)])

beforeAll(async () => {
  stage = await openStage()
  fleet = await openFleet(stage)
  for (const probe of fleet) await probe.lease()
  const target = await stage.api<TargetAnswer>('POST', '/targets', {
    address,
    ports: '80,3306,8000-8010',
    profile: 'assertive',
  })
  targetId = target.body.id
})

describe('a proof is refused', () => {
  test('while nothing of the target is known', async () => {
    expect(await prove()).toMatchObject({ status: 409, body: { code: 'conflict' } })
  })

  test('for a target of nobody, and with a body that is none', async () => {
    expect((await prove({}, 'tgt_0000000000000000000')).status).toBe(404)
    expect(await prove({ stimulus: 'yes' })).toMatchObject({ status: 422, body: { errors: [{ field: 'stimulus' }] } })
    expect(await prove({ sites: [] })).toMatchObject({ status: 422, body: { errors: [{ field: 'sites' }] } })
  })
})

describe('a target that bans its scanner', () => {
  test('has an issue', async () => {
    const opened = await stage.api<ScanAnswer>('POST', '/scans', { targetId, site: 'fra-1' })
    scanId = opened.body.id
    const start = stage.now()
    const scanner = opened.body.scanner?.sourceAddress ?? ''
    const late: Model = (probe, endpoint, now) =>
      probe.sourceAddress === scanner && endpoint.address === address && now > start + 12_000 ? 'unresponsive' : 'open'
    const all = fleet.map((probe) => openProcess(stage, probe, late, { engageMs: 30_000, open: OPEN }))
    await play(stage, all, hasEnded(stage, scanId))
    banned.add(scanner)
    expect(await issueNow()).toMatchObject({ state: 'open', finding: 'interference', lastProofId: null })
  })

  test('is proved shut from that one address, which restates the issue and names it', async () => {
    const [scanner = ''] = banned
    const proof = await proved()
    expect(proof).toMatchObject({
      state: 'finished',
      verdict: 'not_proved',
      stimulus: null,
      closedIssueIds: [],
      failure: null,
    })
    expect(proof.sources).toHaveLength(5)
    for (const source of proof.sources) {
      const isShut = source.sourceAddress === scanner
      expect(source).toMatchObject({ state: 'done', verdict: isShut ? 'not_proved' : 'proved' })
      for (const cell of source.cells) {
        expect(cell).toMatchObject(isShut ? { word: 'shut', sight: 'unresponsive' } : { word: 'passed', sight: 'open' })
        expect(cell.at).toMatch(/^2026-/)
      }
    }
    expect(proof.failing).toHaveLength(2)
    expect(proof.failing[0]).toContain(`${scanner} (fra-1): ${address} 80/tcp unresponsive`)
    expect(proof.statement).toContain('1 of 5 addresses does not get through')
    const issue = await issueNow()
    expect(issue).toMatchObject({ state: 'open', lastProofId: proof.id, lastScanId: scanId, answeredAt: null })
    expect(issue.title).toContain(`still shut out: ${scanner}`)
    expect(await stage.count('outbox', "name = 'issue.updated'")).toBe(1)
  })

  test('is one proof at a time, seen by its tenant alone', async () => {
    const opened = await prove()
    expect(opened.body).toMatchObject({ state: 'running', verdict: null })
    expect(await prove({ stimulus: true })).toMatchObject({ status: 409, body: { code: 'proof_running' } })
    // What one provokes would pass for what the other sees.
    const scanned = await stage.api('POST', '/scans', { targetId, site: 'fra-1' })
    expect(scanned).toMatchObject({ status: 409, body: { code: 'scan_running' } })
    const { body: other } = await stage.api<{ key: string }>('POST', '/tenants', { name: 'Others' })
    for (const path of [`/proofs/${opened.body.id}`, `/proofs/${opened.body.id}/output`])
      expect((await stage.api('GET', path, undefined, other.key)).status).toBe(404)
    expect((await stage.api('POST', `/targets/${targetId}/prove`, {}, other.key)).status).toBe(404)
    expect((await stage.api<{ items: [] }>('GET', '/proofs', undefined, other.key)).body.items).toEqual([])
    // The row that carries a proof is no scan.
    const carrier = opened.body.id.replace('prf_', 'scn_')
    for (const path of [`/scans/${carrier}`, `/scans/${carrier}/observations`, `/scans/${carrier}/events`])
      expect((await stage.api('GET', path)).status).toBe(404)
    const { body: scans } = await stage.api<{ items: ScanAnswer[] }>('GET', `/scans?targetId=${targetId}`)
    expect(scans.items.map(({ id }) => id)).toEqual([scanId])
    await play(stage, processes(), isOver(opened.body.id))
  })

  test('that answers all again is restated, and stays open: bans run out by themselves', async () => {
    banned.clear()
    const proof = await proved()
    expect(proof).toMatchObject({ verdict: 'proved', closedIssueIds: [] })
    expect(wordsOf(proof)).toEqual(
      fleet.map(({ sourceAddress }) => [sourceAddress, 'proved', ['passed', 'passed']]).sort(bySite),
    )
    const issue = await issueNow()
    expect(issue).toMatchObject({ state: 'open', lastProofId: proof.id })
    expect(issue.answeredAt).not.toBeNull()
    expect(issue.title).toContain('without the stimulus; not yet proved fixed')
    const target = await stage.api<TargetAnswer>('GET', `/targets/${targetId}`)
    expect(target.body.provedAt).toBe(proof.createdAt)
  })

  test('whose defence falls only on what a scan does is shut with the stimulus', async () => {
    const victim = fleet[2] as Probe
    const opened = await prove({ stimulus: true })
    expect(opened.body.stimulus).toEqual({
      profile: 'assertive',
      portsAsked: 13,
      portsRepeated: 11,
      maxConnectsPerSecond: 300,
      scanId,
    })
    const began = new Map<string, number>()
    const onlyWhenProvoked: Model = (probe, endpoint, now) => {
      if (!began.has(probe.id)) began.set(probe.id, now)
      const isProvoked = now > (began.get(probe.id) ?? 0) + 9_000
      return probe.id === victim.id && isProvoked && endpoint.address === address ? 'closed' : 'open'
    }
    const all = fleet.map((probe) => openProcess(stage, probe, onlyWhenProvoked, { engageMs: 20_000, open: OPEN }))
    await play(stage, all, isOver(opened.body.id))
    const proof = await readProof(opened.body.id)
    expect(proof).toMatchObject({ verdict: 'not_proved', closedIssueIds: [] })
    expect(proof.sources.filter(({ verdict }) => verdict === 'not_proved').map(({ probeId }) => probeId)).toEqual([
      victim.id,
    ])
    expect(proof.failing[0]).toContain('closed (ECONNREFUSED)')
    expect(await issueNow()).toMatchObject({ state: 'open', answeredAt: null })
  })

  test('is not swept faster than its owner allows by now, though the scan was', async () => {
    await stage.api('PATCH', `/targets/${targetId}`, { maxConnectsPerSecond: 50 })
    const opened = await prove({ stimulus: true })
    expect(opened.body.stimulus).toMatchObject({ scanId, maxConnectsPerSecond: 50 })
    await stage.api('POST', `/proofs/${opened.body.id}/cancel`, {})
    await stage.api('PATCH', `/targets/${targetId}`, { maxConnectsPerSecond: 300 })
  })

  test('that lets every address through with the stimulus has its issue closed by the proof', async () => {
    const proof = await proved({ stimulus: true })
    const issue = await issueNow()
    expect(proof).toMatchObject({ verdict: 'proved', closedIssueIds: [issue.id], issueIds: [issue.id] })
    expect(issue).toMatchObject({ state: 'closed', closedBy: proof.id, lastProofId: proof.id })
    expect(await stage.count('outbox', "name = 'issue.resolved'")).toBe(1)
    const output = await stage.api<string>('GET', `/proofs/${proof.id}/output`)
    expect(output.headers.get('content-disposition')).toContain(`${proof.id}.txt`)
    for (const words of ['Portwitness proof', '== Matrix', '127.0.2.1 (nyc-1)', '+ passes', 'Open Port Re-check'])
      expect(output.body).toContain(words)
    expect(output.headers.get('x-content-type-options')).toBe('nosniff')
  })

  test('its addresses are not rested any more: each of them has scanned', async () => {
    const opened = await stage.api<ScanAnswer>('POST', '/scans', { targetId, site: 'fra-1' })
    expect(opened.body.panel.map(({ rested }) => rested)).toEqual([false, false, false, false])
    expect(await prove()).toMatchObject({ status: 409, body: { code: 'scan_running' } })
    await stage.api('POST', `/scans/${opened.body.id}/cancel`, {})
    await stage.tick()
    await play(stage, processes(), hasEnded(stage, opened.body.id))
  })
})

describe('the rate that the owner set holds for all addresses together', () => {
  const told = { seq: 1, observations: [], spans: [], found: [] }
  const rateOf = ({ plan }: LeasedRun) => (plan.kind === 'scan' ? plan.maxConnectsPerSecond : Number.NaN)
  const askAll = async () => (await Promise.all(fleet.map(async (probe) => (await probe.lease()).runs))).flat()
  const holderOf = async ({ runId }: LeasedRun): Promise<Probe> => {
    const row = await stage.env.DB.prepare('SELECT probe_id AS id FROM runs WHERE id = ?').bind(runId).first<Probe>()
    return fleet.find(({ id }) => id === row?.id) as Probe
  }

  test('with the stimulus one goes after the other, however late they ask', async () => {
    const opened = await prove({ stimulus: true })
    stage.pass(900_000)
    const done = new Set<string>()
    for (let turn = 0; turn < 5; turn++) {
      const [run, ...others] = (await askAll()) as [LeasedRun]
      expect(others).toEqual([])
      expect(rateOf(run)).toBe(300)
      // Its time counts from now on.
      expect(run.deadlineAt).toBeGreaterThan(stage.now() + 600_000)
      const probe = await holderOf(run)
      done.add(probe.id)
      await probe.say('result', { ...told, runId: run.runId, epoch: 1, outcome: 'stopped' })
    }
    expect(done.size).toBe(5)
    expect((await readProof(opened.body.id)).state).not.toBe('running')
  })

  test('a place that its holder left is free when that was given up', async () => {
    const opened = await prove({ stimulus: true })
    stage.pass(120_000)
    expect(await askAll()).toHaveLength(1)
    stage.pass(100_000)
    expect(await askAll()).toHaveLength(1)
    await stage.api('POST', `/proofs/${opened.body.id}/cancel`, {})
    stage.pass(250_000)
    await stage.tick()
    expect((await readProof(opened.body.id)).state).toBe('failed')
  })

  test.each([
    { rate: 300, atOnce: 5, each: 60 },
    { rate: 7, atOnce: 5, each: 1 },
    { rate: 3, atOnce: 3, each: 1 },
  ])('without it they share $rate a second: $atOnce at once', async ({ rate, atOnce, each }) => {
    for (const probe of fleet) await probe.lease()
    await stage.api('PATCH', `/targets/${targetId}`, { maxConnectsPerSecond: rate })
    const opened = await prove()
    stage.pass(10_000)
    const runs = await askAll()
    expect(runs.map(rateOf)).toEqual(Array.from({ length: atOnce }, () => each))
    for (const run of runs)
      await (await holderOf(run)).say('result', { ...told, runId: run.runId, epoch: 1, outcome: 'stopped' })
    const rest = await askAll()
    expect(rest).toHaveLength(5 - atOnce)
    for (const run of rest)
      await (await holderOf(run)).say('result', { ...told, runId: run.runId, epoch: 1, outcome: 'stopped' })
    expect((await readProof(opened.body.id)).state).not.toBe('running')
    await stage.api('PATCH', `/targets/${targetId}`, { maxConnectsPerSecond: 300 })
  })

  test('a sweep that would take days is refused, and says why', async () => {
    await stage.api('PATCH', `/targets/${targetId}`, { maxConnectsPerSecond: 1, ports: '1-65535' })
    for (let i = 1; i <= 40; i++)
      await (await enrolProbe(stage, { site: 'per-1', sourceAddress: `127.0.5.${i}` })).lease()
    const refused = await prove({ sites: ['per-1'], stimulus: true })
    expect(refused).toMatchObject({ status: 422, body: { errors: [{ field: 'sites' }] } })
    expect(JSON.stringify(refused.body)).toContain('40 addresses, one after the other at 1 connects per second')
    const { body } = await stage.api<{ items: { id: string; site: string }[] }>('GET', '/probes')
    for (const { id } of body.items.filter(({ site }) => site === 'per-1')) await stage.api('DELETE', `/probes/${id}`)
    await stage.api('PATCH', `/targets/${targetId}`, { maxConnectsPerSecond: 300, ports: '80,3306,8000-8010' })
  })
})

describe('a proof is judged when the last of its runs ends', () => {
  const seenAt = (n: number) => ({
    ...{ n, purpose: 'watch', check: 'tcp', address, port: 80, sight: 'open', at: stage.now(), afterMs: 5 },
  })

  test('and neither at each report nor by each tick; a run that tells too much is ended all the same', async () => {
    for (const probe of fleet) await probe.lease()
    const opened = await prove({ sites: ['nyc-1', 'sgp-1'] })
    const carrier = `scn_${opened.body.id.slice(4)}`
    const probe = fleet[2] as Probe
    stage.pass(2_000)
    const [run] = (await probe.lease()).runs as [LeasedRun]
    const isOverdue = async () =>
      (await overdue(openDb(stage.env.DB), stage.now(), 100)).some(({ id }) => id === carrier)
    expect(await isOverdue()).toBe(false)
    // Reports of the others, however long, are not read.
    const fact = `INSERT INTO facts (tenant_id, scan_id, run_id, epoch, seq, part, at, body)
      SELECT tenant_id, scan_id, ?, 1, 1000 + ?, 0, 0, ? FROM runs WHERE id = ?`
    const add = (runId: string, seq: number, body: string) =>
      stage.env.DB.prepare(fact).bind(runId, seq, body, run.runId).run()
    await add('run_other', 0, 'no JSON')
    const report = { runId: run.runId, epoch: 1, spans: [], found: [] }
    expect((await probe.say('renew', { ...report, seq: 1, observations: [seenAt(1)] })).status).toBe(200)
    await stage.env.DB.prepare("DELETE FROM facts WHERE run_id = 'run_other'").run()
    const long = JSON.stringify({ observations: [], pad: ' '.repeat(1_900_000) })
    for (let i = 0; i < 7; i++) await add(run.runId, i, long)
    expect(await probe.say('renew', { ...report, seq: 2, observations: [seenAt(2)] })).toMatchObject({
      status: 413,
      body: { code: 'too_large' },
    })
    await stage.env.DB.prepare('DELETE FROM facts WHERE scan_id = ? AND seq >= 1000').bind(carrier).run()
    expect(await isOverdue()).toBe(false)
    await stage.api('PATCH', `/probes/${(fleet[3] as Probe).id}`, { drained: true })
    expect(await isOverdue()).toBe(true)
    await stage.tick()
    expect((await readProof(opened.body.id)).state).toBe('finished')
    await stage.api('PATCH', `/probes/${(fleet[3] as Probe).id}`, { drained: false })
  })
})

const bySite = (a: unknown[], b: unknown[]) => {
  const order = ['127.0.1.1', '127.0.1.2', '127.0.2.1', '127.0.4.1', '127.0.3.1']
  return order.indexOf(String(a[0])) - order.indexOf(String(b[0]))
}

describe('what comes in between', () => {
  test('sites narrow a proof, and one that does not scan the target is refused by name', async () => {
    const proof = await proved({ sites: ['nyc-1'] })
    expect(proof.sources.map(({ site }) => site)).toEqual(['nyc-1'])
    expect(await prove({ sites: ['nyc-1', 'mars-1'] })).toMatchObject({
      status: 422,
      body: { errors: [{ field: 'sites.1' }] },
    })
  })

  test('a drained probe is not asked, which leaves its address unproved', async () => {
    const drained = fleet[3] as Probe
    await stage.api('PATCH', `/probes/${drained.id}`, { drained: true })
    const proof = await proved()
    expect(proof).toMatchObject({ verdict: 'incomplete' })
    expect(proof.sources.filter(({ state }) => state !== 'done')).toMatchObject([
      { probeId: drained.id, state: 'offline', cells: [{ word: 'unseen' }, { word: 'unseen' }] },
    ])
    expect(
      await stage.count('runs', `probe_id = '${drained.id}' AND scan_id = '${proof.id.replace('prf_', 'scn_')}'`),
    ).toBe(0)
    await stage.api('PATCH', `/probes/${drained.id}`, { drained: false })
  })

  test('a probe that falls silent for two leases leaves the proof incomplete', async () => {
    const gone = fleet[4] as Probe
    const opened = await prove()
    // It takes its run, and its machine goes away.
    stage.pass(2_000)
    expect((await gone.lease()).runs).toHaveLength(1)
    const others = processes(fleet.filter(({ id }) => id !== gone.id))
    const isAlone = async () =>
      (await readProof(opened.body.id)).sources.filter(({ state }) => state === 'running').length === 1
    await play(stage, others, isAlone, 100)
    stage.pass(60_000)
    await stage.tick()
    expect((await readProof(opened.body.id)).state).toBe('running')
    stage.pass(240_000)
    await stage.tick()
    const proof = await readProof(opened.body.id)
    expect(proof).toMatchObject({ state: 'finished', verdict: 'incomplete' })
    expect(proof.sources.find(({ probeId }) => probeId === gone.id)).toMatchObject({
      state: 'silent',
      cells: [{ word: 'unseen' }, { word: 'unseen' }],
    })
    expect(proof.failing).toEqual([`${gone.sourceAddress} (${gone.site}): its probe fell silent`])
    for (const probe of fleet) await probe.lease()
  })

  test('a result told twice counts once, and another one of the same run is refused', async () => {
    const opened = await prove({ sites: ['nyc-1'] })
    const probe = fleet[2] as Probe
    const [run] = (await probe.lease()).runs as [LeasedRun]
    expect(run).toMatchObject({ kind: 'prove', epoch: 1 })
    expect((await readProof(opened.body.id)).sources[0]?.state).toBe('running')
    const seen = OPEN.map(({ port, check }, i) => ({
      ...{ n: i + 1, purpose: 'recheck', check, address, port, sight: 'open', at: stage.now(), afterMs: 5 },
    }))
    const result = {
      ...{ runId: run.runId, epoch: 1, seq: 1, observations: seen, spans: [], found: [], outcome: 'done' },
      ports: { asked: 2, tested: 2, untested: '' },
      recheck: OPEN.map(({ port }) => ({ address, port, state: 'open' })),
    }
    expect((await probe.say('result', result)).body).toMatchObject({ outcome: 'applied' })
    expect((await probe.say('result', result)).body).toMatchObject({ outcome: 'duplicate' })
    const other = { ...result, recheck: [] }
    expect((await probe.say('result', other)).status).toBe(409)
    expect(await readProof(opened.body.id)).toMatchObject({ state: 'finished', verdict: 'proved' })
  })

  test('a probe may not speak of endpoints that its run does not name', async () => {
    await prove({ sites: ['nyc-1'] })
    const probe = fleet[2] as Probe
    const [run] = (await probe.lease()).runs as [LeasedRun]
    const lies = [
      {
        n: 1,
        purpose: 'watch',
        check: 'tcp',
        address: '127.0.9.41',
        port: 80,
        sight: 'open',
        at: stage.now(),
        afterMs: 5,
      },
    ]
    const report = { runId: run.runId, epoch: 1, seq: 1, observations: lies, spans: [], found: [] }
    expect(await probe.say('renew', report)).toMatchObject({ status: 422, body: { code: 'outside_plan' } })
    // No other probe's, either.
    expect((await (fleet[0] as Probe).say('renew', { ...report, observations: [] })).status).toBe(410)
    await stage.api('PUT', '/kill-switch', { stopped: true })
    await stage.api('PUT', '/kill-switch', { stopped: false })
    stage.pass(60_000)
    await stage.tick()
  })

  test('the kill switch ends a proof within one renewal, and none begins while it is on', async () => {
    const opened = await prove({ stimulus: true })
    const [first] = fleet as [Probe]
    const [run] = (await first.lease()).runs as [LeasedRun]
    expect(run.kind).toBe('prove')
    await stage.api('PUT', '/kill-switch', { stopped: true })
    const report = { runId: run.runId, epoch: 1, seq: 1, observations: [], spans: [], found: [] }
    expect(await first.say('renew', report)).toMatchObject({ status: 200, body: { do: 'stop' } })
    expect((await first.lease({ holding: [{ runId: run.runId, epoch: 1 }] })).stopped).toBe(true)
    await first.say('result', { ...report, seq: 2, outcome: 'stopped' })
    expect(await readProof(opened.body.id)).toMatchObject({
      state: 'failed',
      verdict: null,
      failure: { code: 'stopped' },
    })
    expect(await prove()).toMatchObject({ status: 409, body: { code: 'scanning_stopped' } })
    await stage.api('PUT', '/kill-switch', { stopped: false })
    for (const probe of fleet) expect((await probe.lease()).runs).toEqual([])
  })

  const said = { seq: 1, observations: [], spans: [], found: [] }
  const stoppedBy = async (id: string, [probe, run]: [Probe, LeasedRun]) => {
    // Those who were still to come get nothing, and the one that holds a run is told so.
    for (const other of fleet.filter((one) => one.id !== probe.id)) expect((await other.lease()).runs).toEqual([])
    expect(await probe.say('renew', { ...said, runId: run.runId, epoch: 1 })).toMatchObject({
      status: 200,
      body: { do: 'stop' },
    })
    await probe.say('result', { ...said, seq: 2, runId: run.runId, epoch: 1, outcome: 'stopped' })
    expect(await stage.count('scans', `id = 'scn_${id.slice(4)}' AND state = 'cancelled'`)).toBe(1)
    expect(await stage.count('runs', 'ended_at IS NULL')).toBe(0)
  }
  const begun = async (body: object, id = targetId): Promise<[string, [Probe, LeasedRun]]> => {
    const opened = await prove(body, id)
    expect(opened.status).toBe(202)
    const [first] = fleet as [Probe]
    const [run] = (await first.lease()).runs as [LeasedRun]
    expect(run.kind).toBe('prove')
    return [opened.body.id, [first, run]]
  }

  test('an opt-out stops the proof of its network, whose other addresses never begin', async () => {
    const [id, held] = await begun({ stimulus: true })
    const elsewhere = await stage.api<{ id: string }>('POST', '/opt-outs', { cidr: '127.0.10.0/24' })
    expect((await readProof(id)).state).toBe('running')
    const { body } = await stage.api<{ id: string }>('POST', '/opt-outs', { cidr: '127.0.9.0/24' })
    stage.pass(600_000)
    await stoppedBy(id, held)
    for (const one of [body, elsewhere.body]) await stage.api('DELETE', `/opt-outs/${one.id}`)
  })

  test('an opt-out that came while a scan was being opened stops it at the next tick', async () => {
    const opened = await stage.api<ScanAnswer>('POST', '/scans', { targetId, site: 'fra-1' })
    await stage.env.DB.prepare(
      "INSERT INTO opt_outs (tenant_id, id, cidr, note, created_at) SELECT tenant_id, 'opt_late', ?, null, ? FROM probes LIMIT 1",
    )
      .bind(`${address}/32`, stage.now())
      .run()
    stage.pass(60_000)
    await stage.tick()
    expect((await stage.api<ScanAnswer>('GET', `/scans/${opened.body.id}`)).body.state).toBe('cancelled')
    for (const probe of fleet) expect((await probe.lease()).runs).toEqual([])
    await stage.api('DELETE', '/opt-outs/opt_late')
  })

  test('a target that is removed is touched no more', async () => {
    const { body: doomed } = await stage.api<TargetAnswer>('POST', '/targets', { address, ports: '80,3306' })
    await stage.env.DB.prepare(
      'UPDATE targets SET last_known = (SELECT last_known FROM targets WHERE id = ?) WHERE id = ?',
    )
      .bind(targetId, doomed.id)
      .run()
    const [id, held] = await begun({}, doomed.id)
    expect((await stage.api('DELETE', `/targets/${doomed.id}`)).status).toBe(204)
    stage.pass(600_000)
    await stoppedBy(id, held)
  })

  test('a probe that is drained or revoked before its turn is not waited for', async () => {
    const [drained, , , revoked] = fleet as [Probe, Probe, Probe, Probe]
    const guest = await enrolProbe(stage, { site: 'sgp-1', sourceAddress: '127.0.3.9' })
    for (const probe of [...fleet, guest]) await probe.lease()
    const opened = await prove({ sites: ['fra-1', 'sgp-1'], stimulus: true })
    await stage.api('PATCH', `/probes/${drained.id}`, { drained: true })
    await stage.api('DELETE', `/probes/${guest.id}`)
    await play(stage, processes(fleet.slice(0, 4)), isOver(opened.body.id))
    const proof = await readProof(opened.body.id)
    expect(proof).toMatchObject({ verdict: 'incomplete', closedIssueIds: [] })
    const states = Object.fromEntries(proof.sources.map(({ probeId, state }) => [probeId, state]))
    expect(states).toMatchObject({ [drained.id]: 'stopped', [guest.id]: 'stopped', [revoked.id]: 'done' })
    await stage.api('PATCH', `/probes/${drained.id}`, { drained: false })
  })

  test('a probe that was drained while a proof was being opened has its run ended when it asks', async () => {
    const opened = await prove({ sites: ['nyc-1'] })
    const probe = fleet[2] as Probe
    await stage.env.DB.prepare('UPDATE probes SET drained_at = ? WHERE id = ?').bind(stage.now(), probe.id).run()
    expect((await probe.lease()).runs).toEqual([])
    await stage.tick()
    const proof = await readProof(opened.body.id)
    expect(proof).toMatchObject({ state: 'finished', verdict: 'incomplete', sources: [{ state: 'stopped' }] })
    await stage.api('PATCH', `/probes/${probe.id}`, { drained: false })
  })

  test('an address that opted out is not proved', async () => {
    const { body } = await stage.api<{ id: string }>('POST', '/opt-outs', { cidr: `${address}/32` })
    expect(await prove()).toMatchObject({ status: 422, body: { code: 'opted_out' } })
    await stage.api('DELETE', `/opt-outs/${body.id}`)
  })

  test('proofs are listed, newest first, with a cursor', async () => {
    const first = await stage.api<{ items: ProofAnswer[]; nextCursor: string }>(
      'GET',
      `/proofs?targetId=${targetId}&limit=2`,
    )
    expect(first.body.items).toHaveLength(2)
    const next = await stage.api<{ items: ProofAnswer[] }>(
      'GET',
      `/proofs?targetId=${targetId}&limit=200&cursor=${first.body.nextCursor}`,
    )
    const all = [...first.body.items, ...next.body.items]
    expect(all.length).toBe(await stage.count('scans', `proof is not null AND target_id = '${targetId}'`))
    expect(all.map(({ createdAt }) => createdAt)).toEqual(
      all
        .map(({ createdAt }) => createdAt)
        .toSorted()
        .reverse(),
    )
  })
})
