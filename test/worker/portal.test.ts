import { applyD1Migrations, type D1Migration } from 'cloudflare:test'
import { env as bindings } from 'cloudflare:workers'
import { drizzle } from 'drizzle-orm/d1'
import { Hono } from 'hono'
import { beforeAll, describe, expect, test } from 'vitest'
import { makeKey } from '../../schema/key.ts'
import { issues, keys, occurrences, probes, ranges, scans, settings, targets, tenants } from '../../schema/tables.ts'
import type { AppEnv } from '../../worker/context.ts'
import type { Env } from '../../worker/env.ts'
import { Failure, problem } from '../../worker/failure.ts'
import { HEADERS } from '../../worker/portal/layout.tsx'
import { portalRoutes } from '../../worker/routes/portal.tsx'
import { luck, sha256 } from '../../worker/secrets.ts'
import { putText } from '../../worker/store/raw.ts'
import { keepOnce } from '../../worker/store/settings.ts'
import { worldOf } from '../../worker/world.ts'
import { bannedPort, HOSTILE, NOW, scanView, withoutOurScripts } from '../support/pages.ts'

const BASE = 'https://portwitness.example'
const BOOTSTRAP = makeKey(luck)
const OTHER = makeKey(luck)
const env = {
  ...(bindings as unknown as Env & { TEST_MIGRATIONS: D1Migration[] }),
  ...{ BOOTSTRAP_KEY: BOOTSTRAP, CHANNEL_KEY: `k1:${btoa('0'.repeat(32))}` },
}
const db = drizzle(env.DB)

/** The portal as the app mounts it, at a time of our choice. */
const at = (now: number) =>
  new Hono<AppEnv>()
    .use('*', async (c, next) => {
      c.set(
        'world',
        worldOf(c.env, now, () => undefined),
      )
      await next()
    })
    .route('/', portalRoutes)
    .onError((error) => problem(error instanceof Failure ? error : new Failure('internal', 'Our fault.')))

interface Visit {
  cookie?: string
  form?: Record<string, string>
  headers?: Record<string, string>
  now?: number
}
const visit = (path: string, { cookie, form, headers = {}, now = NOW }: Visit = {}) =>
  at(now).request(
    `${BASE}${path}`,
    {
      method: form ? 'POST' : 'GET',
      headers: { ...(cookie ? { cookie } : {}), ...headers },
      body: form ? new URLSearchParams(form) : undefined,
    },
    env,
  )
const cookieOf = (answer: Response) => answer.headers.get('set-cookie')?.split(';')[0] ?? ''
const signIn = async (key = BOOTSTRAP) => cookieOf(await visit('/signin', { form: { key } }))

beforeAll(async () => {
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS)
  const tenantId = 'ten_default'
  const stamp = {
    schedule: null,
    timezone: 'UTC',
    sites: ['fra-1'],
    profile: 'assertive' as const,
    anchors: [],
    tags: ['pci'],
  }
  await db.insert(targets).values({
    ...stamp,
    tenantId,
    id: scanView.targetId,
    address: 'shop.example.com',
    name: HOSTILE,
    ports: '22,80',
    maxConnectsPerSecond: 300,
    createdAt: NOW,
    scanners: {},
    lastKnown: {
      'fra-1': {
        at: NOW,
        scanId: scanView.id,
        ports: [{ address: '203.0.113.9', port: 22, check: 'greeting', service: 'ssh', verdict: 'interfered' }],
      },
    },
    lastScanId: scanView.id,
  })
  await putText(env.RAW, 'raw/1', 'Open Port Re-check\n<script>alert(1)</script>\n')
  await db.insert(scans).values({
    ...scanView,
    tenantId,
    dueKey: '',
    networks: [],
    addresses: [...scanView.addresses],
    ports: '22,80',
    portsAsked: 2,
    maxConnectsPerSecond: 300,
    panel: [...scanView.panel],
    dueAt: NOW,
    deadlineAt: NOW,
    alarms: [],
    outputKey: 'raw/1',
  })
  await db.insert(issues).values({
    tenantId,
    id: 'iss_0123456789abcdefghij',
    targetId: scanView.targetId,
    finding: 'interference',
    state: 'open',
    title: 'port 22 is lost',
    openedAt: NOW,
    restatedAt: NOW,
    lastScanId: scanView.id,
  })
  await db.insert(occurrences).values({
    tenantId,
    issueId: 'iss_0123456789abcdefghij',
    id: 'occ_0123456789abcdefghij',
    scanId: scanView.id,
    address: '203.0.113.9',
    port: 22,
    seenAt: NOW,
  })
  await db.insert(probes).values({
    tenantId,
    id: 'prb_1',
    site: 'fra-1',
    sourceAddress: '198.51.100.7',
    publicKey: '',
    agent: 'test',
    allowPrivate: 0,
    enrolledAt: NOW,
    seenAt: NOW - 1_000,
  })
  const range = { tenantId, site: 'fra-1', announcedAt: NOW, activeFrom: NOW, state: 'active' as const }
  await db.insert(ranges).values([
    { ...range, id: 'rng_1', cidr: '198.41.0.7/32', isPublic: 1 },
    { ...range, id: 'rng_2', cidr: '10.0.0.7/32', isPublic: 0 },
  ])
  await db.insert(tenants).values({ id: 'ten_other', name: 'Other Ltd', createdAt: NOW })
  await db.insert(keys).values({
    hash: await sha256(OTHER),
    tenantId: 'ten_other',
    id: 'key_other',
    name: 'k',
    hint: 'pw_',
    scope: 'read',
    createdAt: NOW,
  })
})

