import { sql } from 'drizzle-orm'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { ScanAnswer, TargetAnswer } from '../../schema/api.ts'
import { CEILING_SCOPES, ceilingsWith, DEFAULT_CEILINGS } from '../../schema/ceilings.ts'
import { brokenBy, forgetSent, readBroken } from '../../worker/store/ceilings.ts'
import { openDb } from '../../worker/store/db.ts'
import { readScan, type Scan } from '../../worker/store/scans.ts'
import { openFleet, type Probe } from '../worker/support/probes.ts'
import { KEY, openStage, type Stage } from '../worker/support/stage.ts'

let stage: Stage
let fleet: Probe[]
beforeAll(async () => {
  stage = await openStage()
  fleet = await openFleet(stage)
})
beforeEach(async () => {
  for (const probe of fleet) await probe.lease({ capacity: { scan: 0, short: 0, baseline: 0 } })
  await stage.api('PUT', '/ceilings', {})
  await stage.env.DB.prepare(
    "UPDATE scans SET finished_at = 1, state = 'cancelled', connects = 0 WHERE finished_at IS NULL",
  ).run()
  await stage.env.DB.prepare('DELETE FROM sent').run()
})

interface Refusal {
  code: string
  detail: string
}
const ceilings = (target: object, more: object = {}) => stage.api('PUT', '/ceilings', { private: { target, ...more } })
let next = 1
const addTarget = async (address: string, more: object = {}, key = KEY) =>
  (await stage.api<TargetAnswer>('POST', '/targets', { address, ports: '22,80', ...more }, key)).body.id
const open = (targetId: string, more: object = {}, key = KEY) =>
  stage.api<ScanAnswer & Refusal>('POST', '/scans', { targetId, ...more }, key)
const rateOf = async (id: string) =>
  (
    await stage.env.DB.prepare('SELECT max_connects_per_second AS rate FROM scans WHERE id = ?')
      .bind(id)
      .first<{ rate: number }>()
  )?.rate
const underWay = () => stage.count('scans', "finished_at IS NULL AND scanner_probe_id <> ''")

describe('a duplicate of a target', () => {
  test('does not multiply its rate: what its owner said it bears holds for all that name the address', async () => {
    const address = `127.0.80.${next++}`
    const [one, two] = [
      await addTarget(address, { maxConnectsPerSecond: 100 }),
      await addTarget(address, { maxConnectsPerSecond: 100 }),
    ]
    expect((await open(one)).status).toBe(202)
    const refused = await open(two)
    expect(refused).toMatchObject({ status: 429, body: { code: 'ceiling_reached' } })
    expect(refused.body.detail).toBe(
      `Scans under way against ${address} use 100 of 100 connects a second; this one needs 100.`,
    )
    expect(refused.headers.get('retry-after')).toBe('30')
  })

  test('of another tenant does not either, and it is not told whose the other is', async () => {
    const address = `127.0.80.${next++}`
    const { body: tenant } = await stage.api<{ id: string; key: string }>('POST', '/tenants', { name: 'Other' })
    const theirs = await addTarget(address, { maxConnectsPerSecond: 1_000 }, tenant.key)
    const mine = await addTarget(address, { maxConnectsPerSecond: 50 })
    expect((await open(mine)).status).toBe(202)
    const refused = await open(theirs, {}, tenant.key)
    expect(refused).toMatchObject({ status: 429, body: { code: 'ceiling_reached' } })
    expect(refused.body.detail).not.toContain('ten_')
    expect(refused.body.detail).not.toContain(mine)
  })

  test('that is due waits in its turn, says why, and begins when the other has ended', async () => {
    const address = `127.0.80.${next++}`
    const first = await open(await addTarget(address, { maxConnectsPerSecond: 100 }))
    const two = await addTarget(address, { maxConnectsPerSecond: 100, schedule: '* * * * *' })
    stage.pass(61_000)
    for (const probe of fleet) await probe.lease({ capacity: { scan: 0, short: 0, baseline: 0 } })
    await stage.tick()
    const [waiting] = (await stage.api<{ items: ScanAnswer[] }>('GET', `/scans?targetId=${two}`)).body.items
    expect(waiting).toMatchObject({ state: 'queued', scanner: null })
    const seen = await stage.api<ScanAnswer & { waitsFor: string }>('GET', `/scans/${waiting?.id}`)
    expect(seen.body.waitsFor).toContain('100 of 100 connects a second')
    await stage.api('PATCH', `/targets/${two}`, { schedule: null })
    await stage.api('POST', `/scans/${first.body.id}/cancel`, {})
    await stage.tick()
    expect((await stage.api<ScanAnswer>('GET', `/scans/${waiting?.id}`)).body.scanner).not.toBeNull()
  })
})

