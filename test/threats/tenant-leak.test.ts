import { getTableConfig, SQLiteTable } from 'drizzle-orm/sqlite-core'
import { beforeAll, describe, expect, test } from 'vitest'
import * as tables from '../../schema/tables.ts'
import type { documentOf } from '../../worker/routes/docs.ts'
import { BODIES } from './support/bodies.ts'
import { changes, inOrder, isApi, nameOf, ROUTES, type Route } from './support/routes.ts'
import { KEY, MARK, openTown, type Town } from './support/tenants.ts'

let town: Town
/** everything of the owner that another could read: ids and marked texts, out of the database itself */
let secrets: string[]
beforeAll(async () => {
  town = await openTown()
  secrets = [...new Set([...(await idsOf(town.owner.id)), MARK])]
}, 180_000)

/** For everybody on purpose. A route that is neither here nor asks who calls fails. */
const PUBLIC = [
  ...['/healthz', '/openapi.json', '/docs', '/rules', '/ranges', '/schemas', '/signin', '/signout', '/portal/'],
  ...['/ip-ranges', '/ips-v4', '/ips-v6', '/geofeed.csv', '/.well-known/', '/badge/'],
]
const isPublic = ({ path }: Route) => PUBLIC.some((one) => path === one || path.startsWith(one))
const isProbes = ({ path }: Route) => path.startsWith('/probe/v1/')
/** Words that a path wants besides ids. */
const WORDS: Readonly<Record<string, string>> = {
  format: 'nginx',
  name: 'issue.opened',
  file: 'issue.opened.json',
  table: 'targets?at=2026-01-01T00:00:00Z',
}

/** The route with the owner's ids in it, or with ids that nobody has. */
function pathOf(route: Route, ids: Readonly<Record<string, string>>): string {
  const parts = route.path.split('/')
  return parts
    .map((part, i) => {
      const name = /^:(\w+)/.exec(part)?.[1]
      if (!name) return part
      const found = name === 'id' ? ids[parts[i - 1] ?? ''] : WORDS[name]
      if (!found) throw new Error(`${nameOf(route)}: no story has a '${parts[i - 1]}' for :${name} yet`)
      return found
    })
    .join('/')
}
const madeUp = (ids: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(ids).map(([noun, id]) => [noun, `${id.slice(0, 4)}00000000000000000000`]))

async function ask(route: Route, key: string | null, ids = town.ids) {
  const say = changes(route) && route.method !== 'DELETE' ? BODIES[nameOf(route)] : undefined
  if (changes(route) && route.method !== 'DELETE' && isApi(route) && !say)
    throw new Error(`${nameOf(route)}: no body is known for it`)
  const answer = await town.stage.fetch(pathOf(route, ids), {
    method: route.method,
    redirect: 'manual',
    headers: {
      ...(key ? { authorization: `Bearer ${key}` } : {}),
      ...(say ? { 'content-type': 'application/json' } : {}),
    },
    ...(say ? { body: JSON.stringify(say({ ...town, ids })) } : {}),
  })
  return { status: answer.status, text: new TextDecoder().decode(await answer.arrayBuffer()) }
}

/** Whatever looks like an id of ours in any row of a tenant. */
async function idsOf(tenantId: string): Promise<string[]> {
  const text = JSON.stringify(await rowsOf(tenantId))
  const theirs = text.match(/\b(?:tgt|scn|prf|iss|occ|chn|dlv|key|ntc)_[A-Za-z0-9]{20}\b/g) ?? []
  return [...theirs, tenantId]
}
/** Every table in which a row is some tenant's. */
const TENANTS = (Object.values(tables).filter((table) => table instanceof SQLiteTable) as SQLiteTable[])
  .map((table) => getTableConfig(table))
  .filter(({ columns }) => columns.some(({ name }) => name === 'tenant_id'))
  .map(({ name }) => name)
async function rowsOf(tenantId: string): Promise<Record<string, unknown[]>> {
  const rows: Record<string, unknown[]> = {}
  for (const name of TENANTS)
    rows[name] = (
      await town.stage.env.DB.prepare(`SELECT * FROM ${name} WHERE tenant_id = ?`).bind(tenantId).all()
    ).results.map((row) => ({ ...row, last_used_at: undefined }))
  return rows
}
const leaks = (text: string) => secrets.filter((secret) => text.includes(secret))

test('the town has one of everything that a route can name', () => {
  expect(ROUTES.length).toBeGreaterThan(70)
  for (const id of Object.values(town.ids)) expect(id).toMatch(/^[a-z]{3}_\w{20}$/)
  for (const route of ROUTES) expect(() => pathOf(route, town.ids), nameOf(route)).not.toThrow()
  for (const route of ROUTES.filter((one) => isApi(one) && changes(one) && one.method !== 'DELETE'))
    expect(Object.keys(BODIES), nameOf(route)).toContain(nameOf(route))
  expect(secrets.length).toBeGreaterThan(15)
})

