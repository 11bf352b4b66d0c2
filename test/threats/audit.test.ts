import { beforeAll, describe, expect, test } from 'vitest'
import { type AuditHead, type AuditLine, checkAudit } from '../../schema/audit.ts'
import { retainAudit } from '../../worker/store/audit.ts'
import { openDb } from '../../worker/store/db.ts'
import { enrolProbe } from '../worker/support/probes.ts'
import { BODIES } from './support/bodies.ts'
import { changes, inOrder, isApi, nameOf, ROUTES, type Route } from './support/routes.ts'
import { KEY, openTown, type Town } from './support/tenants.ts'

let town: Town
beforeAll(async () => {
  town = await openTown()
}, 180_000)

/** The first machine at an address announces its range. */
const MAKES: Readonly<Record<string, RegExp>> = { 'POST /api/v1/probes/enrolments': /^rng_/ }

const OPERATORS = 'ten_default'
const exported = async (key = KEY): Promise<string[]> =>
  (await town.stage.api<string>('GET', '/audit/export', undefined, key)).body.split('\n').filter(Boolean)
const linesOf = async (key = KEY): Promise<AuditLine[]> => (await exported(key)).map((line) => JSON.parse(line))
const headOf = async (key = KEY): Promise<AuditHead> =>
  (await town.stage.api<AuditHead>('GET', '/audit/head', undefined, key)).body
/** What is wrong with these lines; null when nothing is. */
async function faultOf(lines: readonly string[], head: AuditHead | null = null): Promise<string | null> {
  const check = checkAudit()
  for (const line of lines) {
    const fault = await check.take(line)
    if (fault) return fault
  }
  return check.end(head)
}

test('each call that changes something leaves one line, on every route: who, what, on what, when', async () => {
  const missing: string[] = []
  const fails: string[] = []
  for (const route of inOrder(ROUTES.filter((one) => isApi(one) && changes(one)))) {
    const { isOperators, answer } = await call(route)
    const key = isOperators ? KEY : town.owner.keys.admin
    if (answer.status >= 300) {
      fails.push(nameOf(route))
      continue
    }
    // A key that was the caller's own is none any more.
    const [last, ...others] = (await linesOf(key)).toReversed()
    const { deed, actor, subject } = last ?? {}
    if (deed !== nameOf(route)) missing.push(`${nameOf(route)}: ${deed}`)
    expect(actor, nameOf(route)).toMatch(/^key:key_/)
    // What its path names, or else what it made, as its answer says.
    const body = answer.body as { id?: unknown; tenant?: { id: unknown } } | null
    const made = route.method === 'POST' ? (body?.tenant?.id ?? body?.id ?? null) : null
    const expected = route.params.includes('id') ? idFor(route) : made
    if (subject !== expected && !MAKES[nameOf(route)]?.test(`${subject}`))
      missing.push(`${nameOf(route)}: on ${subject}, not ${expected}`)
    expect(others.filter((line) => line.at === last?.at && line.deed === deed).length, nameOf(route)).toBe(0)
    town.stage.pass(1_000)
  }
  expect(missing).toEqual([])
  // A stack that holds something takes no backup.
  const others = fails.filter((name) => !name.includes('/api/v1/restore'))
  // Those that do not fit the present state of the town: few, and their lines are those of others of their kind.
  expect(others.length, others.join(', ')).toBeLessThanOrEqual(4)
})
/** Of tenants the other goes: the owner is wanted after. */
const idFor = ({ path }: Route) =>
  path.includes('/tenants/') ? town.stranger.id : town.ids[path.split('/')[path.split('/').indexOf(':id') - 1] ?? '']
async function call(route: Route) {
  const path = route.path.replace('/api/v1', '').replace(':id', idFor(route) ?? '')
  const say = route.method === 'DELETE' ? undefined : BODIES[nameOf(route)]?.(town)
  const answer = await town.stage.api<{ code?: string }>(route.method, path, say, town.owner.keys.admin)
  const isOperators = answer.body?.code === 'operators_only'
  return { isOperators, answer: isOperators ? await town.stage.api(route.method, path, say, KEY) : answer }
}

