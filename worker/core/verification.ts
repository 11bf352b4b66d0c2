import { endpointKey, isOver, type RunFacts } from '../../schema/facts.ts'
import { LIMITS, type Step } from '../../schema/wire.ts'
import { missedPorts } from './baseline.ts'
import type { Decision } from './decide.ts'
import type { Case, EndpointEvidence, ScanEvidence } from './evidence.ts'
import { chooseTrials, isNeeded, type Trial, trialSteps } from './experiments/choose.ts'
import { roundSteps } from './plan.ts'
import {
  BELL_MS,
  batchOf,
  ENDPOINTS_PER_BATCH,
  FIRST_ROUNDS,
  indexOf,
  MAX_BATCHES,
  RATIONED_AT_MS,
  ROUND_AT_MS,
  roundsEndMs,
  TOUCH_TIMEOUT_MS,
} from './rounds.ts'
import { isSilent } from './silence.ts'
import { isToWait, lastRoundAt, nextRoundAt } from './sparing.ts'
import type { Standing, Steering, WantedRun } from './steering.ts'
import { asksOf } from './swept.ts'
import { isSettled } from './verdict.ts'

/** An alarm that comes while its endpoint's rounds are under way is about the same loss. */
const SAME_LOSS_MS = 10_000
/** So often an endpoint is verified in one scan. */
const MOST_CASES = 4
/** Batches that may run side by side: each takes one of a probe's places for short runs. */
const PARALLEL = 3

export const verifyKey = (batch: number, probeId: string): string => `verify:${batch}:${probeId}`
const verifyRuns = (scan: ScanEvidence) => scan.facts.runs.filter((run) => run.kind === 'verify')
const batchOfRun = (run: RunFacts): number | null => {
  const round = run.steps.find((step) => step.round !== undefined)?.round
  return round === undefined ? null : batchOf(round)
}

/** What verification still has to do, as one value that every part of the steering reads. */
export interface Agenda {
  /** endpoints with an alarm that no verification answers yet */
  pending: readonly EndpointEvidence[]
  /** those of them that are not begun yet, for the sake of a ban that each touch renews */
  waiting: ReadonlySet<EndpointEvidence>
  /** ports that only others reach, not yet verified; they wait until no alarm is open */
  missed: readonly EndpointEvidence[]
  /** they do not wait: the address is silent now, and the silence may be over soon */
  missedNow: boolean
  /** endpoints with a case that has not said its last word, and the moment after which none of its rounds begins */
  unsettled: readonly { endpoint: EndpointEvidence; case: Case; lastRoundAt: number }[]
  /** experiments that are due or under way */
  explaining: readonly Trial[]
  /** rationed endpoints with a likely word, which another ration may confirm */
  growing: ReadonlySet<string>
}

export function agendaOf(scan: ScanEvidence, decisions: readonly Decision[], judgement: Standing): Agenda {
  const byKey = new Map(decisions.map((decision) => [decision.endpoint.key, decision]))
  const open = scan.endpoints.flatMap((endpoint) => {
    const last = endpoint.cases.at(-1)
    const decision = byKey.get(endpoint.key)
    if (!last || endpoint.phantom) return []
    const leading = decision?.outcome.case === last ? decision.outcome : null
    if (leading ? isSettled(leading, endpoint, scan.now) : isPast(last, endpoint, scan)) return []
    const until = lastRoundAt(last, endpoint, scan, decisions)
    const nextAt = nextRoundAt(last, endpoint)
    const isSpared = leading !== null && Number.isFinite(nextAt) && nextAt > until
    return isSpared ? [] : [{ endpoint, case: last, lastRoundAt: until }]
  })
  // What fails again when the onlookers were let go is looked at by all anew: the scanner alone compares nothing.
  const unsettled = open.filter(({ case: one }) => !wasLetGo(scan, one))
  const again = open.filter((one) => !unsettled.includes(one) && one.endpoint.cases.length < MOST_CASES)
  const busy = new Set(unsettled.map(({ endpoint }) => endpoint.key))
  const alarms = scan.ended ? [] : alarmed(scan, byKey).filter((one) => !busy.has(one.key))
  const pending = scan.ended ? [] : [...new Set([...again.map(({ endpoint }) => endpoint), ...alarms])]
  const missed = scan.ended ? [] : missedPorts(scan).filter((one) => isToAsk(one, scan, byKey.get(one.key)))
  return {
    pending,
    waiting: new Set(pending.filter((endpoint) => isToWait(endpoint, scan, decisions))),
    missed,
    missedNow: missed.some(({ address }) => isSilent(scan, address, scan.now)),
    unsettled,
    explaining: chooseTrials(
      scan,
      decisions,
      judgement,
      (batch) => verifyRuns(scan).filter((run) => batchOfRun(run) === batch),
      isOver,
    ),
    growing: new Set(
      decisions
        .filter(({ endpoint, outcome }) => endpoint.rationed && outcome.strength === 'likely')
        .map(({ endpoint }) => endpoint.key),
    ),
  }
}

/**
 * Each is asked once. What rounds amid a silence of the address left open is asked again when the silence is over: a port that
 * stays away then was not kept from the scanner by what ended.
 */
