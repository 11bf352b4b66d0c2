/** The Worker in workerd behind the front of the embedded host, with a route that does nothing and, if wanted, a count of rows. */
import { join } from 'node:path'
import { Log, LogLevel, Miniflare } from 'miniflare'
import { makeKey } from '../../../schema/key.ts'
import { bundleWorker } from '../../../worker/embedded/bundle.ts'
import { openFront } from '../../../worker/embedded/front.ts'
import { COMPATIBILITY } from '../../../worker/embedded/host.ts'
import { type Database, migrate } from '../../../worker/embedded/migrate.ts'
import { caller } from '../../faults/caller.ts'
import { cpuMsOf, runtimes } from '../../support/runtimes.ts'
import type { Asked, RowCount } from '../../worker/support/row-count.ts'

const ROOT = join(import.meta.dirname, '../../..')

export interface FleetHost {
  url: string
  key: string
  rows(): Promise<RowCount>
  /** what D1 was asked since the last call, a batch being one query */
  queries(): Promise<Asked[][]>
  tick(): Promise<void>
  /** of workerd, all threads, so far */
  cpuMs(): number
  close(): Promise<void>
}

export async function openFleetHost(data: string, count: boolean): Promise<FleetHost> {
  const key = makeKey((bytes) => crypto.getRandomValues(new Uint8Array(bytes)))
  const front = await openFront({ host: '127.0.0.1', port: 0, secret: 'fleet' })
  const before = new Set(runtimes())
  const miniflare = new Miniflare({
    modules: [
      {
        type: 'ESModule',
        path: 'worker.js',
        contents: await bundleWorker(ROOT, 'test/worker/support/counted-worker.ts'),
      },
    ],
    compatibilityDate: COMPATIBILITY.date,
    compatibilityFlags: COMPATIBILITY.flags,
    d1Databases: { DB: 'portwitness' },
    r2Buckets: { RAW: 'portwitness-raw' },
    durableObjects: { DOORBELL: { className: 'Doorbell', useSQLite: true } },
    bindings: {
      ...{ ALLOW_PRIVATE: '1', BOOTSTRAP_KEY: key, FRONT_SECRET: 'fleet', COUNT: count ? '1' : '' },
      ...{ CHANNEL_KEY: `k1:${btoa('0'.repeat(32))}`, PUBLIC_URL: `http://127.0.0.1:${front.port}` },
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
  })
  await miniflare.ready
  await migrate((await miniflare.getD1Database('DB')) as unknown as Database, join(ROOT, 'schema/migrations'))
  front.connectTo(await miniflare.unsafeGetDirectURL())
  const pid = runtimes().find((one) => !before.has(one)) ?? 0
  const url = `http://127.0.0.1:${front.port}`
  const call = caller(url)
  return {
    ...{ url, key, cpuMs: () => cpuMsOf(pid) },
    rows: async () => (await (await call('/__rows', 'GET', {}, new Uint8Array())).json()) as RowCount,
    queries: async () => (await (await call('/__queries', 'GET', {}, new Uint8Array())).json()) as Asked[][],
    tick: async () => {
      const worker = await miniflare.getWorker()
      await worker.scheduled({ scheduledTime: new Date(), cron: '* * * * *' }).catch(() => undefined)
    },
    close: async () => {
      await front.close()
      await miniflare.dispose()
    },
  }
}
