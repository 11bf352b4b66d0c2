import { beforeAll, describe, expect, test } from 'vitest'
import type { LeasedRun } from '../../schema/wire.ts'
import { openDb } from '../../worker/store/db.ts'
import { overdue } from '../../worker/store/scans.ts'
import { enrolProbe, type Probe } from './support/probes.ts'
import { address, openKnown, PORTS, type Proving } from './support/proving.ts'
import type { Stage } from './support/stage.ts'

let on: Proving
let stage: Stage
let fleet: Probe[]
let targetId: string

beforeAll(async () => {
  on = await openKnown()
  ;({ stage, fleet, targetId } = on)
}, 60_000)

describe('the rate that the owner set holds for all addresses together', () => {
  const told = { seq: 1, observations: [], spans: [], found: [] }
  const rateOf = ({ plan }: LeasedRun) => (plan.kind === 'scan' ? plan.maxConnectsPerSecond : Number.NaN)
  const askAll = async () => (await Promise.all(fleet.map(async (probe) => (await probe.lease()).runs))).flat()
  const holderOf = async ({ runId }: LeasedRun): Promise<Probe> => {
    const row = await stage.env.DB.prepare('SELECT probe_id AS id FROM runs WHERE id = ?').bind(runId).first<Probe>()
    return fleet.find(({ id }) => id === row?.id) as Probe
  }

  test('with the stimulus one goes after the other, however late they ask', async () => {
    const opened = await on.prove({ stimulus: true })
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
    expect((await on.readProof(opened.body.id)).state).not.toBe('running')
  })

  test('a place that its holder left is free when that was given up', async () => {
    const opened = await on.prove({ stimulus: true })
    stage.pass(120_000)
    expect(await askAll()).toHaveLength(1)
    stage.pass(100_000)
    expect(await askAll()).toHaveLength(1)
    await stage.api('POST', `/proofs/${opened.body.id}/cancel`, {})
    stage.pass(250_000)
    await stage.tick()
    expect((await on.readProof(opened.body.id)).state).toBe('failed')
  })

  test.each([
    { rate: 300, atOnce: 5, each: 60 },
    { rate: 7, atOnce: 5, each: 1 },
    { rate: 3, atOnce: 3, each: 1 },
  ])('without it they share $rate a second: $atOnce at once', async ({ rate, atOnce, each }) => {
    for (const probe of fleet) await probe.lease()
    await stage.api('PATCH', `/targets/${targetId}`, { maxConnectsPerSecond: rate })
    const opened = await on.prove()
    stage.pass(10_000)
    const runs = await askAll()
    expect(runs.map(rateOf)).toEqual(Array.from({ length: atOnce }, () => each))
    for (const run of runs)
      await (await holderOf(run)).say('result', { ...told, runId: run.runId, epoch: 1, outcome: 'stopped' })
    const rest = await askAll()
    expect(rest).toHaveLength(5 - atOnce)
    for (const run of rest)
      await (await holderOf(run)).say('result', { ...told, runId: run.runId, epoch: 1, outcome: 'stopped' })
    expect((await on.readProof(opened.body.id)).state).not.toBe('running')
    await stage.api('PATCH', `/targets/${targetId}`, { maxConnectsPerSecond: 300 })
  })

  test('a sweep that would take days is refused, and says why', async () => {
    await stage.api('PATCH', `/targets/${targetId}`, { maxConnectsPerSecond: 1, ports: '1-65535' })
    for (let i = 1; i <= 40; i++)
      await (await enrolProbe(stage, { site: 'per-1', sourceAddress: `127.0.5.${i}` })).lease()
    const refused = await on.prove({ sites: ['per-1'], stimulus: true })
    expect(refused).toMatchObject({ status: 422, body: { errors: [{ field: 'sites' }] } })
    expect(JSON.stringify(refused.body)).toContain('40 addresses, one after the other at 1 connects per second')
    const { body } = await stage.api<{ items: { id: string; site: string }[] }>('GET', '/probes')
    for (const { id } of body.items.filter(({ site }) => site === 'per-1')) await stage.api('DELETE', `/probes/${id}`)
    await stage.api('PATCH', `/targets/${targetId}`, { maxConnectsPerSecond: 300, ports: PORTS })
  })
})

