/**
 * The sweep of all 65,535 ports of a loopback address beside `nmap -sT -T4 -Pn -n -p-`, in turns. A quick look while
 * working on the sweep; `bench:scan` measures the whole scan.
 */

import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { sweepOrder } from '../../probe-node/sweep/order.ts'
import { openSweeper } from '../../probe-node/sweep/sweeper.ts'
import { silent } from '../support/listeners.ts'

const TIMES = 5
const TARGET = '127.0.0.1'
const ports = Uint16Array.from({ length: 65_535 }, (_, i) => i + 1)
const median = (list: number[]) => list.sort((a, b) => a - b)[list.length >> 1] ?? Number.NaN

async function ours(): Promise<{ ms: number; open: number }> {
  const started = performance.now()
  const sweeper = openSweeper(availableParallelism() > 1 ? 1 : 0)
  const job = {
    address: TARGET,
    family: 4 as const,
    source: '127.0.0.7',
    order: sweepOrder(ports, [], started),
    maxConnectsPerSecond: 200_000,
    maxOpen: 4_000,
    sentinels: [],
    spared: [],
  }
  const { open, untested } = await sweeper.sweep(job, { onOpen() {}, onProgress() {} }, new AbortController().signal)
  const ms = performance.now() - started
  await sweeper.close()
  if (untested.length > 0) console.log(`not tested: ${untested.length}`)
  return { ms, open: open.length }
}

function nmap(): { ms: number; open: number } | null {
  const started = performance.now()
  const { status, stdout } = spawnSync('nmap', ['-sT', '-T4', '-Pn', '-n', '-p-', TARGET], { encoding: 'utf8' })
  if (status !== 0) return null
  return { ms: performance.now() - started, open: (stdout.match(/^\d+\/tcp\s+open/gm) ?? []).length }
}

const listeners = await Promise.all([silent(TARGET), silent(TARGET), silent(TARGET)])
const mine: number[] = []
const theirs: number[] = []
console.log('        ours   open     nmap   open')
for (let i = 0; i < TIMES; i++) {
  const [a, b] = [await ours(), nmap()]
  mine.push(a.ms)
  if (b) theirs.push(b.ms)
  const cell = (one: { ms: number; open: number } | null) =>
    one ? `${one.ms.toFixed(0).padStart(6)} ms ${String(one.open).padStart(4)}` : '    not there'
  console.log(`  ${cell(a)}  ${cell(b)}`)
}
const rss = process.memoryUsage.rss() / 2 ** 20
const ratio = median(mine) / median(theirs)
console.log(
  `median: ours ${median(mine).toFixed(0)} ms, nmap ${median(theirs).toFixed(0)} ms, ratio ${ratio.toFixed(2)}; resident ${rss.toFixed(0)} MB`,
)
for (const one of listeners) await one.close()
const isOk = theirs.length === 0 || ratio < 1
console.log(isOk ? 'sweep: ok' : `sweep: short: ${ratio.toFixed(2)} times nmap's time`)
process.exitCode = isOk ? 0 : 1
