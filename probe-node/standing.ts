/** What this probe may do from its address. It obeys by itself: a run that the Worker should not have given is not carried out. */
import type { LeasedRun, Standing } from '../schema/wire.ts'
import type { Clock } from './clock.ts'

/** Why a run of this kind is refused; null when it may be done. Before the Worker has said anything nothing may. */
export function whyNotNow(
  { standing, clock }: { standing: StandingBox; clock: Pick<Clock, 'now'> },
  kind: LeasedRun['kind'],
): string | null {
  const said = standing.now()
  if (!said) return 'The Worker has not said yet whether our address range is active.'
  const isOver = said.until !== null && clock.now() >= said.until
  const may = kind === 'scan' || kind === 'prove' ? said.scans : said.looks
  return may && !isOver ? null : said.detail
}

export interface StandingBox {
  /** null until the first lease was answered */
  now(): Standing | null
  /** True when it differs from what was known. */
  learn(standing: Standing): boolean
}

export function createStanding(): StandingBox {
  let known: Standing | null = null
  return {
    now: () => known,
    learn(standing) {
      const isNews = JSON.stringify(known) !== JSON.stringify(standing)
      known = standing
      return isNews
    },
  }
}
