/** The table of all runs, the figures under it, and what falls short of the numbers to hold. */
import { median, printTable } from '../bench/table.ts'
import type { Ban } from './bans.ts'
import type { Scenario } from './scenario.ts'
import { SCENARIOS } from './scenarios/index.ts'
import { calibration, type Judged, share, textOf } from './score.ts'

/** Numbers to hold (detection-science.md, section 7). */
const TARGETS = {
  recall: 0.99,
  class: 0.95,
  withinThree: 0.95,
  abstained: 0.1,
  controls: 0.9,
  fastS: 20,
  confirmedS: 45,
  connects: 70,
  renewals: 1,
} as const

export interface Row {
  scenario: Scenario
  loss: number
  result: 'PASS' | 'MISS' | 'SKIP' | 'ERROR'
  judged: Judged | null
  seconds: number
  /** what went wrong, for people */
  why: string
  /** members of the panel that the defence listed */
  harmed: readonly string[]
  /** the scanner's bans by the defence's own list */
  bans: readonly Ban[]
}

const number = (value: number | null | undefined, digits = 0): string =>
  value === null || value === undefined ? '–' : value.toFixed(digits)

export function tell(rows: readonly Row[]): void {
  const order = new Map(SCENARIOS.map((scenario, i) => [scenario, i]))
  const sorted = rows.toSorted((a, b) => (order.get(a.scenario) ?? 0) - (order.get(b.scenario) ?? 0) || a.loss - b.loss)
  console.log()
  printTable(
    [
      'scenario',
      'loss %',
      'anchor',
      'expected',
      'said',
      'confidence',
      'fast s',
      'confirmed s',
      'connects',
      'run s',
      'result',
      'why',
    ],
    sorted.map(({ scenario, loss, result, judged, seconds, why }) => [
      scenario.name,
      Math.round(loss * 100),
      scenario.anchored ? 'yes' : 'no',
      `${scenario.expect.ports.join(',') || 'all'} ${scenario.expect.verdicts.join('|')} ${scenario.expect.classes.join('|')}`,
      judged?.shown ? textOf(judged.shown) : '–',
      number(judged?.shown?.cause?.confidence, 2),
      number(judged?.fastSeconds, 1),
      number(judged?.confirmedSeconds, 1),
      judged?.connects ?? 0,
      Math.round(seconds),
      result,
      why.slice(0, 160),
    ]),
  )
  const { counts, claims, fast, confirmed, connects } = figures(rows)
  const bans = rows.flatMap((row) => row.bans.map(({ renewals }) => renewals))
  tellBans(sorted)
  console.log()
  const count = (result: Row['result']) => rows.filter((row) => row.result === result).length
  console.log(`PASS ${count('PASS')}, MISS ${count('MISS')}, SKIP ${count('SKIP')}, ERROR ${count('ERROR')}`)
  printTable(
    ['of the runs, shares with Wilson intervals at 95 %', ''],
    [
      ['precision: runs with a selective claim in which all of them are true', share(...counts.precision)],
      ['recall: positive runs in which every endpoint got its verdict', share(...counts.recall)],
      ['controls without a false claim', share(...counts.quiet)],
      ['controls with the right verdict', share(...counts.controls)],
      ['class right', share(...counts.class)],
      ['mechanism right first', share(...counts.first)],
      ['mechanism within three', share(...counts.withinThree)],
      ['abstentions, of the positive runs', share(...counts.abstained)],
      [
        'median seconds from loss to fast / confirmed, endpoints that do not count touches',
        `${number(median(fast), 1)} / ${number(median(confirmed), 1)}`,
      ],
      ['median connects to such an endpoint, by all', number(median(connects))],
      ['most that a ban was prolonged, in lengths of that ban', number(Math.max(0, ...bans), 2)],
      [
        'calibration of the cause',
        `ECE ${calibration(claims).ece.toFixed(3)}, Brier ${calibration(claims).brier.toFixed(3)}, ${claims.length} claims`,
      ],
    ],
  )
}

function tellBans(rows: readonly Row[]): void {
  const banned = rows.filter(({ bans }) => bans.length > 0)
  if (banned.length === 0) return
  console.log()
  printTable(
    ['bans by the defence’s own list', 'loss %', 'bans', 'seconds each', 'prolonged by, in lengths'],
    banned.map(({ scenario, loss, bans }) => [
      scenario.name,
      Math.round(loss * 100),
      bans.length,
      bans.map(({ from, until }) => Math.round((until.getTime() - from.getTime()) / 1_000)).join(' '),
      number(Math.max(...bans.map(({ renewals }) => renewals)), 2),
    ]),
  )
}

