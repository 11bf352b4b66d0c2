import type { LeasedRun } from '../schema/wire.ts'

/**
 * A run's lease as this process knows it. While the Worker is out of reach it may have ended the run, stopped all, and given the
 * target's ceilings to others: without a lease nothing is sent to a target, until it is renewed or refused.
 */
export interface Lease {
  isHeld(): boolean
  /** Resolves true at once while it is held, else when it is renewed; false when the signal aborts first, or had. */
  held(signal: AbortSignal): Promise<boolean>
  /** Aborts when the lease runs out; another signal after each such time. */
  untilLapse(): AbortSignal
  /**
   * An answer to what was asked at `askedAt` (performance.now()) says how long it lasts: counted from the asking, so that neither a
   * slow answer nor a clock that is off makes it longer than the Worker's own count.
   */
  renew(answer: { now: number; leaseUntil: number }, askedAt: number): void
}

/** A run that this process holds. */
export type HeldRun = LeasedRun & { lease: Lease }

/** The code of a touch that was not made because there was no lease. */
export const LAPSED = 'LEASE'

export function createLease(answer: { now: number; leaseUntil: number }, askedAt: number): Lease {
  let until = Number.NEGATIVE_INFINITY
  let lapse = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const waiting = new Set<() => void>()
  const isHeld = () => performance.now() < until
  const end = () => {
    until = Number.NEGATIVE_INFINITY
    lapse.abort()
  }
  const lease: Lease = {
    isHeld,
    held: (signal) =>
      new Promise((resolve) => {
        if (signal.aborted || isHeld()) return resolve(!signal.aborted)
        const done = () => {
          waiting.delete(done)
          signal.removeEventListener('abort', done)
          resolve(!signal.aborted)
        }
        waiting.add(done)
        signal.addEventListener('abort', done, { once: true })
      }),
    untilLapse: () => lapse.signal,
    renew({ now, leaseUntil }, askedAt) {
      clearTimeout(timer)
      // A process that was stopped may come to know of the lapse by the answer that ends it.
      if (!isHeld()) end()
      until = askedAt + leaseUntil - now
      if (!isHeld()) return
      if (lapse.signal.aborted) lapse = new AbortController()
      timer = setTimeout(end, Math.min(until - performance.now(), 2 ** 31 - 1)).unref()
      for (const done of waiting) done()
    },
  }
  lease.renew(answer, askedAt)
  return lease
}
