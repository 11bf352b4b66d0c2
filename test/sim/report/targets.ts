import { median } from '../../bench/table.ts'
import type { Kind, Scenario } from '../scenarios/scenario.ts'
import { type Count, emptyCount, merge } from '../score/count.ts'
import { calibrationOf, quantile, share } from '../score/statistics.ts'
import { type Cell, number } from './lines.ts'

/** What was counted, by scenario and loss. */
export interface Measured {
  scenario: Scenario
  loss: number
  count: Count
}

/** A target of the method: what, wanted, measured, and by how much it is short ('' when it holds). */
export interface Checked {
  what: string
  wanted: string
  measured: string
  short: string
}
const copy = (count: Count): Count => structuredClone(count)
export const together = (cells: readonly Measured[]): Count =>
  cells.reduce((sum, { count }) => merge(sum, copy(count)), emptyCount())

const of = (cells: readonly Measured[], kinds: readonly Kind[], loss?: (loss: number) => boolean) =>
  together(cells.filter((cell) => kinds.includes(cell.scenario.kind) && (loss?.(cell.loss) ?? true)))

/** The targets of detection-science.md, section 7, and of design.md, section 8. */
export function checkTargets(cells: readonly Measured[]): Checked[] {
  const checked: Checked[] = []
  const least = (what: string, target: number, k: number, n: number) => {
    if (n === 0) return
    const short = k / n >= target ? '' : `${what} ${((100 * k) / n).toFixed(1)} %, wanted ${100 * target} %`
    checked.push({ what, wanted: `≥ ${100 * target} %`, measured: share(k, n), short })
  }
  const most = (what: string, target: number, value: number, digits = 1) => {
    if (!Number.isFinite(value)) return
    const short = value <= target ? '' : `${what} ${value.toFixed(digits)}, wanted ${target}`
    checked.push({ what, wanted: `≤ ${target}`, measured: number(value, digits), short })
  }

  const negatives = of(cells, ['innocent', 'given', 'before'])
  const blocks = of(cells, ['block'])
  const positives = of(cells, ['block', 'rate'])
  const accusing = together(
    cells.filter(({ scenario }) => scenario.kind !== 'unshared' && scenario.kind !== 'question'),
  )
  most('false confirmed runs of negatives', 0, negatives.accusedConfirmed, 0)
  least('negatives without any accusation', 0.99, negatives.runs - negatives.accused, negatives.runs)
  least('precision of confirmed', 0.99, accusing.confirmed, accusing.confirmed + accusing.accusedConfirmed)
  least('precision of likely or confirmed', 0.99, positives.selective, positives.selective + accusing.accused)
  const low = of(cells, ['block'], (loss) => loss <= 0.05)
  const high = of(cells, ['block'], (loss) => loss > 0.05)
  least('recall of blocks, loss to 5 %', 0.99, low.selective, low.endpoints)
  least('recall of blocks, loss above', 0.97, high.selective, high.endpoints)
  const rates = of(cells, ['rate'])
  least('recall of limits and part blocks', 0.9, rates.selective, rates.endpoints)
  const caused = of(cells, ['block', 'rate', 'before', 'given', 'innocent'])
  least('cause class', 0.95, caused.classRight, caused.causes - caused.causeNone)
  least('mechanism first', 0.85, caused.mechanismFirst, caused.mechanisms)
  least('mechanism within three', 0.95, caused.mechanismThree, caused.mechanisms)
  least('vendor of a page', 0.97, caused.vendorRight, caused.vendors)
  most('abstained, % of blocked and limited endpoints', 10, (100 * positives.inconclusive) / positives.endpoints)
  most('cause left open, %', 10, (100 * caused.causeNone) / caused.causes)
  const questions = of(cells, ['question'])
  least('questions that cannot be told: nothing firm said', 0.95, questions.right, questions.endpoints)
  const unshared = of(cells, ['unshared'])
  most('unshared outages confirmed', 0, unshared.accusedConfirmed, 0)
  const { ece, brier, n } = calibrationOf(caused.calibration)
  most('calibration of the cause’s confidence: ECE', 0.05, ece, 3)
  if (n > 0) checked.push({ what: 'calibration: Brier score', wanted: 'stated', measured: number(brier, 3), short: '' })
  most('median s to fast', 20, median(blocks.fastS))
  most('median s to confirmed', 45, median(blocks.confirmedS))
  most('95th per cent s to confirmed', 60, quantile(blocks.confirmedS, 0.95))
  most('median connects to the verdict', 32, median(blocks.connectsVerdict), 0)
  most('median connects with the cause', 70, median(blocks.connectsCause), 0)
  most('recovery interval, median ratio', 1.15, median(blocks.recoveryRatios), 2)
  most('runs in which an onlooker was banned by its own touches', 0, together(cells).harmed, 0)
  most('lengths by which a ban was prolonged, at most', 1, blocks.prolonged, 1)
  return checked
}

export const targetRow = ({ what, wanted, measured, short }: Checked): Cell[] => [
  what,
  wanted,
  measured,
  short ? 'short' : 'holds',
]