test('twenty that begin at once do not take more than there is: the look and the write are one', async () => {
  await ceilings({ perSecond: 100 }, { network: { perSecond: 350 } })
  const targets = await Promise.all(
    Array.from({ length: 20 }, (_, i) => addTarget(`127.0.81.${i + 1}`, { maxConnectsPerSecond: 100 })),
  )
  const answers = await Promise.all(targets.map((id) => open(id)))
  expect(answers.filter(({ status }) => status === 202).length).toBe(3)
  for (const { status, body } of answers.filter((one) => one.status !== 202))
    expect([status, body.code]).toEqual([429, 'ceiling_reached'])
  expect(await underWay()).toBe(3)
})

test('nor do those of many begin more scans of a network at once than it may have', async () => {
  const most = 128
  const targets = await Promise.all(
    Array.from({ length: most + 6 }, (_, i) => addTarget(`127.0.90.${i + 1}`, { maxConnectsPerSecond: 1 })),
  )
  // A hundred are the most of a tenant, so that two share the network.
  const { body: tenant } = await stage.api<{ key: string }>('POST', '/tenants', { name: 'Neighbour' })
  const theirs = await Promise.all(
    Array.from({ length: 40 }, (_, i) => addTarget(`127.0.90.${i + 1}`, { maxConnectsPerSecond: 1 }, tenant.key)),
  )
  const answers = await Promise.all([
    ...targets.slice(0, 98).map((id) => open(id)),
    ...theirs.map((id) => open(id, {}, tenant.key)),
  ])
  expect(await underWay()).toBeLessThanOrEqual(most)
  expect(answers.filter(({ status }) => status === 202).length).toBe(await underWay())
})

test('a scan that watches while another scanner works sets aside what the watching takes', async () => {
  const connects = async (more: object) => {
    const { body } = await open(await addTarget(`127.0.91.${next++}`, { ports: '1-1000' }), more)
    const row = await stage.env.DB.prepare('SELECT connects FROM scans WHERE id = ?')
      .bind(body.id)
      .first<{ connects: number }>()
    return row?.connects
  }
  // 3 × 1,000 + 2,000, and an hour at the most that the watch makes, 20 a second.
  expect(await connects({})).toBe(5_000)
  expect(await connects({ profile: 'accompany', accompanySeconds: 3_600 })).toBe(5_000 + 72_000)
})

describe.each([
  ['network', '127.0.82.', '127.0.82.'],
  ['tenant', '127.0.83.', '127.0.84.'],
  ['fleet', '127.0.85.', '127.0.86.'],
])('the ceiling of the %s', (scope, here, there) => {
  test('holds a second', async () => {
    await ceilings({}, { [scope]: { perSecond: 150 } })
    expect((await open(await addTarget(`${here}1`, { maxConnectsPerSecond: 100 }))).status).toBe(202)
    const second = await open(await addTarget(`${there}2`, { maxConnectsPerSecond: 100 }))
    expect(second).toMatchObject({ status: 429, body: { code: 'ceiling_reached' } })
    expect((await open(await addTarget(`${there}3`, { maxConnectsPerSecond: 50 }))).status).toBe(202)
  })

  test('holds a day, and what a scan did not use is free when it ends', async () => {
    // Two ports: 3 × 2 + 2,000 are set aside.
    await ceilings({}, { [scope]: { perDay: 3_000 } })
    const first = await open(await addTarget(`${here}11`))
    expect(first.status).toBe(202)
    const second = await open(await addTarget(`${there}12`))
    expect(second).toMatchObject({ status: 429, body: { code: 'ceiling_reached' } })
    expect(second.body.detail).toContain('2,006 of 3,000 connects a day')
    await stage.api('POST', `/scans/${first.body.id}/cancel`, {})
    expect((await open(await addTarget(`${there}13`))).status).toBe(202)
  })
})

