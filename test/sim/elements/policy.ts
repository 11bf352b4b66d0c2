import type { PanelMember } from '../../../schema/facts.ts'
import type { Element, Fate } from '../net/element.ts'
import { covers, type Place } from './scope.ts'

/** A rule about who may come at all, from a moment on (0: from the start): countries, lists, opening hours of a port. */
export const policy = (
  refuses: (who: PanelMember) => boolean,
  how: Exclude<Fate, 'pass'>,
  from = 0,
  to = Number.POSITIVE_INFINITY,
  ports?: readonly number[],
  place: Place = 'host',
): Element => ({
  syn: (packet) =>
    covers(place, packet) &&
    packet.at >= from &&
    packet.at < to &&
    (!ports || ports.includes(packet.port)) &&
    refuses(packet.who)
      ? how
      : 'pass',
})
