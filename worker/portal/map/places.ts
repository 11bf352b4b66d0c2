/** Sites on the map: each in the middle of its country, those of one country side by side. */
import type { ProbeState } from '../fleet-rows.tsx'
import type { ProbeHealth } from '../overview-views.ts'
import { MIDDLES } from './world.ts'

const MIDDLE_OF: ReadonlyMap<string, readonly [number, number]> = new Map(
  MIDDLES.split(',').map((text) => {
    const [code = '', x = '0', y = '0'] = text.split(' ')
    return [code, [Number(x), Number(y)] as const]
  }),
)

export interface Site {
  site: string
  country: string | null
  provider: string | null
  probes: readonly ProbeHealth[]
  /** `fit`: every probe that is to work; `mixed`: some of them */
  health: 'fit' | 'mixed' | 'out'
  /** in units of the map; null where nobody said the country */
  at: { x: number; y: number } | null
}

/** Between the centres of two sites of one country. */
const APART = 13
/** Around the first: six places in a ring, then twelve in the next. */
const RING = 6

const isOut = (state: ProbeState): boolean => state !== 'fit'

export function sitesOf(probes: readonly ProbeHealth[]): Site[] {
  const names = [...new Set(probes.map(({ site }) => site))].sort()
  const inCountry = new Map<string, number>()
  return names.map((site) => {
    const own = probes.filter((probe) => probe.site === site)
    const wanted = own.filter(({ state }) => state !== 'drained')
    const out = wanted.filter(({ state }) => isOut(state)).length
    const country = own.find((probe) => probe.country !== null)?.country ?? null
    const middle = country === null ? undefined : MIDDLE_OF.get(country)
    const nth = country === null ? 0 : (inCountry.get(country) ?? 0)
    if (country !== null) inCountry.set(country, nth + 1)
    return {
      site,
      country,
      provider: own.find((probe) => probe.provider !== null)?.provider ?? null,
      probes: own,
      health: wanted.length === 0 || out === wanted.length ? 'out' : out > 0 ? 'mixed' : 'fit',
      at: middle ? spread(middle, nth) : null,
    }
  })
}

/** The place of the nth site of a country. */
function spread([x, y]: readonly [number, number], nth: number): { x: number; y: number } {
  if (nth === 0) return { x, y }
  let ring = 1
  let before = nth - 1
  while (before >= RING * ring) before -= RING * ring++
  const angle = (before / (RING * ring)) * 2 * Math.PI
  return { x: Math.round(x + Math.cos(angle) * APART * ring), y: Math.round(y + Math.sin(angle) * APART * ring) }
}
