import type { CauseClass, Mechanism } from '../../schema/words.ts'
import type { FeatureName, ValueOf } from './features.ts'

/** What a cause makes us see: for each feature the probability of its values. A feature left out says nothing here. */
export interface Hypothesis {
  class: CauseClass
  mechanism: Mechanism | null
  /** how common it is among lost endpoints, before looking; relative */
  prior: number
  expects: { [F in FeatureName]?: Partial<Record<ValueOf<F>, number>> }
}
