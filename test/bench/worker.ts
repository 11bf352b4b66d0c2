/**
 * `npm run bench:worker`: what one lease, renew and result of a full-range scan cost the Worker, in workerd's own CPU time
 * (user and system of all its threads, less what an empty route costs), and in D1 rows. Scripted probes speak the real
 * protocol to the bundled Worker. Then one clean scan of five minutes by five real probes, for the rows of a whole scan.
 * SCANS: how many scripted scans (fewer than 500 requests of a kind count as a shortfall); LONG_SCAN_S=0 leaves out the long one.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Miniflare } from 'miniflare'
import type { Child } from '../../demo/children.ts'
import { FLEET, probesReady, startProbe } from '../../demo/stack.ts'
import { openApi } from '../../probe-node/commands/api.ts'
import type { ScanAnswer } from '../../schema/api.ts'
import { makeKey } from '../../schema/key.ts'
import type { LeaseAnswer, LeasedRun, Observation } from '../../schema/wire.ts'
import { bundleWorker } from '../../worker/embedded/bundle.ts'
import { openFront } from '../../worker/embedded/front.ts'
import { COMPATIBILITY } from '../../worker/embedded/host.ts'
import { type Database, migrate } from '../../worker/embedded/migrate.ts'
import { cpuMsOf, runtimes } from '../support/runtimes.ts'
import { type Door, openFleet, type Probe } from '../worker/support/fleet.ts'
import type { RowCount } from '../worker/support/row-count.ts'
import { closeWith, printTable } from './table.ts'

const ROOT = join(import.meta.dirname, '../..')
const SCANS = Number(process.env.SCANS ?? 500)
const COUNTED_SCANS = 20
const WARM_UP = 20
const LONG_SCAN_S = Number(process.env.LONG_SCAN_S ?? 285)
const KEY = makeKey((count) => crypto.getRandomValues(new Uint8Array(count)))
const OPEN = Array.from({ length: 12 }, (_, i) => 1_100 + i * 2_357)
const CPU_LIMIT_MS = 10
const ROWS_LIMIT = 60

type Kind = 'lease' | 'renew' | 'result'
const KINDS: readonly Kind[] = ['lease', 'renew', 'result']

const shortfalls: string[] = []
const contents = await bundleWorker(ROOT, 'test/worker/support/counted-worker.ts')
await costs()
if (LONG_SCAN_S > 0) await wholeScan()
closeWith('bench:worker', shortfalls)

/** CPU and rows of single requests. */
async function costs(): Promise<void> {
  const cpu = await measured({ count: false, scans: SCANS })
  const rows = await measured({ count: true, scans: COUNTED_SCANS })
  console.log(`\n${SCANS} full-range scans (65,535 ports, ${OPEN.length} open), five sources, scripted probes`)
  printTable(
    ['request', 'requests', 'CPU ms each', 'less empty route', 'rows read', 'rows written'],
    KINDS.map((kind) => {
      const own = cpu.per[kind].cpuMs - cpu.emptyMs
      if (!(own <= CPU_LIMIT_MS)) shortfalls.push(`${kind}: ${own.toFixed(1)} ms CPU, allowed ${CPU_LIMIT_MS}`)
      if (cpu.per[kind].requests < 500) shortfalls.push(`${kind}: only ${cpu.per[kind].requests} requests measured`)
      const { read, written } = rows.per[kind]
      return [
        kind,
        cpu.per[kind].requests,
        cpu.per[kind].cpuMs.toFixed(2),
        own.toFixed(2),
        read.toFixed(1),
        written.toFixed(1),
      ]
    }),
  )
  console.log(
    `an empty route: ${cpu.emptyMs.toFixed(2)} ms CPU; a scripted scan writes ${rows.writtenPerScan.toFixed(0)} rows in all`,
  )
}

interface Cost {
  requests: number
  cpuMs: number
  read: number
  written: number
}

