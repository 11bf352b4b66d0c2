import {
  type AlarmRequest,
  type Endpoint,
  type Found,
  LIMITS,
  type Observation,
  type RenewAnswer,
  type RenewRequest,
  type ResultRequest,
  type Span,
} from '../schema/wire.ts'
import type { Asked, Until } from './desk.ts'
import type { HeldRun } from './lease.ts'
import type { Report } from './spool.ts'
import type { Seen } from './touch.ts'
import type { World } from './world.ts'

/** What an alarm says of addresses as a whole. */
export type AlarmMore = Partial<Pick<AlarmRequest, 'silenced' | 'limited'>>

/**
 * The facts of one run on their way to the Worker. Reports go out one at a time; a report is fixed when it is first
 * sent, and what comes after waits for the next one, so a repeat never says anything else under the same number.
 */
export interface Reporter {
  /** Numbers an observation and queues it. */
  add(seen: Seen): Observation
  addSpan(span: Span): void
  addFound(found: Found): void
  /** Facts that no report carries yet. */
  pending(): number
  /** Found ports among them: others of the panel wait for these. */
  pendingFound(): number
  /** With `keep` the facts stay here for a later report: this one only asks. */
  renew(
    extra?: Pick<RenewRequest, 'phase' | 'progress' | 'ready' | 'discovered' | 'untested'>,
    keep?: boolean,
  ): Promise<Asked<RenewAnswer>>
  alarm(lost: readonly Endpoint[], more?: AlarmMore): Promise<Asked<{ accepted: boolean }>>
  /** Delivers the result, or leaves it in the spool. */
  result(result: Omit<ResultRequest, keyof Facts>): Promise<void>
}

type Facts = Pick<ResultRequest, 'runId' | 'epoch' | 'seq' | 'observations' | 'spans' | 'found'>

/** As long as the lease may still be ours, and then some: the Worker answers 410 when it is not. */
const RENEW_FOR_MS = 120_000
/**
 * While we go on by a lease the Worker may want us to stop: with the time that an answer may take, heard of within 20 s. And for as
 * long as one that has run out can be renewed.
 */
const HELD_PAUSE_MS = 4_000
const RESULT_FOR_MS = 10_000
/** Observations are numbered through all leases of a run: each lease has its own stretch. */
const NUMBERS_PER_LEASE = 100_000

export function reporterFor(
  world: World,
  run: Pick<HeldRun, 'runId' | 'epoch' | 'lease'>,
  signal: AbortSignal,
): Reporter {
  const { desk } = world
  const { lease } = run
  const mostPauseMs = () => (lease.isHeld() || !stuck ? HELD_PAUSE_MS : Number.POSITIVE_INFINITY)
  const until = { ms: RENEW_FOR_MS, signal, mostPauseMs }
  const observations: Observation[] = []
  const spans: Span[] = []
  const found: Found[] = []
  let n = ((run.epoch - 1) % 100) * NUMBERS_PER_LEASE
  let seq = 0
  let queue: Promise<unknown> = Promise.resolve()
  /** a report that was given up on; it may have arrived, so it goes first and unchanged */
  let stuck: Report | null = null

  const pending = () => observations.length + spans.length + found.length
  const inTurn = <T>(job: () => Promise<T>): Promise<T> => {
    const next = queue.then(job)
    queue = next.catch(() => {})
    return next
  }
  const take = (keep = false): Facts => {
    seq += 1
    const { runId, epoch } = run
    if (keep) return { runId, epoch, seq, observations: [], spans: [], found: [] }
    return {
      runId,
      epoch,
      seq,
      observations: observations.splice(0, LIMITS.observationsPerMessage),
      spans: spans.splice(0, LIMITS.spansPerMessage),
      found: found.splice(0, LIMITS.openPorts),
    }
  }

  async function send<T>(report: Report, ask: () => Promise<Asked<T>>): Promise<Asked<T>> {
    const asked = await ask()
    if (!asked.ok && asked.why === 'unreachable') stuck = report
    return asked
  }
  /** Null when nothing is in the way any more. */
  async function unstick(): Promise<(Asked<never> & { ok: false }) | null> {
    if (!stuck) return null
    const report: Report = stuck
    const asked = await deliver(desk, report, until)
    if (!asked.ok && asked.why === 'unreachable') return asked
    stuck = null
    return asked.ok ? null : asked
  }

  return {
    add(seen) {
      n += 1
      const observation = { n, ...seen }
      observations.push(observation)
      return observation
    },
    addSpan: (span) => void spans.push(span),
    addFound: (one) => void found.push(one),
    pending,
    pendingFound: () => found.length,
    renew: (extra = {}, keep = false) =>
      inTurn(async () => {
        const blocked = await unstick()
        if (blocked) return blocked
        const body = { ...take(keep), ...extra }
        const asked = await send({ kind: 'renew', body }, () => desk.renew(body, until))
        // Whoever waits for the lease must not begin anew what is to end.
        if (asked.ok && asked.answer.do !== 'stop') lease.renew(asked.answer, asked.askedAt)
        return asked
      }),
    alarm: (lost, more = {}) =>
      inTurn(async () => {
        world.counters.alarms += 1
        const blocked = await unstick()
        if (blocked) return blocked
        const body = { ...take(), lost: [...lost], ...more }
        return send({ kind: 'alarm', body }, () => desk.alarm(body, until))
      }),
    result: (result) =>
      inTurn(async () => {
        const reports: Report[] = stuck ? [stuck] : []
        // A long text and many facts together could outgrow one message.
        while (pending() > LIMITS.observationsPerMessage / 4) reports.push({ kind: 'renew', body: take() })
        reports.push({ kind: 'result', body: { ...take(), ...result } })
        for (const [i, report] of reports.entries()) {
          const asked = await deliver(desk, report, { ms: RESULT_FOR_MS, signal })
          if (asked.ok) continue
          if (asked.why === 'unreachable') for (const rest of reports.slice(i)) await world.spool.keep(rest)
          return
        }
      }),
  }
}

/** Sends any report once more, as it was. */
export function deliver(desk: World['desk'], report: Report, until: Until): Promise<Asked<unknown>> {
  switch (report.kind) {
    case 'renew':
      return desk.renew(report.body, until)
    case 'alarm':
      return desk.alarm(report.body, until)
    case 'result':
      return desk.result(report.body, until)
  }
}
