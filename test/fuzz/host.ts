/** workerd with the fuzzer in it. Nothing in it can reach anything: names do not resolve, messages go nowhere. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { Log, LogLevel, Miniflare } from 'miniflare'
import { makeKey } from '../../schema/key.ts'
import { bundleWorker } from '../../worker/embedded/bundle.ts'
import { COMPATIBILITY } from '../../worker/embedded/host.ts'
import { type Database, migrate } from '../../worker/embedded/migrate.ts'
import { caller } from '../faults/caller.ts'
import { cpuMsOf, residentOf, runtimes } from '../support/runtimes.ts'
import type { Batch } from '../worker/fuzz/batch.ts'

const ROOT = join(import.meta.dirname, '../..')
/**
 * What an isolate may hold of the heap: Cloudflare ends one at 128 MB, here V8 ends the process. Without it workerd takes what
 * the machine has before it looks for what is no longer in use, and what it holds says nothing of the Worker.
 */
export const HEAP_MB = 128

export interface FuzzHost {
  /** every route, `+` where it takes a body */
  begin(): Promise<string[]>
  fuzz(seed: number, from: number, count: number): Promise<Batch>
  /** time on a processor of all its threads so far; NaN when the process has ended */
  cpuMs(): number
  /** the process of workerd is still there */
  lives(): boolean
  /** resident bytes of workerd; NaN when it has ended */
  memory(): number
  [Symbol.asyncDispose](): Promise<void>
}

export async function openFuzzHost(): Promise<FuzzHost> {
  const data = mkdtempSync(join(tmpdir(), 'portwitness-fuzz-'))
  const before = new Set(runtimes())
  // Miniflare hands V8's own flags to workerd from here alone.
  process.env.MINIFLARE_WORKERD_V8_FLAGS = `--max-heap-size=${HEAP_MB}`
  const miniflare = new Miniflare({
    modules: [
      { type: 'ESModule', path: 'worker.js', contents: await bundleWorker(ROOT, 'test/worker/fuzz/worker.ts') },
    ],
    compatibilityDate: COMPATIBILITY.date,
    compatibilityFlags: COMPATIBILITY.flags,
    d1Databases: { DB: 'portwitness' },
    r2Buckets: { RAW: 'portwitness-raw' },
    durableObjects: { DOORBELL: { className: 'Doorbell', useSQLite: true } },
    serviceBindings: {
      RESOLVER: () => new Response('[]', { headers: { 'content-type': 'application/json' } }) as never,
      EGRESS: () => new Response('', { status: 502 }) as never,
    },
    outboundService: () => new Response('', { status: 502 }) as never,
    bindings: {
      ALLOW_PRIVATE: '1',
      ALLOW_LOCAL_RECEIVERS: '1',
      BOOTSTRAP_KEY: makeKey((count) => crypto.getRandomValues(new Uint8Array(count))),
      CHANNEL_KEY: `k1:${btoa('0'.repeat(32))}`,
      PUBLIC_URL: 'https://portwitness.test',
    },
    d1Persist: join(data, 'd1'),
    r2Persist: join(data, 'r2'),
    unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }],
    host: '127.0.0.1',
    port: 0,
    cf: false,
    telemetry: { enabled: false },
    log: new Log(LogLevel.NONE),
    handleRuntimeStdio: (stdout: Readable, stderr: Readable) => {
      stdout.resume()
      if (process.env.FUZZ_LOG) stderr.pipe(process.stderr)
      else stderr.resume()
    },
  })
  await miniflare.ready
  await migrate((await miniflare.getD1Database('DB')) as unknown as Database, join(ROOT, 'schema/migrations'))
  const base = (await miniflare.unsafeGetDirectURL()).href.replace(/\/$/, '')
  const pid = runtimes().find((one) => !before.has(one)) ?? 0
  const call = caller(base, { keepAlive: false })
  const ask = async <T>(path: string): Promise<T> => {
    const answer = await call(path, 'POST', {}, new Uint8Array())
    const text = await answer.text()
    if (answer.status !== 200) throw new Error(`the fuzzer itself failed: ${text.slice(0, 1_000)}`)
    return JSON.parse(text) as T
  }
  const lives = () => runtimes().includes(pid)
  return {
    begin: async () => (await ask<{ routes: string[] }>('/__begin')).routes,
    fuzz: (seed, from, count) => ask<Batch>(`/__fuzz?seed=${seed}&from=${from}&count=${count}`),
    cpuMs: () => (lives() ? cpuMsOf(pid) : Number.NaN),
    lives,
    memory: () => (lives() ? residentOf(pid) : Number.NaN),
    async [Symbol.asyncDispose]() {
      await miniflare.dispose()
      rmSync(data, { recursive: true, force: true })
    },
  }
}
