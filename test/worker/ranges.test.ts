/** The life of our ranges through the API, and what it lets probes do. */
import { beforeAll, describe, expect, test } from 'vitest'
import type { ScanAnswer, TargetAnswer } from '../../schema/api.ts'
import type { RangeAnswer, RangeChangeAnswer } from '../../schema/ranges.ts'
import type { LeaseAnswer } from '../../schema/wire.ts'
import { enrolProbe, openFleet, type Probe } from './support/probes.ts'
import { openStage, type Stage } from './support/stage.ts'

const DAY = 24 * 3_600_000
let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})

interface Problem {
  code: string
  detail: string
  errors: { field: string; detail: string }[]
}
const announce = (body: object, key?: string) => stage.api<RangeAnswer & Problem>('POST', '/ranges', body, key)
const move = (id: string, body: object, key?: string) =>
  stage.api<RangeAnswer & Problem>('PATCH', `/ranges/${id}`, body, key)
const log = async () => (await stage.api<{ items: RangeChangeAnswer[] }>('GET', '/ranges/changes?limit=200')).body.items
const at = (ms: number) => new Date(ms).toISOString()
const made = async (body: object) => (await announce(body)).body

describe('a range', () => {
  test('is announced thirty days before its first packet, becomes active by itself, retires and is retired, each a line in the log', async () => {
    const start = stage.now()
    const { status, body: range } = await announce({ cidr: '9.9.8.0/24', site: 'fra-1', country: 'DE' })
    expect(status).toBe(201)
    expect(range).toMatchObject({ cidr: '9.9.8.0/24', state: 'announced', purpose: 'scan', published: true })
    expect(range.activeFrom).toBe(at(start + 30 * DAY))

    stage.pass(29 * DAY)
    await stage.tick()
    expect((await stage.api<RangeAnswer>('GET', `/ranges/${range.id}`)).body.state).toBe('announced')
    stage.pass(DAY)
    await Promise.all([stage.tick(), stage.tick()])
    expect((await stage.api<RangeAnswer>('GET', `/ranges/${range.id}`)).body.state).toBe('active')

    const retiring = await move(range.id, { state: 'retiring' })
    expect(retiring.body).toMatchObject({ state: 'retiring', retireAfter: at(stage.now() + 30 * DAY) })
    stage.pass(30 * DAY)
    await stage.tick()
    await stage.tick()
    expect((await stage.api<RangeAnswer>('GET', `/ranges/${range.id}`)).body).toMatchObject({
      state: 'retired',
      published: false,
    })

    const lines = (await log()).filter((line) => line.range.id === range.id)
    expect(lines.map(({ serial, deed, by }) => [serial, deed, by])).toEqual([
      [4, 'retired', 'clock'],
      [3, 'retiring', 'key_bootstrap'],
      [2, 'active', 'clock'],
      [1, 'announced', 'key_bootstrap'],
    ])
  })

  test('makes no move that its life does not have, and says which it has', async () => {
    const range = await made({ cidr: '9.9.7.0/24', site: 'fra-1' })
    const early = await move(range.id, { state: 'active' })
    expect(early).toMatchObject({ status: 409, body: { code: 'conflict', errors: [{ field: 'state' }] } })
    expect(early.body.detail).toContain('with skipNotice')
    expect((await move(range.id, { state: 'retiring' })).body.detail).toBe(
      'a range that is announced cannot become retiring: it may become active or retired',
    )
    expect((await move(range.id, { state: 'active', skipNotice: true })).body.state).toBe('active')
    for (const state of ['announced', 'retired']) expect((await move(range.id, { state })).status).toBe(409)
    expect((await move(range.id, { retireAfter: at(stage.now() + DAY) })).body.errors).toMatchObject([
      { field: 'retireAfter' },
    ])
    const until = at(stage.now() + 3 * DAY)
    expect((await move(range.id, { state: 'retiring', retireAfter: until })).body.retireAfter).toBe(until)
    expect((await move(range.id, { state: 'retiring', retireAfter: at(stage.now() - DAY) })).status).toBe(409)
    expect((await move(range.id, { state: 'active' })).body).toMatchObject({ state: 'active', retireAfter: null })
    await move(range.id, { state: 'retiring' })
    expect((await move(range.id, { state: 'retired' })).body.state).toBe('retired')
    expect((await move(range.id, { state: 'active' })).status).toBe(409)
    expect((await move(range.id, { state: 'announced' })).body).toMatchObject({
      state: 'announced',
      activeFrom: at(stage.now() + 30 * DAY),
    })
    expect((await move('rng_none000000', { state: 'active' })).status).toBe(404)
  })

  test('keeps its notice when its day is moved, unless those who must know do already', async () => {
    const soon = { cidr: '9.9.6.0/24', site: 'fra-1', activeFrom: at(stage.now() + 3 * DAY) }
    expect(await announce(soon)).toMatchObject({ status: 409, body: { errors: [{ field: 'activeFrom' }] } })
    const range = (await announce({ ...soon, activeFrom: at(stage.now() + 60 * DAY) })).body
    expect((await move(range.id, { activeFrom: at(stage.now() + 20 * DAY) })).status).toBe(409)
    expect((await move(range.id, { activeFrom: at(stage.now() + 40 * DAY) })).body.activeFrom).toBe(
      at(stage.now() + 40 * DAY),
    )
    expect((await move(range.id, { activeFrom: at(stage.now() + 2 * DAY), skipNotice: true })).body).toMatchObject({
      state: 'announced',
      activeFrom: at(stage.now() + 2 * DAY),
    })
    expect((await announce({ cidr: '9.9.5.0/24', site: 'fra-1', activeFrom: '2026-02-31T25:00:00Z' })).status).toBe(422)
  })

  test('that was corrected without a change of its state says so; one that stayed as it was says nothing', async () => {
    const range = await made({ cidr: '9.9.4.0/24', site: 'fra-1', skipNotice: true })
    const lines = (await log()).length
    await move(range.id, { country: 'DE', provider: 'Main Hosting' })
    await move(range.id, { country: 'DE' })
    await move(range.id, {})
    const [last] = await log()
    expect((await log()).length).toBe(lines + 1)
    expect(last).toMatchObject({ deed: 'changed', range: { country: 'DE', provider: 'Main Hosting', state: 'active' } })
  })

  test.each([
    ['9.9.3.1/24', 'invalid', 'write 9.9.3.0/24'],
    ['9.09.3.0/24', 'invalid', 'octal'],
    ['9.0.0.0/7', 'invalid', 'host'],
    ['0.0.0.0/0', 'invalid', 'wider than /8'],
    ['fe80::1%eth0/128', 'invalid', 'zone'],
    ['::ffff:9.9.9.0/120', 'invalid', 'as IPv4'],
    ['224.0.0.0/24', 'special', 'multicast'],
    ['192.0.0.0/8', 'special', 'not public'],
    ['2001:db8::/48', 'special', 'documentation'],
    ['9.9.4.0/25', 'conflict', 'lies in 9.9.4.0/24'],
    ['9.9.4.0/23', 'conflict', 'holds 9.9.4.0/24'],
    ['9.9.4.0/24', 'conflict', 'already, and active'],
  ])('%s is refused as %s: %s', async (cidr, code, why) => {
    const { status, body } = await announce({ cidr, site: 'fra-1' })
    expect([status, body.code]).toEqual([code === 'conflict' ? 409 : 422, code])
    expect(body.errors[0]).toMatchObject({ field: 'cidr' })
    if (why !== 'host') expect(body.errors[0]?.detail).toContain(why)
  })

  test('of private addresses is active at once and never published', async () => {
    expect((await announce({ cidr: '10.20.0.0/16', site: 'lab' })).body).toMatchObject({
      state: 'active',
      published: false,
    })
    for (const path of [
      '/ip-ranges.json',
      '/ip-ranges.txt',
      '/ips-v4',
      '/ip-ranges.atom',
      '/ip-ranges/versions',
      '/ranges',
    ])
      expect(await (await stage.fetch(path)).text(), path).not.toContain('10.20.0.0')
  })

  test('is changed by the operator alone; other tenants see what anybody sees', async () => {
    const { body: other } = await stage.api<{ key: string }>('POST', '/tenants', { name: 'Other' })
    const range = await made({ cidr: '9.9.2.0/24', site: 'fra-1' })
    const hidden = await made({ cidr: '10.21.0.0/16', site: 'lab' })
    expect((await announce({ cidr: '9.9.1.0/24', site: 'x' }, other.key)).status).toBe(403)
    expect((await move(range.id, { state: 'retired' }, other.key)).status).toBe(403)
    expect((await stage.api('GET', '/ranges/changes', undefined, other.key)).status).toBe(403)
    const seen = await stage.api<{ items: RangeAnswer[] }>('GET', '/ranges', undefined, other.key)
    expect(seen.body.items.map(({ id }) => id)).toContain(range.id)
    expect(seen.body.items.every(({ published }) => published)).toBe(true)
    expect((await stage.api('GET', `/ranges/${hidden.id}`, undefined, other.key)).status).toBe(404)
  })

  test('changed by many at once is changed one after the other, and no number is used twice', async () => {
    const before = (await log())[0]?.serial ?? 0
    const answers = await Promise.all([1, 2, 3].map((i) => announce({ cidr: `9.8.${i}.0/24`, site: 'fra-1' })))
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201])
    const twice = await Promise.all([1, 2].map(() => announce({ cidr: '9.8.9.0/24', site: 'fra-1' })))
    expect(twice.map(({ status }) => status).sort()).toEqual([201, 409])
    expect((await log()).slice(0, 4).map(({ serial }) => serial)).toEqual([4, 3, 2, 1].map((n) => before + n))
  })
})

