import type { Calibration } from './statistics.ts'
import { emptyCalibration } from './statistics.ts'

/** What came of some runs of one scenario at one loss. Plain data, so that threads can hand it over. */
export interface Count {
  runs: number
  /** runs with a port that was accused and should not have been */
  accused: number
  accusedConfirmed: number
  /** endpoints in focus, and how their words were */
  endpoints: number
  right: number
  selective: number
  likely: number
  confirmed: number
  inconclusive: number
  /** endpoints with the right word that want a cause: how that was */
  causes: number
  causeNone: number
  classRight: number
  mechanisms: number
  mechanismFirst: number
  mechanismThree: number
  vendors: number
  vendorRight: number
  /** the same after the recovery, for the runs in which it was followed */
  laterMechanisms: number
  laterFirst: number
  /** recovery: last touch that failed and first that did not, as a ratio of times since the loss */
  recoveryRatios: number[]
  /** without the hypothesis of the true mechanism */
  leftOut: number
  leftOutClass: number
  leftOutOther: number
  fastS: number[]
  confirmedS: number[]
  connectsVerdict: number[]
  connectsCause: number[]
  /** wrong answers, by what was said */
  wrong: Record<string, number>
  /** runs in which an onlooker was shut out by itself, and the most lengths by which a ban was made longer */
  harmed: number
  prolonged: number
  calibration: Calibration
  decisions: number
  unfinished: number
  cpuMs: number
}

export const emptyCount = (): Count => ({
  runs: 0,
  accused: 0,
  accusedConfirmed: 0,
  endpoints: 0,
  right: 0,
  selective: 0,
  likely: 0,
  confirmed: 0,
  inconclusive: 0,
  causes: 0,
  causeNone: 0,
  classRight: 0,
  mechanisms: 0,
  mechanismFirst: 0,
  mechanismThree: 0,
  vendors: 0,
  vendorRight: 0,
  laterMechanisms: 0,
  laterFirst: 0,
  recoveryRatios: [],
  leftOut: 0,
  leftOutClass: 0,
  leftOutOther: 0,
  fastS: [],
  confirmedS: [],
  connectsVerdict: [],
  connectsCause: [],
  wrong: {},
  harmed: 0,
  prolonged: 0,
  calibration: emptyCalibration(),
  decisions: 0,
  unfinished: 0,
  cpuMs: 0,
})

/** Both together; `a` is changed. */
export function merge(a: Count, b: Count): Count {
  for (const key of Object.keys(a) as (keyof Count)[]) {
    const [mine, theirs] = [a[key], b[key]]
    if (key === 'prolonged') a.prolonged = Math.max(a.prolonged, b.prolonged)
    else if (typeof mine === 'number' && typeof theirs === 'number') (a[key] as number) = mine + theirs
    else if (Array.isArray(mine) && Array.isArray(theirs)) for (const value of theirs) mine.push(value)
  }
  for (const [word, n] of Object.entries(b.wrong)) a.wrong[word] = (a.wrong[word] ?? 0) + n
  for (const [i, bin] of b.calibration.bins.entries()) {
    const into = a.calibration.bins[i] as Calibration['bins'][0]
    into.n += bin.n
    into.stated += bin.stated
    into.right += bin.right
  }
  a.calibration.brier += b.calibration.brier
  return a
}
