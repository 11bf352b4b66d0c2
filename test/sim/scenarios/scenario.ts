import type { CauseClass, Mechanism, VerdictWord } from '../../../schema/words.ts'
import type { Setting } from '../line/setting.ts'

/**
 * block: the scanner, or its range, is shut out. rate: in part, or by how fast it asks. before: shut from the start.
 * given: the target gave way for everyone, by the scan or beside it. innocent: nobody is to be accused.
 * unshared: an outage of the scanner's path that its sibling does not share. question: cannot be told from outside.
 */
export type Kind = 'block' | 'rate' | 'before' | 'given' | 'innocent' | 'unshared' | 'question'

/** What is true of a scenario, in the words of the product. */
export interface Truth {
  /** words that are right for the endpoints in focus */
  verdicts: readonly VerdictWord[]
  /** cause classes that are right; empty where no cause is asked for */
  classes: readonly CauseClass[]
  /** mechanisms that are right, the true one first; empty where only the class is asked for */
  mechanisms: readonly Mechanism[]
  vendor?: string
  /** one measure for the whole address: it counts as told when it is told of one port */
  once?: boolean
  /** no cause may be stated with more confidence */
  mostConfidence?: number
}

export interface Drawn {
  setting: Setting
  /** ports that what happens here happens to */
  focus: readonly number[]
}

export interface Scenario {
  /** its number in the method's list, and a few words */
  name: string
  kind: Kind
  truth: Truth
  draw: (roll: () => number) => Drawn
}

export const between = (roll: () => number, low: number, high: number): number => low + roll() * (high - low)
export const oneOf = <T>(roll: () => number, list: readonly T[]): T => list[Math.floor(roll() * list.length)] as T
