/** Threat: somebody has a copy of a session's cookie. Who signs out ends the session itself, and who may not sign in fills no table. */

import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { keyringOf } from '../../worker/seal.ts'
import { mac, sha256 } from '../../worker/secrets.ts'
import { MOST_ENDED } from '../../worker/store/sessions.ts'
import { KEY, openStage, type Stage } from '../worker/support/stage.ts'
import { beside } from './support/beside.ts'

const HOUR = 3_600_000
let stage: Stage
let reader: { id: string; key: string }
let plain: D1Database
beforeAll(async () => {
  stage = await openStage()
  plain = stage.env.DB
  reader = (await stage.api<typeof reader>('POST', '/keys', { name: 'reader', scope: 'read' })).body
})
beforeEach(async () => {
  stage.env.DB = plain
  stage.pass(13 * HOUR)
  await stage.tick()
  expect(await stage.count('ended_sessions')).toBe(0)
})

const FORM = { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' }
const cookieOf = (answer: Response) => answer.headers.get('set-cookie')?.split(';')[0] ?? ''
const post = (path: string, cookie = '', fields: Record<string, string> = {}) =>
  stage.fetch(path, {
    method: 'POST',
    redirect: 'manual',
    headers: { ...FORM, cookie },
    body: new URLSearchParams(fields),
  })
const signIn = async (key: string, cookie = '') => cookieOf(await post('/signin', cookie, { key }))
const opens = async (cookie: string) => {
  const page = await stage.fetch('/settings', { redirect: 'manual', headers: { cookie } })
  const api = await stage.fetch('/api/v1/targets', { headers: { cookie } })
  expect([page.status, api.status]).toEqual(page.status === 200 ? [200, 200] : [303, 401])
  return page.status === 200
}
const ended = () => stage.count('ended_sessions')
const linesOf = async (deed: string) =>
  (await stage.api<string>('GET', '/audit/export')).body
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as { deed: string; actor: string })
    .filter((line) => line.deed === deed)

describe.each(['a stored key', 'the key of the first start'])('of %s', (which) => {
  const key = () => (which === 'a stored key' ? reader.key : KEY)

  test('who signs out ends the session, whoever has its cookie; others of the key go on', async () => {
    const [mine, another] = [await signIn(key()), await signIn(key())]
    expect(mine).not.toBe(another)
    expect([await opens(mine), await opens(another)]).toEqual([true, true])
    const out = await post('/signout', mine)
    expect([out.status, out.headers.get('location')]).toEqual([303, '/signin'])
    expect(out.headers.get('set-cookie')).toContain('Max-Age=0')
    expect([await opens(mine), await opens(another)]).toEqual([false, true])
    expect(await ended()).toBe(1)
  })

  test('signing out twice, late, or with a cookie of one’s own making stores nothing', async () => {
    const mine = await signIn(key())
    await post('/signout', mine)
    const [, tenantId = '', keyId = '', expires = '', luck = '', seal = ''] = mine.split(/[=.]/)
    const forged = (...parts: string[]) => `portwitness_session=${parts.join('.')}`
    const later = String(Number(expires) + HOUR)
    for (const cookie of [
      mine,
      '',
      'portwitness_session=',
      forged(
        tenantId,
        keyId,
        expires,
        luck,
        seal.replace(/./, (it) => (it === '0' ? '1' : '0')),
      ),
      forged(tenantId, keyId, later, luck, seal),
      forged(tenantId, keyId, expires, seal),
      forged(tenantId, 'key_nobody', expires, luck, seal),
      forged('ten_nobody', keyId, expires, luck, seal),
    ])
      for (const path of ['/signout', '/signout/everywhere']) expect((await post(path, cookie)).status).toBe(303)
    const old = await signIn(key())
    expect(await ended()).toBe(1)
    stage.pass(12 * HOUR)
    expect((await post('/signout', old)).status).toBe(303)
    expect(await ended()).toBe(1)
    await stage.tick()
    expect(await ended()).toBe(0)
  })

  test('who signs out everywhere ends all of the key so far and its links, and those of no other key', async () => {
    const [mine, another, others] = [
      await signIn(key()),
      await signIn(key()),
      await signIn(key() === KEY ? reader.key : KEY),
    ]
    const link = async () =>
      (await stage.api<{ url: string }>('POST', '/sessions/once', {})).body.url.replace(/^https?:\/\/[^/]+/, '')
    const made = await link()
    await post('/signout', another)
    stage.pass(1_000)
    expect((await post('/signout/everywhere', mine)).status).toBe(303)
    // One row speaks for all of them.
    expect(await ended()).toBe(1)
    expect([await opens(mine), await opens(another), await opens(others)]).toEqual([false, false, true])
    expect((await stage.fetch(made, { redirect: 'manual' })).status).toBe(key() === KEY ? 401 : 303)
    stage.pass(1_000)
    const anew = await signIn(key())
    expect(await opens(anew)).toBe(true)
    await post('/signout', anew)
    expect(await opens(anew)).toBe(false)
    expect((await stage.fetch(await link(), { redirect: 'manual' })).status).toBe(303)
  })

  test('who signs in anew in the same browser leaves no session behind', async () => {
    const before = await signIn(key())
    const after = await signIn(key(), before)
    expect([await opens(before), await opens(after)]).toEqual([false, true])
  })

  test('whoever may only sign in and out again and again fills neither the table nor the log', async () => {
    const mine = await signIn(key())
    const [, tenantId, keyId, expires] = mine.split(/[=.]/)
    await plain
      .prepare('INSERT INTO ended_sessions SELECT ?, ?, value, ? FROM json_each(?)')
      .bind(tenantId, keyId, Number(expires), JSON.stringify(Array.from({ length: MOST_ENDED }, (_, i) => `x${i}`)))
      .run()
    const before = (await linesOf('POST /signout')).length
    expect(await opens(mine)).toBe(true)
    stage.pass(1_000)
    const later = await signIn(key())
    await post('/signout', mine)
    expect([await opens(mine), await opens(later)]).toEqual([false, true])
    expect(await ended()).toBe(1)
    for (let i = 0; i < 5; i++) await post('/signout', await signIn(key()))
    expect(await ended()).toBe(6)
    expect((await linesOf('POST /signout')).length - before).toBe(1)
  })
})