describe('a probe that is enrolled', () => {
  const enrolment = (body: object) =>
    stage.api<{ token: string; range: { cidr: string; state: string } } & Problem>('POST', '/probes/enrolments', body)

  test('in a range that is known is part of it, and else has one of its own', async () => {
    await made({ cidr: '9.7.0.0/24', site: 'ams-1', skipNotice: true })
    const lines = (await log()).length
    expect((await enrolment({ site: 'ams-1', sourceAddress: '9.7.0.8' })).body.range).toMatchObject({
      cidr: '9.7.0.0/24',
      state: 'active',
    })
    expect((await log()).length).toBe(lines)
    expect((await enrolment({ site: 'ams-1', sourceAddress: '9.7.1.8' })).body.range).toMatchObject({
      cidr: '9.7.1.8/32',
      state: 'announced',
    })
    expect((await enrolment({ site: 'nyc-1', sourceAddress: '9.7.0.9' })).body).toMatchObject({
      code: 'conflict',
      errors: [{ field: 'site' }],
    })
  })

  test('with a range that is allowlisted already needs no notice', async () => {
    await made({ cidr: '9.7.2.0/24', site: 'ams-1' })
    const { body } = await enrolment({ site: 'ams-1', sourceAddress: '9.7.2.2', rangeActive: true })
    expect(body.range).toMatchObject({ cidr: '9.7.2.0/24', state: 'active' })
  })

  test('cannot be where only notices come from', async () => {
    await made({ cidr: '9.7.3.0/24', site: 'ams-1', purpose: 'webhook', skipNotice: true })
    expect(await enrolment({ site: 'ams-1', sourceAddress: '9.7.3.3' })).toMatchObject({
      status: 409,
      body: { errors: [{ field: 'sourceAddress' }] },
    })
  })

  test('beside a whole fleet in the same second has its range, and so has each of the others', async () => {
    const enrolled = await Promise.all(
      Array.from({ length: 16 }, (_, i) =>
        stage.api('POST', '/probes/enrolments', { site: 'war-1', sourceAddress: `9.20.${i}.1`, rangeActive: true }),
      ),
    )
    expect(enrolled.map(({ status }) => status)).toEqual(Array(16).fill(201))
    const { body } = await stage.api<{ items: RangeAnswer[] }>('GET', '/ranges')
    expect(body.items.filter(({ site }) => site === 'war-1')).toHaveLength(16)
  })
})

