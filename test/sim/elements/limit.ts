import { bucketOf } from '../net/bucket.ts'
import type { Answer, Element, Fate } from '../net/element.ts'
import { covers, nameOf, type Place, type Whom } from './scope.ts'

export interface RateSpec {
  perSecond: number
  burst: number
  ports?: readonly number[]
  whom?: Whom
  place?: Place
  /** what the surplus gets: at the packet filter, or once accepted */
  how: Exclude<Fate, 'pass'> | { answer: Answer }
  from?: number
  /** counts requests: a connection that asks for nothing is let be */
  requests?: boolean
}

/** New connections a second (nft meter, hashlimit, a proxy's connection rate): the surplus is turned away, no list is kept. */
export function connectionRate(spec: RateSpec): Element {
  const { ports, whom = 'source', place = 'host', how, from = 0, requests = false } = spec
  const bucket = bucketOf(spec.perSecond, spec.burst)
  const isOver = (packet: Parameters<NonNullable<Element['syn']>>[0]) =>
    packet.at >= from &&
    covers(place, packet) &&
    (!ports || ports.includes(packet.port)) &&
    (!requests || packet.asks) &&
    !bucket.take(nameOf(packet.who, whom), packet.at)
  return {
    syn: (packet) => (typeof how === 'string' && isOver(packet) ? how : 'pass'),
    talk: (message) => (typeof how === 'object' && isOver(message) ? how.answer : null),
  }
}

/** Requests a second (nginx limit_req and its like): the surplus gets a status, the connection is fine. */
export const requestRate = (
  perSecond: number,
  burst: number,
  answer: Answer,
  ports = [80, 443],
  whom: Whom = 'source',
): Element => connectionRate({ perSecond, burst, ports, whom, how: { answer }, requests: true })

export interface CountSpec {
  most: number
  whom: Whom
  ports: readonly number[]
  how: Exclude<Fate, 'pass'> | { answer: Answer }
  /** connections that others hold open meanwhile, by name as `whom` gives it */
  held: (name: string, at: number) => number
  /** from this many on the chance to be refused rises to 1 at `most` (MaxStartups start:rate:full) */
  start?: { at: number; rate: number }
  roll: () => number
}

/** Connections at once: xinetd per_source, connlimit, MaxStartups, a full worker pool. */
export function connectionCount({ most, whom, ports, how, held, start, roll }: CountSpec): Element {
  const isFull = (who: Parameters<typeof nameOf>[0], port: number, at: number): boolean => {
    if (!ports.includes(port)) return false
    const count = held(nameOf(who, whom), at)
    if (count >= most) return true
    if (!start || count < start.at) return false
    return roll() < start.rate + ((1 - start.rate) * (count - start.at)) / Math.max(1, most - start.at)
  }
  return {
    syn: ({ who, port, at }) => (typeof how === 'string' && isFull(who, port, at) ? how : 'pass'),
    talk: ({ who, port, at }) => (typeof how === 'object' && isFull(who, port, at) ? how.answer : null),
  }
}