test('each address of a name is charged its share of what may be sent', async () => {
  // Four addresses, two ports: 3 × 2 × 4 + 2,000 are set aside, a quarter of that for each.
  const addresses = [1, 2, 3, 4].map((n) => `127.0.${100 + n}.${next}`)
  const { RESOLVER } = stage.env
  stage.env.RESOLVER = { fetch: async () => Response.json({ addresses }) } as unknown as Fetcher
  await ceilings({ perDay: 600 })
  expect((await open(await addTarget('four.example'))).status).toBe(202)
  expect(await open(await addTarget(addresses[0] as string))).toMatchObject({
    status: 429,
    body: { code: 'ceiling_reached', detail: expect.stringContaining('506 of 600 connects a day') },
  })
  // Nor is each of their networks charged for what goes to the others.
  await ceilings({}, { network: { perDay: 600 } })
  expect(await open(await addTarget(addresses[1] as string))).toMatchObject({
    status: 429,
    body: { code: 'ceiling_reached', detail: expect.stringContaining('network 127.0.102.0/24') },
  })
  await stage.env.DB.prepare("UPDATE scans SET finished_at = 1, state = 'cancelled' WHERE finished_at IS NULL").run()
  expect((await open(await addTarget('four-more.example'))).status).toBe(202)
  stage.env.RESOLVER = RESOLVER
})

test('two addresses of a name in one network are charged to it together', async () => {
  const { RESOLVER } = stage.env
  const addresses = ['127.0.110.1', '127.0.110.2', '127.0.111.1', '127.0.112.1']
  stage.env.RESOLVER = { fetch: async () => Response.json({ addresses }) } as unknown as Fetcher
  expect((await open(await addTarget('pair.example'))).status).toBe(202)
  stage.env.RESOLVER = RESOLVER
  // 3 × 2 × 4 + 2,000 are set aside, half of them there.
  await ceilings({}, { network: { perDay: 2_600 } })
  expect((await open(await addTarget('127.0.110.9'))).body.detail).toContain('1,012 of 2,600 connects a day')
  expect((await open(await addTarget('127.0.111.9'))).status).toBe(202)
})

test('what was sent counts for 24 h: by the probe’s word, and never below the facts it told', async () => {
  await ceilings({ perDay: 5_000 })
  const address = `127.0.87.${next++}`
  const target = await addTarget(address)
  const ended = async (connects: number) => {
    const { body: scan } = await open(target, { site: 'fra-1' })
    const scanner = fleet.find(({ id }) => id === scan.scanner?.probeId) as Probe
    const run = (await scanner.lease()).runs.find((one) => one.scanId === scan.id && one.kind === 'scan')
    const facts = { observations: [], spans: [], found: [] }
    await scanner.say('result', {
      ...{ runId: run?.runId, epoch: run?.epoch, seq: 1, ...facts, outcome: 'done', connects },
      ports: { asked: 2, tested: 2, untested: '' },
    })
    await stage.api('POST', `/scans/${scan.id}/cancel`, {})
    return stage.env.DB.prepare('SELECT connects, finished_at AS at FROM scans WHERE id = ?').bind(scan.id).first()
  }
  expect(await ended(4_000)).toMatchObject({ connects: 4_000, at: expect.any(Number) })
  const refused = await open(target)
  expect(refused).toMatchObject({ status: 429, body: { code: 'ceiling_reached' } })
  stage.pass(24 * 3_600_000 + 1_000)
  for (const probe of fleet) await probe.lease({ capacity: { scan: 0, short: 0, baseline: 0 } })
  expect((await open(target)).status).toBe(202)
})

test('no scan is faster than the least of the ceilings', async () => {
  await ceilings({ perSecond: 40 }, { fleet: { perSecond: 30 } })
  const { body } = await open(await addTarget(`127.0.88.${next++}`, { maxConnectsPerSecond: 500 }))
  expect(await rateOf(body.id)).toBe(30)
})

test('the ceilings have defaults, are the operator’s, and a bad one is named', async () => {
  expect((await stage.api('GET', '/ceilings')).body).toEqual(DEFAULT_CEILINGS)
  const { body: tenant } = await stage.api<{ key: string }>('POST', '/tenants', { name: 'Third' })
  expect((await stage.api('GET', '/ceilings', undefined, tenant.key)).status).toBe(403)
  const bad = await stage.api<{ errors: { field: string }[] }>('PUT', '/ceilings', {
    public: { target: { perSecond: 0 } },
  })
  expect(bad).toMatchObject({ status: 422, body: { errors: [{ field: 'public.target.perSecond' }] } })
})