describe('a range for notices', () => {
  test('becomes one for scans after thirty days of notice, or by a word that skips it, and the log says what is to be done', async () => {
    const range = await made({ cidr: '9.5.0.0/24', site: 'ams-1', purpose: 'webhook', skipNotice: true })
    const refused = await move(range.id, { purpose: 'scan' })
    expect(refused).toMatchObject({ status: 409, body: { code: 'conflict', errors: [{ field: 'purpose' }] } })
    expect((await stage.api<RangeAnswer>('GET', `/ranges/${range.id}`)).body.purpose).toBe('webhook')
    const { body } = await move(range.id, { purpose: 'scan', skipNotice: true })
    expect(body).toMatchObject({ purpose: 'scan', state: 'active', announcedAt: at(stage.now()) })
    expect((await log())[0]).toMatchObject({ deed: 'repurposed', range: { id: range.id, purpose: 'scan' } })
    const feed = await (await stage.fetch('/ip-ranges.feed.json')).text()
    expect(feed).toContain('9.5.0.0/24 at ams-1: now for scans')
    await move(range.id, { state: 'retiring' })
    await move(range.id, { state: 'retired' })
  })

  test('makes no allowlist outdated before it is for scans', async () => {
    const { body: target } = await stage.api<TargetAnswer>('POST', '/targets', { address: '9.4.4.4', sites: ['rix-1'] })
    await stage.env.DB.prepare('UPDATE targets SET proved_at = ? WHERE id = ?').bind(stage.now(), target.id).run()
    const outdated = async () => {
      stage.pass(DAY)
      await stage.tick()
      const sql = 'SELECT outdated_by AS list FROM targets WHERE id = ?'
      const row = await stage.env.DB.prepare(sql).bind(target.id).first<{ list: string }>()
      return (JSON.parse(row?.list ?? '[]') as { cidr: string }[]).map(({ cidr }) => cidr)
    }
    stage.pass(1_000)
    const range = await made({ cidr: '9.4.0.0/30', site: 'rix-1', purpose: 'webhook', skipNotice: true })
    expect(await outdated()).toEqual([])
    await move(range.id, { purpose: 'recheck', skipNotice: true })
    expect(await outdated()).toEqual(['9.4.0.0/30'])
  })
})

