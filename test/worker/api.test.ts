import { beforeAll, describe, expect, test } from 'vitest'
import type { ScanAnswer, TargetAnswer } from '../../schema/api.ts'
import { parseName } from '../../schema/api.ts'
import { NOTICES } from '../../schema/words.ts'
import { app } from '../../worker/app.ts'
import type { documentOf } from '../../worker/routes/docs.ts'
import { openFleet } from './support/probes.ts'
import { KEY, openStage, type Stage } from './support/stage.ts'

let stage: Stage
interface Problem {
  code: string
  detail: string
  errors: { field: string; detail: string }[]
}

beforeAll(async () => {
  stage = await openStage()
  await openFleet(stage)
})

const post = (path: string, body: unknown, key = KEY) => stage.api<Problem>('POST', path, body, key)

describe('targets', () => {
  test('have sensible defaults, one spelling of an address, and can be found by it', async () => {
    const { status, body } = await stage.api<TargetAnswer>('POST', '/targets', { address: '::1' })
    expect(status).toBe(201)
    expect(body).toMatchObject({
      address: '::1',
      ports: 'top-1000',
      profile: 'standard',
      timezone: 'UTC',
      maxConnectsPerSecond: 300,
      lastScan: null,
      waf: null,
      highestCleanRate: null,
    })
    const found = await stage.api<{ items: TargetAnswer[] }>('GET', '/targets?address=0:0:0:0:0:0:0:1')
    expect(found.body.items.map((one) => one.id)).toEqual([body.id])
    const changed = await stage.api<TargetAnswer>('PATCH', `/targets/${body.id}`, {
      schedule: '0 3 * * *',
      tags: ['dmz'],
    })
    expect(changed.body).toMatchObject({ schedule: '0 3 * * *', tags: ['dmz'], ports: 'top-1000' })
    expect((await stage.api('DELETE', `/targets/${body.id}`)).status).toBe(204)
    expect((await stage.api('GET', `/targets/${body.id}`)).status).toBe(404)
  })

  test.each([
    ['address', { address: '010.1.1.1' }],
    ['address', { address: '0x7f.1' }],
    ['address', { address: '2130706433' }],
    ['address', { address: '127.1' }],
    ['address', { address: 'fe80::1%eth0' }],
    ['address', { address: '１２７.0.0.1' }],
    ['ports', { address: '127.0.0.1', ports: '0' }],
    ['ports', { address: '127.0.0.1', ports: '80,70000' }],
    ['schedule', { address: '127.0.0.1', schedule: 'often' }],
    ['schedule', { address: '127.0.0.1', schedule: '* * * * * *' }],
    ['schedule', { address: '127.0.0.1', schedule: '0 0 30 2 *' }],
    ['timezone', { address: '127.0.0.1', schedule: '* * * * *', timezone: 'Mars/Base' }],
    ['maxConnectsPerSecond', { address: '127.0.0.1', maxConnectsPerSecond: 0 }],
    ['maxConnectsPerSecond', { address: '127.0.0.1', maxConnectsPerSecond: 200_001 }],
    ['maxConnectsPerSecond', { address: '9.9.9.9', maxConnectsPerSecond: 2_001 }],
    ['anchors.0.port', { address: '127.0.0.1', anchors: [{ address: '127.0.0.2', port: 0 }] }],
    ['profile', { address: '127.0.0.1', profile: 'rude' }],
    ['sites.0', { address: '127.0.0.1', sites: ['No Site'] }],
    ['colour', { address: '127.0.0.1', colour: 'red' }],
    ['name', { address: '127.0.0.1', name: 'a\u001b[31mb' }],
  ])('are refused for a bad %s, which is named', async (field, body) => {
    const answer = await post('/targets', body)
    expect(answer.status).toBe(422)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(answer.body.errors.map((error) => error.field)).toContain(field)
  })

  test.each([
    '169.254.169.254',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '::ffff:127.0.0.1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
  ])('%s is refused, whatever the Worker was started with', async (address) => {
    expect(await post('/targets', { address })).toMatchObject({
      status: 422,
      body: { code: 'special', errors: [{ field: 'address' }] },
    })
  })
})

