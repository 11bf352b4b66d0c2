/** Threat: a proof that outlives its reason. Proofs are renewed, lapse, and what runs on their strength stops. */
import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { ScanAnswer } from '../../schema/api.ts'
import { type Country, controlOf, DAY, fetchAll, openCountry, prove, serving, tokenOf } from './support/control.ts'

let stage: Country['stage']
let fleet: Country['fleet']
let names: Country['names']
let mine: Country['mine']
let fresh: Country['fresh']
let alive: Country['alive']
let told: Country['told']

beforeAll(async () => {
  ;({ stage, fleet, names, mine, fresh, alive, told } = await openCountry())
}, 120_000)
beforeEach(async () => {
  stage.pass(60_000)
  await alive()
})

describe('a proof is renewed before it ends', { timeout: 400_000 }, () => {
  /** Days pass; each evening cron ticks, and probes come for what is due. Answers how often this target was looked at. */
  async function days(count: number, targetId: string, site: Parameters<typeof fetchAll>[1]): Promise<number> {
    let fetches = 0
    for (let day = 0; day < count; day++) {
      stage.pass(DAY)
      await alive()
      await stage.tick()
      fetches += (await fetchAll(fleet, site)).filter(({ plan }) => plan.targetId === targetId).length
    }
    return fetches
  }

  /** Days in which nothing is due. */
  const quiet = (count: number) => stage.pass(count * DAY)

  test('while the token is served it goes on for ever, at a look a month', async () => {
    const target = await mine.add(fresh())
    await prove(stage, fleet, mine, target.id)
    const token = tokenOf(await mine.read(target.id))
    for (let month = 0; month < 3; month++) {
      quiet(21)
      expect(await days(3, target.id, serving(token))).toBeGreaterThan(0)
    }
    expect((await controlOf(mine, target.id)).state).toBe('proved')
    expect(await stage.count('scans', `target_id = '${target.id}' AND lane = '/control'`)).toBeLessThanOrEqual(4)
    expect(await told(target.address)).toEqual([])
  })

  test('when it is gone its tenant is told once, it lapses after 30 days, and that is told once', async () => {
    const target = await mine.add(fresh())
    await prove(stage, fleet, mine, target.id)
    quiet(22)
    await days(3, target.id, () => ({ status: 404 }))
    expect(await controlOf(mine, target.id)).toMatchObject({ state: 'failing', problem: { code: 'bad_status' } })
    expect(await told(target.address)).toEqual(['failing'])
    const { status } = await mine.scan(target.id)
    expect(status).toBe(202)
    await days(6, target.id, () => ({ status: 404 }))
    expect((await controlOf(mine, target.id)).state).toBe('lapsed')
    // What nobody was there to be told is forgotten after a week.
    expect((await told(target.address)).at(-1)).toBe('lapsed')
    expect(await mine.scan(target.id)).toMatchObject({ status: 422, body: { code: 'unproved_address' } })
    // Nobody asks an address for a token that is not there any more.
    expect(await days(2, target.id, () => ({ status: 404 }))).toBe(0)
    await prove(stage, fleet, mine, target.id)
    expect((await controlOf(mine, target.id)).state).toBe('proved')
  })

  test('a name’s addresses are renewed together, by one look', async () => {
    const addresses = [fresh(), fresh(), fresh()]
    names.addresses['three.example'] = addresses
    const target = await mine.add('three.example')
    await prove(stage, fleet, mine, target.id)
    const { addresses: tasks } = await mine.read(target.id)
    const tokens = new Map(tasks.map(({ address, task }) => [address, task?.content ?? '']))
    const looks = () => stage.count('scans', `target_id = '${target.id}' AND lane = '/control'`)
    const before = await looks()
    const failed = vi.spyOn(console, 'error')
    quiet(22)
    await days(2, target.id, (_, address) => ({ status: 200, text: tokens.get(address) ?? '' }))
    expect(failed.mock.calls.flat().join()).not.toContain('"what":"control"')
    failed.mockRestore()
    expect(await looks()).toBe(before + 1)
    const control = await controlOf(mine, target.id)
    expect(control).toMatchObject({ state: 'proved', problem: null })
    for (const { expiresAt } of control.addresses)
      expect(Date.parse(expiresAt ?? '')).toBeGreaterThan(stage.now() + 27 * DAY)
  })

  test('a look that is under way already is not noted as another, and keeps nobody waiting', async () => {
    const target = await mine.add(fresh())
    await prove(stage, fleet, mine, target.id)
    quiet(23)
    await alive()
    const { status } = await mine.check(target.id)
    expect(status).toBe(202)
    await stage.env.DB.prepare('UPDATE controls SET next_at = 1, asked_at = 7 WHERE target_id = ?')
      .bind(target.id)
      .run()
    await stage.tick()
    const row = await stage.env.DB.prepare(
      'SELECT asked_at AS askedAt, next_at AS nextAt FROM controls WHERE target_id = ?',
    )
      .bind(target.id)
      .first()
    expect(row).toEqual({ askedAt: 7, nextAt: stage.now() + 10 * 60_000 })
    await fetchAll(fleet, serving(tokenOf(await mine.read(target.id))))
    expect((await controlOf(mine, target.id)).state).toBe('proved')
  })

  test('somebody else’s content ends it in a day, after a second look, and stops what runs', async () => {
    const target = await mine.add(fresh())
    await prove(stage, fleet, mine, target.id)
    quiet(22)
    expect(await days(1, target.id, serving('somebody else'))).toBeGreaterThan(0)
    const failing = await controlOf(mine, target.id)
    expect(failing).toMatchObject({ state: 'failing', problem: { code: 'wrong_content' } })
    expect(Date.parse(failing.expiresAt ?? '')).toBeLessThanOrEqual(stage.now() + DAY)
    stage.pass(DAY / 2)
    await alive()
    await stage.tick()
    expect((await fetchAll(fleet, serving('somebody else'))).length).toBeGreaterThan(0)
    stage.pass(DAY / 2 - 300_000)
    await alive()
    const { status, body: scan } = await mine.api<ScanAnswer>('POST', '/scans', { targetId: target.id })
    expect(status).toBe(202)
    stage.pass(300_000)
    await alive()
    await stage.tick()
    expect((await controlOf(mine, target.id)).state).toBe('lapsed')
    await stage.tick()
    expect((await mine.api<ScanAnswer>('GET', `/scans/${scan.id}`)).body.state).toBe('cancelled')
    expect(await told(target.address)).toEqual(['failing', 'lapsed'])
  })

  test('what looks left behind is forgotten in its time', async () => {
    const target = await mine.add(fresh())
    await prove(stage, fleet, mine, target.id)
    const runs = () => stage.count('runs', `kind = 'control' AND plan LIKE '%${target.id}%'`)
    const rows = () => stage.count('scans', `lane = '/control' AND target_id = '${target.id}'`)
    expect([await runs(), await rows()]).toEqual([3, 1])
    await stage.api('PUT', '/retention', { factsDays: 2, rawDays: 2, deliveriesDays: 30 })
    stage.pass(3 * DAY)
    for (let step = 0; step < 12; step++) {
      stage.pass(11 * 60_000)
      await stage.tick()
    }
    expect([await runs(), await rows()]).toEqual([0, 0])
    expect((await controlOf(mine, target.id)).state).toBe('proved')
  })

  test('a target that is gone is looked at no more', async () => {
    const target = await mine.add(fresh())
    await prove(stage, fleet, mine, target.id)
    await mine.api('DELETE', `/targets/${target.id}`)
    quiet(22)
    expect(await days(3, target.id, () => ({ status: 404 }))).toBe(0)
  })
})

