import { beforeAll, describe, expect, test } from 'vitest'
import type { ScanAnswer, TargetAnswer } from '../../schema/api.ts'
import type { ProofAnswer } from '../../schema/proofApi.ts'
import type { LeasedRun } from '../../schema/wire.ts'
import { enrolProbe, type Probe, play } from './support/probes.ts'
import { address, OPEN, openKnown, type Proving } from './support/proving.ts'
import type { Stage } from './support/stage.ts'

let on: Proving
let stage: Stage
let fleet: Probe[]
let targetId: string

beforeAll(async () => {
  on = await openKnown()
  ;({ stage, fleet, targetId } = on)
}, 60_000)

describe('what comes in between', () => {
  test('sites narrow a proof, and one that does not scan the target is refused by name', async () => {
    const proof = await on.proved({ sites: ['nyc-1'] })
    expect(proof.sources.map(({ site }) => site)).toEqual(['nyc-1'])
    expect(await on.prove({ sites: ['nyc-1', 'mars-1'] })).toMatchObject({
      status: 422,
      body: { errors: [{ field: 'sites.1' }] },
    })
  })

  test('a drained probe is not asked, which leaves its address unproved', async () => {
    const drained = fleet[3] as Probe
    await stage.api('PATCH', `/probes/${drained.id}`, { drained: true })
    const proof = await on.proved()
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
    const opened = await on.prove()
    // It takes its run, and its machine goes away.
    stage.pass(2_000)
    expect((await gone.lease()).runs).toHaveLength(1)
    const others = on.processes(fleet.filter(({ id }) => id !== gone.id))
    const isAlone = async () =>
      (await on.readProof(opened.body.id)).sources.filter(({ state }) => state === 'running').length === 1
    await play(stage, others, isAlone, 100)
    stage.pass(60_000)
    await stage.tick()
    expect((await on.readProof(opened.body.id)).state).toBe('running')
    stage.pass(240_000)
    await stage.tick()
    const proof = await on.readProof(opened.body.id)
    expect(proof).toMatchObject({ state: 'finished', verdict: 'incomplete' })
    expect(proof.sources.find(({ probeId }) => probeId === gone.id)).toMatchObject({
      state: 'silent',
      cells: [{ word: 'unseen' }, { word: 'unseen' }],
    })
    expect(proof.failing).toEqual([`${gone.sourceAddress} (${gone.site}): its probe fell silent`])
    for (const probe of fleet) await probe.lease()
  })

  test('a result told twice counts once, and another one of the same run is refused', async () => {
    const opened = await on.prove({ sites: ['nyc-1'] })
    const probe = fleet[2] as Probe
    const [run] = (await probe.lease()).runs as [LeasedRun]
    expect(run).toMatchObject({ kind: 'prove', epoch: 1 })
    expect((await on.readProof(opened.body.id)).sources[0]?.state).toBe('running')
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
    expect(await on.readProof(opened.body.id)).toMatchObject({ state: 'finished', verdict: 'proved' })
  })

  test('a probe may not speak of endpoints that its run does not name', async () => {
    await on.prove({ sites: ['nyc-1'] })
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
    const opened = await on.prove({ stimulus: true })
    const [first] = fleet as [Probe]
    const [run] = (await first.lease()).runs as [LeasedRun]
    expect(run.kind).toBe('prove')
    await stage.api('PUT', '/kill-switch', { stopped: true })
    const report = { runId: run.runId, epoch: 1, seq: 1, observations: [], spans: [], found: [] }
    expect(await first.say('renew', report)).toMatchObject({ status: 200, body: { do: 'stop' } })
    expect((await first.lease({ holding: [{ runId: run.runId, epoch: 1 }] })).stopped).toBe(true)
    await first.say('result', { ...report, seq: 2, outcome: 'stopped' })
    expect(await on.readProof(opened.body.id)).toMatchObject({
      state: 'failed',
      verdict: null,
      failure: { code: 'stopped' },
    })
    expect(await on.prove()).toMatchObject({ status: 409, body: { code: 'scanning_stopped' } })
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
    const opened = await on.prove(body, id)
    expect(opened.status).toBe(202)
    const [first] = fleet as [Probe]
    const [run] = (await first.lease()).runs as [LeasedRun]
    expect(run.kind).toBe('prove')
    return [opened.body.id, [first, run]]
  }

  test('one that is stopped says so of each address, whether it had begun or not', async () => {
    const [id, [probe, run]] = await begun({ stimulus: true })
    await stage.api('POST', `/proofs/${id}/cancel`, {})
    await probe.say('result', { ...said, runId: run.runId, epoch: 1, outcome: 'stopped' })
    const proof = await on.readProof(id)
    expect(proof).toMatchObject({ state: 'failed', failure: { code: 'stopped' } })
    expect(new Set(proof.sources.map(({ state }) => state))).toEqual(new Set(['stopped']))
    expect(proof.failing.join()).not.toContain('silent')
  })

  test('an opt-out stops the proof of its network, whose other addresses never begin', async () => {
    const [id, held] = await begun({ stimulus: true })
    const elsewhere = await stage.api<{ id: string }>('POST', '/opt-outs', { cidr: '127.0.10.0/24' })
    expect((await on.readProof(id)).state).toBe('running')
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
    const opened = await on.prove({ sites: ['fra-1', 'sgp-1'], stimulus: true })
    await stage.api('PATCH', `/probes/${drained.id}`, { drained: true })
    await stage.api('DELETE', `/probes/${guest.id}`)
    await play(stage, on.processes(fleet.slice(0, 4)), on.isOver(opened.body.id))
    const proof = await on.readProof(opened.body.id)
    expect(proof).toMatchObject({ verdict: 'incomplete', closedIssueIds: [] })
    const states = Object.fromEntries(proof.sources.map(({ probeId, state }) => [probeId, state]))
    expect(states).toMatchObject({ [drained.id]: 'stopped', [guest.id]: 'stopped', [revoked.id]: 'done' })
    await stage.api('PATCH', `/probes/${drained.id}`, { drained: false })
  })

  test('a probe that was drained while a proof was being opened has its run ended when it asks', async () => {
    const opened = await on.prove({ sites: ['nyc-1'] })
    const probe = fleet[2] as Probe
    await stage.env.DB.prepare('UPDATE probes SET drained_at = ? WHERE id = ?').bind(stage.now(), probe.id).run()
    expect((await probe.lease()).runs).toEqual([])
    await stage.tick()
    const proof = await on.readProof(opened.body.id)
    expect(proof).toMatchObject({ state: 'finished', verdict: 'incomplete', sources: [{ state: 'stopped' }] })
    await stage.api('PATCH', `/probes/${probe.id}`, { drained: false })
  })

  test('an address that opted out is not proved', async () => {
    const { body } = await stage.api<{ id: string }>('POST', '/opt-outs', { cidr: `${address}/32` })
    expect(await on.prove()).toMatchObject({ status: 422, body: { code: 'opted_out' } })
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