test('names are host names and nothing that could be read as an address', () => {
  for (const name of ['example.com', 'a.b-c.example', 'xn--bcher-kva.example']) expect(parseName(name)).toBe(name)
  expect(parseName('WWW.Example.COM')).toBe('www.example.com')
  for (const name of [
    'localhost',
    '1.2.3.4',
    '0x7f.1',
    '1.2.3.0x4',
    'a..b',
    '-a.example',
    'exa mple.com',
    'example.com.',
    'a.1',
  ])
    expect(parseName(name)).toBeNull()
})

describe('scans are refused', () => {
  test('of public addresses nobody has proved, of names that lead to special ones, of networks that opted out', async () => {
    const { body: open } = await stage.api<TargetAnswer>('POST', '/targets', { address: '9.9.9.9' })
    expect(await post('/scans', { targetId: open.id })).toMatchObject({
      status: 422,
      body: { code: 'unproved_address' },
    })
    const resolver = {
      fetch: async () => Response.json({ addresses: ['127.0.0.1', '169.254.169.254'] }),
    } as unknown as Fetcher
    const { body: rebound } = await stage.api<TargetAnswer>('POST', '/targets', { address: 'inside.example' })
    stage.env.RESOLVER = resolver
    expect(await post('/scans', { targetId: rebound.id })).toMatchObject({ status: 422, body: { code: 'special' } })
    stage.env.RESOLVER = {
      fetch: async () => Response.json({ addresses: ['127.1', 'nonsense'] }),
    } as unknown as Fetcher
    expect(await post('/scans', { targetId: rebound.id })).toMatchObject({
      status: 422,
      body: { code: 'name_not_resolved' },
    })
    stage.env.RESOLVER = { fetch: async () => Response.json({ addresses: ['127.0.40.1'] }) } as unknown as Fetcher
    const pinned = await stage.api<ScanAnswer>('POST', '/scans', { targetId: rebound.id, ports: '22' })
    expect(pinned).toMatchObject({ status: 202, body: { address: '127.0.40.1' } })
    expect((await post('/opt-outs', { cidr: '127.0.41.0/24', note: 'asked by mail' })).status).toBe(201)
    const { body: out } = await stage.api<TargetAnswer>('POST', '/targets', { address: '127.0.41.7' })
    expect(await post('/scans', { targetId: out.id })).toMatchObject({ status: 422, body: { code: 'opted_out' } })
  })

  test('of private addresses, unless the Worker was started for them', async () => {
    const { body: target } = await stage.api<TargetAnswer>('POST', '/targets', { address: '127.0.42.1' })
    stage.env.ALLOW_PRIVATE = ''
    expect(await post('/scans', { targetId: target.id })).toMatchObject({ status: 422, body: { code: 'private' } })
    expect(await post('/targets', { address: '10.0.0.1' })).toMatchObject({ status: 422, body: { code: 'private' } })
    stage.env.ALLOW_PRIVATE = '1'
  })

  test('while one of the same target and site runs; with no probe there; with words that do not fit', async () => {
    const { body: target } = await stage.api<TargetAnswer>('POST', '/targets', {
      address: '127.0.43.1',
      ports: '22',
      sites: ['fra-1'],
    })
    expect((await post('/scans', { targetId: target.id })).status).toBe(202)
    expect(await post('/scans', { targetId: target.id })).toMatchObject({ status: 409, body: { code: 'scan_running' } })
    expect((await post('/scans', { targetId: target.id, site: 'nyc-1' })).status).toBe(202)
    expect(await post('/scans', { targetId: target.id, site: 'moon-1' })).toMatchObject({
      status: 409,
      body: { code: 'no_probe' },
    })
    expect(await post('/scans', { targetId: 'tgt_00000000000000000000' })).toMatchObject({ status: 404 })
    expect(await post('/scans', { targetId: target.id, profile: 'accompany' })).toMatchObject({
      status: 422,
      body: { errors: [{ field: 'accompanySeconds' }] },
    })
    expect(await post('/scans', { targetId: target.id, scannerProbeId: 'prb_00000000000000000000' })).toMatchObject({
      status: 422,
      body: { errors: [{ field: 'scannerProbeId' }] },
    })
  })
})