test('what many scans sent is counted to the connect, whichever of their judges comes first', async () => {
  const sent = async (scope: string, what: string) =>
    (
      await stage.env.DB.prepare('SELECT sum(connects) AS sum FROM sent WHERE scope = ? AND what = ?')
        .bind(scope, what)
        .first<{ sum: number | null }>()
    )?.sum ?? 0
  const scans = await Promise.all(
    Array.from(
      { length: 6 },
      async (_, i) => (await open(await addTarget(`127.0.91.${i + 1}`), { site: 'fra-1' })).body,
    ),
  )
  for (const probe of fleet) {
    for (const run of (await probe.lease()).runs.filter(({ kind }) => kind === 'scan')) {
      const facts = { observations: [], spans: [], found: [], ports: { asked: 2, tested: 2, untested: '' } }
      await probe.say('result', {
        runId: run.runId,
        epoch: run.epoch,
        seq: 1,
        ...facts,
        outcome: 'done',
        connects: 100,
      })
    }
  }
  const leased = await stage.count('runs', `kind = 'scan' AND result_token IS NOT NULL AND scan_id IN ${listOf(scans)}`)
  expect(leased).toBeGreaterThan(0)
  await Promise.all([...scans, ...scans].map(({ id }) => stage.api('POST', `/scans/${id}/cancel`, {})))
  for (let n = 0; n < 3; n++) await stage.tick()
  const made = await stage.env.DB.prepare(
    `SELECT sum(connects) AS sum, count(*) AS n FROM scans WHERE finished_at IS NOT NULL AND id IN ${listOf(scans)}`,
  ).first<{ sum: number; n: number }>()
  expect(made?.n).toBe(6)
  expect(made?.sum).toBeGreaterThanOrEqual(100 * leased)
  expect(await sent('fleet', '')).toBe(made?.sum)
  expect(await sent('tenant', 'ten_default')).toBe(made?.sum)
  expect(await sent('network', '127.0.91.0/24')).toBe(made?.sum)
  stage.pass(25 * 3_600_000)
  for (let minute = 0; minute < 60; minute++) await forgetSent(openDb(stage.env.DB), stage.now() + minute * 60_000)
  expect(await stage.count('sent')).toBe(0)
})
const listOf = (scans: readonly { id: string }[]) => `(${scans.map(({ id }) => `'${id}'`).join(', ')})`

test('how many scans there were before costs nothing', async () => {
  const db = openDb(stage.env.DB)
  const { body } = await open(await addTarget(`127.0.92.${next++}`))
  const scan = (await readScan(db, 'ten_default', body.id)) as Scan
  const read = async () => {
    const statement = db.get(sql`SELECT * FROM (${brokenBy({ ...scan, id: 'scn_x' }, DEFAULT_CEILINGS, stage.now())})`)
    const { sql: text, params } = statement.getQuery()
    const { meta } = await stage.env.DB.prepare(text)
      .bind(...params)
      .all()
    return meta.rows_read
  }
  const before = await read()
  const row = await stage.env.DB.prepare('SELECT * FROM scans WHERE id = ?').bind(body.id).first<object>()
  const columns = Object.keys(row ?? {})
  const insert = stage.env.DB.prepare(
    `INSERT INTO scans (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
  )
  const ended = { ...row, finished_at: stage.now(), state: 'finished' }
  await stage.env.DB.batch(
    Array.from({ length: 500 }, (_, n) =>
      insert.bind(...Object.values({ ...ended, id: `scn_old${n}`, target_id: `tgt_${n}` })),
    ),
  )
  expect(await read()).toBeLessThanOrEqual(before + 5)
})

test('a scan costs no row for it', async () => {
  const target = await addTarget(`127.0.89.${next++}`)
  stage.rows()
  await open(target)
  const { results } = await stage.env.DB.prepare('SELECT panel FROM scans ORDER BY created_at DESC LIMIT 1').all()
  // Scan with its three index entries, its runs (two each), the line of the audit log.
  const runs = (JSON.parse(String(results[0]?.panel)) as unknown[]).length
  expect(stage.rows()).toBeLessThanOrEqual(4 + 2 * runs + 1)
})

test('public addresses have ceilings of their own: each of them, a second and a day', async () => {
  const db = openDb(stage.env.DB)
  const { body } = await open(await addTarget(`127.0.90.${next++}`))
  const scan = await readScan(db, 'ten_default', body.id)
  const wanted = { ...scan, id: 'scn_00000000000000000000', isPublic: 1, maxConnectsPerSecond: 2, connects: 2 } as Scan
  expect(await readBroken(db, wanted, DEFAULT_CEILINGS, stage.now())).toBeNull()
  for (const scope of CEILING_SCOPES)
    for (const [unit, ceiling] of [
      ['second', { perSecond: 1 }],
      ['day', { perDay: 1 }],
    ] as const) {
      const broken = await readBroken(db, wanted, ceilingsWith({ public: { [scope]: ceiling } }), stage.now())
      expect(broken).toMatchObject({ scope, unit, used: 0, most: 1 })
    }
})