describe('a proof is judged when the last of its runs ends', () => {
  const seenAt = (n: number) => ({
    ...{ n, purpose: 'watch', check: 'tcp', address, port: 80, sight: 'open', at: stage.now(), afterMs: 5 },
  })

  test('and neither at each report nor by each tick; a run that tells too much is ended all the same', async () => {
    for (const probe of fleet) await probe.lease()
    const opened = await on.prove({ sites: ['nyc-1', 'sgp-1', 'sao-1'] })
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
    const early = fleet[4] as Probe
    const [ended] = (await early.lease()).runs as [LeasedRun]
    const result = { runId: ended.runId, epoch: 1, seq: 1, observations: [], spans: [], found: [], outcome: 'stopped' }
    expect((await early.say('result', result)).status).toBe(200)
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
    expect((await on.readProof(opened.body.id)).state).toBe('finished')
    await stage.api('PATCH', `/probes/${(fleet[3] as Probe).id}`, { drained: false })
  })
})

describe('a proof that is larger than a database takes at once', () => {
  const endpoints = Array.from({ length: 64 }, (_, i) => 1_000 + i)
  /** so many more probes of one site, as if each had enrolled; all lie in one range */
  const enrolled = async (addresses: number) => {
    await stage.env.DB.prepare("DELETE FROM probes WHERE site = 'big-1'").run()
    await stage.env.DB.prepare(
      `INSERT INTO probes (tenant_id, id, site, source_address, country, provider, asn, public_key, agent, allow_private, enrolled_at, seen_at)
        SELECT tenant_id, 'prb_big' || json_each.value, 'big-1', '127.0.7.' || json_each.value, country, provider, asn, public_key, agent, 1, enrolled_at, ?
        FROM probes, json_each(?) WHERE probes.id = ?`,
    )
      .bind(stage.now(), JSON.stringify(Array.from({ length: addresses }, (_, i) => i + 1)), fleet[0]?.id)
      .run()
  }

  test('is refused by its number of pairs', async () => {
    await stage.api('POST', '/ranges', { cidr: '127.0.7.0/24', site: 'big-1' })
    await stage.api('PATCH', `/targets/${targetId}`, { ports: '1-65535', sites: ['big-1'] })
    const known = endpoints.map((port) => ({ address, port, check: 'tcp', service: 'unknown', verdict: 'open' }))
    await stage.env.DB.prepare(
      'UPDATE targets SET last_known = json_set(last_known, \'$."fra-1".ports\', json(?)) WHERE id = ?',
    )
      .bind(JSON.stringify(known), targetId)
      .run()
    await enrolled(79)
    const refused = await on.prove({ sites: ['big-1'] })
    expect(refused).toMatchObject({ status: 422, body: { errors: [{ field: 'sites' }] } })
    expect(JSON.stringify(refused.body)).toContain(
      '79 addresses and 64 endpoints make 5056 pairs, more than one proof takes (5000)',
    )
    expect(await stage.count('scans', 'finished_at IS NULL')).toBe(0)
  })

  test('is written whole up to there, though its plans are more than one statement takes', async () => {
    await enrolled(78)
    const opened = await on.prove({ sites: ['big-1'], stimulus: true })
    expect(opened.status).toBe(202)
    expect(opened.body.sources).toHaveLength(78)
    const runs = `scan_id = 'scn_${opened.body.id.slice(4)}'`
    expect(await stage.count('runs', runs)).toBe(78)
    const { bytes } = (await stage.env.DB.prepare(`SELECT sum(length(plan)) AS bytes FROM runs WHERE ${runs}`).first<{
      bytes: number
    }>()) ?? { bytes: 0 }
    expect(bytes).toBeGreaterThan(2_000_000)
    await stage.api('POST', `/proofs/${opened.body.id}/cancel`, {})
    const ended = await on.readProof(opened.body.id)
    expect(ended).toMatchObject({ state: 'failed', failure: { code: 'stopped' } })
    expect(ended.sources.flatMap(({ cells }) => cells)).toHaveLength(78 * 64)
  })
})