function isToAsk(one: EndpointEvidence, scan: ScanEvidence, decision: Decision | undefined): boolean {
  if (one.cases.length === 0) return true
  const isOpenQuestion = one.cases.length < MOST_CASES && (decision?.outcome.strength ?? null) === null
  return (
    isOpenQuestion &&
    !isSilent(scan, one.address, scan.now) &&
    one.cases.every(({ startAt, over }) => over && isSilent(scan, one.address, startAt))
  )
}

/** The onlookers of these rounds are gone, and rounds are left. */
function wasLetGo(scan: ScanEvidence, one: Case): boolean {
  const onlookers = verifyRuns(scan).filter((run) => batchOfRun(run) === one.batch && run.role !== 'scanner')
  return onlookers.length > 0 && onlookers.every(isOver) && scan.now < (one.planned.at(-1)?.at ?? 0)
}

/** A case whose outcome is not the leading one of its endpoint ends with its rounds. */
const isPast = (one: Case, endpoint: EndpointEvidence, scan: ScanEvidence) =>
  one.over || scan.now > one.startAt + roundsEndMs(endpoint.rationed)

function alarmed(scan: ScanEvidence, byKey: ReadonlyMap<string, Decision>): EndpointEvidence[] {
  const wanted = new Map<string, EndpointEvidence>()
  for (const alarm of scan.facts.alarms)
    for (const lost of alarm.lost) {
      const endpoint = scan.byKey.get(endpointKey(lost))
      if (!endpoint?.found || endpoint.phantom) continue
      const word = byKey.get(endpoint.key)?.outcome
      // What is known to be lost is not proved twice.
      if (word && (word.strength !== null || word.verdict === 'service_down' || word.verdict === 'path_outage'))
        continue
      const isBlip = (one: Case) => word?.case === one && word.verdict === 'transient'
      if (!endpoint.cases.some((one) => covers(scan, one, alarm.at, isBlip(one)))) wanted.set(endpoint.key, endpoint)
    }
  // Nothing is lost there: the rounds compare touches without the search for ports to those amid it.
  for (const endpoint of scan.endpoints) {
    const { swept } = endpoint
    if (!swept || (byKey.get(endpoint.key)?.outcome.strength ?? null) !== null) continue
    if (!endpoint.cases.some((one) => asksOf(swept, one))) wanted.set(endpoint.key, endpoint)
  }
  return [...wanted.values()]
}

/**
 * An alarm is about the loss of a case that was to begin, or whose rounds are still going on or just ended. `isBlip`: the port
 * was found open again, whatever else is still tried of it: a loss after that is another one.
 */
function covers(scan: ScanEvidence, one: Case, at: number, isBlip: boolean): boolean {
  if (one.startAt >= at) return true
  const lastAt = one.rounds.at(-1)?.endAt ?? one.startAt
  if (isBlip) return at <= lastAt
  // A case that was settled early has let its runs go: the rounds that were left are not held.
  const isLetGo = verifyRuns(scan).every((run) => batchOfRun(run) !== one.batch || isOver(run))
  const endAt = isLetGo ? lastAt : (one.planned.findLast(({ number }) => indexOf(number) < FIRST_ROUNDS)?.at ?? 0)
  return at <= endAt + SAME_LOSS_MS
}

/**
 * The endpoints to begin with now: alarms first, what only others reach when no alarm is open; sixteen at once. What others
 * reached a little later joins those of its kind: one after the other they would renew a ban that every touch renews.
 */
const chosenOf = (agenda: Agenda): readonly EndpointEvidence[] => {
  const mayJoin =
    agenda.missedNow ||
    agenda.unsettled.length === 0 ||
    agenda.unsettled.some(({ endpoint }) => endpoint.found === null)
  const pending = agenda.pending.filter((endpoint) => !agenda.waiting.has(endpoint))
  const queue =
    pending.length > 0 || (agenda.pending.length > 0 && !agenda.missedNow) ? pending : mayJoin ? agenda.missed : []
  return queue.slice(0, Math.max(0, ENDPOINTS_PER_BATCH - agenda.unsettled.length))
}

/** A batch under way that can take more endpoints: each member has a live run for it, with room for their steps. */
function joinable(scan: ScanEvidence, agenda: Agenda): number | null {
  for (const batch of new Set(agenda.unsettled.map((one) => one.case.batch))) {
    const runs = verifyRuns(scan).filter((run) => batchOfRun(run) === batch && !isOver(run))
    if (runs.length === scan.facts.panel.length && runs.every((run) => run.steps.length < LIMITS.stepsPerRun / 2))
      return batch
  }
  return null
}

