import { ADDRESS } from '../../support/facts.ts'
import type { Answer, Element, Fate } from '../net/element.ts'

/** How a balancer picks: by lot for each connection, or by the address that asks. */
export type Pick = 'random' | 'source'

/** Several backends, one of them dead from a moment on. What its share gets: refused, silent, cut, or a 502. */
export function deadBackend(
  port: number,
  from: number,
  backends: number,
  pick: Pick,
  how: Exclude<Fate, 'pass'> | { answer: Answer },
  roll: () => number,
  deadFor?: (sourceAddress: string) => boolean,
): Element {
  const isDead = (packet: { address: string; port: number; at: number; who: { sourceAddress: string } }) => {
    if (packet.address !== ADDRESS || packet.port !== port || packet.at < from) return false
    return pick === 'random' ? roll() * backends < 1 : (deadFor?.(packet.who.sourceAddress) ?? false)
  }
  return {
    syn: (packet) => (typeof how === 'string' && isDead(packet) ? how : 'pass'),
    talk: (message) => (typeof how === 'object' && isDead(message) ? how.answer : null),
  }
}
