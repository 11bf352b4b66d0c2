import type { Options } from '../options.ts'
import type { Scenario } from '../scenarios/scenario.ts'
import { calibrationOf, percent } from '../score/statistics.ts'
import { ABLATION_HEADER, ablationRow } from './ablations.ts'
import { number, section } from './lines.ts'
import { confusionOf, HEADER, rowOf } from './rows.ts'
import { checkTargets, type Measured, targetRow, together } from './targets.ts'

export interface Results {
  scenarios: readonly Scenario[]
  /** the full method, by scenario and loss */
  cells: readonly Measured[]
  /** the same with something taken away, by the name of what */
  ablations: readonly { name: string; cells: readonly Measured[] }[]
  /** the engine takes hypotheses from outside */
  canLeaveOut: boolean
  seconds: number
}

/** Prints everything; gives what is short. */
export function report(
  { scenarios, cells, ablations, canLeaveOut, seconds }: Results,
  { runs, markdown }: Options,
): string[] {
  section(
    `Scenarios: ${runs} runs each`,
    'false, conf.: runs that accuse a port where nobody is to be accused, at all and confirmed. Other shares are of the endpoints concerned.',
    HEADER,
    cells.map(({ scenario, loss, count }) => rowOf(scenario, loss, count)),
    markdown,
  )
  const whole = (scenario: Scenario) => together(cells.filter((cell) => cell.scenario === scenario))
  const confusions = scenarios
    .map((scenario) => ({ scenario, count: whole(scenario) }))
    .filter(({ count }) => Object.keys(count.wrong).length > 0)
  section(
    'Truth and the most frequent wrong answers, all losses together',
    'A word alone is a wrong verdict; with class/mechanism it is a right verdict with another class, “named” the right class with another mechanism.',
    ['scenario', 'endpoints', 'wrong word', 'answers'],
    confusions.map(({ scenario, count }) => confusionOf(scenario, count)),
    markdown,
  )
  const recovered = scenarios
    .map((scenario) => ({ scenario, count: whole(scenario) }))
    .filter(({ count }) => count.laterMechanisms > 0)
  section(
    'After the recovery, in one run of ten: the true tool by name',
    '',
    ['scenario', 'recovered', 'named %'],
    recovered.map(({ scenario, count }) => [
      scenario.name,
      count.laterMechanisms,
      percent(count.laterFirst, count.laterMechanisms),
    ]),
    markdown,
  )
  calibration(cells, markdown)
  const short = leaveOneOut(scenarios, cells, canLeaveOut, markdown)
  if (ablations.length > 0)
    section(
      'Ablations',
      'The same scenarios at all losses, fewer runs.',
      ABLATION_HEADER,
      ablations.map(({ name, cells: some }) => ablationRow(name, some)),
      markdown,
    )
  const checked = checkTargets(cells)
  section(
    'Targets',
    '',
    ['what', 'wanted', 'measured, with Wilson’s 95 % interval', ''],
    checked.map(targetRow),
    markdown,
  )
  const all = together(cells)
  const perRun = all.cpuMs / Math.max(1, all.runs)
  console.log(
    `\n${all.runs} runs of the full method, ${number(perRun)} ms each, ${number(all.decisions / Math.max(1, all.runs), 0)} decisions each; all in ${number(seconds, 0)} s, ${all.unfinished} never finished.`,
  )
  return [...checked.flatMap((one) => (one.short ? [one.short] : [])), ...short]
}

function calibration(cells: readonly Measured[], markdown: boolean): void {
  const { calibration: all } = together(
    cells.filter(({ scenario }) => !['question', 'unshared'].includes(scenario.kind)),
  )
  const { ece, brier, n } = calibrationOf(all)
  section(
    `Confidence of causes: ECE ${number(ece, 3)}, Brier ${number(brier, 3)}, ${n} causes`,
    '',
    ['confidence', 'causes', 'stated', 'true'],
    all.bins.map((bin, i) => [
      `${i / 10}–${(i + 1) / 10}`,
      bin.n,
      number(bin.stated / bin.n, 2),
      number(bin.right / bin.n, 2),
    ]),
    markdown,
  )
}

/** Each scenario judged by an engine that does not know its mechanism. */
function leaveOneOut(
  scenarios: readonly Scenario[],
  cells: readonly Measured[],
  can: boolean,
  markdown: boolean,
): string[] {
  const title = 'Without the hypothesis of the true mechanism'
  if (!can) {
    console.log(`${markdown ? '\n## ' : '\n'}${title}: not available (judgeScan takes no hypotheses)`)
    return []
  }
  const rows = scenarios
    .map((scenario) => ({ scenario, count: together(cells.filter((cell) => cell.scenario === scenario)) }))
    .filter(({ count }) => count.leftOut > 0)
  section(
    title,
    'Right: its class, or no class with confidence over 0.5. Wrong: another class with confidence over 0.5.',
    ['scenario', 'left out', 'endpoints', 'class %', 'open %', 'other class %'],
    rows.map(({ scenario, count }) => [
      scenario.name,
      scenario.truth.mechanisms[0] ?? '',
      count.leftOut,
      percent(count.leftOutClass, count.leftOut),
      percent(count.leftOut - count.leftOutClass - count.leftOutOther, count.leftOut),
      percent(count.leftOutOther, count.leftOut),
    ]),
    markdown,
  )
  const sum = (key: 'leftOut' | 'leftOutOther') => rows.reduce((total, { count }) => total + count[key], 0)
  return sum('leftOutOther') === 0
    ? []
    : [
        `another class with confidence for ${percent(sum('leftOutOther'), sum('leftOut'))} % of endpoints whose mechanism is unknown`,
      ]
}