/** Verification runs for the whole panel, the scanner too. */
export function wantedVerifications(scan: ScanEvidence, agenda: Agenda): WantedRun[] {
  const chosen = chosenOf(agenda)
  const known = new Set(
    verifyRuns(scan)
      .map(batchOfRun)
      .filter((batch) => batch !== null),
  )
  const open = new Set(agenda.unsettled.map((one) => one.case.batch))
  const batch = known.size === 0 ? 0 : Math.max(...known) + 1
  if (chosen.length === 0 || batch >= MAX_BATCHES || open.size >= PARALLEL || joinable(scan, agenda) !== null) return []
  const startAt = scan.now + BELL_MS
  // A rationed port may join later, so every run lives as long as the second ration.
  const deadlineAt = startAt + (RATIONED_AT_MS.at(-1) as number) + 120_000
  return scan.facts.panel.map((member) => ({
    key: verifyKey(batch, member.probeId),
    probeId: member.probeId,
    role: member.role,
    kind: 'verify',
    steps: [...roundSteps(batch, startAt, chosen, member.probeId), ...anchorSteps(scan, startAt)],
    standing: true,
    dueAt: scan.now,
    deadlineAt,
  }))
}

/** Anchors are touched beside the first and the fourth round, by all: lost for the scanner alone, a neighbour tells a lot. */
function anchorSteps(scan: ScanEvidence, startAt: number): Step[] {
  const touches = scan.facts.anchors
    .slice(0, 8)
    .map((anchor) => ({ ...anchor, check: 'tcp' as const, service: 'unknown' as const }))
  if (touches.length === 0) return []
  return [0, 3].map((index) => ({
    at: startAt + (ROUND_AT_MS[index] as number),
    purpose: 'anchor' as const,
    touches,
    timeoutMs: TOUCH_TIMEOUT_MS,
    beacon: false,
  }))
}

/** More steps for runs under way: ports that join them, later rounds for what the first eight left open, and experiments. */
export function verificationAppends(scan: ScanEvidence, agenda: Agenda): Steering['append'] {
  const chosen = chosenOf(agenda)
  const joined = chosen.length > 0 ? joinable(scan, agenda) : null
  const appends: { runId: string; steps: readonly Step[] }[] = []
  for (const run of verifyRuns(scan)) {
    const batch = batchOfRun(run)
    if (isOver(run) || batch === null) continue
    const steps: Step[] = []
    if (batch === joined) steps.push(...roundSteps(batch, scan.now + BELL_MS, chosen, run.probeId))
    for (const { endpoint, case: one, lastRoundAt: until } of agenda.unsettled) {
      const more = one.batch === batch ? moreOf(one, endpoint, scan.now, until) : undefined
      if (more) steps.push(...roundSteps(batch, one.startAt, [endpoint], run.probeId, more.from, more.to))
    }
    steps.push(...trialSteps(agenda.explaining, run))
    if (steps.length > 0) appends.push({ runId: run.runId, steps: merged(steps) })
  }
  return appends
}

/**
 * Added two by two while nothing is settled, when round `since` begins: every member asks in time, and what is settled leaves the scanner
 * no more than a pair to hold alone while its run goes on for an experiment.
 */
const LATER_ROUNDS = [
  { from: FIRST_ROUNDS, to: FIRST_ROUNDS + 2, since: FIRST_ROUNDS - 1 },
  { from: FIRST_ROUNDS + 2, to: ROUND_AT_MS.length, since: FIRST_ROUNDS },
] as const

const moreOf = ({ startAt, planned }: Case, endpoint: EndpointEvidence, now: number, until: number) => {
  if (endpoint.rationed) return undefined
  const begins = (index: number) => startAt + (ROUND_AT_MS[index] as number)
  const isPlanned = (index: number) => planned.some(({ number }) => indexOf(number) === index)
  const more = LATER_ROUNDS.find(
    ({ from, since }) => now >= begins(since) && now < begins(from) && isPlanned(since) && !isPlanned(from),
  )
  return more && { from: more.from, to: Math.min(more.to, ROUND_AT_MS.filter((at) => startAt + at <= until).length) }
}

/** Steps of the same second and round become one. */
function merged(steps: readonly Step[]): Step[] {
  const byKey = new Map<string, Step>()
  for (const step of steps) {
    const key = `${step.at}|${step.purpose}|${step.experiment}|${step.round}`
    const same = byKey.get(key)
    byKey.set(key, same ? { ...same, touches: [...same.touches, ...step.touches] } : step)
  }
  return [...byKey.values()]
}

/** Verification runs that have seen enough: every endpoint settled, and every experiment done. */
export function finishedVerifications(scan: ScanEvidence, agenda: Agenda): string[] {
  return verifyRuns(scan)
    .filter((run) => !isOver(run))
    .filter((run) => {
      const batch = batchOfRun(run)
      if (batch === null) return true
      if (agenda.unsettled.some((one) => one.case.batch === batch)) return false
      if (agenda.explaining.some((trial) => isNeeded(trial, run))) return false
      // A likely word on a rationed service goes on growing, as long as the scan goes on anyway.
      return scan.ended || !grows(scan, run, agenda.growing)
    })
    .map((run) => run.runId)
}

const grows = (scan: ScanEvidence, run: RunFacts, growing: ReadonlySet<string>): boolean =>
  run.steps.some(
    (step) =>
      step.at > scan.now &&
      step.touches.some((t) => {
        const endpoint = scan.byKey.get(endpointKey(t))
        return endpoint?.rationed === true && growing.has(endpoint.key)
      }),
  )
