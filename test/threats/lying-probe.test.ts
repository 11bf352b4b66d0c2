import { beforeAll, describe, expect, test } from 'vitest'
import type { ScanAnswer, TargetAnswer } from '../../schema/api.ts'
import type { TouchTarget } from '../../schema/wire.ts'
import { hasEnded, type Model, openFleet, openProcess, type Probe, play, readScan } from '../worker/support/probes.ts'
import { openStage, type Stage } from '../worker/support/stage.ts'

let stage: Stage
let fleet: Probe[]
const address = '127.0.70.1'
const shop = '127.0.70.2'
const touch = (port: number, to = address): TouchTarget => ({ address: to, port, check: 'greeting', service: 'mysql' })

interface ProbeLine {
  id: string
  quarantined: boolean
  quarantineReason: string | null
  disagreement: number
}
const probeNow = async (id: string) => (await stage.api<ProbeLine>('GET', `/probes/${id}`)).body
const leasesOf = async (probe: Probe) => (await probe.lease()).runs

/** A scan that runs to its end while each probe says what the model lets it. */
async function scanned(
  targetId: string,
  model: Model,
  open: TouchTarget[],
  scannerProbeId?: string,
): Promise<ScanAnswer> {
  for (const probe of fleet) await probe.lease({ capacity: { scan: 0, short: 0, baseline: 0 } })
  const asked = await stage.api<ScanAnswer>('POST', '/scans', {
    targetId,
    ...(scannerProbeId ? { scannerProbeId } : {}),
  })
  expect(asked.status, JSON.stringify(asked.body)).toBe(202)
  const all = fleet.map((probe) => openProcess(stage, probe, model, { engageMs: 12_000, open }))
  await play(stage, all, hasEnded(stage, asked.body.id))
  return readScan(stage, asked.body.id)
}

let canaryTarget: string
beforeAll(async () => {
  stage = await openStage()
  fleet = await openFleet(stage)
  for (const probe of fleet) await probe.lease()
  for (const [port, expected] of [
    [22, 'open'],
    [81, 'closed'],
  ] as const)
    expect((await stage.api('POST', '/canaries', { address, port, expect: expected })).status).toBe(201)
  const { body } = await stage.api<{ items: TargetAnswer[] }>('GET', `/targets?address=${address}`)
  canaryTarget = body.items[0]?.id ?? ''
}, 60_000)

test('canaries are ordinary targets to a probe: scheduled, with their ports and no mark in the plan', async () => {
  const { body } = await stage.api<TargetAnswer>('GET', `/targets/${canaryTarget}`)
  expect(body).toMatchObject({ ports: '22,81', schedule: '17 * * * *', tags: ['canary'], profile: 'discovery' })
  expect(await stage.api('POST', '/canaries', { address, port: 22, expect: 'closed' })).toMatchObject({ status: 409 })
})

test('honest probes hold nothing against themselves, and cost no row', async () => {
  const honest: Model = (_, { port }) => (port === 22 ? 'open' : 'closed')
  await scanned(canaryTarget, honest, [touch(22)])
  for (const { id } of fleet) expect(await probeNow(id)).toMatchObject({ quarantined: false, disagreement: 0 })
}, 60_000)

