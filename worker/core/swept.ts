/**
 * A search for ports that was let through in part: at its pace most of it was dropped, and seconds after it stopped the address
 * answered again. A limit on the scanner does that, and so does a host or a way that cannot bear the pace. Which it was is asked at
 * one open port, by all, while the search goes on at that pace once more (experiments/pace.ts).
 */
import type { Alarm } from '../../schema/facts.ts'
import type { Found } from '../../schema/wire.ts'
import type { Case } from './cases.ts'

export interface Swept {
  address: string
  /** when the Worker heard of it */
  at: number
  /** connects a second */
  offered: number
  /** of them, answered: what was let in a second, and what a bucket held in the first of them */
  passed: number
}

interface Endpoint {
  address: string
  port: number
  found: Found | null
  phantom: boolean
  rationed: boolean
  cases: readonly Case[]
}

/** Whether this verification began after the search had stopped: it asks what held it back. */
export const asksOf = ({ at }: Pick<Swept, 'at'>, { startAt }: Pick<Case, 'startAt'>): boolean => startAt >= at

/** The last word on each address. What let through a half and more was no limit that mattered. */
export const sweptOf = (alarms: readonly Alarm[]): readonly Swept[] => {
  const byAddress = new Map<string, Swept>()
  for (const { at, limited = [] } of alarms)
    for (const { address, offered, passed } of limited)
      if (passed * 2 < offered) byAddress.set(address, { address, at, offered, passed })
  return [...byAddress.values()]
}

/** Where it is asked: one open port that may be touched freely, known by then. Once begun, the same. */
export function portFor<T extends Endpoint>(swept: Swept, endpoints: readonly T[]): T | undefined {
  const { address, at } = swept
  const open = endpoints.filter(
    (one) => one.address === address && one.found && one.found.firstSeenOpenAt <= at && !one.phantom && !one.rationed,
  )
  return open.find(({ cases }) => cases.some((one) => asksOf(swept, one))) ?? open[0]
}

export const sweptText = ({ address, offered, passed }: Swept): string =>
  `At ${offered} connects a second the search for ports got about ${passed} answers a second from ${address}.`

/** What a search at that pace is let through without a loss: the watch and the panel need some of it. */
const WITHIN = 0.8
export const cleanRate = ({ passed }: Swept): number => Math.max(1, Math.floor(passed * WITHIN))