type Share = [right: number, all: number]

function figures(rows: readonly Row[]) {
  const done = rows.flatMap((row) => (row.judged ? [{ ...row, judged: row.judged }] : []))
  const positive = done.filter((row) => row.scenario.group === 'positive')
  const controls = done.filter((row) => row.scenario.group === 'control')
  const claiming = done.filter(
    (row) => row.judged.falseClaims.length > 0 || (row.scenario.group === 'positive' && row.judged.verdictRight),
  )
  const of = (some: typeof done, right: (judged: Judged) => boolean | null): Share => {
    const answers = some.map(({ judged }) => right(judged)).filter((answer) => answer !== null)
    return [answers.filter(Boolean).length, answers.length]
  }
  const spans = positive.flatMap(({ judged }) => judged.unrationed)
  return {
    counts: {
      precision: of(claiming, (judged) => judged.falseClaims.length === 0),
      recall: of(positive, (judged) => judged.verdictRight),
      quiet: of(controls, (judged) => judged.falseClaims.length === 0),
      controls: of(controls, (judged) => judged.verdictRight && judged.wrong.length === 0),
      class: of(positive, (judged) => judged.classRight),
      first: of(positive, (judged) => judged.mechanismFirst),
      withinThree: of(positive, (judged) => judged.mechanismWithinThree),
      abstained: of(positive, (judged) => judged.abstained),
    },
    claims: positive.flatMap(({ judged }) => judged.confidences),
    fast: spans.flatMap(({ fastSeconds }) => fastSeconds ?? []),
    confirmed: spans.flatMap(({ confirmedSeconds }) => confirmedSeconds ?? []),
    connects: spans.map(({ connects }) => connects),
  }
}

const ENOUGH_FOR_MEDIANS = 24

export function shortfalls(rows: readonly Row[]): string[] {
  const { counts, fast, confirmed, connects } = figures(rows)
  const short: string[] = []
  const below = (name: string, [right, all]: Share, least: number) => {
    if (all > 0 && right / all < least) short.push(`${name} ${(right / all).toFixed(3)}, wanted ${least}`)
  }
  const falseClaims = rows.flatMap(({ scenario, judged }) =>
    (judged?.falseClaims ?? []).map((text) => `${scenario.name} ${text}`),
  )
  if (falseClaims.length > 0) short.push(`false claims: ${falseClaims.join(', ')}`)
  below('recall', counts.recall, TARGETS.recall)
  below('controls with the right verdict', counts.controls, TARGETS.controls)
  below('class', counts.class, TARGETS.class)
  below('mechanism within three', counts.withinThree, TARGETS.withinThree)
  const [abstained, all] = counts.abstained
  if (all > 0 && abstained / all > TARGETS.abstained)
    short.push(`abstentions ${(abstained / all).toFixed(3)}, allowed ${TARGETS.abstained}`)
  const above = (name: string, some: readonly number[], most: number) => {
    if (median(some) > most) short.push(`median ${name} ${median(some).toFixed(1)}, allowed ${most}`)
  }
  // A median of a handful, on a machine that others use, is shown but says nothing.
  if (rows.length >= ENOUGH_FOR_MEDIANS) {
    above('seconds to fast', fast, TARGETS.fastS)
    above('seconds to confirmed', confirmed, TARGETS.confirmedS)
  }
  above('connects', connects, TARGETS.connects)
  for (const { scenario, loss, bans } of rows) {
    const most = Math.max(0, ...bans.map(({ renewals }) => renewals))
    if (most > TARGETS.renewals)
      short.push(`${scenario.name} at ${Math.round(loss * 100)} %: a ban prolonged by ${most.toFixed(2)} of its length`)
  }
  const harmed = rows.filter((row) => row.harmed.length > 0)
  if (harmed.length > 0) short.push(`onlookers listed in ${harmed.map((row) => row.scenario.name).join(', ')}`)
  for (const row of rows)
    if (row.result === 'ERROR') short.push(`${row.scenario.name} at ${Math.round(row.loss * 100)} % did not work`)
  return short
}