test('too many scans of one network, or of one tenant, are put off with a code that tells which', async () => {
  const busy = (count: number, tenantId: string, network: string) =>
    stage.env.DB.batch(
      Array.from({ length: count }, (_, i) =>
        stage.env.DB.prepare(
          `INSERT INTO scans (tenant_id, id, target_id, site, due_key, state, profile, addresses, networks, ports, ports_asked, max_connects_per_second,
            scanner_probe_id, panel, created_at, due_at, deadline_at, alarms)
            VALUES (?, ?, ?, 'x', '', 'running', 'standard', '[]', ?, '22', 1, 1, 'prb_x', '[]', 1, 1, 9e15, '[]')`,
        ).bind(tenantId, `scn_busy${network}${i}`, `tgt_${i}`, JSON.stringify([network])),
      ),
    )
  await busy(128, 'ten_other', '127.0.60.0/24')
  const { body: target } = await stage.api<TargetAnswer>('POST', '/targets', { address: '127.0.60.9', ports: '22' })
  const first = await post('/scans', { targetId: target.id })
  expect(first).toMatchObject({ status: 429, body: { code: 'network_busy' } })
  expect(first.headers.get('retry-after')).toBe('30')
  await busy(100, 'ten_default', '127.0.61.0/24')
  const { body: other } = await stage.api<TargetAnswer>('POST', '/targets', { address: '127.0.62.9', ports: '22' })
  expect(await post('/scans', { targetId: other.id })).toMatchObject({ status: 429, body: { code: 'too_many_scans' } })
  await stage.env.DB.prepare("DELETE FROM scans WHERE id LIKE 'scn_busy%'").run()
})

