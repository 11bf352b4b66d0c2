import type { Without } from '../line/setting.ts'
import type { Kind } from '../scenarios/scenario.ts'
import { emptyCount, merge } from '../score/count.ts'
import { percent } from '../score/statistics.ts'
import type { Cell } from './lines.ts'
import { type Measured, together } from './targets.ts'

/** What the method would be without one of its means. */
export const ABLATIONS: readonly { name: string; without: Without }[] = [
  { name: 'full method', without: {} },
  { name: 'no sibling', without: { sibling: true } },
  { name: 'no witness', without: { witnesses: true } },
  { name: 'short timer, 1 s', without: { timerMs: 1_000 } },
  { name: 'no canary', without: { canary: true } },
  { name: 're-check at the end only', without: { watch: false } },
]

export const ABLATION_HEADER = [
  'method',
  'runs',
  'recall of blocks %',
  'confirmed %',
  'recall of limits %',
  'false, runs %',
  'false confirmed',
  'path outages blamed %',
  'class %',
  'mechanism 1st %',
  'in 3 %',
]

export function ablationRow(name: string, cells: readonly Measured[]): Cell[] {
  const of = (...kinds: Kind[]) => together(cells.filter(({ scenario }) => kinds.includes(scenario.kind)))
  const [blocks, rates] = [of('block'), of('rate')]
  const negatives = of('innocent', 'given', 'before')
  const ways = together(cells.filter(({ scenario }) => /^N0[23]/.test(scenario.name)))
  const all = merge(merge(emptyCount(), structuredClone(blocks)), structuredClone(rates))
  return [
    name,
    blocks.runs + rates.runs + negatives.runs,
    percent(blocks.selective, blocks.endpoints),
    percent(blocks.confirmed, blocks.endpoints),
    percent(rates.selective, rates.endpoints),
    percent(negatives.accused, negatives.runs),
    negatives.accusedConfirmed,
    percent(ways.accused, ways.runs),
    percent(all.classRight, all.causes - all.causeNone),
    percent(all.mechanismFirst, all.mechanisms),
    percent(all.mechanismThree, all.mechanisms),
  ]
}
