/** Threat: who may write fills the log, so that what stops scanning or a stolen key comes too late. */
import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { ScanAnswer, TargetAnswer } from '../../schema/api.ts'
import { type AuditHead, type AuditLine, checkAudit } from '../../schema/audit.ts'
import { audited, MOST_CHANGES } from '../../worker/audited.ts'
import { openDb } from '../../worker/store/db.ts'
import { openFleet, type Probe } from '../worker/support/probes.ts'
import { KEY, openStage, type Stage } from '../worker/support/stage.ts'
import { beside } from './support/beside.ts'

const OPERATORS = 'ten_default'
let stage: Stage
let fleet: Probe[]
let plain: D1Database
beforeAll(async () => {
  stage = await openStage()
  fleet = await openFleet(stage)
  plain = stage.env.DB
}, 60_000)
beforeEach(async () => {
  stage.env.DB = plain
  await stage.tick()
})

/** One line of somebody else's. */
const line = (tenantId = OPERATORS) =>
  audited(openDb(plain), {
    ...{ tenantId, actor: 'key:key_busy', deed: 'POST /api/v1/targets', subject: null, asked: '', now: stage.now() },
  }).settle()

/** A log to which another adds a line before each of ours: whoever must be the next never is. */
const crowded = (d1: D1Database) => beside(d1, /insert into audit /i, () => line())

const linesOf = async (key = KEY): Promise<AuditLine[]> =>
  (await stage.api<string>('GET', '/audit/export', undefined, key)).body
    .split('\n')
    .filter(Boolean)
    .map((text) => JSON.parse(text))
const isWhole = async () => {
  const check = checkAudit()
  const { body } = await stage.api<string>('GET', '/audit/export')
  for (const text of body.split('\n').filter(Boolean)) expect(await check.take(text)).toBeNull()
  expect(check.end((await stage.api<AuditHead>('GET', '/audit/head')).body)).toBeNull()
}
const noted = async (deed: string) => (await linesOf()).filter((one) => one.deed === deed).length

describe('while the log is never free', () => {
  test('the kill switch takes effect, scans stop, and its line follows', async () => {
    const { body: target } = await stage.api<TargetAnswer>('POST', '/targets', { address: '127.0.60.1', ports: '22' })
    for (const probe of fleet) await probe.lease({ capacity: { scan: 0, short: 0, baseline: 0 } })
    const { body: scan } = await stage.api<ScanAnswer>('POST', '/scans', { targetId: target.id })
    stage.env.DB = crowded(plain)
    expect((await stage.api('PUT', '/kill-switch', { stopped: true })).status).toBe(200)
    stage.env.DB = plain
    expect((await stage.api('GET', '/kill-switch')).body).toMatchObject({ stopped: true })
    expect((await stage.api<ScanAnswer>('GET', `/scans/${scan.id}`)).body.state).toBe('cancelled')
    expect(await noted('PUT /api/v1/kill-switch')).toBe(0)
    await stage.tick()
    expect(await noted('PUT /api/v1/kill-switch')).toBe(1)
    expect(await stage.count('audit_waiting')).toBe(0)
    await isWhole()
    await stage.api('PUT', '/kill-switch', { stopped: false })
  })

  test('a key dies at once', async () => {
    const { body: stolen } = await stage.api<{ id: string; key: string }>('POST', '/keys', {
      name: 'x',
      scope: 'write',
    })
    stage.env.DB = crowded(plain)
    expect((await stage.api('DELETE', `/keys/${stolen.id}`)).status).toBe(204)
    stage.env.DB = plain
    expect((await stage.api('GET', '/targets', undefined, stolen.key)).status).toBe(401)
    await stage.tick()
    const [last] = (await linesOf()).filter(({ deed }) => deed === 'DELETE /api/v1/keys/:id')
    expect(last).toMatchObject({
      subject: stolen.id,
      actor: 'key:key_bootstrap',
      before: expect.stringMatching(/^\w{64}$/),
    })
    await isWhole()
  })

  test('and what stops nothing is asked to come again', async () => {
    stage.env.DB = crowded(plain)
    expect(await stage.api('POST', '/opt-outs', { cidr: '127.0.61.0/24' })).toMatchObject({ status: 201 })
    const before = await stage.count('targets')
    expect(await stage.api('POST', '/targets', { address: '127.0.60.9' })).toMatchObject({ status: 503 })
    expect(await stage.count('targets')).toBe(before)
  }, 180_000)
})

