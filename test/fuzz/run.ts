/**
 * `npm run fuzz`: probe messages and API bodies, valid ones spoilt and plain noise, through the Worker's own code in workerd. No
 * answer may be a 5xx, hold SQL, a stack or what belongs to another tenant; none may take long; memory stays bounded: the heap
 * by V8, as Cloudflare bounds it, and with it what workerd holds in all.
 * `-- N` for another number than a million, `--seed S`, `--from N` to begin at a case, which with N = 1 plays it alone,
 * `--stacks N` for another number of stacks side by side than the processors there are.
 */
import { availableParallelism } from 'node:os'

import { parseArgs } from 'node:util'
import { closeWith, printTable } from '../bench/table.ts'
import { type FuzzHost, HEAP_MB, openFuzzHost } from './host.ts'

const BATCH = 250
/** A batch of which nothing is heard for so long hangs. */
const HANG_MS = 300_000
/** What workerd may hold beyond what it held after warming up: the Worker's heap is bounded by V8; here a database is beside it. */
const MEMORY_MB = 512

const { values, positionals } = parseArgs({
  options: { seed: { type: 'string' }, from: { type: 'string', default: '0' }, stacks: { type: 'string' } },
  allowPositionals: true,
})
const wanted = Number(positionals[0] ?? 1_000_000)
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
const from = Number(values.from)
const stacks = Math.max(1, Math.min(Number(values.stacks ?? availableParallelism()), Math.ceil(wanted / BATCH)))
console.log(`seed ${seed}, ${wanted} cases from ${from}, ${stacks} ${stacks === 1 ? 'stack' : 'stacks'} side by side`)
console.log(`a heap of ${HEAP_MB} MB at most for each isolate`)

/** One workerd with its own database, and what it came to hold. */
interface Stack {
  host: FuzzHost
  startCpuMs: number
  start: number
  /** after its first cases; 0 until then */
  warm: number
  most: number
  done: number
}

const shortfalls: string[] = []
const statuses = new Map<number, number>()
const routes = new Set<string>()
let begun = 0
let done = 0
let slowestMs = 0

await using hosts = new AsyncDisposableStack()
const running: Stack[] = []
for (let i = 0; i < stacks; i++) {
  const host = hosts.use(await openFuzzHost())
  for (const route of await host.begin()) routes.add(route)
  const held = host.memory()
  running.push({ host, startCpuMs: host.cpuMs(), start: held, warm: 0, most: held, done: 0 })
}
const began = performance.now()
await Promise.all(running.map(play))
const seconds = (performance.now() - began) / 1_000

/** Takes batches until none is left. */
async function play(stack: Stack): Promise<void> {
  while (begun < wanted && shortfalls.length < 20) {
    const first = from + begun
    const count = Math.min(BATCH, wanted - begun)
    begun += count
    const late = new Promise<null>((resolve) => setTimeout(resolve, HANG_MS, null).unref())
    const batch = await Promise.race([stack.host.fuzz(seed, first, count), late]).catch((error: unknown) => `${error}`)
    if (batch === null || typeof batch === 'string') {
      const why = batch ?? `nothing was heard for ${HANG_MS / 1_000} s`
      const shortfall = `cases ${first} to ${first + count - 1}: ${why}${stack.host.lives() ? '' : '; workerd has ended'}`
      shortfalls.push(shortfall)
      console.log(shortfall)
      return
    }
    for (const [status, times] of Object.entries(batch.statuses))
      statuses.set(Number(status), (statuses.get(Number(status)) ?? 0) + times)
    for (const { n, why, request } of batch.failures) {
      shortfalls.push(`case ${n} (${request.method} ${request.path.slice(0, 80)}): ${why.slice(0, 200)}`)
      console.log(`\ncase ${n}, seed ${seed}: ${why}\n${JSON.stringify(request, null, 2)}`)
    }
    slowestMs = Math.max(slowestMs, batch.slowestMs)
    done += count
    stack.done += count
    const now = stack.host.memory()
    stack.most = Math.max(stack.most, now)
    if (stack.warm === 0 && (stack.done >= 5_000 || begun >= wanted)) stack.warm = now
    if (done % 25_000 < BATCH) {
      const rate = done / ((performance.now() - began) / 1_000)
      console.log(`${done} cases, ${Math.round(rate)} a second, ${mb(now)} MB, ${shortfalls.length} failures`)
    }
  }
}

printTable(
  ['answered', 'times'],
  [...statuses].sort(([a], [b]) => a - b).map(([status, times]) => [status === 0 ? 'not at all' : `${status}`, times]),
)
printTable(
  ['stack', 'cases', 'CPU ms each', 'MB at start', 'most', 'at end'],
  running.map(({ host, startCpuMs, start, most, done: own }, i) => [
    `${i + 1}`,
    own,
    ((host.cpuMs() - startCpuMs) / Math.max(1, own)).toFixed(2),
    mb(start),
    mb(most),
    mb(host.memory()),
  ]),
)
printTable(
  ['cases', 'routes', 'a second', 'slowest ms'],
  [[done, routes.size, Math.round(done / seconds), Math.round(slowestMs)]],
)
for (const [i, { warm, most }] of running.entries())
  if (most - warm > MEMORY_MB * 1024 * 1024)
    shortfalls.push(`stack ${i + 1}: workerd grew by ${mb(most - warm)} MB, allowed ${MEMORY_MB}`)
closeWith('fuzz', shortfalls)

function mb(bytes: number): number {
  return Math.round(bytes / 1024 / 1024)
}
