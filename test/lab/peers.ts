/**
 * `npm run lab:peers [-- NAME…] [--sets 4] [--alone] [--ports 1-65535] [--keep]` (root): defences that fire while ports are looked for, a full-range
 * scan by Portwitness beside nmap -sT, nmap -sS and masscan, each against a fresh target. What stands open is known, so is who says a word.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { parseArgs } from 'node:util'
import { closeWith, printTable } from '../bench/table.ts'
import { tryInstall } from './install.ts'
import { type Lane, openLane } from './lane.ts'
import { canMakeNamespaces, labName } from './namespaces.ts'
import { missingOf } from './needs.ts'
import { DEFENCES, LIFT, OPEN } from './peers/defences.ts'
import { PEERS, type Peer } from './peers/tools.ts'
import { stopAll } from './product.ts'
import type { Scenario } from './scenario.ts'
import { stand } from './standing.ts'

const RATE = 1_500
// At forty of the fifty connects a second that the slowest limit here lets through the whole range takes 27 min.
const SCAN_LIMIT_S = 2_400
const AWAKE = join(import.meta.dirname, 'peers/awake.ts')

interface Row {
  defence: string
  scanner: string
  found: number
  missing: readonly number[]
  seconds: number
  says: string
  /** ports that it names as not tested */
  untested: number
  /** what is still missing after a second look at those, when the way is free; null for the peers, who name none */
  missingAfter: readonly number[] | null
  fired: boolean
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sets: { type: 'string', default: '3' },
    alone: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    // Fewer than all make a quick try; the peers always take the whole range.
    ports: { type: 'string', default: '1-65535' },
  },
})

async function main(): Promise<void> {
  tryInstall()
  process.env.PATH = `${process.env.PATH}${delimiter}/usr/sbin${delimiter}/sbin`
  const results = mkdtempSync(join(tmpdir(), 'portwitness-peers-'))
  if (values.keep) console.log(`results: ${results}`)
  const chosen = DEFENCES.filter(({ name }) => positionals.length === 0 || positionals.includes(name))
  const skipped = chosen.filter((scenario) => missingOf(scenario).length > 0)
  for (const scenario of skipped) console.log(`SKIP ${scenario.name}: not here: ${missingOf(scenario).join(', ')}`)
  const work = chosen.filter((scenario) => !skipped.includes(scenario))
  const rows: Row[] = []
  const short: string[] = []
  const oneSet = async (index: number) => {
    let lane: Lane | null = null
    for (let scenario = work.shift(); scenario; scenario = work.shift()) {
      try {
        lane ??= await openLane(`${labName('pwpeers')}-${index}`, join(results, `product-${index}`))
        for (const peer of values.alone ? [null] : [null, ...PEERS]) {
          const folder = join(results, `${scenario.name}-${peer?.name.replaceAll(' ', '') ?? 'portwitness'}`)
          mkdirSync(folder, { recursive: true })
          const row = peer ? await peerRow(lane, scenario, peer, folder) : await ourRow(lane, scenario, folder, short)
          rows.push(row)
          console.log(
            `${row.defence}: ${row.scanner} found ${row.found} of ${OPEN.length} in ${row.seconds} s, says ${row.says}`,
          )
        }
      } catch (error) {
        const why = `${scenario.name} did not work: ${error instanceof Error ? error.message : error}`
        console.log(why)
        short.push(why)
      }
    }
    await lane?.stop()
  }
  await Promise.all(Array.from({ length: Math.min(Number(values.sets), work.length) }, (_, i) => oneSet(i)))
  tell(rows)
  if (!values.keep) rmSync(results, { recursive: true, force: true })
  closeWith('lab:peers', short)
}

