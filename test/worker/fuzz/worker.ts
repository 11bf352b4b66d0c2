/**
 * The fuzzer, inside workerd beside the Worker: requests go straight to the app, so that a million take minutes and no socket.
 * `POST /__begin` makes a stack anew; `POST /__fuzz?seed=S&from=N&count=M` plays cases and says what came of them.
 */
import { toJsonSchema } from '@valibot/to-json-schema'
import { AlarmRequest, EnrolRequest, LeaseRequest, RenewRequest, ResultRequest } from '../../../schema/wire.ts'
import { app } from '../../../worker/app.ts'
import type { Env } from '../../../worker/env.ts'
import { Doorbell } from '../../../worker/index.ts'
import type { Door } from '../support/fleet.ts'
import type { Batch, Failure } from './batch.ts'
import { type Case, caseOf, type Route } from './cases.ts'
import { type Answered, objection, TIME_BOX_MS } from './judge.ts'
import { look, type Realm, settle } from './realm.ts'
import type { Schema } from './valid.ts'

export { Doorbell }

/** After so many cases what there is is learnt anew; keys, probes and tenants that a case removed are made again. */
const LOOK_EVERY = 500
const BASE = 'https://portwitness.test'
const PROBE_SHAPES = {
  enrol: EnrolRequest,
  lease: LeaseRequest,
  renew: RenewRequest,
  alarm: AlarmRequest,
  result: ResultRequest,
}

let realm: Realm | null = null
let routes: Route[] = []
let last: { status: number; text: string } = { status: 0, text: '' }
/** what the Worker calls a bug of its own while a case runs */
let bugs: string[] = []

const told = console.error
console.error = (...words: unknown[]) => {
  const line = words.map(String).join(' ')
  if (line.includes('"event":"bug"')) bugs.push(line)
}

function doorOf(env: Env): Door {
  const request = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const work: Promise<unknown>[] = []
    const ctx = {
      waitUntil: (one: Promise<unknown>) => void work.push(one.catch(() => undefined)),
      passThroughOnException: () => {},
      props: {},
    } as unknown as ExecutionContext
    const answer = await app.fetch(new Request(`${BASE}${path}`, init), env, ctx)
    last = { status: answer.status, text: await textOf(answer) }
    await Promise.all(work)
    const isBare = [101, 204, 205, 304].includes(answer.status)
    return new Response(isBare ? null : last.text, { status: isBare ? 204 : answer.status, headers: answer.headers })
  }
  return {
    fetch: request,
    api: async (method, path, body, key = env.BOOTSTRAP_KEY ?? '') => {
      const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
      const answer = await request(`/api/v1${path}`, {
        method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      return { status: answer.status, headers: answer.headers, body: JSON.parse(last.text || 'null') as never }
    },
  }
}

/** An event stream goes on for 25 s: its first words are enough. */
async function textOf(answer: Response): Promise<string> {
  if (answer.webSocket) {
    answer.webSocket.accept()
    answer.webSocket.close()
    return ''
  }
  if (!(answer.headers.get('content-type') ?? '').startsWith('text/event-stream')) return answer.text()
  const reader = answer.body?.getReader()
  const first = await Promise.race([
    reader?.read(),
    new Promise<null>((resolve) => setTimeout(() => resolve(null), 50)),
  ])
  await reader?.cancel().catch(() => undefined)
  return first?.value ? new TextDecoder().decode(first.value) : ''
}

async function routesOf(door: Door): Promise<Route[]> {
  await door.fetch('/openapi.json')
  const document = JSON.parse(last.text) as {
    paths: Record<string, Record<string, { requestBody?: { content: Record<string, { schema: Schema }> } }>>
    components?: { schemas?: Record<string, Schema> }
  }
  const resolved = (schema: Schema | undefined): Schema | undefined =>
    schema?.$ref ? document.components?.schemas?.[schema.$ref.split('/').at(-1) ?? ''] : schema
  const seen = new Set<string>()
  return app.routes.flatMap(({ method, path }) => {
    const name = `${method} ${path}`
    if (method === 'ALL' || path.includes('*') || seen.has(name)) return []
    seen.add(name)
    const [, word = ''] = /^\/probe\/v1\/(\w+)$/.exec(path) ?? []
    const shape = PROBE_SHAPES[word as keyof typeof PROBE_SHAPES]
    const described = document.paths[path.replace(/:(\w+)(\{.*?\})?/g, '{$1}')]?.[method.toLowerCase()]
    const body = shape
      ? (toJsonSchema(shape, { errorMode: 'ignore' }) as Schema)
      : resolved(described?.requestBody?.content['application/json']?.schema)
    return [{ method, path, body }]
  })
}

/** All but the log of who changed what, of which no line can be taken away. */
async function wipe(env: Env): Promise<void> {
  const { results } = await env.DB.prepare(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_cf_%' AND name NOT LIKE 'd1_%' AND name NOT LIKE 'audit%'",
  ).all<{ name: string }>()
  await env.DB.batch(results.map(({ name }) => env.DB.prepare(`DELETE FROM "${name}" WHERE NOT (1 = 2)`)))
  // What migrations put in must stand: the operator's own tenant.
  await env.DB.prepare(
    "INSERT OR IGNORE INTO tenants (id, name, created_at) VALUES ('ten_default', 'Operator', 0)",
  ).run()
}

async function play(door: Door, one: Case): Promise<Answered> {
  const began = performance.now()
  bugs = []
  last = { status: 0, text: '' }
  const headers = { 'cf-connecting-ip': '198.51.100.9', ...one.headers }
  const bytes = one.bytes ?? new Uint8Array()
  const [, word = ''] = /^\/probe\/v1\/(\w+)/.exec(one.path) ?? []
  const ask = async (): Promise<string | null> => {
    if (one.probe && word === 'doorbell') await one.probe.bell()
    else if (one.probe && word !== 'enrol')
      await one.probe.say(word, null, { raw: bytes, headers: one.headers }).catch(parsing)
    else await door.fetch(one.path, { method: one.method, headers, ...(one.bytes ? { body: bytes } : {}) })
    return null
  }
  let timer: ReturnType<typeof setTimeout> | null = null
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('no answer in time'), TIME_BOX_MS + 5_000)
  })
  const thrown = await Promise.race([
    ask().catch((error: unknown) => `threw ${error instanceof Error ? `${error.message}\n${error.stack}` : error}`),
    late,
  ])
  clearTimeout(timer)
  return {
    ...last,
    ms: performance.now() - began,
    thrown: thrown ?? (bugs[0] ? `a bug: ${bugs[0].slice(0, 600)}` : null),
  }
}