test('each way out leaves a line of the log, which says whose session it was', async () => {
  const before = [(await linesOf('POST /signout')).length, (await linesOf('POST /signout/everywhere')).length]
  await post('/signout', await signIn(reader.key))
  await post('/signout/everywhere', await signIn(reader.key))
  const [out, everywhere] = [await linesOf('POST /signout'), await linesOf('POST /signout/everywhere')]
  expect([out.length, everywhere.length]).toEqual(before.map((count) => count + 1))
  expect([out.at(-1)?.actor, everywhere.at(-1)?.actor]).toEqual(Array(2).fill(`session:${reader.id}`))
})

test('a session ends at once, also while the log is never free', async () => {
  const mine = await signIn(reader.key)
  stage.env.DB = beside(plain, /insert into audit /i, async () => {
    throw new Error('UNIQUE constraint failed: audit.tenant_id, audit.seq')
  })
  expect((await post('/signout', mine)).status).toBe(303)
  stage.env.DB = plain
  expect(await opens(mine)).toBe(false)
  const before = (await linesOf('POST /signout')).length
  await stage.tick()
  expect((await linesOf('POST /signout')).length).toBe(before + 1)
})

test('that it was not ended costs no query beside that for its key', async () => {
  const cookie = await signIn(reader.key)
  const queriesOf = async (headers: Record<string, string>) => {
    stage.queries()
    expect((await stage.fetch('/api/v1/targets', { headers })).status).toBe(200)
    return stage.queries()
  }
  const byKey = { authorization: `Bearer ${reader.key}` }
  await queriesOf(byKey)
  expect(await queriesOf({ cookie })).toBe(await queriesOf(byKey))
})

test('who reads the hash of a key in a backup can make no session of it, and none is longer than ours are', async () => {
  const hash = await sha256(reader.key)
  const cookie = async (hours: number, mark: (text: string) => Promise<string>) => {
    const text = ['ten_default', reader.id, stage.now() + hours * HOUR, 'aa'].join('.')
    return `portwitness_session=${text}.${await mark(text)}`
  }
  expect(await opens(await cookie(1, (text) => mac(hash, text)))).toBe(false)
  const secret = keyringOf(stage.env.CHANNEL_KEY)
  const ours = async (text: string) => (await secret?.mark('session of the portal', `${hash} ${text}`)) ?? ''
  expect(await opens(await cookie(12, ours))).toBe(true)
  expect(await opens(await cookie(13, ours))).toBe(false)
})

test('the settings offer it to whoever has a session', async () => {
  const page = async (headers: Record<string, string>) => (await stage.fetch('/settings', { headers })).text()
  expect(await page({ cookie: await signIn(reader.key) })).toContain('action="/signout/everywhere"')
  expect(await page({ authorization: `Bearer ${reader.key}` })).not.toContain('/signout/everywhere')
  const strange = await stage.fetch('/signout/everywhere', {
    method: 'POST',
    headers: { ...FORM, 'sec-fetch-site': 'cross-site' },
  })
  expect(strange.status).toBe(403)
})
