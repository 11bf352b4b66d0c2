import type { PanelMember } from '../../../schema/facts.ts'
import type { Service } from '../../../schema/words.ts'

/** What a connection is made for, as far as a defence could tell it from its bytes. */
export type Deed =
  /** the least exchange of a careful visitor */
  | 'visit'
  /** an attempt to log in that fails */
  | 'login'
  /** a connection without a login, or a line the protocol does not know */
  | 'junk'
  /** a client that speaks before the greeting */
  | 'early'
  /** a path that does not exist */
  | 'odd'
  /** a request shaped like an attack */
  | 'attack'

/** A packet or a message as an element on the way sees it. `at` in ms after the start of the scan. */
export interface Passing {
  who: PanelMember
  address: string
  port: number
  service: Service
  deed: Deed
  at: number
  /** made by the panel; the other scanner's work is not */
  ours: boolean
  /** a request follows; without one it is a bare connection, or a TLS hello */
  asks: boolean
}

/** What becomes of a SYN, or of a packet of an established connection. */
export type Fate =
  | 'pass'
  | 'drop'
  | 'reset'
  | 'port_unreachable'
  | 'prohibited'
  | 'host_unreachable'
  | 'net_unreachable'

/** What an accepted connection gets in place of the service's own words. */
export type Answer =
  /** ended in order, or reset (`atRequest`: only when it has been asked for something): right behind the handshake (a proxy), or by the service when it has looked */
  | { do: 'cut'; how: 'end' | 'reset' | 'reset_at_once'; atRequest?: boolean }
  | { do: 'mute'; atRequest?: boolean }
  /** `notice`: the words refuse; `status` for HTTP; `mitigated`: the answer calls itself a block or challenge */
  | { do: 'say'; text: string; status?: number; notice?: boolean; mitigated?: boolean; afterMs?: number }
  /** the service's own words, so much later */
  | { do: 'wait'; ms: number }
  /** the service's own words, by another host */
  | { do: 'other' }

/**
 * One thing between a probe and a service: a filter, a limiter, a balancer, the service's own state. Elements stand in
 * the order of the way in; each may have a say on any of these, and one that says nothing lets pass.
 */
export interface Element {
  /** a SYN on its way in */
  syn?(packet: Passing): Fate
  /** an accepted connection, when its first bytes are due */
  talk?(message: Passing): Answer | null
  /** a packet of a connection that was established long ago */
  flow?(packet: Passing): Fate | 'fin'
  /** the service had this connection: what a log, or a counter behind the filter, knows of */
  log?(message: Passing): void
  /** distinct ports a second that a sweep touches, from `at` on: what scan detectors count */
  sweep?(who: PanelMember, at: number, perSecond: number): void
  /** onlookers that drew it by their own touches, and by how many of its own lengths the panel's visits made a ban longer */
  harm?(): { shut: ReadonlySet<string>; prolonged: number }
}
