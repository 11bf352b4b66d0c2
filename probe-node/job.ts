/** A run in the hands of this process. */
export interface Job {
  runId: string
  epoch: number
  kind: 'scan' | 'baseline' | 'verify' | 'recover' | 'prove' | 'control'
  /** the doorbell rang, or something else makes asking worthwhile */
  ring(): void
  /** Ends it early with what was seen: the kill switch. */
  stop(): void
  over: Promise<void>
}

/** Something may be worth asking about: at once, by a nudge, or when the time is up. */
export interface Nudge {
  ring(): void
  /** Resolves at the first ring since the last wait (true), after `ms`, or when the signal aborts. */
  wait(ms: number, signal: AbortSignal): Promise<boolean>
}

export function createNudge(): Nudge {
  let rung = false
  let wake: (() => void) | null = null
  return {
    ring() {
      rung = true
      wake?.()
    },
    wait: (ms, signal) =>
      new Promise((resolve) => {
        const done = () => {
          clearTimeout(timer)
          signal.removeEventListener('abort', done)
          wake = null
          resolve(rung)
          rung = false
        }
        const timer = setTimeout(done, Math.max(0, Math.min(ms, 2 ** 31 - 1)))
        if (rung || signal.aborted) return done()
        wake = done
        signal.addEventListener('abort', done, { once: true })
      }),
  }
}
