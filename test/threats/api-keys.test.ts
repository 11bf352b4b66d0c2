import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { isKey, makeKey } from '../../schema/key.ts'
import { isSame } from '../../worker/secrets.ts'
import { KEY, openStage, type Stage } from '../worker/support/stage.ts'
import { inOrder, isApi, ROUTES } from './support/routes.ts'

let stage: Stage
const said: string[] = []
beforeAll(async () => {
  stage = await openStage()
})
beforeEach(() => {
  for (const how of ['log', 'info', 'warn', 'error', 'debug'] as const)
    vi.spyOn(console, how).mockImplementation((...words) => void said.push(words.map(String).join(' ')))
})
afterEach(() => vi.restoreAllMocks())

const luck = (count: number) => crypto.getRandomValues(new Uint8Array(count))
const make = async (more: object = {}) =>
  (
    await stage.api<{ key: string; id: string; lastUsedAt: string | null }>('POST', '/keys', {
      name: 'k',
      scope: 'admin',
      ...more,
    })
  ).body

test('each slip of the pen is told without the database: 36 places, every one of them', () => {
  const key = makeKey(luck)
  expect(isKey(key)).toBe(true)
  for (let i = 3; i < key.length; i++)
    for (const other of ['0', 'a', 'Z'].filter((one) => one !== key[i]))
      expect(isKey(`${key.slice(0, i)}${other}${key.slice(i + 1)}`), `${i}`).toBe(false)
  // Two neighbours in the wrong order.
  for (let i = 3; i < key.length - 1; i++)
    if (key[i] !== key[i + 1]) expect(isKey(`${key.slice(0, i)}${key[i + 1]}${key[i]}${key.slice(i + 2)}`)).toBe(false)
})

test('a mistyped key asks the database nothing', async () => {
  stage.queries()
  expect(
    (await stage.api('GET', '/targets', undefined, `${KEY.slice(0, -1)}${KEY.endsWith('a') ? 'b' : 'a'}`)).status,
  ).toBe(401)
  expect(stage.queries()).toBe(0)
})

test('a key is shown once and then nowhere: not in a row, a list, a line of a log, an answer or an error', async () => {
  const { key } = await make()
  const planted = [key, key.slice(3, 33)]
  for (const route of inOrder(ROUTES.filter((one) => isApi(one) && one.method === 'GET' && one.params.length === 0))) {
    const answer = await stage.fetch(route.path, { headers: { authorization: `Bearer ${key}` } })
    const text = new TextDecoder().decode(await answer.arrayBuffer())
    for (const secret of planted) expect(text, route.path).not.toContain(secret)
  }
  const { results } = await stage.env.DB.prepare(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
  ).all<{ name: string }>()
  for (const { name } of results) {
    const rows = JSON.stringify((await stage.env.DB.prepare(`SELECT * FROM ${name}`).all()).results)
    for (const secret of planted) expect(rows.includes(secret), name).toBe(false)
  }
  // A body that is refused, a path that leads nowhere, and a fault of ours.
  const bad = await stage.api('POST', '/targets', { address: key, name: key })
  const nowhere = await stage.fetch(`/api/v1/${key}`, { headers: { authorization: `Bearer ${key}` } })
  expect(`${JSON.stringify(bad.body.errors ?? '')}`).not.toContain(`:"${key}"`)
  expect(await nowhere.text()).not.toContain(key)
  expect(said.join('\n')).not.toContain(key)
})

describe('a key', () => {
  test('notes its last use, seldom: reading costs no write', async () => {
    const { key, id } = await make()
    const line = async () =>
      (await stage.api<{ items: { id: string; lastUsedAt: string | null }[] }>('GET', '/keys')).body.items.find(
        (one) => one.id === id,
      )
    expect((await line())?.lastUsedAt).toBeNull()
    await stage.api('GET', '/targets', undefined, key)
    const first = (await line())?.lastUsedAt
    expect(first).toBe(new Date(stage.now()).toISOString())
    stage.rows()
    for (let i = 0; i < 5; i++) await stage.api('GET', '/targets', undefined, key)
    expect(stage.rows()).toBe(0)
    stage.pass(3_600_001)
    await stage.api('GET', '/targets', undefined, key)
    expect((await line())?.lastUsedAt).not.toBe(first)
  })

  test('ends at its time, and its sessions with it', async () => {
    const { key } = await make({ expiresAt: new Date(stage.now() + 60_000).toISOString() })
    const { body } = await stage.api<{ url: string }>('POST', '/sessions/once', {}, key)
    const first = await stage.fetch(body.url.replace(/^https?:\/\/[^/]+/, ''), { redirect: 'manual' })
    const cookie = (first.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
    expect((await stage.fetch('/api/v1/targets', { headers: { cookie } })).status).toBe(200)
    stage.pass(60_001)
    expect((await stage.api('GET', '/targets', undefined, key)).status).toBe(401)
    expect((await stage.fetch('/api/v1/targets', { headers: { cookie } })).status).toBe(401)
  })

  test('is compared in constant time, whatever its length', () => {
    expect(isSame('abc', 'abc')).toBe(true)
    for (const other of ['abd', 'ab', 'abcd', '']) expect(isSame('abc', other)).toBe(false)
  })
})

test('an old key is not hidden behind newer ones: every live key is on some page', async () => {
  const { body: tenant } = await stage.api<{ id: string; key: string }>('POST', '/tenants', { name: 'Many keys' })
  await stage.env.DB.prepare(
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 620)
      INSERT INTO keys (hash, tenant_id, id, name, hint, scope, created_at)
      SELECT 'many' || i, ?, 'key_many' || printf('%04d', i), 'many', 'pw_', 'read', 1000 + i / 7 FROM n`,
  )
    .bind(tenant.id)
    .run()
  const seen: string[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const after: string = cursor === '' ? '' : `&cursor=${cursor}`
    const page: { items: { id: string }[]; nextCursor: string | null } = (
      await stage.api<{ items: { id: string }[]; nextCursor: string | null }>(
        ...(['GET', `/keys?limit=200${after}`, undefined, tenant.key] as const),
      )
    ).body
    seen.push(...page.items.map(({ id }) => id))
    cursor = page.nextCursor
  }
  expect(new Set(seen).size).toBe(621)
  expect(seen).toHaveLength(621)
  const file = await stage.fetch('/keys?format=csv', { headers: { authorization: `Bearer ${tenant.key}` } })
  expect((await file.text()).split('\n').filter((line) => line.includes('key_many'))).toHaveLength(620)
})
