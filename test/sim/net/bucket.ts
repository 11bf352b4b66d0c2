/** Tokens that flow in at a steady rate, for each name; at most `burst` are held. Asked in order of time. */
export interface Bucket {
  take(name: string, at: number): boolean
}

export function bucketOf(perSecond: number, burst: number): Bucket {
  const states = new Map<string, { tokens: number; at: number }>()
  return {
    take(name, at) {
      const state = states.get(name) ?? { tokens: burst, at }
      states.set(name, state)
      state.tokens = Math.min(burst, state.tokens + (Math.max(0, at - state.at) / 1_000) * perSecond)
      state.at = Math.max(state.at, at)
      if (state.tokens < 1) return false
      state.tokens -= 1
      return true
    },
  }
}
