import { beforeAll, expect, test } from 'vitest'
import { openStage, type Stage } from '../worker/support/stage.ts'
import { changes, isApi, nameOf, ROUTES } from './support/routes.ts'

let stage: Stage
let cookie: string
beforeAll(async () => {
  stage = await openStage()
  const { body } = await stage.api<{ url: string }>('POST', '/sessions/once', {})
  const first = await stage.fetch(body.url.replace(/^https?:\/\/[^/]+/, ''), { redirect: 'manual' })
  const set = first.headers.get('set-cookie') ?? ''
  expect(set).toMatch(/HttpOnly/i)
  expect(set).toMatch(/SameSite=Lax/i)
  expect(set).toMatch(/Secure/i)
  cookie = set.split(';')[0] ?? ''
})

const CHANGING = ROUTES.filter((one) => isApi(one) && changes(one))
const pathOf = (path: string) => path.replace(/:id/g, 'tgt_00000000000000000000').replace(/:\w+/g, 'x')
const from = (method: string, path: string, headers: Record<string, string>) =>
  stage.fetch(pathOf(path), {
    method,
    headers: { cookie, 'content-type': 'application/json', ...headers },
    ...(method === 'DELETE' ? {} : { body: '{}' }),
  })

test.each([
  ['another site', { 'sec-fetch-site': 'cross-site' }],
  ['a sibling of ours', { 'sec-fetch-site': 'same-site' }],
  ['an old browser, from another origin', { origin: 'https://evil.example' }],
  ['an old browser that says nothing', {}],
  ['a sandboxed frame', { origin: 'null' }],
])('a browser led by %s changes nothing, on any route', async (_, headers) => {
  const before = await stage.count('audit')
  for (const route of CHANGING) {
    const answer = await from(route.method, route.path, headers as Record<string, string>)
    expect([answer.status, ((await answer.json()) as { code: string }).code], nameOf(route)).toEqual([403, 'forbidden'])
  }
  expect(await stage.count('audit')).toBe(before)
})

test('our own pages may, by what browsers say of them', async () => {
  const own: Record<string, string>[] = [{ 'sec-fetch-site': 'same-origin' }, { origin: 'https://portwitness.test' }]
  for (const headers of own) {
    const answer = await stage.fetch('/api/v1/targets', {
      method: 'POST',
      headers: { cookie, 'content-type': 'application/json', ...headers },
      body: '{"address":"127.0.0.3"}',
    })
    expect(answer.status).toBe(201)
  }
})

test('reading changes nothing: no GET of the API or the portal writes a row', async () => {
  // The key's last use is noted once an hour, and a tenant's token made when it is first read: had before.
  for (const path of ['/api/v1/targets', '/api/v1/proof-token']) await stage.fetch(path, { headers: { cookie } })
  stage.rows()
  for (const route of ROUTES.filter(
    (one) => !changes(one) && !one.path.startsWith('/probe/') && one.path !== '/signin',
  )) {
    const answer = await stage.fetch(pathOf(route.path), { headers: { cookie }, redirect: 'manual' })
    await answer.arrayBuffer()
    expect(stage.rows(), nameOf(route)).toBe(0)
  }
})
