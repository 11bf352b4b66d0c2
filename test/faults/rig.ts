/** The Worker in workerd with a database, a bucket and a doorbell that fail as told, behind the front of the embedded host. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { Log, LogLevel, Miniflare } from 'miniflare'
import { type Api, openApi } from '../../probe-node/commands/api.ts'
import { makeKey } from '../../schema/key.ts'
import { type Front, openFront } from '../../worker/embedded/front.ts'
import { COMPATIBILITY } from '../../worker/embedded/host.ts'
import { type Database, migrate } from '../../worker/embedded/migrate.ts'
import { residentOf, runtimes } from '../support/runtimes.ts'
import type { Ailments } from '../worker/support/ailments.ts'
import type { Door } from '../worker/support/fleet.ts'
import type { Journal } from './audit/journal.ts'
import { ROOT } from './build.ts'
import { caller } from './caller.ts'

const SECRET = 'of the front'
export const WELL: Ailments = { db: null, raw: null }

export interface Rig {
  /** the front: a client is who it comes from */
  url: string
  key: string
  api: Api
  data: string
  front: Front
  /** past the front: a scripted probe says its address itself; what it says is written into the journal */
  door(journal?: Journal): Door
  ail(ailments: Ailments): Promise<void>
  hits(): Promise<{ db: number; raw: number }>
  abortBells(): Promise<void>
  sockets(): Promise<number>
  /** cron, at this time of its clock */
  tick(now?: number): Promise<void>
  /** memory of workerd, in bytes */
  memory(): number
  [Symbol.asyncDispose](): Promise<void>
}

export async function openRig(script: string, { receivers = false } = {}): Promise<Rig> {
  const data = mkdtempSync(join(tmpdir(), 'portwitness-rig-'))
  const key = makeKey((count) => crypto.getRandomValues(new Uint8Array(count)))
  const front = await openFront({ host: '127.0.0.1', port: 0, secret: SECRET })
  const before = new Set(runtimes())
  const miniflare = new Miniflare({
    modules: [{ type: 'ESModule', path: 'worker.js', contents: script }],
    compatibilityDate: COMPATIBILITY.date,
    compatibilityFlags: COMPATIBILITY.flags,
    d1Databases: { DB: 'portwitness' },
    r2Buckets: { RAW: 'portwitness-raw' },
    durableObjects: { DOORBELL: { className: 'Doorbell', useSQLite: true } },
    bindings: {
      ...{ ALLOW_PRIVATE: '1', BOOTSTRAP_KEY: key, FRONT_SECRET: SECRET, CHANNEL_KEY: `k1:${btoa('0'.repeat(32))}` },
      ...{ ALLOW_LOCAL_RECEIVERS: receivers ? '1' : '', PUBLIC_URL: `http://127.0.0.1:${front.port}` },
    },
    d1Persist: join(data, 'd1'),
    r2Persist: join(data, 'r2'),
    durableObjectsPersist: join(data, 'do'),
    unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }],
    host: '127.0.0.1',
    port: 0,
    cf: false,
    telemetry: { enabled: false },
    log: new Log(LogLevel.NONE),
    handleRuntimeStdio: (stdout: Readable, stderr: Readable) => {
      stdout.resume()
      stderr.resume()
    },
  })
  await miniflare.ready
  await migrate((await miniflare.getD1Database('DB')) as unknown as Database, join(ROOT, 'schema/migrations'))
  const direct = await miniflare.unsafeGetDirectURL()
  front.connectTo(direct)
  const base = direct.href.replace(/\/$/, '')
  const url = `http://127.0.0.1:${front.port}`
  const call = caller(base)
  const pid = runtimes().find((one) => !before.has(one))
  const ask = async (path: string, init: RequestInit = {}) => {
    const answer = await call(path, init.method ?? 'GET', {}, Buffer.from(String(init.body ?? '')))
    if (!answer.ok) throw new Error(`${path} was answered ${answer.status}`)
    return answer
  }
  return {
    ...{ url, key, data, front, api: openApi({ url, key }) },
    door: (journal) => doorOf(base, key, journal),
    ail: async (ailments) =>
      void (await (await ask('/__ails', { method: 'PUT', body: JSON.stringify(ailments) })).text()),
    hits: async () => (await (await ask('/__ails')).json()) as { db: number; raw: number },
    abortBells: async () => void (await (await ask('/__abort', { method: 'POST' })).text()),
    sockets: async () => (await (await ask('/__sockets')).json()) as number,
    tick: async (now = Date.now()) => void (await (await ask(`/__tick?now=${now}`, { method: 'POST' })).text()),
    memory: () => residentOf(pid ?? process.pid),
    async [Symbol.asyncDispose]() {
      await front.close()
      await miniflare.dispose()
      rmSync(data, { recursive: true, force: true })
    },
  }
}

function doorOf(base: string, key: string, journal: Journal | undefined): Door {
  const send = caller(base)
  const once = async (path: string, init: RequestInit): Promise<Response> => {
    const [, kind] = /^\/probe\/v1\/(\w+)/.exec(path) ?? []
    const body = init.body instanceof Uint8Array ? Buffer.from(init.body) : Buffer.from(String(init.body ?? ''))
    const close = kind ? journal?.ask(kind, body.toString()) : undefined
    try {
      const headers = { ...(init.headers as Record<string, string>), 'x-portwitness-front': SECRET }
      const answer = await send(path, init.method ?? 'GET', headers, body)
      const text = await answer.clone().text()
      close?.(answer.status, text)
      return answer
    } catch (error) {
      close?.(null, '')
      throw error
    }
  }
  /** A busy machine cuts a connection now and then: what a probe says is said again, as real ones do. */
  const request = async (
    path: string,
    init: RequestInit = {},
    tries = path.startsWith('/probe/') ? 4 : 1,
  ): Promise<Response> =>
    once(path, init).catch((error: unknown) => {
      if (tries <= 1) throw error
      return request(path, init, tries - 1)
    })
  return {
    fetch: (path, init) => request(path, init),
    api: async (method, path, body, as = key) => {
      const headers = {
        authorization: `Bearer ${as}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      }
      const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
      const answer = await request(`/api/v1${path}`, init)
      return { status: answer.status, headers: answer.headers, body: (await answer.json()) as never }
    },
  }
}