describe('a range that is used at once', () => {
  test('is missing from an allowlist that was proved the same day, and is told within a tick', async () => {
    const { body: target } = await stage.api<TargetAnswer>('POST', '/targets', { address: '9.4.4.5', sites: ['tll-1'] })
    stage.pass(1_000)
    await stage.env.DB.prepare('UPDATE targets SET proved_at = ? WHERE id = ?').bind(stage.now(), target.id).run()
    const outdated = async () => {
      stage.pass(60_000)
      await stage.tick()
      const { body } = await stage.api<TargetAnswer>('GET', `/targets/${target.id}`)
      return body.allowlistOutdatedBy.map(({ cidr }) => cidr)
    }
    expect(await outdated()).toEqual([])
    await made({ cidr: '9.4.1.0/30', site: 'tll-1', skipNotice: true })
    expect(await outdated()).toEqual(['9.4.1.0/30'])
    const told = `name = 'allowlist.outdated' AND body LIKE '%9.4.1.0/30%'`
    expect(await stage.count('outbox', told)).toBe(1)
    // One whose notice is cut short, too; nobody is told twice of the first.
    const range = await made({ cidr: '9.4.2.0/30', site: 'tll-1' })
    expect(await outdated()).toEqual(['9.4.1.0/30', '9.4.2.0/30'])
    await move(range.id, { state: 'active', skipNotice: true })
    expect(await outdated()).toEqual(['9.4.1.0/30', '9.4.2.0/30'])
    const { body } = await stage.api<TargetAnswer>('GET', `/targets/${target.id}`)
    expect(Date.parse(body.allowlistOutdatedBy[1]?.from ?? '')).toBeLessThan(stage.now())
    expect(await stage.count('outbox', told)).toBe(1)
  })
})