describe('an owner who opted out', () => {
  test('is asked for no token, and a look under way stops', async () => {
    const address = fresh()
    const target = await mine.add(address)
    const { body } = await mine.wish(target.id)
    await mine.check(target.id)
    await stage.api('POST', '/opt-outs', { cidr: `${address}/32` })
    expect(await fetchAll(fleet, serving(tokenOf(body)))).toEqual([])
    expect(await stage.count('scans', `target_id = '${target.id}' AND finished_at IS NULL`)).toBe(0)
    expect((await controlOf(mine, target.id)).state).toBe('unproved')
    stage.pass(30_000)
    expect(await mine.check(target.id)).toMatchObject({ status: 422, body: { code: 'opted_out' } })
    expect(await mine.wish(target.id)).toMatchObject({ status: 422, body: { code: 'opted_out' } })
  })

  test('stops what was proved: scans, and the renewal of the proof', async () => {
    const address = fresh()
    const target = await mine.add(address)
    await prove(stage, fleet, mine, target.id)
    const { body: scan } = await mine.api<ScanAnswer>('POST', '/scans', { targetId: target.id })
    await stage.api('POST', '/opt-outs', { cidr: `${address}/32` })
    expect((await mine.api<ScanAnswer>('GET', `/scans/${scan.id}`)).body.state).toBe('cancelled')
    expect(await mine.scan(target.id)).toMatchObject({ status: 422, body: { code: 'opted_out' } })
    stage.pass(24 * DAY)
    await alive()
    await stage.tick()
    expect(await fetchAll(fleet, () => ({ status: 404 }))).toEqual([])
  })
})
