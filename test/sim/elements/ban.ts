import type { PanelMember } from '../../../schema/facts.ts'
import type { Answer, Element, Fate, Passing } from '../net/element.ts'
import { covers, nameOf, type Place, type Ports, type Whom } from './scope.ts'
import type { Trigger } from './trigger.ts'

export interface BanSpec {
  trigger: Trigger
  whom?: Whom
  ports?: Ports
  place?: Place
  /** at the packet filter, or behind it: accepted first */
  how: Exclude<Fate, 'pass'> | { answer: Answer }
  /** from the deed to the ban: 0 inline, 1–3 s a log tailer, up to 10 s a bouncer that polls */
  lagMs?: number
  /** length of the first ban; infinite by default */
  lastsMs?: number
  /** each further ban is so much longer */
  grows?: number
  /** every packet that it stops begins it anew */
  renews?: boolean
  /** established connections go on (a stateful filter that admits them first) */
  sparesFlows?: boolean
  /** share of the SYNs that it stops; 1 by default */
  share?: number
  roll?: () => number
}

interface Shut {
  from: number
  to: number
  /** when it would have ended without the panel's visits */
  without: number
  /** when the panel's last visit of each port began */
  visits: Map<number, number>
}

/** A connection with its retransmissions and its words: it renews a ban once, whatever it sends meanwhile. */
const VISIT_MS = 8_000

/** A measure against whoever draws it: per source, range, country or everybody; on one port, some, or all. */
export function ban(spec: BanSpec): Element {
  const {
    trigger,
    whom = 'source',
    ports = 'all',
    place = 'host',
    how,
    lagMs = 0,
    lastsMs = Number.POSITIVE_INFINITY,
  } = spec
  const shut = new Map<string, Shut>()
  const times = new Map<string, number>()
  const harmed = new Set<string>()

  const draw = (who: PanelMember, at: number) => {
    const name = nameOf(who, whom)
    const known = shut.get(name)
    if (known && at + lagMs < known.to) return
    const nth = times.get(name) ?? 0
    times.set(name, nth + 1)
    const from = at + lagMs
    const to = from + lastsMs * (spec.grows ?? 1) ** nth
    shut.set(name, { from, to, without: to, visits: new Map() })
  }
  const isShut = (packet: Passing): boolean => {
    const { who, port, at } = packet
    if (!covers(place, packet)) return false
    const state = shut.get(nameOf(who, whom))
    if (!state || at < state.from || at >= state.to) return false
    if (ports !== 'all' && !ports.includes(port)) return false
    if (spec.share !== undefined && spec.roll && spec.roll() >= spec.share) return false
    // A range or a country takes onlookers along; a ban on a source means that they drew it themselves.
    if (whom === 'source' && who.role !== 'scanner') harmed.add(who.probeId)
    if (spec.renews) {
      state.to = Math.max(state.to, at + lastsMs)
      if (!packet.ours) state.without = Math.max(state.without, at + lastsMs)
      else if (at > (state.visits.get(port) ?? Number.NEGATIVE_INFINITY) + VISIT_MS) state.visits.set(port, at)
    }
    return true
  }
  if (trigger.fixed) draw(trigger.fixed.who, trigger.fixed.at - lagMs)

  return {
    syn: (packet) => (typeof how === 'string' && isShut(packet) ? how : 'pass'),
    talk: (message) => (typeof how === 'object' && isShut(message) ? how.answer : null),
    flow(packet) {
      if (spec.sparesFlows || typeof how === 'object' || !isShut(packet)) return 'pass'
      // A filter that resets answers every packet with a reset; ICMP leaves an established connection hanging.
      return how === 'reset' ? 'reset' : 'drop'
    },
    log(message) {
      const at = trigger.log?.(message, nameOf(message.who, whom)) ?? null
      if (at !== null) draw(message.who, at)
    },
    sweep(who, at, perSecond) {
      const drawnAt = trigger.sweep?.(who, at, perSecond) ?? null
      if (drawnAt !== null) draw(who, drawnAt)
    },
    harm() {
      const prolonged = [...shut.values()].flatMap(({ without, visits }) =>
        [...visits.values()].map((visitAt) => (visitAt + lastsMs - without) / lastsMs),
      )
      return { shut: harmed, prolonged: Math.max(0, ...prolonged) }
    },
  }
}
