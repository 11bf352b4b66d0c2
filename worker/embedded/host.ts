import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { Log, LogLevel, Miniflare } from 'miniflare'
import { adminKey, channelKey } from './admin-key.ts'
import { bundleWorker } from './bundle.ts'
import { type Claim, claim } from './claim.ts'
import { startCron } from './cron.ts'
import { makeEgress } from './egress.ts'
import { openFront } from './front.ts'
import { type Database, migrate } from './migrate.ts'
import { makeResolver } from './resolver.ts'
import { signingKey } from './signing-key.ts'

export interface HostOptions {
  host: string
  port: number
  /** folder of the database, raw output, admin key and the key that signs the ranges */
  data: string
  /** folder of the repository */
  root: string
  allowPrivate: boolean
  allowLocalReceivers: boolean
  dnsServer: string | null
  /** whom owners of scanned hosts may write to: `mailto:`, `https:` or `tel:` */
  contact?: string | null
  /** where others reach this Worker, when a proxy stands before it; its own address unless said */
  publicUrl?: string | null
}

export interface Host {
  url: string
  /** ends the cron, the door and the runtime, in this order; the folder is free afterwards */
  stop(): Promise<void>
}

/** Same as in wrangler.toml; a test holds the two together. */
export const COMPATIBILITY = { date: '2026-07-30', flags: ['nodejs_compat', 'global_fetch_strictly_public'] }

/**
 * Starts the Worker in workerd on this machine: local D1 and R2 under `data`, migrations applied, cron running.
 * Resolves when it answers. Nothing here reaches beyond this machine by itself.
 */
export async function startHost(options: HostOptions): Promise<Host> {
  const held = claim(options.data)
  try {
    return await start(options, held)
  } catch (error) {
    held.release()
    throw error
  }
}

async function start(options: HostOptions, held: Claim): Promise<Host> {
  const secret = randomBytes(24).toString('base64url')
  const front = await openFront({ host: options.host, port: options.port, secret })
  const url = `http://${reachable(options.host)}:${front.port}`
  const contents = await bundleWorker(options.root)
  const key = await adminKey(options.data)
  const rangeKey = await signingKey(options.data)
  const sealing = await channelKey(options.data)
  const ownSignals = signalHandlers()
  const miniflare = new Miniflare({
    name: 'portwitness',
    modules: [{ type: 'ESModule', path: 'worker.js', contents }],
    compatibilityDate: COMPATIBILITY.date,
    compatibilityFlags: COMPATIBILITY.flags,
    d1Databases: { DB: 'portwitness' },
    r2Buckets: { RAW: 'portwitness-raw' },
    durableObjects: { DOORBELL: { className: 'Doorbell', useSQLite: true } },
    serviceBindings: {
      RESOLVER: makeResolver(options.dnsServer) as never,
      EGRESS: makeEgress({ dnsServer: options.dnsServer, allowLocal: options.allowLocalReceivers }) as never,
    },
    bindings: {
      ALLOW_PRIVATE: options.allowPrivate ? '1' : '',
      ALLOW_LOCAL_RECEIVERS: options.allowLocalReceivers ? '1' : '',
      BOOTSTRAP_KEY: key,
      CHANNEL_KEY: sealing,
      FRONT_SECRET: secret,
      PUBLIC_URL: options.publicUrl?.replace(/\/+$/, '') || url,
      RANGE_SIGNING_KEY: rangeKey,
      ...(options.contact ? { CONTACT: options.contact } : {}),
    },
    d1Persist: join(options.data, 'd1'),
    r2Persist: join(options.data, 'r2'),
    durableObjectsPersist: join(options.data, 'do'),
    // The front speaks to the Worker's own socket: miniflare's entry has paths and headers of its own, for development.
    unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }],
    host: '127.0.0.1',
    port: 0,
    cf: false,
    telemetry: { enabled: false },
    logRequests: false,
    log: new Log(LogLevel.ERROR),
    handleRuntimeStdio: toStderr,
    unsafeHandleRuntimeRestart: () => void onRestart(),
  })
  // Miniflare ends the process at once on a signal; we stop in order, and its exit hook still covers a crash.
  for (const [signal, handler] of signalHandlers()) {
    if (!ownSignals.some(([, own]) => own === handler)) process.removeListener(signal, handler)
  }
  const onRestart = async () => {
    held.runtimeStarted()
    front.connectTo(await miniflare.unsafeGetDirectURL())
  }
  await miniflare.ready
  held.runtimeStarted()
  await migrate((await miniflare.getD1Database('DB')) as unknown as Database, join(options.root, 'schema/migrations'))
  front.connectTo(await miniflare.unsafeGetDirectURL())
  const stopCron = startCron(async (scheduledTime) => {
    try {
      const worker = await miniflare.getWorker()
      const { outcome } = await worker.scheduled({ scheduledTime: new Date(scheduledTime), cron: '* * * * *' })
      if (outcome !== 'ok') process.stderr.write(`cron: ${outcome}\n`)
    } catch (error) {
      process.stderr.write(`cron: ${error instanceof Error ? error.message : error}\n`)
    }
  })

  return {
    url,
    stop: async () => {
      await Promise.race([stopCron(), new Promise((resolve) => setTimeout(resolve, 3_000).unref())])
      await front.close()
      await miniflare.dispose()
      held.release()
    },
  }
}

const signalHandlers = (): [NodeJS.Signals, NodeJS.SignalsListener][] =>
  (['SIGINT', 'SIGTERM'] as const).flatMap((signal) =>
    process
      .listeners(signal)
      .map((handler): [NodeJS.Signals, NodeJS.SignalsListener] => [signal, handler as NodeJS.SignalsListener]),
  )

function toStderr(stdout: Readable, stderr: Readable): void {
  stdout.pipe(process.stderr, { end: false })
  stderr.pipe(process.stderr, { end: false })
}

/** An address at which this machine reaches what listens on `host`. */
const reachable = (host: string): string => {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return host.includes(':') ? `[${host}]` : host
}