async function measured(options: { count: boolean; scans: number }) {
  await using worker = await openWorker({ count: options.count })
  const stage = stageOf(worker.url)
  const fleet = await openFleet(stage)
  for (const probe of fleet) await probe.lease()
  const per: Record<Kind, Cost> = { lease: zero(), renew: zero(), result: zero() }
  let written = 0
  let isMeasured = false
  const meter = async <T>(kind: Kind, ask: () => Promise<T>): Promise<T> => {
    const before = options.count ? 0 : worker.cpuMs()
    if (options.count) await worker.rows()
    const answer = await ask()
    // The alarm clock of a request: judging and ringing go on shortly after the answer.
    const rows = options.count ? await worker.rows() : { read: 0, written: 0, by: {} }
    if (isMeasured) {
      const cost = per[kind]
      cost.requests += 1
      cost.cpuMs += options.count ? 0 : worker.cpuMs() - before
      cost.read += rows.read
      cost.written += rows.written
      written += rows.written
    }
    return answer
  }
  for (let i = 0; i < options.scans + WARM_UP; i++) {
    isMeasured = i >= WARM_UP
    const address = `127.20.${Math.floor(i / 250)}.${(i % 250) + 1}`
    const target = await stage.api<{ id: string }>('POST', '/targets', {
      address,
      ports: '1-65535',
      profile: 'discovery',
    })
    const opened = await stage.api<ScanAnswer>('POST', '/scans', { targetId: target.body.id, site: 'fra-1' })
    if (opened.status !== 202) throw new Error(`scan refused: ${JSON.stringify(opened.body)}`)
    if (options.count && isMeasured) written += (await worker.rows()).written
    await playScan(fleet, address, meter)
    const { body } = await stage.api<ScanAnswer>('GET', `/scans/${opened.body.id}`)
    if (body.state !== 'finished' || body.verdict !== 'clear')
      throw new Error(`scripted scan ended ${body.state} ${body.verdict}`)
  }
  const before = worker.cpuMs()
  for (let i = 0; i < 500; i++) await (await fetch(`${worker.url}/__empty`)).text()
  const emptyMs = (worker.cpuMs() - before) / 500
  for (const kind of KINDS) {
    const cost = per[kind]
    for (const field of ['cpuMs', 'read', 'written'] as const) cost[field] /= cost.requests
  }
  return { per, emptyMs, writtenPerScan: written / options.scans }
}

function zero(): Cost {
  return { requests: 0, cpuMs: 0, read: 0, written: 0 }
}

/** One clean scan of five sources as real probes tell it: two batches of found ports, baselines, a long log. */
async function playScan(
  fleet: readonly Probe[],
  address: string,
  meter: <T>(kind: Kind, ask: () => Promise<T>) => Promise<T>,
) {
  const leased: { probe: Probe; run: LeasedRun }[] = []
  for (const probe of fleet) {
    const answer = await meter('lease', () => probe.lease() as Promise<LeaseAnswer>)
    for (const run of answer.runs) leased.push({ probe, run })
  }
  const scanner = leased.find(({ run }) => run.kind === 'scan')
  if (!scanner) throw new Error('no scan run was leased')
  const others = leased.filter(({ run }) => run.kind !== 'scan')
  const now = () => Date.now()
  const touch = (port: number) => ({ address, port, check: 'greeting' as const, service: 'unknown' as const })
  let n = 0
  const look = (port: number, purpose: Observation['purpose']): Observation => ({
    n: ++n,
    purpose,
    ...touch(port),
    sight: 'open',
    at: now(),
    afterMs: 12,
    connectMs: 10,
    firstBytes: btoa('ready and waiting\r\n'),
    identity: 'a1b2c3d4e5f60718',
  })
  const say = async (kind: Kind, { probe, run }: { probe: Probe; run: LeasedRun }, seq: number, body: object) => {
    const report = { runId: run.runId, epoch: run.epoch, seq, observations: [], spans: [], found: [], ...body }
    const { status, body: answer } = await meter(kind, () => probe.say(kind, report))
    if (status !== 200) throw new Error(`${kind} was answered ${status}: ${JSON.stringify(answer)}`)
  }
  const half = OPEN.length / 2
  for (const [i, ports] of [OPEN.slice(0, half), OPEN.slice(half)].entries()) {
    const found = ports.map((port) => ({ ...touch(port), firstSeenOpenAt: now(), identity: 'a1b2c3d4e5f60718' }))
    await say('renew', scanner, i + 1, {
      observations: ports.map((port) => look(port, 'identify')),
      found,
      phase: 'discover',
      progress: { done: 30_000 * (i + 1), total: 65_535 },
      ...(i === 1 ? { discovered: true } : {}),
    })
  }
  for (const one of others) {
    await say('renew', one, 1, { observations: OPEN.map((port) => look(port, 'baseline')) })
    await say('result', one, 2, { outcome: 'done' })
  }
  const endpoints = OPEN.map((port) => ({ address, port }))
  await say('renew', scanner, 3, { phase: 'recheck' })
  await say('result', scanner, 4, {
    outcome: 'done',
    observations: OPEN.map((port) => look(port, 'recheck')),
    spans: endpoints.map((endpoint) => ({ ...endpoint, from: now() - 1_000, to: now(), touches: 12 })),
    ports: { asked: 65_535, tested: 65_535, untested: '' },
    engagement: [],
    recheck: endpoints.map((endpoint) => ({ ...endpoint, state: 'open' })),
    output: 'a line of the scanner’s log, about as long as they are in real life, with a time and an endpoint\n'.repeat(
      400,
    ),
  })
}

