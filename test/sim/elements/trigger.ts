import type { PanelMember } from '../../../schema/facts.ts'
import { PANEL } from '../../support/facts.ts'
import type { Deed, Passing } from '../net/element.ts'

/** What draws a measure. Each kind sees everything that gets through, and says when the line is crossed. */
export interface Trigger {
  /** the moment at which `who` draws it by this; null when not */
  log?(message: Passing, name: string): number | null
  sweep?(who: PanelMember, at: number, perSecond: number): number | null
  /** drawn at a moment that nothing we do decides */
  fixed?: { who: PanelMember; at: number }
}

/** So many deeds of these kinds within a time, on these ports. */
export function deeds(kinds: readonly Deed[], count: number, withinMs: number, ports?: readonly number[]): Trigger {
  const seen = new Map<string, number[]>()
  return {
    log({ deed, port, at }, name) {
      if (!kinds.includes(deed) || (ports && !ports.includes(port))) return null
      const times = [...(seen.get(name) ?? []).filter((time) => time > at - withinMs), at]
      seen.set(name, times)
      if (times.length < count) return null
      seen.set(name, [])
      return at
    },
  }
}

/** So many distinct ports within a time, as a sweep touches them. */
export const portScan = (ports: number, withinMs: number): Trigger => ({
  sweep: (_who, at, perSecond) => ((perSecond * withinMs) / 1_000 >= ports ? at + (ports / perSecond) * 1_000 : null),
})

/** Whatever the scanner drew it by was not ours to see: a signature, a reputation, an operator. */
export const sometime = (at: number): Trigger => ({ fixed: { who: PANEL[0] as PanelMember, at } })
