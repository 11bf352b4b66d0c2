/** Threat: a tenant that was removed keeps something alive, because a request of its own was under way. */
import { beforeAll, expect, test } from 'vitest'
import { openStage, type Stage } from '../worker/support/stage.ts'
import { beside } from './support/beside.ts'
import { openTenant } from './support/control.ts'

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})

test.each([
  ['a key', 'keys', 'POST', '/keys', { name: 'late', scope: 'admin' }, 'revoked_at IS NULL'],
  ['a target', 'targets', 'POST', '/targets', { address: '127.0.71.1', schedule: '* * * * *' }, 'deleted_at IS NULL'],
  [
    ...['a channel', 'channels', 'POST', '/channels'],
    { kind: 'slack', name: 'late', url: 'https://hooks.slack.com/services/T0/B0/x' },
    '1',
  ],
] as const)('%s that is made while the tenant is removed is not made', async (_, table, method, path, body, lives) => {
  const tenant = await openTenant(stage, 'Going')
  const plain = stage.env.DB
  const remove = async () => {
    stage.env.DB = plain
    expect((await stage.api('DELETE', `/tenants/${tenant.id}`)).status).toBe(204)
  }
  stage.env.DB = beside(plain, new RegExp(`insert into "?${table}`, 'i'), remove)
  const answer = await tenant.api(method, path, body)
  stage.env.DB = plain
  expect(answer).toMatchObject({ status: 404, body: { code: 'not_found', detail: 'This tenant was removed.' } })
  expect(await stage.count(table, `tenant_id = '${tenant.id}' AND ${lives}`)).toBe(0)
})

test('what was left alive of one opens nothing and is never due', async () => {
  const tenant = await openTenant(stage, 'Gone')
  expect((await tenant.api('POST', '/targets', { address: '127.0.72.1', schedule: '* * * * *' })).status).toBe(201)
  await stage.env.DB.prepare('DELETE FROM tenants WHERE id = ?').bind(tenant.id).run()
  expect((await tenant.api('GET', '/targets')).status).toBe(401)
  stage.pass(120_000)
  await stage.tick()
  expect(await stage.count('scans', `tenant_id = '${tenant.id}'`)).toBe(0)
})