/** Rows of one whole clean scan: five real probes, full range, about five minutes. */
async function wholeScan(): Promise<void> {
  const data = mkdtempSync(join(tmpdir(), 'portwitness-bench-'))
  const host = '127.0.0.41'
  const servers = OPEN.map((port) =>
    createServer((socket) => socket.on('error', () => {}).end('ready\r\n')).listen(port, host),
  )
  await using worker = await openWorker({ count: true, front: true })
  const api = openApi({ url: worker.url, key: KEY })
  const probes: Child[] = []
  try {
    const running = { api, url: worker.url, key: KEY, child: null as never }
    for (const member of FLEET) probes.push(await startProbe(ROOT, running, member, join(data, member.sourceAddress)))
    await probesReady(api, FLEET.length, 30_000)
    const rate = Math.ceil(65_535 / LONG_SCAN_S)
    const target = await api.send<{ id: string }>('POST', '/api/v1/targets', {
      address: host,
      ports: '1-65535',
      profile: 'standard',
      maxConnectsPerSecond: rate,
    })
    await worker.rows()
    const started = performance.now()
    let scan = await api.send<ScanAnswer>('POST', '/api/v1/scans', { targetId: target.id, site: 'fra-1' })
    while (!['finished', 'failed', 'cancelled'].includes(scan.state)) {
      if (performance.now() - started > 900_000) throw new Error('the scan did not end')
      await new Promise((resolve) => setTimeout(resolve, 5_000))
      scan = await api.get<ScanAnswer>(`/api/v1/scans/${scan.id}`)
    }
    const seconds = (performance.now() - started) / 1_000
    const { read, written, by } = await worker.rows()
    console.log('\none clean scan by five real probes, from the request to the verdict')
    printTable(
      ['seconds', 'open ports', 'verdict', 'rows read', 'rows written'],
      [[Math.round(seconds), scan.ports.length, `${scan.verdict}`, read, written]],
    )
    printTable(
      ['written by', 'rows'],
      Object.entries(by).toSorted(([, a], [, b]) => b - a),
    )
    if (scan.verdict !== 'clear') shortfalls.push(`the long scan ended ${scan.state} ${scan.verdict}`)
    if (written > ROWS_LIMIT) shortfalls.push(`${written} rows written by a clean scan, allowed ${ROWS_LIMIT}`)
  } finally {
    await Promise.all(probes.map((probe) => probe.stop()))
    for (const server of servers) server.close()
    rmSync(data, { recursive: true, force: true })
  }
}

async function openWorker({ count, front: wantsFront = false }: { count: boolean; front?: boolean }) {
  const data = mkdtempSync(join(tmpdir(), 'portwitness-bench-'))
  const front = wantsFront ? await openFront({ host: '127.0.0.1', port: 0, secret: 'bench' }) : null
  const miniflare = new Miniflare({
    modules: [{ type: 'ESModule', path: 'worker.js', contents }],
    compatibilityDate: COMPATIBILITY.date,
    compatibilityFlags: COMPATIBILITY.flags,
    d1Databases: { DB: 'portwitness' },
    r2Buckets: { RAW: 'portwitness-raw' },
    durableObjects: { DOORBELL: { className: 'Doorbell', useSQLite: true } },
    bindings: {
      ALLOW_PRIVATE: '1',
      BOOTSTRAP_KEY: KEY,
      COUNT: count ? '1' : '',
      ...(front ? { FRONT_SECRET: 'bench' } : {}),
    },
    d1Persist: join(data, 'd1'),
    r2Persist: join(data, 'r2'),
    durableObjectsPersist: join(data, 'do'),
    unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }],
    cf: false,
    telemetry: { enabled: false },
  })
  await miniflare.ready
  await migrate((await miniflare.getD1Database('DB')) as unknown as Database, join(ROOT, 'schema/migrations'))
  const direct = await miniflare.unsafeGetDirectURL()
  front?.connectTo(direct)
  const base = front ? `http://127.0.0.1:${front.port}` : direct.href.replace(/\/$/, '')
  const pid = workerdPid()
  return {
    url: base,
    cpuMs: () => cpuMsOf(pid),
    rows: async () => (await (await fetch(`${base}/__rows`, { headers: {} })).json()) as RowCount,
    async [Symbol.asyncDispose]() {
      await front?.close()
      await miniflare.dispose()
      rmSync(data, { recursive: true, force: true })
    },
  }
}

/** The last workerd that this process started. */
function workerdPid(): number {
  const found = runtimes().at(-1)
  if (!found) throw new Error('no workerd among the children')
  return found
}

/** What the scripted probes need of a stage, over HTTP. */
function stageOf(url: string): Door {
  const request = (path: string, init: RequestInit = {}) => fetch(`${url}${path}`, init)
  return {
    fetch: request,
    api: async (method: string, path: string, body?: unknown) => {
      const headers = {
        authorization: `Bearer ${KEY}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      }
      const answer = await request(`/api/v1${path}`, {
        method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      return { status: answer.status, headers: answer.headers, body: (await answer.json()) as never }
    },
  }
}
