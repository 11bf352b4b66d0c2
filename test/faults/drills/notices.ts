/** Receivers that fail in every way, and a Worker killed in mid-delivery: `npm run faults:notify` in two rows. */
import type { Drill } from '../drill.ts'
import { underKills } from '../killed.ts'
import type { Count } from '../story.ts'
import { underFaults } from '../virtual.ts'

const sum = (counts: readonly Count[], of: (count: Count) => number): number =>
  counts.reduce((total, count) => total + of(count), 0)
const short = (fault: string, lost: number, doubled: number): string[] =>
  lost + doubled > 0 ? [`${fault}: ${lost} notices lost, ${doubled} doubled`] : []

export const noticesDrill: Drill = {
  name: 'notices',
  async run({ quick }) {
    if (quick) return []
    const { rows } = await underFaults()
    const counts = rows.map(({ count }) => count)
    // Who takes a message and denies it gets it again, under the same id: that is not doubled.
    const doubled =
      sum(counts, ({ strange }) => strange) +
      sum(
        rows.filter(({ lies }) => !lies).map(({ count }) => count),
        ({ repeats }) => repeats,
      )
    const lost = sum(counts, (count) => count.lost)
    const killed = await underKills()
    const others = killed.rows.map(({ count }) => count)
    const again = sum(others, ({ repeats }) => repeats)
    const [fault, kill] = ['receivers that fail in every way', 'kill -9 in mid-delivery']
    return [
      {
        ...{ fault, tried: sum(counts, ({ attempts }) => attempts), lost, doubled, short: short(fault, lost, doubled) },
        note: `${rows.length} receivers, ${sum(counts, ({ wanted }) => wanted)} notices`,
      },
      {
        ...{
          fault: kill,
          tried: killed.kills,
          lost: sum(others, (count) => count.lost),
          doubled: sum(others, ({ strange }) => strange),
        },
        note: `${again} again under the same id`,
        short: short(
          kill,
          sum(others, (count) => count.lost),
          sum(others, ({ strange }) => strange),
        ),
      },
    ]
  },
}
