/**
 * `npm run lab:accompany [-- DEFENCE…] [--sets 3] [--keep]` (root): another scanner works from the scanner's address while
 * `portwitness scan --accompany` watches. It starts when the command says so; the defence that it sets off shuts both out.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { parseArgs } from 'node:util'
import { closeWith, printTable } from '../bench/table.ts'
import { type Guard, PORT_GUARDS, WEB_GUARDS } from './accompany/cases.ts'
import { NMAP, type OtherScanner, webScanner } from './accompany/scanners.ts'
import { tryInstall } from './install.ts'
import { type Lane, openLane } from './lane.ts'
import { canMakeNamespaces, labName } from './namespaces.ts'
import { missingOf } from './needs.ts'
import type { Scenario } from './scenario.ts'
import { scenario } from './scenario.ts'
import { judge, textOf } from './score.ts'

const WATCH_S = 75
/** The longest that finding it may take from the moment the other scanner was shut out. */
const FOUND_WITHIN_S = 60
const INTERFERENCE = /^ {2}verdict .* (interfered|degraded|app_blocked|blocked_before)/

interface Case {
  guard: Guard
  other: OtherScanner
}

/** Moments of one run. */
interface Seen {
  startedAt: Date | null
  endedAt: Date | null
  alarmAt: Date | null
  verdictAt: Date | null
  said: string
}

interface Row extends Case {
  result: 'found' | 'short' | 'SKIP'
  workedS: number
  shutOutS: number | null
  alarmS: number | null
  verdictS: number | null
  stillAtWork: boolean
  says: string
  why: string
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { sets: { type: 'string', default: '3' }, keep: { type: 'boolean', default: false } },
})

async function main(): Promise<void> {
  tryInstall()
  process.env.PATH = `${process.env.PATH}${delimiter}/usr/sbin${delimiter}/sbin`
  const results = mkdtempSync(join(tmpdir(), 'portwitness-accompany-'))
  if (values.keep) console.log(`results: ${results}`)
  const web = webScanner()
  const work = [
    ...PORT_GUARDS.map((guard) => ({ guard, other: NMAP })),
    ...WEB_GUARDS.map((guard) => ({ guard, other: web })),
  ].filter(({ guard }) => positionals.length === 0 || positionals.includes(guard.name))
  const rows: Row[] = []
  const short: string[] = []
  const oneSet = async (index: number) => {
    let lane: Lane | null = null
    for (let next = work.shift(); next; next = work.shift()) {
      const name = `${next.other.name} against ${next.guard.name}`
      const missing = [...missingOf(next.guard), ...missingOf(next.other)]
      if (missing.length > 0) {
        console.log(`SKIP ${name}: not here: ${missing.join(', ')}`)
        continue
      }
      try {
        lane ??= await openLane(`${labName('pwacc')}-${index}`, join(results, `product-${index}`))
        const row = await accompany(lane, next, join(results, next.guard.name))
        rows.push(row)
        console.log(`${row.result} ${name}: ${row.says}${row.why ? `; ${row.why}` : ''}`)
        if (row.result === 'short') short.push(`${name}: ${row.why}`)
      } catch (error) {
        const why = `${name} did not work: ${error instanceof Error ? error.message : error}`
        console.log(why)
        short.push(why)
        await lane?.stop().catch(() => {})
        lane = null
      }
    }
    await lane?.stop()
  }
  await Promise.all(Array.from({ length: Math.min(Number(values.sets), work.length) }, (_, i) => oneSet(i)))
  tell(rows)
  if (!values.keep) rmSync(results, { recursive: true, force: true })
  closeWith('lab:accompany', short)
}

async function accompany(lane: Lane, { guard, other }: Case, folder: string): Promise<Row> {
  const seen: Seen = { startedAt: null, endedAt: null, alarmAt: null, verdictAt: null, said: '' }
  const words = scenarioOf(guard, other, seen)
  const { scan, listed } = await lane.run(words, 0, folder, false)
  writeFileSync(join(folder, 'other.txt'), seen.said)
  const { startedAt } = seen
  if (!startedAt) throw new Error('the scan never said that the other scanner may start')
  const shutOutAt = listed.get(lane.lab.address('scan'))
  const after = (from: Date | undefined, at: Date | null) =>
    from && at ? Math.round((at.getTime() - from.getTime()) / 100) / 10 : null
  const judged = judge(words, scan)
  const verdictS = after(shutOutAt, seen.verdictAt)
  const stillAtWork = seen.verdictAt !== null && (seen.endedAt === null || seen.verdictAt <= seen.endedAt)
  const why = [
    ...(!shutOutAt ? ['the defence’s list never named the scanner'] : []),
    ...(shutOutAt && shutOutAt < startedAt ? ['the defence fired before the other scanner started'] : []),
    ...(seen.verdictAt === null ? ['no interference said while the scan ran'] : []),
    ...(verdictS !== null && verdictS > FOUND_WITHIN_S && !stillAtWork ? [`found only after ${verdictS} s`] : []),
    ...(seen.verdictAt !== null && !stillAtWork && !guard.endsWork ? ['the other scanner had ended'] : []),
    ...(scan.verdict === 'interference' ? [] : [`the scan says ${scan.verdict}`]),
    ...judged.falseClaims.map((text) => `false claim: ${text}`),
    ...judged.wrong.map((text) => `wrong: ${text}`),
    ...(judged.classRight === false ? [`class wrong: ${judged.unnamed ?? ''}`] : []),
    ...(judged.mechanismWithinThree === false ? [`mechanism wrong: ${judged.unnamed ?? ''}`] : []),
  ]
  return {
    guard,
    other,
    result: why.length === 0 ? 'found' : 'short',
    workedS: after(startedAt, seen.endedAt) ?? WATCH_S,
    shutOutS: after(startedAt, shutOutAt ?? null),
    alarmS: after(shutOutAt, seen.alarmAt),
    verdictS,
    stillAtWork,
    says: judged.shown ? textOf(judged.shown) : (scan.verdict ?? ''),
    why: why.join('; '),
  }
}

function scenarioOf(guard: Guard, other: OtherScanner, seen: Seen): Scenario {
  return scenario({
    group: 'positive',
    profile: 'accompany',
    accompanySeconds: WATCH_S,
    ...guard,
    async meanwhile(stage) {
      const first = (fits: RegExp, note: (at: Date) => void) => {
        void stage.progress(fits).then(() => note(new Date()))
      }
      await stage.progress(/^ready: start your scanner/)
      first(/^ {2}lost /, (at) => {
        seen.alarmAt = at
      })
      first(INTERFERENCE, (at) => {
        seen.verdictAt = at
      })
      seen.startedAt = new Date()
      seen.said = await other.run(stage)
      seen.endedAt = new Date()
    },
  })
}

function tell(rows: readonly Row[]): void {
  const text = (seconds: number | null) => (seconds === null ? '–' : seconds.toFixed(1))
  console.log()
  printTable(
    ['other scanner', 'defence', 'worked s', 'shut out s', 'alarm +s', 'verdict +s', 'still at work', 'said', 'result'],
    rows.map((row) => [
      row.other.name,
      row.guard.name,
      text(row.workedS),
      text(row.shutOutS),
      text(row.alarmS),
      text(row.verdictS),
      row.stillAtWork ? 'yes' : 'no',
      row.says,
      row.result,
    ]),
  )
  console.log('+s: from the look at the defence’s own list that first found the scanner; looks are 2 s apart')
}

if (canMakeNamespaces()) await main()
else console.log('lab:accompany: skipped, network namespaces need root and iproute2')
