import type { CauseClass, Mechanism } from '../../schema/words.ts'
import type { FeatureName, ValueOf } from './features.ts'

/** What a cause makes us see: for each feature the probability of its values. A feature left out says nothing here. */
export interface Hypothesis {
  class: CauseClass
  mechanism: Mechanism | null
  /** how common it is among lost endpoints, before looking; relative */
  prior: number
  /** weighed only where this was seen: what is rare without it would share in what is common */
  only?: FeatureName
  expects: { [F in FeatureName]?: Partial<Record<ValueOf<F>, number>> }
}

/** What most causes have in common: stands in for a feature that a hypothesis leaves out. */
export const BASE: Hypothesis['expects'] = {
  cut: { reset: 0.5, reset_at_once: 0.25, end: 0.25 },
  lure: { accepts: 0.01 },
  neighbour: { answers: 0.9, lost: 0.1 },
  country: { reaches: 0.93, fails: 0.07 },
  // "Limited" is said where it is proved: at odds of a hundred, the scanner alone.
  burst: { blocked: 0.56, passes: 0.39, limited: 0.03, mixed: 0.02 },
  trigger: { web: 0.35, sweep: 0.25, ssh: 0.2, mail: 0.1, other: 0.1 },
  renewal: { fixed: 0.92, renewed: 0.08 },
  content: { any: 0.98, attack_only: 0.02 },
  flicker: { never: 0.95, now_and_then: 0.05 },
  amid: { through: 0.01 },
  ends: { at_once: 0.3 },
  company: { through: 0.02 },
  seeps: { shut: 0.96, through: 0.04 },
  speed: { steady: 0.96, slower: 0.04 },
  platform: { none: 0.94, managed: 0.06 },
}