/** An answer to a probe that is no JSON: the case's own text is judged. */
function parsing(error: unknown): void {
  if (!(error instanceof SyntaxError)) throw error
}

/** Leaves out each change that the failure does not need. */
async function shrunk(door: Door, world: Realm, seed: number, n: number): Promise<Case> {
  const without = new Set<number>()
  const whole = caseOf(world, routes, seed, n, without)
  for (let change = 0; change < whole.changes; change++) {
    const fewer = new Set([...without, change])
    const one = caseOf(world, routes, seed, n, fewer)
    if (objection(one, await play(door, one), world) !== null) without.add(change)
  }
  return caseOf(world, routes, seed, n, without)
}

const shown = ({ method, path, headers, bytes }: Case): Failure['request'] => ({
  method,
  path,
  headers: Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, name === 'authorization' ? 'Bearer …' : value]),
  ),
  body: bytes && new TextDecoder().decode(bytes.subarray(0, 4_000)),
})

async function batch(env: Env, seed: number, from: number, count: number): Promise<Batch> {
  const door = doorOf(env)
  const done: Batch = { statuses: {}, routes: {}, failures: [], slowestMs: 0 }
  for (let n = from; n < from + count; n++) {
    if (n % LOOK_EVERY === 0 && realm) {
      await door.api('PUT', '/kill-switch', { stopped: false })
      if (!(await look(door, realm))) realm = null
    }
    realm ??= await begin(env)
    const one = caseOf(realm, routes, seed, n, new Set())
    const answer = await play(door, one)
    const why = objection(one, answer, realm)
    done.statuses[answer.status] = (done.statuses[answer.status] ?? 0) + 1
    const route = `${one.method} ${one.path.split('?')[0]?.split('/').slice(0, 4).join('/')}`
    if (done.routes[route] !== undefined || Object.keys(done.routes).length < 200)
      done.routes[route] = (done.routes[route] ?? 0) + 1
    done.slowestMs = Math.max(done.slowestMs, answer.ms)
    if (why !== null && done.failures.length < 5) {
      const least = await shrunk(door, realm, seed, n)
      done.failures.push({ n, why, request: shown(least) })
    }
  }
  return done
}

async function begin(env: Env): Promise<Realm> {
  const door = doorOf(env)
  await wipe(env)
  realm = await settle(door, env.BOOTSTRAP_KEY ?? '')
  if (routes.length === 0) routes = await routesOf(door)
  return realm
}

export default {
  async fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url)
    const number = (name: string) => Number(searchParams.get(name) ?? 0)
    try {
      if (pathname === '/__begin') {
        await begin(env)
        return Response.json({ routes: routes.map(({ method, path, body }) => `${method} ${path}${body ? ' +' : ''}`) })
      }
      return Response.json(await batch(env, number('seed'), number('from'), number('count')))
    } catch (error) {
      told(error)
      return new Response(`${error instanceof Error ? error.stack : error}`, { status: 500 })
    }
  },
} satisfies ExportedHandler<Env>
