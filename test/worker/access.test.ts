/** Cloudflare Access before the portal: its keys come from a real HTTP server, its assertions are signed here. */
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { AuditLine } from '../../schema/audit.ts'
import { grantFor, grantsIn } from '../../worker/access.ts'
import { received, script, urlOf } from './support/channels.ts'
import { openStage, type Stage } from './support/stage.ts'

const AUD = '4714c1358e65fe4b408ad6d432a5f878f08194bdb4752441fd56faefa9b2b6f2'
const ISSUER = 'https://example.cloudflareaccess.com'

type Keys = Awaited<ReturnType<typeof generateKeyPair>>
let stage: Stage
let ours: Keys
let strange: Keys
let published: JWK
/** a team of its own for each story: keys are remembered by team */
let team = 0

beforeAll(async () => {
  stage = await openStage({ ACCESS_AUD: AUD })
  ours = await generateKeyPair('RS256', { extractable: true })
  strange = await generateKeyPair('RS256', { extractable: true })
  published = { ...(await exportJWK(ours.publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' }
}, 180_000)

const certs = () => `certs-${team}`
const issuer = () => `https://team-${team}.cloudflareaccess.com`
/** What the team's server says, for as many requests as may come. */
const serve = (keys: readonly object[], times = 5) =>
  script(
    certs(),
    Array.from({ length: times }, () => ({
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ keys, public_certs: [] }),
    })),
  )

beforeEach(async () => {
  team += 1
  stage.env.ACCESS_TEAM = `team-${team}`
  stage.env.ACCESS_EMAILS = 'jo@example.com=admin, *@example.com=write'
  stage.env.ACCESS_CERTS = {
    fetch: (url: string) => {
      expect(url).toBe(`${issuer()}/cdn-cgi/access/certs`)
      return fetch(urlOf(certs()))
    },
  } as unknown as Fetcher
  await serve([published])
})

interface Said {
  email?: unknown
  aud?: string | string[]
  iss?: string
  /** seconds from now on */
  exp?: number
  nbf?: number
  kid?: string
  key?: Keys['privateKey']
  more?: object
}
const seconds = () => Math.floor(stage.now() / 1000)
const assertion = ({
  email = 'jo@example.com',
  aud = AUD,
  iss = issuer(),
  exp = 3600,
  nbf = -1,
  kid = 'k1',
  key,
  more,
}: Said = {}) =>
  new SignJWT({ email, type: 'app', country: 'DE', ...more })
    .setProtectedHeader({ alg: 'RS256', kid })
    .setIssuer(iss)
    .setAudience(aud)
    .setIssuedAt(seconds())
    .setNotBefore(seconds() + nbf)
    .setExpirationTime(seconds() + exp)
    .setSubject('7335d417-61da-459d-899c-0a01c76a2f94')
    .sign(key ?? ours.privateKey)

const visit = (path: string, jwt: string | null, init: RequestInit = {}) =>
  stage.fetch(path, {
    redirect: 'manual',
    ...init,
    headers: { ...(jwt === null ? {} : { 'cf-access-jwt-assertion': jwt }), ...(init.headers as object) },
  })
const part = (value: object) => btoa(JSON.stringify(value)).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')

describe('whom Access lets in', () => {
  test('is signed in without a key, with the scope that was given, and its keys are fetched once', async () => {
    const jwt = await assertion()
    for (let i = 0; i < 3; i++) expect((await visit('/keys', jwt)).status).toBe(200)
    expect((await received(certs())).length).toBe(1)
    expect(await (await visit('/settings', jwt)).text()).toContain('access:jo@example.com')
    expect((await visit('/keys', await assertion({ email: 'Ada@Example.COM' }))).status).toBe(403)
    const signIn = await visit('/signin', jwt)
    expect([signIn.status, signIn.headers.get('location')]).toEqual([303, '/'])
  })

  test('may do by form what the API does: the browser brings the same assertion, and the log names the person', async () => {
    const jwt = await assertion()
    const page = await visit('/settings', jwt)
    const set = page.headers.get('set-cookie') ?? ''
    expect(set).toMatch(/^portwitness_access=/)
    for (const word of [/HttpOnly/i, /SameSite=Lax/i, /Secure/i, /Path=\/api\/v1\//i]) expect(set).toMatch(word)
    const cookie = set.split(';')[0] ?? ''
    const form = (site: string, sent = cookie) =>
      visit('/api/v1/tenant?method=PATCH', null, {
        method: 'POST',
        headers: {
          cookie: sent,
          'sec-fetch-site': site,
          'content-type': 'application/x-www-form-urlencoded',
        },
        body: 'name=Renamed',
      })
    expect((await form('same-origin')).status).toBe(303)
    expect((await form('cross-site')).status).toBe(403)
    expect((await form('same-origin', `${cookie.slice(0, -4)}AAAA`)).status).toBe(401)
    const log = await stage.api<{ items: AuditLine[] }>('GET', '/audit')
    const mine = log.body.items.filter(({ deed }) => deed === 'PATCH /api/v1/tenant')
    expect(mine.map(({ actor }) => actor)).toEqual(['access:jo@example.com'])
    // Once it is there it is not set again.
    expect((await visit('/settings', jwt, { headers: { cookie } })).headers.get('set-cookie')).toBeNull()
  })

  test('gets no link that would outlive it, and signs out at Access', async () => {
    const jwt = await assertion()
    const own = { 'sec-fetch-site': 'same-origin' }
    const once = await visit('/api/v1/sessions/once', jwt, {
      method: 'POST',
      headers: { ...own, 'content-type': 'application/json' },
      body: '{}',
    })
    expect(once.status).toBe(403)
    const out = await visit('/signout', jwt, { method: 'POST', headers: own })
    expect(out.headers.get('location')).toBe('/cdn-cgi/access/logout')
  })

  test('a key or a session of ours counts before it', async () => {
    const { body } = await stage.api<{ key: string }>('POST', '/keys', { name: 'reader', scope: 'read' })
    const answer = await visit('/keys', await assertion(), { headers: { authorization: `Bearer ${body.key}` } })
    expect(answer.status).toBe(403)
  })
})

describe('nobody gets in', () => {
  const attacks: Record<string, () => Promise<string> | string> = {
    'with the audience of another application': () => assertion({ aud: 'f'.repeat(64) }),
    'with no audience': () => assertion({ aud: [] }),
    'of another team': () => assertion({ iss: ISSUER }),
    'of another team, with its key under our kid': () => assertion({ iss: ISSUER, key: strange.privateKey }),
    'with a key that is not the team’s, under its kid': () => assertion({ key: strange.privateKey }),
    'with a kid that the team does not have': () => assertion({ kid: 'k9', key: strange.privateKey }),
    'after it ran out': () => assertion({ exp: -60 }),
    'before it holds': () => assertion({ nbf: 600 }),
    unsigned: async () => {
      const [, claims] = (await assertion()).split('.')
      return `${part({ alg: 'none', typ: 'JWT' })}.${claims}.`
    },
    'signed with the public key as if it were a secret': async () => {
      const secret = new TextEncoder().encode(JSON.stringify(published))
      return new SignJWT({ email: 'jo@example.com' })
        .setProtectedHeader({ alg: 'HS256', kid: 'k1' })
        .setIssuer(issuer())
        .setAudience(AUD)
        .setIssuedAt(seconds())
        .setExpirationTime(seconds() + 600)
        .sign(secret)
    },
    'with a key that it brings along': async () =>
      new SignJWT({ email: 'jo@example.com' })
        .setProtectedHeader({ alg: 'RS256', kid: 'k1', jwk: await exportJWK(strange.publicKey) })
        .setIssuer(issuer())
        .setAudience(AUD)
        .setIssuedAt(seconds())
        .setExpirationTime(seconds() + 600)
        .sign(strange.privateKey),
    'with claims that were changed after': async () => {
      const [head, claims, signature] = (await assertion({ email: 'ada@elsewhere.example' })).split('.')
      const changed = {
        ...JSON.parse(atob((claims ?? '').replaceAll('-', '+').replaceAll('_', '/'))),
        email: 'jo@example.com',
      }
      return `${head}.${part(changed)}.${signature}`
    },
    'with an assertion larger than any': async () => assertion({ more: { filler: 'x'.repeat(10_000) } }),
    'without an end': () =>
      new SignJWT({ email: 'jo@example.com' })
        .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
        .setIssuer(issuer())
        .setAudience(AUD)
        .setIssuedAt(seconds())
        .sign(ours.privateKey),
    'as a service token, which is nobody': () => assertion({ email: '' }),
    'with an address that is none': () => assertion({ email: 'jo@example.com\n, root@example.com' }),
    'with a list of addresses': () => assertion({ email: ['jo@example.com'] }),
    'whom nobody gave anything': () => assertion({ email: 'eve@elsewhere.example' }),
    'whose domain only ends like one of ours': () => assertion({ email: 'eve@notexample.com' }),
    'with noise': () => 'a.b.c',
    'with nothing between the dots': () => '..',
  }
  test.each(Object.keys(attacks))('%s', async (name) => {
    const jwt = (await attacks[name]?.()) ?? ''
    const page = await visit('/keys', jwt)
    expect([page.status, page.headers.get('location'), page.headers.get('set-cookie')]).toEqual([
      303,
      '/signin?next=%2Fkeys',
      null,
    ])
    const api = await visit('/api/v1/keys', null, {
      headers: { cookie: `portwitness_access=${jwt.replaceAll(/\s/g, '')}` },
    })
    expect(api.status).toBe(401)
    const signIn = await visit('/signin', jwt)
    expect(signIn.status).toBe(401)
    expect(await signIn.text()).toContain('Access')
  })

  test('where Access is not set up, or only half', async () => {
    const jwt = await assertion()
    stage.env.ACCESS_TEAM = undefined as unknown as string
    expect((await visit('/keys', jwt)).status).toBe(303)
    stage.env.ACCESS_TEAM = `team-${team}`
    stage.env.ACCESS_AUD = undefined as unknown as string
    expect((await visit('/keys', jwt)).status).toBe(303)
    stage.env.ACCESS_AUD = AUD
    stage.env.ACCESS_TEAM = 'evil.example'
    expect((await visit('/keys', jwt)).status).toBe(303)
    expect(await received(certs())).toEqual([])
  })

  test('of a tenant that was removed', async () => {
    const { body } = await stage.api<{ id: string }>('POST', '/tenants', { name: 'Gone' })
    stage.env.ACCESS_EMAILS = `jo@example.com=admin:${body.id}`
    const jwt = await assertion()
    expect(await (await visit('/settings', jwt)).text()).toContain('Gone')
    await stage.api('DELETE', `/tenants/${body.id}`)
    expect((await visit('/settings', jwt)).status).toBe(303)
    expect((await visit('/signin', jwt)).status).toBe(401)
  })

  test('while the keys of the team cannot be had: busy, not open', async () => {
    await script(certs(), [
      { status: 500, body: 'down' },
      { status: 200, body: 'not json' },
      { status: 200, body: '{}' },
    ])
    const jwt = await assertion()
    for (let i = 0; i < 3; i++) expect((await visit('/keys', jwt)).status).toBe(503)
  })
})

describe('keys of the team', () => {
  test('a new one is found at its first use, and an unknown one does not make us ask again and again', async () => {
    expect((await visit('/keys', await assertion())).status).toBe(200)
    const next = { ...(await exportJWK(strange.publicKey)), kid: 'k2', alg: 'RS256', use: 'sig' }
    await serve([published, next], 20)
    stage.pass(61_000)
    expect((await visit('/keys', await assertion({ kid: 'k2', key: strange.privateKey }))).status).toBe(200)
    const before = (await received(certs())).length
    for (let i = 0; i < 10; i++) await visit('/keys', await assertion({ kid: `u${i}`, key: strange.privateKey }))
    expect((await received(certs())).length).toBe(before)
  })
})

test('what is given to whom: the closest entry counts, and a word that is none gives nothing', () => {
  const grants = grantsIn('jo@example.com=admin,*@example.com=write:ten_abc\n*=read bad=root broken =admin x@y=Admin')
  expect(grants.length).toBe(3)
  expect(grantFor(grants, 'jo@example.com')).toMatchObject({ scope: 'admin', tenantId: null })
  expect(grantFor(grants, 'ada@example.com')).toMatchObject({ scope: 'write', tenantId: 'ten_abc' })
  expect(grantFor(grants, 'eve@elsewhere.example')).toMatchObject({ scope: 'read' })
  expect(grantFor(grantsIn(undefined), 'eve@elsewhere.example')).toMatchObject({ scope: 'read', tenantId: null })
  expect(grantFor(grantsIn('jo@example.com=write'), 'eve@elsewhere.example')).toBeNull()
})
