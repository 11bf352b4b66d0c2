/**
 * `npm run faults`: every fault of docs/protocol.md that can be made on one machine, tried many times; what was lost and what
 * was doubled is counted from the database, the bucket, the receiver and the wire. `-- NAME …` runs those drills alone,
 * `-- --quick` small ones, `-- --broken` Workers that lack a safeguard: their counts must rise.
 */
import { parseArgs } from 'node:util'
import { closeWith, printTable } from '../bench/table.ts'
import type { Drill, Row } from './drill.ts'
import { bellsDrill } from './drills/bells.ts'
import { brokenDrill } from './drills/broken.ts'
import { cronDrill } from './drills/cron.ts'
import { databaseDrill } from './drills/database.ts'
import { killsDrill } from './drills/kills.ts'
import { leaseDrill } from './drills/lease.ts'
import { limitsDrill } from './drills/limits.ts'
import { malformedDrill } from './drills/malformed.ts'
import { noticesDrill } from './drills/notices.ts'
import { partitionDrill } from './drills/partition.ts'
import { shuffleDrill } from './drills/shuffle.ts'
import { stormDrill } from './drills/storm.ts'
import { strangeDrill } from './drills/strange.ts'

const DRILLS: readonly Drill[] = [
  stormDrill,
  shuffleDrill,
  killsDrill,
  leaseDrill,
  partitionDrill,
  bellsDrill,
  databaseDrill,
  cronDrill,
  malformedDrill,
  limitsDrill,
  strangeDrill,
  noticesDrill,
]
const { values, positionals } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, broken: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const chosen = (values.broken ? [brokenDrill] : DRILLS).filter(
  ({ name }) => positionals.length === 0 || positionals.includes(name),
)
const rows: Row[] = []
for (const drill of chosen) {
  const began = performance.now()
  const done = await drill.run({ quick: values.quick }).catch((error: unknown): Row[] => [
    {
      fault: drill.name,
      tried: 0,
      lost: 0,
      doubled: 0,
      note: 'the drill itself failed',
      short: [`${drill.name}: ${error}`],
    },
  ])
  rows.push(...done)
  for (const row of done)
    console.log(`${row.fault}: ${row.note} (${Math.round((performance.now() - began) / 1_000)} s)`)
}
console.log('')
printTable(
  ['fault', 'times tried', 'lost', 'doubled', ''],
  rows.map(({ fault, tried, lost, doubled, note }) => [fault, tried, lost, doubled, note]),
)
closeWith(
  'faults',
  rows.flatMap(({ short }) => short),
)
