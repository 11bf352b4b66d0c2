/**
 * `npm run bench:fleet`: a thousand simulated probes, which sign, renew and hang on their bells as real ones do, against the
 * embedded Worker for ten minutes, with scan after scan. Then what a month of it costs. `-- --minutes N --probes N --scans N`.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { parseArgs } from 'node:util'
import { openApi } from '../../probe-node/commands/api.ts'
import type { ScanAnswer } from '../../schema/api.ts'
import { pause } from '../faults/drill.ts'
import { printCosts } from './fleet/cost.ts'
import type { Orders } from './fleet/crowd.ts'
import { type FleetHost, openFleetHost } from './fleet/host.ts'
import type { Tally } from './fleet/simulated.ts'
import { closeWith, printTable } from './table.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    probes: { type: 'string', default: '1000' },
    scans: { type: 'string', default: '40' },
  },
})
const [minutes, probes, atOnce] = [Number(values.minutes), Number(values.probes), Number(values.scans)]
const SCAN_MS = 45_000
const PORTS = Array.from({ length: 12 }, (_, i) => 1_100 + i * 17)
/** Of a site; its scanner's sibling and others to spare. */
const PER_SITE = 5
const COUNTRIES = ['DE', 'US', 'SG', 'BR', 'JP', 'ZA', 'AU']
/** Beside an empty route in the same seconds: a message is read, checked, stored and judged. */
const P99_TIMES_EMPTY = 12
/** Below this a machine's own noise is what is measured. */
const P99_FLOOR_MS = 250
const ENDING_MS = 180_000

const shortfalls: string[] = []
const load = await loaded()
const counted = await countedScans()
const messages =
  Object.values(load.tally.ms).reduce((sum, list) => sum + list.length, 0) - (load.tally.ms.empty?.length ?? 0)
const requestsPerScan = counted.requests
printTable(
  ['of one scan', 'requests', 'CPU ms', 'rows read', 'rows written', 'D1 bytes', 'R2 bytes'],
  [
    [
      '',
      requestsPerScan,
      Math.round(requestsPerScan * load.cpuMs),
      counted.read,
      counted.written,
      counted.databaseBytes,
      counted.bucketBytes,
    ],
  ],
)
console.log(
  `CPU ${load.cpuMs.toFixed(2)} ms a request: workerd with the database in it, so more than Cloudflare bills; ${messages} messages`,
)
printCosts({
  requests: requestsPerScan,
  cpuMs: requestsPerScan * load.cpuMs,
  rowsRead: counted.read,
  rowsWritten: counted.written,
  databaseBytes: counted.databaseBytes,
  bucketBytes: counted.bucketBytes,
})
closeWith('bench:fleet', shortfalls)

interface Crowd {
  lines: AsyncIterator<string>
  say(line: string): void
  stop(): void
}

/** A crowd of probes in a process of its own, enrolled and at work. */
async function crowdOf(host: FleetHost, count: number, lasts: number): Promise<Crowd> {
  const api = openApi({ url: host.url, key: host.key })
  const members: Orders['probes'] = []
  for (let i = 0; i < count; i++) {
    const site = Math.floor(i / PER_SITE)
    const source = `127.${90 + Math.floor(i / 50_000)}.${Math.floor(i / 200) % 250}.${(i % 200) + 1}`
    const body = {
      site: `s-${site}`,
      sourceAddress: source,
      country: COUNTRIES[site % COUNTRIES.length],
      provider: `p${site % 5}`,
    }
    const { token } = await api.send<{ token: string }>('POST', '/api/v1/probes/enrolments', body)
    members.push({ source, token })
  }
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'fleet/crowd.ts')],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  )
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const orders: Orders = { url: host.url, probes: members, minutes: lasts, scanMs: SCAN_MS, ports: PORTS }
  child.stdin.write(`${JSON.stringify(orders)}\n`)
  const { value } = await lines.next()
  if (value !== 'ready') throw new Error('the probes did not come to work')
  return { lines, say: (line) => void child.stdin.write(`${line}\n`), stop: () => void child.kill('SIGKILL') }
}