describe('a body', () => {
  const raw = async (body: BodyInit, headers: Record<string, string> = { 'content-type': 'application/json' }) => {
    const answer = await stage.fetch('/api/v1/targets', {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}`, ...headers },
      body,
    })
    return [answer.status, ((await answer.json()) as Problem).code]
  }
  test('that is malformed, too large, too deep or of another type has its own answer', async () => {
    expect(await raw('{"address":')).toEqual([400, 'bad_request'])
    expect(await raw(`{"address":"${'x'.repeat(300_000)}"}`)).toEqual([413, 'too_large'])
    expect(await raw(`${'['.repeat(100)}${']'.repeat(100)}`)).toEqual([400, 'bad_request'])
    expect(await raw('address: 127.0.0.1', { 'content-type': 'text/plain' })).toEqual([415, 'wrong_type'])
    expect(await raw('[]')).toEqual([422, 'invalid'])
    expect(await raw('null')).toEqual([422, 'invalid'])
  })
  test('never comes back in an error', async () => {
    const answer = await post('/targets', { address: 'canary-<script>' })
    expect(JSON.stringify(answer.body)).not.toContain('canary')
  })
  test('bad queries and unknown paths are problems too', async () => {
    for (const query of ['limit=0', 'limit=201', 'limit=x', 'cursor=zzz', 'state=odd'])
      expect((await stage.api('GET', `/scans?${query}`)).status).toBe(422)
    expect(await stage.api('GET', '/nothing-here')).toMatchObject({ status: 404, body: { code: 'not_found' } })
  })
})

describe('keys', () => {
  const make = async (scope: string, key = KEY) =>
    (await stage.api<{ key: string; id: string }>('POST', '/keys', { name: scope, scope }, key)).body

  test('are shown once, stored hashed, and worth nothing when unknown, mistyped, expired or revoked', async () => {
    const made = await make('read')
    expect(made.key).toMatch(/^pw_[0-9A-Za-z]{36}$/)
    const dump = JSON.stringify((await stage.env.DB.prepare('SELECT * FROM keys').all()).results)
    expect(dump).not.toContain(made.key)
    expect((await stage.api('GET', '/targets', undefined, made.key)).status).toBe(200)
    for (const bad of [
      'pw_000000000000000000000000000000000000',
      `${made.key.slice(0, -1)}${made.key.endsWith('a') ? 'b' : 'a'}`,
      'nonsense',
    ])
      expect((await stage.api('GET', '/targets', undefined, bad)).status).toBe(401)
    expect((await stage.fetch('/api/v1/targets')).status).toBe(401)
    const short = await stage.api<{ key: string }>('POST', '/keys', {
      name: 'short',
      scope: 'read',
      expiresAt: new Date(stage.now() + 1_000).toISOString(),
    })
    expect((await stage.api('GET', '/targets', undefined, short.body.key)).status).toBe(200)
    stage.pass(1_001)
    expect((await stage.api('GET', '/targets', undefined, short.body.key)).status).toBe(401)
    expect((await stage.api('DELETE', `/keys/${made.id}`)).status).toBe(204)
    expect((await stage.api('GET', '/targets', undefined, made.key)).status).toBe(401)
  })

  test('of scope read see, of scope write change, of scope admin rule', async () => {
    const [reader, writer] = [await make('read'), await make('write')]
    expect(await post('/targets', { address: '127.0.0.1' }, reader.key)).toMatchObject({
      status: 403,
      body: { code: 'forbidden' },
    })
    expect((await post('/targets', { address: '127.0.0.1' }, writer.key)).status).toBe(201)
    for (const [method, path, body] of [
      ['GET', '/keys'],
      ['POST', '/keys', { name: 'x', scope: 'admin' }],
      ['PUT', '/kill-switch', { stopped: true }],
      ['POST', '/probes/enrolments', { site: 'a', sourceAddress: '127.0.0.1' }],
      ['GET', '/tenants'],
    ] as const)
      expect((await stage.api(method, path, body, writer.key)).status).toBe(403)
  })

  test('open the portal by a link that works once', async () => {
    const { body } = await stage.api<{ url: string }>('POST', '/sessions/once', {})
    const path = body.url.replace(/^https?:\/\/[^/]+/, '')
    const ahead = await stage.fetch(path, { headers: { 'sec-purpose': 'prefetch' } })
    expect(ahead.status).toBe(503)
    const first = await stage.fetch(path, { redirect: 'manual' })
    expect(first.status).toBe(303)
    const cookie = (first.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
    expect(first.headers.get('set-cookie')).toMatch(/HttpOnly.*SameSite=Lax|SameSite=Lax.*HttpOnly/i)
    expect((await stage.fetch('/api/v1/targets', { headers: { cookie } })).status).toBe(200)
    expect(
      (
        await stage.fetch('/api/v1/targets', {
          headers: { cookie: `${cookie.slice(0, -1)}${cookie.endsWith('0') ? '1' : '0'}` },
        })
      ).status,
    ).toBe(401)
    const led = (site: string) =>
      stage.fetch('/api/v1/targets', {
        method: 'POST',
        headers: { cookie, 'sec-fetch-site': site, 'content-type': 'application/json' },
        body: '{"address":"127.0.0.3"}',
      })
    expect((await led('cross-site')).status).toBe(403)
    expect((await led('same-origin')).status).toBe(201)
    expect((await stage.fetch(path, { redirect: 'manual' })).status).toBe(401)
  })
})

describe('a second tenant', () => {
  test('sees and touches nothing of the first, on any route', async () => {
    const { body: tenant } = await stage.api<{ id: string; key: string }>('POST', '/tenants', { name: 'Second' })
    const { body: target } = await stage.api<TargetAnswer>('POST', '/targets', { address: '127.0.44.1', ports: '22' })
    const { body: scan } = await stage.api<ScanAnswer>('POST', '/scans', { targetId: target.id })
    const ids = {
      targets: target.id,
      scans: scan.id,
      issues: 'iss_00000000000000000000',
      occurrences: 'occ_00000000000000000000',
    } as Record<string, string>
    await stage.env.DB.batch([
      stage.env.DB.prepare(
        "INSERT INTO issues (tenant_id, id, target_id, finding, state, title, opened_at, restated_at, last_scan_id) VALUES ('ten_default', ?, ?, 'interference', 'open', 't', 1, 1, ?)",
      ).bind(ids.issues, target.id, scan.id),
      stage.env.DB.prepare(
        "INSERT INTO occurrences (tenant_id, issue_id, id, scan_id, address, port, seen_at) VALUES ('ten_default', ?, ?, ?, '127.0.44.1', 22, 1)",
      ).bind(ids.issues, ids.occurrences, scan.id),
    ])
    const routes = app.routes.filter((route) => route.path.startsWith('/api/v1/') && route.method !== 'ALL')
    expect(routes.length).toBeGreaterThan(30)
    for (const { method, path } of routes) {
      const noun = path.split('/')[3] ?? ''
      const real = path.slice('/api/v1'.length).replace(':id', ids[noun] ?? 'xyz_00000000000000000000')
      const body = method === 'GET' || method === 'DELETE' ? undefined : {}
      const { status, body: said } = await stage.api<unknown>(method, real, body, tenant.key)
      const text = JSON.stringify(said)
      for (const id of Object.values(ids)) expect(text, `${method} ${path}`).not.toContain(id)
      if (path.includes(':id')) expect([403, 404, 422], `${method} ${path}`).toContain(status)
    }
    expect((await stage.api('GET', `/targets/${target.id}`)).status).toBe(200)
    expect((await stage.api('GET', '/probes', undefined, tenant.key)).body).toMatchObject({ code: 'operators_only' })
    expect((await stage.api('DELETE', `/tenants/${tenant.id}`)).status).toBe(204)
    expect((await stage.api('GET', '/targets', undefined, tenant.key)).status).toBe(401)
  })
})

describe('the document', () => {
  test('is not empty, names each route of the API, and nothing that does not exist', async () => {
    const answer = await stage.fetch('/openapi.json')
    expect(answer.status).toBe(200)
    const document = (await answer.json()) as Awaited<ReturnType<typeof documentOf>>
    expect(document.openapi).toBe('3.1.0')
    const documented = Object.entries(document.paths ?? {}).flatMap(([path, calls]) =>
      Object.keys(calls ?? {}).map((method) => `${method.toUpperCase()} ${path}`),
    )
    const existing = new Set(
      app.routes
        .filter((route) => route.method !== 'ALL')
        .map((route) => `${route.method} ${route.path.replace(/:(\w+)/g, '{$1}')}`),
    )
    for (const call of documented) expect(existing).toContain(call)
    for (const call of existing) if (call.includes('/api/v1/')) expect(documented).toContain(call)
    const body = document.paths?.['/api/v1/scans']?.post?.requestBody as {
      content: Record<string, { schema: unknown }>
    }
    expect(JSON.stringify(body.content['application/json']?.schema)).toContain('targetId')
  })

  test('links to the schema of each event, in which every text and list has its bound', async () => {
    const page = await (await stage.fetch('/docs')).text()
    for (const name of NOTICES) {
      expect(page).toContain(`href="/schemas/events/${name}.json"`)
      const answer = await stage.fetch(`/schemas/events/${name}.json`)
      expect(answer.headers.get('content-type')).toBe('application/schema+json')
      const schema = await answer.json()
      expect(schema).toMatchObject({
        $id: `urn:portwitness:event:${name}:1`,
        properties: { type: { const: name }, version: { const: 1 }, data: { type: 'object' } },
      })
      expect(unbounded(schema), name).toEqual([])
    }
    const none = await stage.fetch('/schemas/events/issue.lost.json')
    expect(none.status).toBe(404)
    expect(await none.text()).toContain('issue.opened')
  })

  test('can be read by people without any outside asset', async () => {
    const answer = await stage.fetch('/docs')
    const page = await answer.text()
    expect(page).toContain('/api/v1/scans')
    expect(page).not.toMatch(/(src|href)="https?:/)
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'")
  })
})

test('healthz answers while the database does, and says busy when it does not', async () => {
  expect((await stage.fetch('/healthz')).status).toBe(200)
  const broken = {
    prepare: () => {
      throw new Error('D1_ERROR: Network connection lost.')
    },
  } as unknown as D1Database
  const whole = stage.env.DB
  stage.env.DB = broken
  expect((await stage.fetch('/healthz')).status).toBe(503)
  const busy = await stage.api<Problem>('GET', '/targets')
  expect(busy).toMatchObject({ status: 503, body: { code: 'busy' } })
  expect(busy.headers.get('retry-after')).toBe('2')
  expect(JSON.stringify(busy.body)).not.toMatch(/select|params/i)
  stage.env.DB = whole
})

/** Paths of texts, lists and numbers without an upper bound. */
function unbounded(schema: unknown, path = ''): string[] {
  if (typeof schema !== 'object' || schema === null) return []
  const node = schema as Record<string, unknown>
  const own =
    (node.type === 'string' && node.maxLength === undefined && node.enum === undefined) ||
    (node.type === 'array' && node.maxItems === undefined) ||
    ((node.type === 'number' || node.type === 'integer') && node.maximum === undefined)
  return [...(own ? [path] : []), ...Object.entries(node).flatMap(([key, value]) => unbounded(value, `${path}/${key}`))]
}
