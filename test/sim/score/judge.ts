import type { ScanFacts } from '../../../schema/facts.ts'
import type { Judgement } from '../../../schema/judgement.ts'
import type { Hypothesis } from '../../../worker/core/hypothesis.ts'
import { judgeScan } from '../../../worker/core/judge.ts'

/** The judgement under other hypotheses than the engine's own. An engine that takes none goes on with its own. */
export const judgeUnder = judgeScan as (
  facts: ScanFacts,
  now: number,
  options?: { hypotheses?: readonly Hypothesis[] },
) => Judgement

/** Whether the engine takes hypotheses from outside: with none at all it can name no cause. */
export function takesHypotheses(facts: ScanFacts, now: number): boolean {
  const named = (judgement: Judgement) =>
    judgement.ports.some(({ cause }) => cause !== null && cause.class !== 'unexplained')
  if (!named(judgeUnder(facts, now))) throw new Error('the facts must carry a cause')
  try {
    return !named(judgeUnder(facts, now, { hypotheses: [] }))
  } catch {
    return true
  }
}
