/** Workers that lack one safeguard each: the counts of the drills must rise, or they would count nothing. */
import { BREAKAGES, type Breakage } from '../build.ts'
import type { Drill, Row } from '../drill.ts'
import { shuffle } from './shuffle.ts'

/** What each breakage must show. */
const SHOWS: Record<Breakage, 'lost' | 'doubled'> = { fence: 'doubled', once: 'doubled', store: 'lost' }

export const brokenDrill: Drill = {
  name: 'broken',
  async run() {
    const rows: Row[] = []
    for (const breakage of Object.keys(BREAKAGES) as Breakage[]) {
      const row = await shuffle(4, breakage)
      const seen = row[SHOWS[breakage]]
      const fault = `a Worker without its safeguard "${breakage}"`
      const short = seen > 0 ? [] : [`${fault}: the drill saw nothing`]
      rows.push({ ...row, fault, note: `as it should: ${row.short[0]?.slice(0, 120) ?? 'nothing seen'}`, short })
    }
    return rows
  },
}
