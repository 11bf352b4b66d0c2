/** Many simulated probes in one process: told what to do by the first line of its input, tells what came of it at the end. */
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { caller } from '../../faults/caller.ts'
import { emptyTally, startSimulated } from './simulated.ts'

export interface Orders {
  url: string
  probes: { source: string; token: string }[]
  minutes: number
  scanMs: number
  ports: number[]
}

const EMPTY_EVERY_MS = 200
const ENROL_AT_ONCE = 8

const input = createInterface({ input: process.stdin })
const [line] = (await once(input, 'line')) as [string]
const { url, probes, minutes, scanMs, ports } = JSON.parse(line) as Orders
const tally = emptyTally()
const controller = new AbortController()
const started: Awaited<ReturnType<typeof startSimulated>>[] = []
const queue = [...probes]
const enrol = async () => {
  for (let one = queue.pop(); one; one = queue.pop())
    started.push(await startSimulated({ url, ...one, scanMs, ports, tally, signal: controller.signal }))
}
await Promise.all(Array.from({ length: ENROL_AT_ONCE }, enrol))
console.log('ready')

// Enrolment is over: what is measured begins here.
tally.ms = {}
tally.errors = {}
const call = caller(url)
const end = performance.now() + minutes * 60_000
while (performance.now() < end) {
  const began = performance.now()
  await call('/__empty', 'GET', {}, new Uint8Array()).then(
    () => {
      tally.ms.empty ??= []
      tally.ms.empty.push(performance.now() - began)
    },
    () => {},
  )
  await new Promise((resolve) => setTimeout(resolve, EMPTY_EVERY_MS))
}
console.log(JSON.stringify({ rung: started.filter((one) => one.isRung()).length }))
// The driver asks for no more scans; those under way come to their end.
await once(input, 'line')
const bells = started.filter((one) => one.isRung()).length
controller.abort()
await Promise.race([
  Promise.all(started.map(({ over }) => over)),
  new Promise((resolve) => setTimeout(resolve, 20_000)),
])
for (const [kind, list] of Object.entries(tally.ms)) tally.ms[kind] = list.map((ms) => Math.round(ms * 10) / 10)
// More than a pipe holds at once: who ends before it is read would cut it short.
process.stdout.write(`${JSON.stringify({ tally, bells })}\n`, () => process.exit(0))
