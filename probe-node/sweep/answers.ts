/** What the answers of a sweep tell of the way: how long they take, and how many come. */
export interface Answers {
  /** one answer to a connect that was started at `startedAt`, milliseconds of performance.now() */
  heard(startedAt: number, now: number): void
  /** how many were heard */
  count(): number
  /** the quickest answer, milliseconds; infinite before any */
  quickest(): number
  /** what an answer needs at most, as things stand: twice the smoothed time and four times its spread; null while too few */
  patience(): number | null
  /** median of a sample, milliseconds */
  median(): number | null
  /** whether so many milliseconds mean that a first SYN went unanswered, where it usually does not */
  isLate(ms: number): boolean
  /** answers a second over the last two seconds */
  trickle(now: number): number
}

/** Fewer answers a second are what a ban left over. */
const LEAST_TRICKLE = 5

/** Whether so many answers a second are what is let through of a part of what was asked, rather than nothing or all. */
export const isHeldBack = (perSecond: number, trickle: number): boolean =>
  trickle >= LEAST_TRICKLE && trickle < perSecond / 2

const SAMPLE = 200
const FEWEST = 10
/** The kernel's first timer is a second. */
const SECOND_SYN_MS = 900
const QUICK_MS = 200
/** The trickle is measured over so many stretches of so long: as long as a sentinel is waited for. */
const STRETCHES = 8
const STRETCH_MS = 250

export function listen(): Answers {
  const sample: number[] = []
  const counts = new Uint32Array(STRETCHES)
  let stretch = 0
  let count = 0
  let quickest = Number.POSITIVE_INFINITY
  let smooth = 0
  let spread = 0

  /** Moves the window of the last stretches up to now; what falls out is forgotten. */
  const moveTo = (now: number) => {
    const next = Math.floor(now / STRETCH_MS)
    if (next - stretch >= STRETCHES) counts.fill(0)
    else while (stretch < next) counts[++stretch % STRETCHES] = 0
    stretch = next
  }

  return {
    heard(startedAt, now) {
      const rtt = now - startedAt
      if (sample.length < SAMPLE) sample.push(rtt)
      if (rtt < quickest) quickest = rtt
      if (count === 0) smooth = rtt
      spread += (Math.abs(rtt - smooth) - spread) / 4
      smooth += (rtt - smooth) / 8
      count += 1
      moveTo(now)
      counts[stretch % STRETCHES] = (counts[stretch % STRETCHES] as number) + 1
    },
    count: () => count,
    quickest: () => quickest,
    patience: () => (count < FEWEST ? null : 2 * smooth + 4 * spread),
    median: () => sample.toSorted((a, b) => a - b)[sample.length >> 1] ?? null,
    isLate: (ms) => ms >= SECOND_SYN_MS && quickest < QUICK_MS,
    trickle(now) {
      moveTo(now)
      return counts.reduce((sum, one) => sum + one, 0) / ((STRETCHES * STRETCH_MS) / 1_000)
    },
  }
}