async function loaded(): Promise<{ tally: Tally; cpuMs: number }> {
  const data = mkdtempSync(join(tmpdir(), 'portwitness-fleet-'))
  const host = await openFleetHost(data, false)
  const crowd = await crowdOf(host, probes, minutes)
  try {
    const api = openApi({ url: host.url, key: host.key })
    const sites = Math.ceil(probes / PER_SITE)
    const underWay = new Set<string>()
    const all: string[] = []
    let isOver = false
    let refused = 0
    const [cpuBefore, began] = [host.cpuMs(), performance.now()]
    const scanOn = async () => {
      for (let n = 0; !isOver; n++) {
        for (const id of underWay) {
          const scan = await api.get<ScanAnswer>(`/api/v1/scans/${id}`)
          if (['finished', 'failed', 'cancelled'].includes(scan.state)) underWay.delete(id)
        }
        while (!isOver && underWay.size < atOnce) {
          const address = `127.${150 + Math.floor(all.length / 50_000)}.${Math.floor(all.length / 200) % 250}.${(all.length % 200) + 1}`
          const body = { address, ports: '1100-2099', profile: 'standard' }
          const target = await api.send<{ id: string }>('POST', '/api/v1/targets', body)
          const site = `s-${(n * 7 + all.length) % sites}`
          const scan = await api
            .send<ScanAnswer>('POST', '/api/v1/scans', { targetId: target.id, site })
            .catch(() => null)
          if (!scan) {
            refused++
            break
          }
          all.push(scan.id)
          underWay.add(scan.id)
          await pause(20)
        }
        await pause(2_000)
      }
    }
    const ticking = setInterval(() => void host.tick(), 60_000)
    const scanning = scanOn()
    const { value: half } = await crowd.lines.next()
    isOver = true
    await scanning
    const { rung } = JSON.parse(half ?? '{"rung":0}') as { rung: number }
    const end = performance.now() + ENDING_MS
    while (underWay.size > 0 && performance.now() < end) {
      for (const id of underWay)
        if (['finished', 'failed', 'cancelled'].includes((await api.get<ScanAnswer>(`/api/v1/scans/${id}`)).state))
          underWay.delete(id)
      await pause(1_000)
    }
    crowd.say('enough')
    const { value: last } = await crowd.lines.next()
    clearInterval(ticking)
    const seconds = (performance.now() - began) / 1_000
    const { tally } = JSON.parse(last ?? '{}') as { tally: Tally; bells: number }
    const requests = Object.values(tally.ms).reduce((sum, list) => sum + list.length, 0)
    const cpuMs = (host.cpuMs() - cpuBefore) / Math.max(1, requests)
    report({ tally, seconds, requests, rung, scans: all.length, open: underWay.size, refused, kept: keptIn(data) })
    return { tally, cpuMs }
  } finally {
    crowd.stop()
    await host.close()
    rmSync(data, { recursive: true, force: true })
  }
}

interface Seen {
  tally: Tally
  seconds: number
  requests: number
  rung: number
  scans: number
  open: number
  refused: number
  kept: { done: number; finished: number; clear: number }
}

function report({ tally, seconds, requests, rung, scans, open, refused, kept }: Seen): void {
  const empty = quantile(tally.ms.empty ?? [], 0.99)
  const bound = Math.max(P99_FLOOR_MS, P99_TIMES_EMPTY * empty)
  console.log(
    `\n${probes} probes for ${minutes} min; ${scans} scans, ${atOnce} at once; ${(requests / seconds).toFixed(1)} requests a second`,
  )
  printTable(
    ['request', 'times', 'a second', 'p50 ms', 'p99 ms', 'beside an empty route'],
    Object.entries(tally.ms).map(([kind, list]) => {
      const p99 = quantile(list, 0.99)
      if (kind !== 'empty' && p99 > bound)
        shortfalls.push(`${kind}: p99 ${Math.round(p99)} ms, allowed ${Math.round(bound)}`)
      return [
        kind,
        list.length,
        (list.length / seconds).toFixed(1),
        Math.round(quantile(list, 0.5)),
        Math.round(p99),
        (p99 / empty).toFixed(1),
      ]
    }),
  )
  const errors = Object.entries(tally.errors)
  printTable(
    [
      'probes',
      'bells at the end',
      'bells lost',
      'runs leased',
      'results',
      'never acknowledged',
      'kept',
      'scans finished',
      'clear',
    ],
    [[probes, rung, tally.closed, tally.leased, tally.results, tally.lost, kept.done, kept.finished, kept.clear]],
  )
  console.log(
    `other answers: ${errors.map(([what, times]) => `${what}: ${times}`).join(', ') || 'none'}; scans refused ${refused}`,
  )
  const bad = errors.filter(([what]) => / 5\d\d$/.test(what))
  for (const [what, times] of bad) shortfalls.push(`${times} times ${what}`)
  if (tally.lost > 0) shortfalls.push(`${tally.lost} results were never acknowledged`)
  if (open > 0) shortfalls.push(`${open} scans never ended`)
  if (kept.finished < scans) shortfalls.push(`${scans - kept.finished} of ${scans} scans did not finish`)
  if (rung < probes) shortfalls.push(`${probes - rung} of ${probes} doorbells were shut at the end`)
  if (scans === 0) shortfalls.push('no scan was ever begun')
}