async function ourRow(
  { lab, product, nextHost }: Lane,
  scenario: Scenario,
  folder: string,
  short: string[],
): Promise<Row> {
  const standing = await stand(lab, scenario, { host: nextHost(), loss: 0, folder, full: false })
  const { stage } = standing
  try {
    const words = [
      '--profile',
      'discovery',
      '--rate',
      `${RATE}`,
      '--scanner',
      stage.scanner,
      '--timeout',
      `${SCAN_LIMIT_S}`,
    ]
    const first = await product.scan(stage.target, ['--ports', values.ports, ...words])
    await standing.settle()
    writeFileSync(join(folder, 'progress.txt'), first.progress)
    if (!first.scan) throw new Error(`the scan ended with ${first.code}: ${first.progress.trim().slice(-200)}`)
    writeFileSync(join(folder, 'scan.json'), JSON.stringify(first.scan, null, 1))
    for (const [part, name] of [
      ['output', 'output.txt'],
      ['observations', 'observations.jsonl'],
    ] as const) {
      const text = await product.ask('GET', `/api/v1/scans/${first.scan.id}/${part}`).catch(String)
      writeFileSync(join(folder, name), text)
    }
    const open = new Set(openOf(first.scan.ports))
    // One that took too long and was cancelled names nothing.
    const untested = first.scan.coverage?.untested ?? ''
    // The owner lifts the ban and lets the scanner through; what was not tested is looked at again.
    await stage.onTarget(LIFT.target)
    await stage.onRouter(LIFT.router)
    const again = untested === '' ? null : await product.scan(stage.target, ['--ports', untested, ...words])
    for (const port of openOf(again?.scan?.ports ?? [])) open.add(port)
    const seen = openOf(first.scan.ports)
    const asked = OPEN.filter((port) => includes(values.ports, port))
    const missing = asked.filter((port) => !seen.includes(port))
    const missingAfter = asked.filter((port) => !open.has(port))
    const says = first.scan.verdict ?? first.scan.state
    if (says !== 'interference') short.push(`${scenario.name}: says ${says}`)
    const unnamed = missing.filter((port) => !includes(untested, port))
    if (unnamed.length > 0) short.push(`${scenario.name}: missing and not named: ${unnamed.join(',')}`)
    if (missingAfter.length > 0)
      short.push(`${scenario.name}: still missing when the way is free: ${missingAfter.join(',')}`)
    return {
      defence: scenario.name,
      scanner: 'portwitness',
      found: asked.length - missing.length,
      missing,
      seconds: Math.round(first.seconds),
      says,
      untested: countOf(untested),
      missingAfter,
      fired: standing.listed.size > 0,
    }
  } finally {
    await standing.down()
  }
}

async function peerRow({ lab, nextHost }: Lane, scenario: Scenario, peer: Peer, folder: string): Promise<Row> {
  const standing = await stand(lab, scenario, { host: nextHost(), loss: 0, folder, full: false })
  try {
    const awake = peer.needsTraffic
      ? [lab.start('scan', [process.execPath, AWAKE, lab.router('scan'), `${peer.limitS}`], { stdio: 'ignore' })]
      : []
    const started = performance.now()
    const { out, err } = await lab.call('scan', peer.command(standing.stage, RATE), { timeoutMs: peer.limitS * 1_000 })
    const seconds = Math.round((performance.now() - started) / 1_000)
    await stopAll(awake, 100)
    await standing.settle()
    writeFileSync(join(folder, 'said.txt'), `${out}\n${err}`)
    const open = peer.open(out)
    const missing = OPEN.filter((port) => !open.includes(port))
    return {
      defence: scenario.name,
      scanner: peer.name,
      found: OPEN.length - missing.length,
      missing,
      seconds,
      says: peer.says(`${out}\n${err}`) || 'nothing',
      untested: 0,
      missingAfter: null,
      fired: standing.listed.size > 0,
    }
  } finally {
    await standing.down()
  }
}

const openOf = (ports: readonly { port: number; firstSeenOpenAt: string | null }[]): number[] =>
  ports.filter(({ firstSeenOpenAt }) => firstSeenOpenAt !== null).map(({ port }) => port)
const ranges = (text: string) =>
  text
    .split(',')
    .filter((part) => part !== '')
    .map((part) => part.split('-').map(Number))
    .map(([from = 0, to = from]) => ({ from, to }))
const includes = (text: string, port: number) => ranges(text).some(({ from, to }) => port >= from && port <= to)
const countOf = (text: string) => ranges(text).reduce((sum, { from, to }) => sum + to - from + 1, 0)

function tell(rows: readonly Row[]): void {
  console.log()
  printTable(
    [
      'defence',
      'scanner',
      'fired',
      `open of ${OPEN.length}`,
      'missing',
      'seconds',
      'says',
      'not tested',
      'then still missing',
    ],
    rows
      .toSorted((a, b) => a.defence.localeCompare(b.defence))
      .map((row) => [
        row.defence,
        row.scanner,
        row.fired ? 'yes' : 'no',
        row.found,
        row.missing.join(',') || '–',
        row.seconds,
        row.says,
        row.untested,
        row.missingAfter === null ? '' : row.missingAfter.join(',') || 'none',
      ]),
  )
}

if (canMakeNamespaces()) await main()
else console.log('lab:peers: skipped, network namespaces need root and iproute2')
