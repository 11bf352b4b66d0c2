import type { ScanPlan } from '../../schema/wire.ts'
import type { Phase } from '../../schema/words.ts'
import type { Nudge } from '../job.ts'
import type { HeldRun, Lease } from '../lease.ts'
import type { Output } from '../output.ts'
import type { Reporter } from '../report.ts'
import type { Pace } from '../sweep/pace.ts'
import type { World } from '../world.ts'
import type { Endpoints } from './endpoints.ts'

/** One scan run and what it knows so far. Its parts (discover, watch, engage, …) share it. */
export interface Scan {
  world: World
  run: HeldRun & { plan: ScanPlan }
  plan: ScanPlan
  reporter: Reporter
  endpoints: Endpoints
  output: Output
  /** ask the Worker soon */
  nudge: Nudge
  /** the share of the plan's ceiling that is not the sweep's; without a lease it waits */
  pace: { take(signal: AbortSignal): Promise<void>; set(perSecond: number): void }
  /** on the Worker's clock */
  startedAt: number
  phase: Phase
  progress: { done: number; total: number }
  /** made by sweeps so far */
  connects: number
  discovered: boolean
  /** with `discovered`: what could not be tested */
  untested: string
  ready: boolean
  /** between two watching touches of an open port */
  watchEveryMs: number
  /** answers to renewals so far */
  answers: number
  /** alarms so far: an answer to what was asked before the last of them knows nothing of it */
  alarms: number
  /** the Worker verifies something, or an alarm of ours is not answered yet */
  hold: boolean
  /** ends all work: cancelled, killed, lease gone, or out of time */
  ended: AbortSignal
}

/** The bucket of pace.ts, awaited, and then the lease. */
export function waitingPace(
  make: (perSecond: number) => Pace,
  perSecond: number,
  rest: (ms: number, signal: AbortSignal) => Promise<void>,
  lease: Pick<Lease, 'held'>,
): Scan['pace'] {
  let bucket = make(perSecond)
  return {
    set(next) {
      bucket = make(next)
    },
    async take(signal) {
      while (!signal.aborted) {
        const now = performance.now()
        if (bucket.take(now)) return void (await lease.held(signal))
        await rest(Math.max(1, bucket.waitMs(now)), signal)
      }
    },
  }
}

/** At most `limit` jobs at once; the others wait in order. */
export function gateOf(limit: number): (job: () => Promise<void>) => Promise<void> {
  const waiting: (() => void)[] = []
  let free = limit
  return async (job) => {
    if (free > 0) free -= 1
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      await job()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else free += 1
    }
  }
}

/** Runs jobs with at most `limit` at once, in order; stops taking new ones when the signal aborts. */
export async function inParallel<T>(
  items: Iterable<T>,
  limit: number,
  signal: AbortSignal,
  job: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items[Symbol.iterator]()
  const worker = async () => {
    while (!signal.aborted) {
      const next = queue.next()
      if (next.done) return
      await job(next.value)
    }
  }
  await Promise.all(Array.from({ length: limit }, worker))
}

/** Every open port is as it was, and the Worker holds nothing. */
export const isUndisturbed = ({ hold, endpoints }: Scan): boolean =>
  !hold && endpoints.all().every(({ state }) => state === 'open')