/** Rows of single scans, over a database that counts: it asks twice, and is measured apart for that. */
async function countedScans() {
  const SCANS = 6
  const data = mkdtempSync(join(tmpdir(), 'portwitness-fleet-'))
  const host = await openFleetHost(data, true)
  const crowd = await crowdOf(host, 25, 60)
  try {
    const api = openApi({ url: host.url, key: host.key })
    await pause(3_000)
    const before = { bytes: pagesIn(data), bucket: sizeOf(join(data, 'r2')) }
    await host.rows()
    const ids: string[] = []
    for (let i = 0; i < SCANS; i++) {
      const target = await api.send<{ id: string }>('POST', '/api/v1/targets', {
        address: `127.200.${i}.9`,
        ports: '1100-2099',
        profile: 'standard',
      })
      ids.push((await api.send<ScanAnswer>('POST', '/api/v1/scans', { targetId: target.id, site: `s-${i % 5}` })).id)
    }
    const end = performance.now() + ENDING_MS
    for (let open = ids; open.length > 0 && performance.now() < end; await pause(3_000)) {
      const scans = await Promise.all(open.map((id) => api.get<ScanAnswer>(`/api/v1/scans/${id}`)))
      open = scans.filter(({ state }) => !['finished', 'failed', 'cancelled'].includes(state)).map(({ id }) => id)
    }
    const { read, written } = await host.rows()
    const after = { bytes: pagesIn(data), bucket: sizeOf(join(data, 'r2')) }
    const each = (n: number) => Math.round(n / SCANS)
    // Messages of a scan: what the fleet said of it in the long run.
    const messagesOfAll = Object.entries(load.tally.ms).filter(([kind]) => kind === 'renew' || kind === 'result')
    const scans = Math.max(1, load.tally.results / 5)
    const requests = Math.round(messagesOfAll.reduce((sum, [, list]) => sum + list.length, 0) / scans + 5)
    return {
      ...{ read: each(read), written: each(written), requests },
      databaseBytes: each(Math.max(0, after.bytes - before.bytes)),
      bucketBytes: each(Math.max(0, after.bucket - before.bucket)),
    }
  } finally {
    crowd.stop()
    await host.close()
    rmSync(data, { recursive: true, force: true })
  }
}

function quantile(list: readonly number[], share: number): number {
  const sorted = [...list].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

function sizeOf(folder: string): number {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return names.reduce((sum, name) => sum + (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0), 0)
}

function databaseIn(data: string): DatabaseSync {
  const name = readdirSync(join(data, 'd1'), { recursive: true, encoding: 'utf8' }).find(
    (one) => one.endsWith('.sqlite') && !one.includes('metadata'),
  )
  return new DatabaseSync(join(data, 'd1', name ?? ''), { readOnly: true })
}

/** Bytes of the database's pages, without its log. */
function pagesIn(data: string): number {
  const db = databaseIn(data)
  const { n } = db.prepare('SELECT page_count * page_size AS n FROM pragma_page_count(), pragma_page_size()').get() as {
    n: number
  }
  db.close()
  return n
}

/** What the database itself holds of it. */
function keptIn(data: string): { done: number; finished: number; clear: number } {
  const db = databaseIn(data)
  const one = (sql: string) => (db.prepare(sql).get() as { n: number }).n
  const kept = {
    done: one('SELECT count(*) AS n FROM runs WHERE result_digest IS NOT NULL'),
    finished: one("SELECT count(*) AS n FROM scans WHERE state = 'finished'"),
    clear: one("SELECT count(*) AS n FROM scans WHERE judgement ->> '$.verdict' = 'clear'"),
  }
  db.close()
  return kept
}