describe('nobody', () => {
  test.each(
    ROUTES.filter((route) => !isPublic(route) && !isProbes(route)).map((route) => [nameOf(route), route] as const),
  )('may ask %s without a key', async (_, route) => {
    const { status, text } = await ask(route, null)
    // Pages lead to the way in.
    expect(isApi(route) ? [401] : [401, 303]).toContain(status)
    expect(leaks(text)).toEqual([])
  })
  test('learns anything of a tenant from what is for everybody', async () => {
    for (const route of ROUTES.filter((one) => isPublic(one) && !changes(one)))
      expect(leaks((await ask(route, null)).text), nameOf(route)).toEqual([])
  })
  test('may speak as a probe without its signature', async () => {
    for (const route of ROUTES.filter(isProbes)) {
      const { status, text } = await ask(route, town.owner.keys.admin)
      expect([401, 415], nameOf(route)).toContain(status)
      expect(leaks(text)).toEqual([])
    }
  })
})

describe('another tenant', () => {
  test('gets 404 for each id of the owner, of the operator what one that nobody has gets, and no word of either', async () => {
    const before = await rowsOf(town.owner.id)
    const missing: string[] = []
    for (const route of inOrder(
      ROUTES.filter((one) => !isPublic(one) && !isProbes(one) && one.params.includes('id')),
    )) {
      const { status, text } = await ask(route, town.stranger.keys.admin)
      expect(leaks(text), nameOf(route)).toEqual([])
      const unknown = await ask(route, town.stranger.keys.admin, madeUp(town.ids))
      expect({ status, text: blank(text) }, nameOf(route)).toEqual({
        status: unknown.status,
        text: blank(unknown.text),
      })
      // The fleet is the operator's: there its answer is one for every id.
      if (status !== 404 && !text.includes('"operators_only"')) missing.push(`${nameOf(route)} answers ${status}`)
    }
    expect(missing).toEqual([])
    expect(await rowsOf(town.owner.id)).toEqual(before)
  })

  test('finds nothing of the owner in any list, page, stream or filter', async () => {
    const document = (await (await town.stage.fetch('/openapi.json')).json()) as Awaited<ReturnType<typeof documentOf>>
    for (const route of ROUTES.filter((one) => !one.params.includes('id') && !changes(one) && !isProbes(one))) {
      const { status, text } = await ask(route, town.stranger.keys.admin)
      expect(status, nameOf(route)).toBeLessThan(500)
      expect(leaks(text), nameOf(route)).toEqual([])
      const parameters = (document.paths?.[route.path]?.get?.parameters ?? []) as { name: string; in: string }[]
      for (const { name } of parameters.filter((one) => one.in === 'query')) {
        const id = name === 'address' ? '127.0.61.1' : (town.ids[`${name.replace(/Id$/, '')}s`] ?? '1')
        const filtered = await town.stage.fetch(`${pathOf(route, town.ids)}?${name}=${id}`, {
          headers: { authorization: `Bearer ${town.stranger.keys.admin}` },
        })
        const said = leaks(await filtered.text()).filter((secret) => secret !== id)
        expect(said, `${nameOf(route)}?${name}`).toEqual([])
      }
    }
  })

  test('cannot name the owner’s things in a body', async () => {
    const scan = await town.stage.api('POST', '/scans', { targetId: town.ids.targets }, town.stranger.keys.admin)
    expect(scan).toMatchObject({ status: 404, body: { code: 'not_found' } })
  })

  test('and the operator, whose fleet it is, read no scan, target or channel of a tenant', async () => {
    const nouns = ['targets', 'scans', 'proofs', 'issues', 'occurrences', 'channels', 'deliveries', 'keys']
    const theirs = ROUTES.filter((route) => nouns.some((noun) => route.path.includes(`/${noun}/:id`)))
    expect(theirs.length).toBeGreaterThan(20)
    for (const route of inOrder(theirs)) {
      const { status, text } = await ask(route, KEY)
      expect(status, nameOf(route)).toBe(404)
      expect(
        leaks(text).filter((secret) => !town.ids[secret]),
        nameOf(route),
      ).toEqual([])
    }
  })
})

test('a key that only reads changes nothing, on any route', async () => {
  const before = await rowsOf(town.owner.id)
  for (const route of ROUTES.filter((one) => isApi(one) && changes(one))) {
    const { status } = await ask(route, town.owner.keys.read)
    expect(status, nameOf(route)).toBe(403)
  }
  expect(await rowsOf(town.owner.id)).toEqual(before)
})

test('the owner is answered on each of them: it is the tenant that decides, not the path', async () => {
  const refused: string[] = []
  for (const route of inOrder(ROUTES.filter((one) => isApi(one)))) {
    if (route.path === '/api/v1/tenants/:id') continue
    const { status, text } = await ask(route, town.owner.keys.admin)
    // Wants the key of an object, which the list beside it tells.
    if (route.path === '/api/v1/export/raw/object' && status === 422) continue
    // A range that is not published is the operator's to see.
    if (route.path === '/api/v1/ranges/:id' && status === 404) continue
    // What the fleet's operator alone may do; what does not fit the present state comes after who may ask.
    const isFine = status < 300 || status === 409 || text.includes('"operators_only"')
    if (!isFine) refused.push(`${nameOf(route)} ${status} ${text.slice(0, 200)}`)
  }
  expect(refused).toEqual([])
})

/** Without what differs between two answers alike: ids, and the nonce of a page. */
const blank = (text: string): string => text.replace(/\b[a-z]{3}_[A-Za-z0-9]{20}\b/g, 'id')