test('a line that waits when the Worker dies is numbered by cron, once', async () => {
  const before = await noted('PUT /api/v1/kill-switch')
  const one = audited(openDb(plain), {
    ...{ tenantId: OPERATORS, actor: 'key:key_bootstrap', deed: 'PUT /api/v1/kill-switch', subject: null },
    ...{ asked: '{}', now: stage.now(), urgent: true },
  })
  await one.db.run("UPDATE settings SET value = '0' WHERE name = 'stopped'")
  expect(await stage.count('audit_waiting')).toBe(1)
  await Promise.all([stage.tick(), stage.tick(), stage.tick()])
  expect(await stage.count('audit_waiting')).toBe(0)
  expect(await noted('PUT /api/v1/kill-switch')).toBe(before + 1)
  await isWhole()
})

test('nobody changes, removes or replaces a line that waits', async () => {
  const one = audited(openDb(plain), {
    ...{ tenantId: OPERATORS, actor: 'key:key_evil', deed: 'DELETE /api/v1/keys/:id', subject: null },
    ...{ asked: '{}', now: stage.now(), urgent: true },
  })
  await one.db.run("UPDATE settings SET value = '0' WHERE name = 'stopped'")
  const run = (sql: string) => plain.prepare(sql).run()
  await expect(run("UPDATE audit_waiting SET actor = 'nobody'")).rejects.toThrow('never changes')
  await expect(run('DELETE FROM audit_waiting')).rejects.toThrow('is kept')
  await expect(
    run(
      "INSERT OR REPLACE INTO audit_waiting SELECT tenant_id, id, at, 'nobody', deed, subject, before, asked FROM audit_waiting",
    ),
  ).rejects.toThrow('never changes')
  await one.settle()
  expect(await stage.count('audit_waiting')).toBe(0)
  expect((await linesOf()).at(-1)).toMatchObject({ actor: 'key:key_evil', deed: 'DELETE /api/v1/keys/:id' })
})

test('one tenant has so many changes under way and no more; whoever stops something is not among them', async () => {
  const { body: tenant } = await stage.api<{ key: string }>('POST', '/tenants', { name: 'Busy' })
  const { body: key } = await stage.api<{ id: string }>('POST', '/keys', { name: 'x', scope: 'read' }, tenant.key)
  const many = Array.from({ length: MOST_CHANGES + 20 }, (_, i) =>
    stage.api('POST', '/targets', { address: `127.0.62.${i + 1}` }, tenant.key),
  )
  const revoked = stage.api('DELETE', `/keys/${key.id}`, undefined, tenant.key)
  const statuses = (await Promise.all(many)).map(({ status }) => status)
  expect((await revoked).status).toBe(204)
  expect(new Set(statuses)).toEqual(new Set([201, 503]))
  expect(statuses.filter((status) => status === 201).length).toBe(MOST_CHANGES)
}, 120_000)

describe('signing in', () => {
  const signIn = (key: string) =>
    stage.fetch('/signin', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' },
      body: `key=${key}`,
      redirect: 'manual',
    })
  test('with one key leaves one line in an hour, however often and at once', async () => {
    vi.setSystemTime(stage.now() + 60_000)
    const { body: reader } = await stage.api<{ id: string; key: string }>('POST', '/keys', { name: 'r', scope: 'read' })
    const mine = async () => (await linesOf()).filter(({ actor }) => actor === `key:${reader.id}`).length
    const answers = await Promise.all(Array.from({ length: 10 }, () => signIn(reader.key)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([303]))
    for (let i = 0; i < 20; i++) expect((await signIn(reader.key)).status).toBe(303)
    expect(await mine()).toBe(1)
    stage.pass(3_600_001)
    await signIn(reader.key)
    await signIn(reader.key)
    expect(await mine()).toBe(2)
    await isWhole()
    stage.pass(25 * 3_600_000)
    await stage.tick()
    expect(await stage.count('settings', "name LIKE 'signin:%'")).toBe(0)
  })
})
