/**
 * The Worker's clock, as this process knows it. It runs on the monotonic clock, so a jump of the machine's own time
 * changes nothing; each answer's `now` corrects it.
 */
export interface Clock {
  /** milliseconds since 1970 on the Worker's clock */
  now(): number
  /** Worker time minus the machine's time, in milliseconds */
  offsetMs(): number
  /** Takes the `now` of an answer. `roundTripMs` bounds the error: a slow answer never overrides a quick one at once. */
  learn(serverNow: number, roundTripMs: number): void
}

/** An answer this old no longer protects itself against a slower one: crystals drift by about 50 ms in 15 minutes. */
const TRUST_MS = 15 * 60_000

export function createClock(): Clock {
  const monotonic = () => performance.timeOrigin + performance.now()
  let offset = Date.now() - monotonic()
  let bestRoundTrip = Number.POSITIVE_INFINITY
  let learnedAt = Number.NEGATIVE_INFINITY
  return {
    now: () => Math.round(monotonic() + offset),
    offsetMs: () => Math.round(monotonic() + offset - Date.now()),
    learn(serverNow, roundTripMs) {
      const measured = serverNow + roundTripMs / 2 - monotonic()
      // A difference beyond the round trip cannot be measuring error: one of the clocks was set.
      const disagrees = Math.abs(measured - offset) > roundTripMs + bestRoundTrip + 50
      const stale = performance.now() - learnedAt > TRUST_MS
      if (roundTripMs > bestRoundTrip && !stale && !disagrees) return
      offset = measured
      bestRoundTrip = roundTripMs
      learnedAt = performance.now()
    },
  }
}

/** Resolves at `ms` from now, or at once when the signal aborts. Never rejects. */
export const rest = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal?.aborted) return resolve()
    const done = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, Math.max(0, Math.min(ms, 2 ** 31 - 1)))
    signal?.addEventListener('abort', done, { once: true })
  })
