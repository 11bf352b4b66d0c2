import type { Evidence } from '../../schema/judgement.ts'

/** Twelve rounds of five, or the bursts of E4 with all that is set beside them. */
const MOST = 64

/** A claim with the observations that carry it: all of them, or as many as a report can hold, and then it says so. */
export function cited(evidence: Evidence): Evidence {
  const { text, observations } = evidence
  if (observations.length <= MOST) return evidence
  return {
    ...evidence,
    text: `${text} (${MOST} of ${observations.length} observations are listed.)`,
    observations: observations.slice(0, MOST),
  }
}