describe('signing in', () => {
  test('a key becomes a cookie that no script can read, and the way leads to the overview', async () => {
    const answer = await visit('/signin', { form: { key: ` ${BOOTSTRAP}\n` } })
    expect(answer.status).toBe(303)
    expect(answer.headers.get('location')).toBe('/')
    const cookie = answer.headers.get('set-cookie') ?? ''
    for (const word of ['HttpOnly', 'SameSite=Lax', 'Secure', 'Path=/', 'Max-Age=43200']) expect(cookie).toContain(word)
    expect(cookie).not.toContain(BOOTSTRAP)
    expect((await visit('/', { cookie: cookieOf(answer) })).status).toBe(200)
  })

  test('who is not signed in is led to the sign-in page, from every private page', async () => {
    for (const path of [
      '/',
      '/targets',
      '/targets/tgt_1',
      '/scans',
      '/scans/scn_1',
      '/scans/scn_1/output',
      '/issues',
      '/issues/iss_1',
    ]) {
      const answer = await visit(path)
      const next = path === '/' ? '' : `?next=${encodeURIComponent(path)}`
      expect([path, answer.status, answer.headers.get('location')]).toEqual([path, 303, `/signin${next}`])
      expect(answer.headers.get('www-authenticate')).toBeNull()
    }
  })

  test('a wrong key is not said back, and sets no cookie', async () => {
    for (const key of ['', 'pw_wrong', makeKey(luck), HOSTILE]) {
      const answer = await visit('/signin', { form: { key } })
      expect([answer.status, answer.headers.get('set-cookie')]).toEqual([401, null])
      const html = await answer.text()
      expect(html).toContain('This key is unknown, revoked or expired.')
      if (key) expect(html).not.toContain(key)
    }
  })

  test('a changed cookie, one out of time, and one whose key was revoked are worth nothing', async () => {
    const cookie = await signIn()
    expect((await visit('/', { cookie: cookie.replace('ten_default', 'ten_other') })).status).toBe(303)
    expect((await visit('/', { cookie: `${cookie.slice(0, -1)}${cookie.endsWith('0') ? '1' : '0'}` })).status).toBe(303)
    expect((await visit('/', { cookie, now: NOW + 12 * 3_600_000 })).status).toBe(303)
    const key = makeKey(luck)
    await db.insert(keys).values({
      hash: await sha256(key),
      tenantId: 'ten_other',
      id: 'key_gone',
      name: 'k',
      hint: 'pw_',
      scope: 'read',
      createdAt: NOW,
    })
    const other = await signIn(key)
    expect((await visit('/', { cookie: other })).status).toBe(200)
    await db.update(keys).set({ revokedAt: NOW })
    expect((await visit('/', { cookie: other })).status).toBe(303)
    await db.update(keys).set({ revokedAt: null })
  })

  test('a one-time link works once, and not too late', async () => {
    const link = { tenantId: 'ten_default', keyId: 'key_bootstrap', expiresAt: NOW + 60_000 }
    await keepOnce(db, await sha256('once_1'), link, NOW)
    const answer = await visit('/signin?once=once_1')
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/'])
    expect((await visit('/', { cookie: cookieOf(answer) })).status).toBe(200)
    expect((await visit('/signin?once=once_1')).status).toBe(401)
    await keepOnce(db, await sha256('once_3'), link, NOW)
    expect((await visit('/signin?once=once_3', { headers: { 'sec-purpose': 'prefetch' } })).status).toBe(503)
    expect((await visit('/signin?once=once_3')).status).toBe(303)
    await keepOnce(db, await sha256('once_2'), link, NOW)
    expect((await visit('/signin?once=once_2', { now: NOW + 60_001 })).status).toBe(401)
  })

  test('whoever signs in comes to the page that led there, and never to one of somebody else', async () => {
    const page = await (await visit('/signin?next=%2Fissues%3Fcause%3Dips%26q%3Da%2520b')).text()
    expect(page).toContain('name="next" value="/issues?cause=ips&amp;q=a%20b"')
    const answer = await visit('/signin', { form: { key: BOOTSTRAP, next: '/issues?cause=ips&q=a%20b' } })
    expect(answer.headers.get('location')).toBe('/issues?cause=ips&q=a%20b')
    for (const next of [
      '//evil.example',
      '/\\evil.example',
      'https://evil.example/',
      '/a\r\nset-cookie: x=y',
      'issues',
    ])
      expect((await visit('/signin', { form: { key: BOOTSTRAP, next } })).headers.get('location')).toBe('/')
  })

  test('from a page of somebody else a one-time link signs in by a press of our own button alone', async () => {
    const link = { tenantId: 'ten_default', keyId: 'key_bootstrap', expiresAt: NOW + 60_000 }
    await keepOnce(db, await sha256('once_4'), link, NOW)
    const page = await visit('/signin?once=once_4', { headers: { 'sec-fetch-site': 'cross-site' } })
    expect([page.status, page.headers.get('set-cookie')]).toEqual([200, null])
    expect(await page.text()).toContain('name="once" value="once_4"')
    const pressed = await visit('/signin', { form: { once: 'once_4' } })
    expect((await visit('/', { cookie: cookieOf(pressed) })).status).toBe(200)
    expect((await visit('/signin', { form: { once: 'once_4' } })).status).toBe(401)
  })

  test('another site can sign nobody in or out', async () => {
    const headers = { 'sec-fetch-site': 'cross-site' }
    expect((await visit('/signin', { form: { key: BOOTSTRAP }, headers })).status).toBe(403)
    expect((await visit('/signout', { form: {}, headers })).status).toBe(403)
    const out = await visit('/signout', { form: {}, cookie: await signIn() })
    expect([out.status, out.headers.get('set-cookie')]).toEqual([303, expect.stringContaining('Max-Age=0')])
  })
})