describe('a line says', () => {
  test('what its subject was before, as a hash, and nothing of what was said', async () => {
    const { body: target } = await town.stage.api<{ id: string }>('POST', '/targets', {
      address: '127.0.63.1',
      name: 'Planted-name',
    })
    await town.stage.api('PATCH', `/targets/${target.id}`, { tags: ['a'] })
    await town.stage.api('PATCH', `/targets/${target.id}`, { tags: ['b'] })
    await town.stage.api('PATCH', `/targets/tgt_00000000000000000000`, { tags: ['b'] })
    const mine = (await linesOf()).filter((line) => line.subject === target.id)
    expect(mine.map(({ deed }) => deed)).toEqual([
      'POST /api/v1/targets',
      'PATCH /api/v1/targets/:id',
      'PATCH /api/v1/targets/:id',
    ])
    const [made, ...changed] = mine.map(({ before }) => before)
    expect(made).toBeNull()
    for (const before of changed) expect(before).toMatch(/^[0-9a-f]{64}$/)
    expect(changed[0]).not.toBe(changed[1])
    const { results } = await town.stage.env.DB.prepare('SELECT * FROM audit').all()
    expect(JSON.stringify(results)).not.toContain('Planted-name')
  })

  test('who: a key, a session of it, a token and the probe that it made', async () => {
    const { body } = await town.stage.api<{ url: string }>('POST', '/sessions/once', {})
    const first = await town.stage.fetch(body.url.replace(/^https?:\/\/[^/]+/, ''), { redirect: 'manual' })
    const cookie = (first.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
    const headers = { cookie, 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' }
    await town.stage.fetch('/api/v1/targets', { method: 'POST', headers, body: '{"address":"127.0.63.2"}' })
    await enrolProbe(town.stage, { site: 'fra-1', sourceAddress: '127.0.1.77' })
    const deeds = (await linesOf()).slice(-4).map(({ actor, deed }) => [actor.split(':')[0], deed])
    expect(deeds).toEqual([
      ['key', 'GET /signin'],
      ['session', 'POST /api/v1/targets'],
      ['key', 'POST /api/v1/probes/enrolments'],
      ['token', 'POST /probe/v1/enrol'],
    ])
  })
})

test('what is refused before it changes anything leaves no line', async () => {
  const before = await headOf()
  await town.stage.api('POST', '/targets', { address: 'nonsense' })
  await town.stage.api('POST', '/keys', { name: 'x', scope: 'god' })
  await town.stage.api('DELETE', '/keys/nonsense')
  expect((await headOf()).seq).toBe(before.seq)
})

test('what finds nothing to change leaves no line, whether its id was never there or is there no more', async () => {
  const { body: key } = await town.stage.api<{ id: string }>('POST', '/keys', { name: 'short', scope: 'read' })
  expect((await town.stage.api('DELETE', `/keys/${key.id}`)).status).toBe(204)
  const before = await headOf()
  const calls = DELETES.filter(({ path }) => path.includes(':id') && !path.includes('/snooze')).map(({ path }) => path)
  expect(calls.length).toBeGreaterThan(5)
  for (const path of calls) {
    const id = `${(town.ids[path.split('/')[3] ?? ''] ?? 'key_').slice(0, 4)}00000000000000000000`
    const { status } = await town.stage.api('DELETE', path.replace('/api/v1', '').replace(':id', id))
    expect(status, path).toBe(404)
  }
  expect((await town.stage.api('DELETE', `/keys/${key.id}`)).status).toBe(404)
  expect((await linesOf()).filter(({ seq }) => seq > before.seq).map(({ deed }) => deed)).toEqual([])
  expect((await headOf()).seq).toBe(before.seq)
  expect(await town.stage.count('audit_waiting')).toBe(0)
})
const DELETES = ROUTES.filter((route) => isApi(route) && route.method === 'DELETE')

describe('an export', () => {
  test('is whole, and each tenant has its own', async () => {
    const lines = await exported()
    expect(lines.length).toBeGreaterThan(10)
    expect(await faultOf(lines, await headOf())).toBeNull()
    const theirs = await exported(town.owner.keys.admin)
    expect(theirs.length).toBeGreaterThan(5)
    expect(await faultOf(theirs, await headOf(town.owner.keys.admin))).toBeNull()
    expect(theirs.join()).not.toContain(OPERATORS)
    for (const key of [town.owner.keys.write, town.owner.keys.read])
      expect((await town.stage.api('GET', '/audit/export', undefined, key)).status).toBe(403)
  })

  test('shows a line that was changed, removed, moved, doubled or added, and which', async () => {
    const lines = await exported()
    const at = 4
    const line = JSON.parse(lines[at] ?? '') as AuditLine
    const { hash: _, ...open } = line
    const edited = (change: Partial<AuditLine>) => lines.with(at, JSON.stringify({ ...line, ...change }))
    for (const change of [
      ...[{ actor: 'key:key_other' }, { deed: 'GET /' }, { subject: 'tgt_00000000000000000001' }],
      ...[{ at: '2026-01-01T00:00:00.000Z' }, { before: 'f'.repeat(64) }, { asked: 'f'.repeat(64) }],
    ])
      expect(await faultOf(edited(change))).toContain(`line ${at + 1} of the file (seq ${line.seq}) was changed`)
    expect(await faultOf(lines.toSpliced(at, 1))).toBe(
      `line ${at + 1} of the file (seq ${line.seq + 1}): 1 before it is missing (after seq ${line.seq - 1}).`,
    )
    const moved = lines.with(at, lines[at + 1] ?? '').with(at + 1, lines[at] ?? '')
    expect(await faultOf(moved)).toContain(`line ${at + 1} of the file (seq ${line.seq + 1})`)
    expect(await faultOf(lines.toSpliced(at, 0, lines[at] ?? ''))).toContain('out of order or there twice')
    // Whoever knows how hashes are made can make one line fit; the next then does not follow.
    const { auditHash } = await import('../../schema/audit.ts')
    const forged = { ...open, actor: 'key:key_other' }
    const fitting = lines.with(at, JSON.stringify({ ...forged, hash: await auditHash(forged) }))
    expect(await faultOf(fitting)).toContain(`line ${at + 2} of the file (seq ${line.seq + 1}) does not follow`)
    expect(await faultOf(lines.slice(0, -1), await headOf())).toContain('the log ends at')
    expect(await faultOf(lines.with(at, 'nonsense'))).toContain(`line ${at + 1} of the file is no line`)
  })

  test('is read page by page as well, newest first', async () => {
    const first = await town.stage.api<{ items: AuditLine[]; nextCursor: string }>('GET', '/audit?limit=3')
    expect(first.body.items.map(({ seq }) => seq)).toEqual([0, 1, 2].map((n) => (first.body.items[0]?.seq ?? 0) - n))
    const next = await town.stage.api<{ items: AuditLine[] }>('GET', `/audit?limit=3&cursor=${first.body.nextCursor}`)
    expect(next.body.items[0]?.seq).toBe((first.body.items[2]?.seq ?? 0) - 1)
    expect((await town.stage.api('GET', '/audit?limit=0')).status).toBe(422)
    expect((await town.stage.api('GET', '/audit?cursor=x')).status).toBe(422)
  })
})

test('forty who write at once make one chain, and each change has its line', async () => {
  const before = await headOf()
  const many = Array.from({ length: 40 }, (_, i) => ({ address: `127.0.64.${i + 1}` }))
  const answers = await Promise.all(many.map((body) => town.stage.api('POST', '/targets', body)))
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]))
  expect((await headOf()).seq).toBe(before.seq + 40)
  expect(await town.stage.count('targets', "address LIKE '127.0.64.%'")).toBe(40)
  expect(await faultOf(await exported(), await headOf())).toBeNull()
})