describe('a probe that says a closed port is open', () => {
  let liar: Probe
  let before: ScanAnswer
  test('is quarantined by one scan of a canary, whose words say why', async () => {
    liar = fleet[3] as Probe
    // Before anybody knew: a verdict that its words carried.
    const { body: target } = await stage.api<TargetAnswer>('POST', '/targets', { address: shop, ports: '3306' })
    const scanner = fleet[0] as Probe
    const from = stage.now() + 6_000
    const ban: Model = (probe, _, now) => (probe.id === scanner.id && now > from ? 'closed' : 'open')
    before = await scanned(target.id, ban, [touch(3306, shop)], scanner.id)
    expect(before.ports[0]).toMatchObject({ verdict: 'interfered' })
    expect(before.ports[0]?.probes).toContain(liar.id)

    const lie: Model = (probe, { port }) => (port === 22 || probe.id === liar.id ? 'open' : 'closed')
    await scanned(canaryTarget, lie, [touch(22), touch(81)], liar.id)
    const now = await probeNow(liar.id)
    expect(now).toMatchObject({ quarantined: true })
    expect(now.quarantineReason).toContain('127.0.70.1:81 is closed for certain')
    for (const other of fleet.filter((one) => one !== liar)) expect((await probeNow(other.id)).quarantined).toBe(false)
  }, 120_000)

  const toldOf = async (id: string) =>
    (
      await stage.env.DB.prepare(
        "SELECT name, body FROM outbox WHERE name LIKE 'probe.%' AND body LIKE ? ORDER BY at, name",
      )
        .bind(`%${id}%`)
        .all<{ name: string; body: string }>()
    ).results.map(({ name, body }) => ({
      name,
      ...(JSON.parse(body) as { data: { title: string; reason?: string } }).data,
    }))

  test('is told of, once, with the reason', async () => {
    const [notice, ...more] = await toldOf(liar.id)
    expect(more).toEqual([])
    expect(notice).toMatchObject({ name: 'probe.offline', severity: 'error' })
    expect(notice?.title).toBe(`Probe ${liar.sourceAddress} in ${liar.site} is in quarantine`)
    expect(notice?.reason).toContain('127.0.70.1:81 is closed for certain')
  })

  test('is leased nothing, sits on no panel, and the log of deeds says so', async () => {
    const { body: target } = await stage.api<TargetAnswer>('POST', '/targets', { address: '127.0.70.3', ports: '22' })
    const { body: scan } = await stage.api<ScanAnswer>('POST', '/scans', { targetId: target.id })
    expect(scan.panel.map(({ probeId }) => probeId)).not.toContain(liar.id)
    expect(await leasesOf(liar)).toEqual([])
    const refused = await stage.api('POST', '/scans', { targetId: target.id, scannerProbeId: liar.id })
    expect([409, 422]).toContain(refused.status)
    await stage.api('POST', `/scans/${scan.id}/cancel`, {})
    const { body } = await stage.api<{ items: { actor: string; deed: string; subject: string }[] }>(
      'GET',
      '/audit?limit=50',
    )
    expect(body.items).toContainEqual(expect.objectContaining({ actor: 'line', deed: 'quarantine', subject: liar.id }))
  })

  test('carries no verdict any more: what it had carried is judged again without it', async () => {
    expect(await stage.count('scans', `id = '${before.id}' AND doubted_at IS NOT NULL`)).toBe(1)
    await stage.tick()
    expect(await stage.count('scans', 'doubted_at IS NOT NULL')).toBe(0)
    const after = await readScan(stage, before.id)
    expect(after.ports[0]?.probes).not.toContain(liar.id)
    // Three honest ones still say the same.
    expect(after.ports[0]).toMatchObject({ verdict: 'interfered' })
  })

  test('is believed again when its operator says so, with a clean slate', async () => {
    const { body } = await stage.api<ProbeLine>('PATCH', `/probes/${liar.id}`, { quarantined: false })
    expect(body).toMatchObject({ quarantined: false, quarantineReason: null, disagreement: 0 })
    stage.pass(1_000)
    const again = await stage.api<ProbeLine>('PATCH', `/probes/${liar.id}`, { quarantined: true })
    expect(again.body).toMatchObject({ quarantined: true, quarantineReason: 'The operator does not believe it.' })
    stage.pass(1_000)
    await stage.api('PATCH', `/probes/${liar.id}`, { quarantined: false })
    await stage.api('PATCH', `/probes/${liar.id}`, { quarantined: false })
    expect((await toldOf(liar.id)).map(({ name }) => name)).toEqual([
      'probe.offline',
      'probe.online',
      'probe.offline',
      'probe.online',
    ])
  })
})

test('a truth that most deny is no truth: nobody is blamed', async () => {
  const moved: Model = () => 'closed'
  await scanned(canaryTarget, moved, [touch(22)])
  for (const { id } of fleet) expect((await probeNow(id)).quarantined).toBe(false)
}, 60_000)

test('a canary that is gone takes its target along', async () => {
  const { body } = await stage.api<{ items: { id: string }[] }>('GET', '/canaries')
  for (const { id } of body.items) expect((await stage.api('DELETE', `/canaries/${id}`)).status).toBe(204)
  expect((await stage.api('GET', `/targets/${canaryTarget}`)).status).toBe(404)
})