describe('a probe', () => {
  let range: RangeAnswer
  let probe: Probe
  let targetId: string
  const scan = () => stage.api<ScanAnswer & Problem>('POST', '/scans', { targetId, scannerProbeId: probe.id })
  const runsIn = (answer: LeaseAnswer) => answer.runs.map(({ kind }) => kind)

  beforeAll(async () => {
    await openFleet(stage)
    range = await made({ cidr: '9.6.0.0/24', site: 'waw-1' })
    probe = await enrolProbe(stage, { site: 'waw-1', sourceAddress: '9.6.0.6' })
    await probe.lease({ capacity: { scan: 0, short: 0, baseline: 0 } })
    targetId = (await stage.api<TargetAnswer>('POST', '/targets', { address: '127.0.66.1', ports: '22' })).body.id
  })

  test('in an announced range is told so, and scans nothing', async () => {
    const { standing } = await probe.lease()
    expect(standing).toMatchObject({ range: '9.6.0.0/24', state: 'announced', scans: false, looks: false })
    const { status, body } = await scan()
    expect([status, body.code]).toEqual([409, 'no_probe'])
    expect(body.detail).toContain('may not scan: 9.6.0.6 lies in 9.6.0.0/24, which is announced and not used before')
  })

  test('scans once its range is active, and goes on while it retires, to its last day and no longer', async () => {
    await move(range.id, { state: 'active', skipNotice: true })
    await move(range.id, { state: 'retiring', retireAfter: at(stage.now() + 3_600_000) })
    expect((await scan()).status).toBe(202)
    const leased = await probe.lease()
    expect(leased.standing).toMatchObject({ state: 'retiring', scans: true, until: stage.now() + 3_600_000 })
    expect(runsIn(leased)).toContain('scan')
    const run = leased.runs.find(({ kind }) => kind === 'scan')
    const renew = (seq: number) =>
      probe.say<{ do: string }>('renew', {
        runId: run?.runId,
        epoch: run?.epoch,
        seq,
        observations: [],
        spans: [],
        found: [],
      })
    expect((await renew(1)).body.do).toBe('continue')
    // No tick of cron in between: the day itself is enough.
    for (let i = 0; i < 72; i++) {
      stage.pass(50_000)
      if (i < 71) await renew(i + 2)
    }
    stage.pass(1_000)
    expect((await renew(100)).body.do).toBe('stop')
    expect((await probe.lease()).standing).toMatchObject({ state: 'retired', scans: false })
  })

  test('whose range ends before it came for its scan gets none, and the scan fails with the reason', async () => {
    await stage.tick()
    await move(range.id, { state: 'announced' })
    await move(range.id, { state: 'active', skipNotice: true })
    await probe.lease()
    const other = (await stage.api<TargetAnswer>('POST', '/targets', { address: '127.0.66.2', ports: '22' })).body.id
    const { body: opened } = await stage.api<ScanAnswer>('POST', '/scans', {
      targetId: other,
      scannerProbeId: probe.id,
    })
    await move(range.id, { state: 'retiring' })
    await move(range.id, { state: 'retired' })
    expect(runsIn(await probe.lease())).toEqual([])
    await stage.tick()
    expect((await stage.api<ScanAnswer>('GET', `/scans/${opened.id}`)).body).toMatchObject({
      state: 'failed',
      failure: { code: 'range_inactive', detail: '9.6.0.6 lies in no range that is announced or active.' },
    })
  })

  test('in a range for second looks watches for others, and never scans', async () => {
    await made({ cidr: '9.6.1.0/24', site: 'osl-1', purpose: 'recheck', skipNotice: true })
    const onlooker = await enrolProbe(stage, { site: 'osl-1', sourceAddress: '9.6.1.1' })
    expect((await onlooker.lease()).standing).toMatchObject({ looks: true, scans: false })
    const asked = await stage.api<Problem>('POST', '/scans', { targetId, site: 'osl-1' })
    expect(asked.body.detail).toContain('no scan comes from it')
  })
})
