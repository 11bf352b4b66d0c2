/** A token bucket: at most `perSecond` on average, in bursts of no more than 20 ms worth (and at least one). */
export interface Pace {
  /** Takes one token if there is one. */
  take(now: number): boolean
  /** Milliseconds until the next token; 0 when one is there. */
  waitMs(now: number): number
}

const BURST_SECONDS = 0.02

export function paceOf(perSecond: number, start: number): Pace {
  const most = Math.max(1, perSecond * BURST_SECONDS)
  let tokens = most
  let last = start
  const refill = (now: number) => {
    tokens = Math.min(most, tokens + ((now - last) * perSecond) / 1000)
    last = now
  }
  return {
    take(now) {
      refill(now)
      if (tokens < 1) return false
      tokens -= 1
      return true
    },
    waitMs(now) {
      refill(now)
      return tokens >= 1 ? 0 : ((1 - tokens) * 1000) / perSecond
    },
  }
}
