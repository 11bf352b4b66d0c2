import { median } from '../../bench/table.ts'
import type { Scenario } from '../scenarios/scenario.ts'
import type { Count } from '../score/count.ts'
import { percent } from '../score/statistics.ts'
import { type Cell, number } from './lines.ts'

export const HEADER = [
  'scenario',
  'kind',
  'loss',
  'expected',
  'right %',
  'false',
  'conf.',
  'likely',
  'confirmed',
  'class %',
  'mech. 1st',
  'in 3',
  'no word %',
  'no cause %',
  's fast',
  's conf.',
  'connects',
  'with cause',
] as const

/** One scenario at one loss. `false` and `conf.`: runs that accuse where they should not, at all and confirmed. */
export function rowOf({ name, kind, truth }: Scenario, loss: number, count: Count): Cell[] {
  const expected = truth.verdicts.slice(0, 2).join('/') + (truth.verdicts.length > 2 ? '…' : '')
  return [
    name,
    kind,
    `${loss * 100} %`,
    expected,
    percent(count.right, count.endpoints),
    count.accused,
    count.accusedConfirmed,
    percent(count.likely, count.endpoints),
    percent(count.confirmed, count.endpoints),
    percent(count.classRight, count.causes - count.causeNone),
    percent(count.mechanismFirst, count.mechanisms),
    percent(count.mechanismThree, count.mechanisms),
    percent(count.inconclusive, count.endpoints),
    percent(count.causeNone, count.causes),
    number(median(count.fastS)),
    number(median(count.confirmedS)),
    number(median(count.connectsVerdict), 0),
    number(median(count.connectsCause), 0),
  ]
}

/** The most frequent wrong answers of a scenario, over all losses. */
export function confusionOf(scenario: Scenario, count: Count): Cell[] {
  const wrong = Object.entries(count.wrong).toSorted(([, a], [, b]) => b - a)
  const shown = wrong.slice(0, 5).map(([word, n]) => `${word} ×${n}`)
  return [scenario.name, count.endpoints, count.endpoints - count.right, shown.join('; ')]
}