describe('pages', () => {
  test('show what is stored, with the strict policy and nothing kept by the browser', async () => {
    const cookie = await signIn()
    const wanted: Record<string, string[]> = {
      '/': ['port 22 is lost', 'Port 22 was lost after 41 s', 'fra-1', 'Default'],
      '/targets': ['shop.example.com', '1 open'],
      [`/targets/${scanView.targetId}`]: ['interfered', 'pci', 'fra-1'],
      '/scans': ['interference'],
      [`/scans/${scanView.id}`]: ['Ban on the source: fail2ban', '/issues/iss_0123456789abcdefghij', 'sgp-1'],
      '/issues': ['port 22 is lost'],
      '/issues/iss_0123456789abcdefghij': ['Ban on the source: fail2ban', `/scans/${scanView.id}`],
    }
    for (const [path, words] of Object.entries(wanted)) {
      const answer = await visit(path, { cookie })
      const html = await answer.text()
      expect([path, answer.status]).toEqual([path, 200])
      expect(html.startsWith('<!doctype html><html lang="en"')).toBe(true)
      expect(withoutOurScripts(html)).not.toContain('<script')
      for (const word of words) expect(html).toContain(word)
      for (const [name, value] of Object.entries(HEADERS)) expect(answer.headers.get(name)).toBe(value)
    }
  })

  test('of another tenant are not there', async () => {
    const cookie = await signIn(OTHER)
    for (const path of [
      `/targets/${scanView.targetId}`,
      `/scans/${scanView.id}`,
      `/scans/${scanView.id}/output`,
      '/issues/iss_0123456789abcdefghij',
    ]) {
      const answer = await visit(path, { cookie })
      const html = await answer.text()
      expect([path, answer.status]).toEqual([path, 404])
      expect(html).toContain('Not found')
      expect(html).not.toContain('203.0.113.9')
    }
    expect(await (await visit('/', { cookie })).text()).not.toContain('port 22 is lost')
  })

  test('hand out raw output as plain text only', async () => {
    const answer = await visit(`/scans/${scanView.id}/output`, { cookie: await signIn() })
    expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    expect(await answer.text()).toContain('Open Port Re-check')
    const whole = await visit(`/scans/${scanView.id}/output?whole`, { cookie: await signIn() })
    expect(whole.headers.get('content-disposition')).toBe(`attachment; filename="${scanView.id}.txt"`)
  })

  test('for everyone need no key, and never show a private range', async () => {
    const ranges = await (await visit('/ranges')).text()
    expect(ranges).toContain('198.41.0.7/32')
    expect(ranges).not.toContain('10.0.0.7')
    expect(await (await visit('/rules')).text()).toContain('SEL-1')
    expect((await visit('/portal/style.css')).headers.get('content-type')).toContain('text/css')
    expect((await visit('/portal/icon.svg')).headers.get('content-type')).toBe('image/svg+xml')
  })

  test('say so while the kill switch is on', async () => {
    await db.insert(settings).values({ name: 'stopped', value: '1', changedAt: NOW })
    expect(await (await visit('/', { cookie: await signIn() })).text()).toContain('All scanning is stopped')
  })
})

test('an issue keeps its page when its scan is gone', async () => {
  await db.insert(occurrences).values({
    tenantId: 'ten_default',
    issueId: 'iss_0123456789abcdefghij',
    id: 'occ_gone',
    scanId: 'scn_gone',
    address: bannedPort.address,
    port: 23,
    seenAt: NOW - 1,
  })
  const html = await (await visit('/issues/iss_0123456789abcdefghij', { cookie: await signIn() })).text()
  expect(html).toContain('scn_gone')
})
