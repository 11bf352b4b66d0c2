import type { PanelMember } from '../../../schema/facts.ts'
import { ADDRESS } from '../../support/facts.ts'
import type { Passing } from '../net/element.ts'

/** Whom a measure hits, given the probe that drew it. */
export type Whom = 'source' | 'range' | 'country' | 'all'
/** What it shuts: every port, or those that are named. */
export type Ports = 'all' | readonly number[]

/** What a probe is known by to a measure: its address, its /24, its country, or nothing. */
export function nameOf(who: PanelMember, whom: Whom): string {
  switch (whom) {
    case 'source':
      return who.sourceAddress
    case 'range':
      return who.site
    case 'country':
      return who.country ?? '?'
    case 'all':
      return 'everybody'
  }
}

/** On the host, or before it: a measure of a router covers its neighbours too. */
export type Place = 'host' | 'router'
export const covers = (place: Place, { address }: Pick<Passing, 'address'>): boolean =>
  place === 'router' || address === ADDRESS
