/** Looks, rounds and cases: what one verification of one endpoint consists of. */
import { observationId, type PanelMember, type RunFacts } from '../../schema/facts.ts'
import type { Observation } from '../../schema/wire.ts'
import { isLoss, REFUSING_STATUSES, type Role, type Sight } from '../../schema/words.ts'
import { GRACE_MS, SAME_ROUND_MS, TOUCH_TIMEOUT_MS } from './rounds.ts'

/** One touch of an endpoint by a panel member, with its name. */
export interface Look {
  id: string
  probeId: string
  role: Role
  rested: boolean
  sight: Sight
  failed: boolean
  at: number
  endAt: number
  observation: Observation
}

export const lookOf = (
  run: Pick<RunFacts, 'runId' | 'probeId'>,
  who: Pick<PanelMember, 'role' | 'rested'>,
  observation: Observation,
): Look => ({
  id: observationId(run.runId, observation.n),
  probeId: run.probeId,
  role: who.role,
  rested: who.rested,
  sight: observation.sight,
  failed: isLoss(observation.sight),
  at: observation.at,
  endAt: observation.at + observation.afterMs,
  observation,
})

/** One round of one endpoint as far as it may be judged. `others` had seen the port open before this round, and are fit. */
export interface Round {
  number: number
  at: number
  /** when the last look of the round was known */
  endAt: number
  scanner: Look
  /** the sibling, whether or not it ever saw the port open */
  sibling: Look | null
  others: readonly Look[]
}

/** One verification of one endpoint: its rounds, and whether more will come. */
export interface Case {
  batch: number
  startAt: number
  /** closed rounds with a look of the scanner, in order, up to the first one that is not closed */
  rounds: readonly Round[]
  /** planned rounds, closed or not, in order */
  planned: readonly { number: number; at: number }[]
  /** number of the last closed round, with or without the scanner; -1 before the first */
  closedTo: number
  /** every planned round is closed */
  over: boolean
}

/** Whether a word of this member on this batch may still come. */
export type Awaited = (probeId: string, batch: number, startAt: number) => boolean

/** What is known of the endpoint beside its rounds. */
interface Verified {
  /** who reported which rounds, fit or not */
  answered: ReadonlyMap<string, ReadonlySet<number>>
  openedAt: ReadonlyMap<string, number>
}

/** The rounds of one batch as they were planned and as they came. */
export function caseOf(
  batch: number,
  plans: ReadonlyMap<number, { at: number; who: ReadonlySet<string> }>,
  byRound: ReadonlyMap<number, readonly Look[]>,
  { answered, openedAt }: Verified,
  awaited: Awaited,
  now: number,
): Case {
  const planned = [...plans.entries()]
    .map(([number, round]) => ({ number, ...round }))
    .toSorted((a, b) => a.number - b.number)
  const startAt = planned[0]?.at ?? now
  const waitedFor = new Map<string, boolean>()
  const isAwaited = (probeId: string) => {
    const known = waitedFor.get(probeId) ?? awaited(probeId, batch, startAt)
    waitedFor.set(probeId, known)
    return known
  }
  const rounds: Round[] = []
  let closedTo = -1
  for (const { number, at, who } of planned) {
    if (at > now) return { batch, startAt, rounds, planned, closedTo, over: false }
    const isMissing = (probeId: string) => answered.get(probeId)?.has(number) !== true && isAwaited(probeId)
    // A success is known at once, a silent failure only after the timer: an unfinished round would be a biased one.
    const isOpen = now <= at + TOUCH_TIMEOUT_MS + GRACE_MS && [...who].some(isMissing)
    if (isOpen) return { batch, startAt, rounds, planned, closedTo, over: false }
    const round = roundOf(number, asServed(byRound.get(number) ?? []), openedAt)
    // Held by the scanner alone, when the others were let go: it compares nothing, and is no part of their rounds.
    const isAlone = round !== null && who.size > 1 && round.others.length === 0 && round.sibling === null
    if (round && !isAlone) rounds.push(round)
    closedTo = number
  }
  return { batch, startAt, rounds, planned, closedTo, over: true }
}

/** Another answer than at first, which does not say that it turns anybody away. */
const isAnothers = ({ sight, observation }: Look): boolean =>
  sight === 'page' && !REFUSING_STATUSES.has(observation.httpStatus ?? 0)

/** A page that half of all get is what the service says from now on: somebody put up another version of it. */
function asServed(looks: readonly Look[]): readonly Look[] {
  const changed = looks.reduce((sum, look) => sum + Number(isAnothers(look)), 0)
  const isNews = changed > 1 && changed * 2 >= looks.length
  return isNews ? looks.map((look) => (isAnothers(look) ? { ...look, sight: 'open', failed: false } : look)) : looks
}

function roundOf(number: number, looks: readonly Look[], openedAt: ReadonlyMap<string, number>): Round | null {
  const scanner = looks.find((look) => look.role === 'scanner')
  if (!scanner) return null
  const together = looks.filter((look) => look !== scanner && Math.abs(look.at - scanner.at) <= SAME_ROUND_MS)
  const others = together.filter((look) => (openedAt.get(look.probeId) ?? Number.POSITIVE_INFINITY) < look.at)
  return {
    number,
    at: scanner.at,
    endAt: Math.max(scanner.endAt, ...together.map((look) => look.endAt)),
    scanner,
    sibling: together.find((look) => look.role === 'sibling') ?? null,
    others,
  }
}
