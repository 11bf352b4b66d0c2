/**
 * `npm run fuzz`: probe messages and API bodies, valid ones spoilt and plain noise, through the Worker's own code in workerd. No
 * answer may be a 5xx, hold SQL, a stack or what belongs to another tenant; none may take long; memory stays bounded.
 * `-- N` for another number than a million, `--seed S`, `--from N` to begin at a case, which with N = 1 plays it alone.
 */
import { parseArgs } from 'node:util'
import { closeWith, printTable } from '../bench/table.ts'
import { openFuzzHost } from './host.ts'

const BATCH = 250
/** A batch of which nothing is heard for so long hangs. */
const HANG_MS = 300_000
/** What workerd may hold beyond what it held after warming up. An isolate on Cloudflare has 128 MB; here a database is beside it. */
const MEMORY_MB = 512

const { values, positionals } = parseArgs({
  options: { seed: { type: 'string' }, from: { type: 'string', default: '0' } },
  allowPositionals: true,
})
const wanted = Number(positionals[0] ?? 1_000_000)
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
const from = Number(values.from)
console.log(`seed ${seed}, ${wanted} cases from ${from}`)

const shortfalls: string[] = []
const statuses = new Map<number, number>()
const reached = new Set<string>()
await using host = await openFuzzHost()
const routes = await host.begin()
const began = performance.now()
const start = host.memory()
const startCpuMs = host.cpuMs()
let warm = 0
let most = start
let done = 0
let slowestMs = 0
while (done < wanted && shortfalls.length < 20) {
  const count = Math.min(BATCH, wanted - done)
  const late = new Promise<null>((resolve) => setTimeout(resolve, HANG_MS, null).unref())
  const batch = await Promise.race([host.fuzz(seed, from + done, count), late]).catch((error: unknown) => `${error}`)
  if (batch === null || typeof batch === 'string') {
    const cases = `cases ${from + done} to ${from + done + count - 1}`
    shortfalls.push(`${cases}: ${batch ?? `nothing was heard for ${HANG_MS / 1_000} s`}`)
    break
  }
  for (const [status, times] of Object.entries(batch.statuses))
    statuses.set(Number(status), (statuses.get(Number(status)) ?? 0) + times)
  for (const route of Object.keys(batch.routes)) reached.add(route)
  for (const { n, why, request } of batch.failures) {
    shortfalls.push(`case ${n} (${request.method} ${request.path.slice(0, 80)}): ${why.slice(0, 200)}`)
    console.log(`\ncase ${n}, seed ${seed}: ${why}\n${JSON.stringify(request, null, 2)}`)
  }
  slowestMs = Math.max(slowestMs, batch.slowestMs)
  done += count
  const now = host.memory()
  most = Math.max(most, now)
  if (warm === 0 && (done >= 5_000 || done === wanted)) warm = now
  if (done % 25_000 < BATCH) {
    const rate = done / ((performance.now() - began) / 1_000)
    console.log(`${done} cases, ${Math.round(rate)} a second, ${mb(now)} MB, ${shortfalls.length} failures`)
  }
}
const end = host.memory()
const seconds = (performance.now() - began) / 1_000
printTable(
  ['answered', 'times'],
  [...statuses].sort(([a], [b]) => a - b).map(([status, times]) => [status === 0 ? 'not at all' : `${status}`, times]),
)
printTable(
  ['cases', 'routes', 'a second', 'CPU ms each', 'slowest ms', 'MB at start', 'most', 'at end'],
  [
    [
      done,
      routes.length,
      Math.round(done / seconds),
      ((host.cpuMs() - startCpuMs) / done).toFixed(2),
      Math.round(slowestMs),
      mb(start),
      mb(most),
      mb(end),
    ],
  ],
)
if (most - warm > MEMORY_MB * 1024 * 1024)
  shortfalls.push(`workerd grew by ${mb(most - warm)} MB, allowed ${MEMORY_MB}`)
closeWith('fuzz', shortfalls)

function mb(bytes: number): number {
  return Math.round(bytes / 1024 / 1024)
}
