import type { Deed, Element } from '../net/element.ts'
import { NOTICES } from './pages.ts'

/** Seconds that OpenSSH 9.8 adds for each deed; enforced from 15 on, 600 at most (srclimit.c, sshd_config). */
const SECONDS: Partial<Record<Deed, number>> = { login: 5, junk: 1, visit: 1, early: 1 }
const LEAST_S = 15
const MOST_S = 600

/** PerSourcePenalties of sshd: accepted, one line, closed; it runs out by itself. `more`: what an owner changed. */
export function sshPenalties(port = 22, more: typeof SECONDS = {}): Element {
  const seconds = { ...SECONDS, ...more }
  const until = new Map<string, { sum: number; at: number; to: number }>()
  const harmed = new Set<string>()
  return {
    talk({ who, port: to, at }) {
      if (to !== port) return null
      const state = until.get(who.sourceAddress)
      if (!state || at >= state.to) return null
      if (who.role !== 'scanner') harmed.add(who.probeId)
      return NOTICES.notAllowed
    },
    log({ who, port: to, deed, at }) {
      if (to !== port) return
      const state = until.get(who.sourceAddress) ?? { sum: 0, at, to: 0 }
      until.set(who.sourceAddress, state)
      // What is refused is not counted again.
      if (at < state.to) return
      state.sum = Math.max(0, state.sum - (at - state.at) / 1_000) + (seconds[deed] ?? 0)
      state.at = at
      if (state.sum < LEAST_S) return
      state.to = at + Math.min(MOST_S, state.sum) * 1_000
    },
    harm: () => ({ shut: harmed, prolonged: 0 }),
  }
}

/** Dovecot's penalty for failed logins: each doubles the wait before the next answer, 15 s at most (auth-penalty.c). */
export function loginPenalty(ports: readonly number[]): Element {
  const waits = new Map<string, { ms: number; at: number }>()
  return {
    talk({ who, port, at }) {
      if (!ports.includes(port)) return null
      const state = waits.get(who.sourceAddress)
      if (!state || at > state.at + 60_000) return null
      return { do: 'wait', ms: state.ms }
    },
    log({ who, port, deed, at }) {
      if (!ports.includes(port) || deed !== 'login') return
      const known = waits.get(who.sourceAddress)
      waits.set(who.sourceAddress, { ms: Math.min(15_000, known ? known.ms * 2 : 2_000), at })
    },
  }
}
