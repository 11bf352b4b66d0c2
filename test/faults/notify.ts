/**
 * `npm run faults:notify`: receivers that answer 429, 500, hang, cut, redirect and lie for ten minutes of virtual time, and a
 * Worker that is killed with -9 in mid-delivery. Nothing may be lost, nothing doubled (ids are counted), the messages of an
 * issue keep their order, and who is well waits for nobody.
 */
import { closeWith, printTable } from '../bench/table.ts'
import { underKills } from './killed.ts'
import type { Count } from './story.ts'
import { underFaults } from './virtual.ts'

/** From the start of a tick to the last message at a receiver that answers at once, while others hang. */
const SLOWEST_MS = 5_000
const shortfalls: string[] = []

const hold = (name: string, count: Count, mayRepeat: number): void => {
  const short = (what: string, n: number) => void (n > 0 && shortfalls.push(`${name}: ${n} ${what}`))
  short('lost', count.lost)
  short('under an id of no notice', count.strange)
  short('out of order', count.outOfOrder)
  if (count.repeats > mayRepeat) short('doubled', count.repeats - mayRepeat)
}
const HEAD = ['receiver', 'notices', 'attempts', 'lost', 'same id again', 'out of order']
const cells = (name: string, { wanted, attempts, lost, repeats, outOfOrder }: Count) => [
  ...[name, wanted, attempts, lost, repeats, outOfOrder],
]

const { rows, ticks } = await underFaults()
console.log(`\nTen minutes of trouble, then well again; ${ticks} ticks`)
printTable(
  [...HEAD, 'slowest in a tick', 'all there after'],
  rows.map((row) => [
    ...cells(row.name, row.count),
    row.slowestMs === null ? '' : `${row.slowestMs} ms`,
    `${row.minutes} min`,
  ]),
)
for (const { name, count, lies, slowestMs } of rows) {
  // Who takes a message and denies it gets it again: under the same id, by which it is known.
  hold(name, count, lies ? Number.POSITIVE_INFINITY : 0)
  if (name === 'well' && (slowestMs ?? 0) > SLOWEST_MS) shortfalls.push(`${name}: waited ${slowestMs} ms for others`)
}

const killed = await underKills()
console.log(`\nKilled with -9 ${killed.kills} times in mid-delivery and started again; ${killed.seconds} s`)
printTable(
  HEAD,
  killed.rows.map(({ name, count }) => cells(name, count)),
)
// What was in the air when the sender died may have been taken: it comes again, under the same id.
for (const { name, count } of killed.rows) hold(`killed, ${name}`, count, killed.kills)

closeWith('faults:notify', shortfalls)