describe('the database itself', () => {
  const run = (sql: string) => town.stage.env.DB.prepare(sql).run()

  test('lets nobody change, remove, replace or squeeze in a line', async () => {
    const before = await exported()
    await expect(run("UPDATE audit SET actor = 'nobody'")).rejects.toThrow('never changes')
    await expect(run('DELETE FROM audit')).rejects.toThrow('is kept')
    const { results } = await town.stage.env.DB.prepare(
      `SELECT * FROM audit WHERE tenant_id = '${OPERATORS}' AND seq = 3`,
    ).all<Record<string, unknown>>()
    const row = results[0] ?? {}
    const names = Object.keys(row)
    const insert = (verb: string, change: object) =>
      town.stage.env.DB.prepare(`${verb} INTO audit (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`)
        .bind(...Object.values({ ...row, ...change }))
        .run()
    await expect(insert('INSERT OR REPLACE', { actor: 'nobody' })).rejects.toThrow('not the next line')
    await expect(insert('INSERT OR IGNORE', { actor: 'nobody' })).rejects.toThrow('not the next line')
    await expect(insert('INSERT', { seq: before.length + 5 })).rejects.toThrow('not the next line')
    await expect(insert('INSERT', { seq: before.length + 1, prev: 'f'.repeat(64) })).rejects.toThrow(
      'not the next line',
    )
    expect(await exported()).toEqual(before)
  })

  test('gives up what is older than retention, from the beginning, and never the end', async () => {
    const lines = await linesOf()
    const cut = lines.find(({ at }) => at > (lines[0]?.at ?? '')) as AuditLine
    const db = openDb(town.stage.env.DB)
    await retainAudit(db, Date.parse(cut.at))
    const kept = await exported()
    expect(kept.length).toBeLessThan(lines.length)
    expect(Date.parse((JSON.parse(kept[0] ?? '') as AuditLine).at)).toBeGreaterThanOrEqual(Date.parse(cut.at))
    expect(await faultOf(kept, await headOf())).toBeNull()
    await retainAudit(db, town.stage.now() + 1_000)
    expect(await exported()).toEqual(kept.slice(-1))
    await expect(run('DELETE FROM audit')).rejects.toThrow('is kept')
    await town.stage.api('POST', '/targets', { address: '127.0.63.9' })
    expect(await faultOf(await exported(), await headOf())).toBeNull()
  })
})

test('a change whose line cannot be written is not made', async () => {
  const db = town.stage.env.DB
  await db.prepare("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'disk full'); END").run()
  const before = await town.stage.count('targets')
  expect((await town.stage.api('POST', '/targets', { address: '127.0.63.10' })).status).toBe(500)
  expect(await town.stage.count('targets')).toBe(before)
  await db.prepare('DROP TRIGGER full').run()
})
