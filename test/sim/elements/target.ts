import { ADDRESS } from '../../support/facts.ts'
import type { Deed, Element, Fate } from '../net/element.ts'

/** Stretches in which something is not as usual. */
export interface Stretch {
  from: number
  to: number
}
const within = (stretches: readonly Stretch[], at: number) => stretches.some(({ from, to }) => at >= from && at < to)

/** A service that is not there: stopped, restarting, moved. The kernel refuses for it, and its connections are closed. */
export const serviceAway = (ports: readonly number[], stretches: readonly Stretch[], how: Fate = 'reset'): Element => ({
  syn: ({ address, port, at }) => (address === ADDRESS && ports.includes(port) && within(stretches, at) ? how : 'pass'),
  flow: ({ port, at }) => (ports.includes(port) && within(stretches, at) ? 'fin' : 'pass'),
})

/** A service that falls over when it meets such a deed; it comes back after so long, or never. */
export function crashes(port: number, deed: Deed, count: number, backMs = Number.POSITIVE_INFINITY): Element {
  let downFrom = Number.POSITIVE_INFINITY
  let seen = 0
  const isDown = (at: number) => at >= downFrom && at < downFrom + backMs
  return {
    syn: (packet) => (packet.address === ADDRESS && packet.port === port && isDown(packet.at) ? 'reset' : 'pass'),
    flow: (packet) => (packet.port === port && isDown(packet.at) ? 'reset' : 'pass'),
    log(message) {
      if (message.port === port && message.deed === deed && !isDown(message.at) && ++seen >= count) {
        downFrom = message.at + 5
        seen = 0
      }
    },
  }
}

/** The host as a whole: silent, or reported unreachable by its last router. */
export const hostAway = (stretches: readonly Stretch[], how: Fate = 'drop'): Element => ({
  syn: ({ address, at }) => (address === ADDRESS && within(stretches, at) ? how : 'pass'),
  flow: ({ at }) => (within(stretches, at) ? 'drop' : 'pass'),
})

/** Everything behind a router, neighbours included. */
export const routerAway = (stretches: readonly Stretch[], how: Fate = 'drop'): Element => ({
  syn: ({ at }) => (within(stretches, at) ? how : 'pass'),
  flow: ({ at }) => (within(stretches, at) ? 'drop' : 'pass'),
})

/** A reboot: refusals while services stop, silence while the host is down, refusals until they are up again. */
export const reboot = (from: number, downMs: number): Element => ({
  syn: ({ address, at }) => {
    if (address !== ADDRESS || at < from || at >= from + downMs + 8_000) return 'pass'
    return at < from + 2_000 || at >= from + downMs ? 'reset' : 'drop'
  },
  flow: ({ at }) => (at >= from + downMs ? 'reset' : at >= from ? 'drop' : 'pass'),
})

/** Slower and slower for everyone, then silent, until it is left alone. */
export const overload = (ports: readonly number[], from: number, to: number, roll: () => number): Element => ({
  syn({ address, port, at }) {
    if (address !== ADDRESS || !ports.includes(port) || at < from + 4_000 || at >= to) return 'pass'
    return roll() < 0.92 ? 'drop' : 'pass'
  },
  talk({ address, port, at }) {
    if (address !== ADDRESS || !ports.includes(port) || at < from || at >= to + 3_000) return null
    return { do: 'wait', ms: at < to ? 500 + (at - from) / 2 : 800 }
  },
})

/** A hung process: the kernel accepts until its queue is full, then drops; what it accepted is never answered. */
export function acceptQueue(port: number, from: number, to: number, places: number): Element {
  let held = 0
  const isHung = (packet: { address: string; port: number; at: number }) =>
    packet.address === ADDRESS && packet.port === port && packet.at >= from && packet.at < to
  return {
    syn: (packet) => (isHung(packet) && held >= places ? 'drop' : 'pass'),
    talk(message) {
      if (!isHung(message)) return null
      held++
      return { do: 'mute' }
    },
  }
}

/** A state table that is full: established connections live, most new ones find no place, whoever asks. */
export const stateTable = (from: number, to: number, share: number, roll: () => number): Element => ({
  syn: ({ at }) => (at >= from && at < to && roll() < share ? 'drop' : 'pass'),
})

/** Slow to accept and slow to answer, as it always was. */
export const slow = (ports: readonly number[], ms: () => number): Element => ({
  talk: ({ port }) => (ports.includes(port) ? { do: 'wait', ms: ms() } : null),
})

/** From a moment on another host answers at this address. */
export const movedHost = (from: number): Element => ({
  talk: ({ address, at }) => (address === ADDRESS && at >= from ? { do: 'other' } : null),
})
