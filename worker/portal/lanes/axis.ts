/**
 * One axis of time for all that was seen. What matters happens in seconds and is waited for in minutes or hours, so a stretch in
 * which nobody looked is drawn the shorter, the longer it was: its length counts in full up to `LINEAR_MS`, from there on
 * by its logarithm. Order, and the scale within seconds, are kept.
 */
const LINEAR_MS = 20_000
/** Between two labels, at least. */
const LABEL_GAP = 78
const STEPS_MS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 28_800].map(
  (s) => s * 1_000,
)

export interface Axis {
  /** where this moment stands; moments outside stand at the end */
  place: (at: number) => number
  /** moments worth a label, with where they stand */
  labels: readonly { at: number; x: number }[]
  /** stretches that are drawn shorter than they were */
  folds: readonly { x: number; ms: number }[]
}

interface Knot {
  at: number
  x: number
}

/** `times` are those at which something is drawn between `from` and `to`; `left` and `right` are where the axis begins and ends. */
export function axisOf(times: readonly number[], from: number, to: number, left: number, right: number): Axis {
  const inside = times.filter((at) => at > from && at < to)
  const moments = [...new Set([from, ...inside, Math.max(to, from + 1)])].sort((a, b) => a - b)
  const weights = moments.slice(1).map((at, i) => weightOf(at - (moments[i] ?? at)))
  const scale = (right - left) / weights.reduce((sum, weight) => sum + weight, 0)
  const knots: Knot[] = [{ at: from, x: left }]
  for (const [i, weight] of weights.entries())
    knots.push({ at: moments[i + 1] ?? to, x: (knots[i]?.x ?? left) + weight * scale })
  const folds = knots.slice(1).flatMap((knot, i) => {
    const before = knots[i] ?? knot
    const ms = knot.at - before.at
    return ms > LINEAR_MS ? [{ x: (before.x + knot.x) / 2, ms }] : []
  })
  const place = (at: number) => between(knots, at, 'at', 'x')
  return { place, labels: labelsOf(knots, from, left, right, place), folds }
}

const weightOf = (ms: number): number => (ms <= LINEAR_MS ? ms : LINEAR_MS * (1 + Math.log(ms / LINEAR_MS)))

/** The value of one side of the knots where the other is `value`. */
function between(knots: readonly Knot[], value: number, by: keyof Knot, wanted: keyof Knot): number {
  let low = 0
  let high = knots.length - 1
  while (high - low > 1) {
    const mid = (low + high) >> 1
    if ((knots[mid]?.[by] ?? 0) <= value) low = mid
    else high = mid
  }
  const [a, b] = [knots[low], knots[high]]
  if (!a || !b) return 0
  const share = b[by] === a[by] ? 0 : Math.min(1, Math.max(0, (value - a[by]) / (b[by] - a[by])))
  return a[wanted] + share * (b[wanted] - a[wanted])
}

/** Round times since the start, as fine as the axis is just there. */
function labelsOf(
  knots: readonly Knot[],
  from: number,
  left: number,
  right: number,
  place: (at: number) => number,
): { at: number; x: number }[] {
  const labels: { at: number; x: number }[] = [{ at: from, x: left }]
  for (let x = left + LABEL_GAP; x <= right; x += LABEL_GAP / 2) {
    const at = between(knots, x, 'x', 'at')
    const around = between(knots, x + LABEL_GAP / 2, 'x', 'at') - between(knots, x - LABEL_GAP / 2, 'x', 'at')
    const step = STEPS_MS.findLast((ms) => ms <= around) ?? STEPS_MS[0] ?? 1_000
    const round = from + Math.round((at - from) / step) * step
    const there = place(round)
    if (there - (labels.at(-1)?.x ?? left) >= LABEL_GAP && there <= right - 20) labels.push({ at: round, x: there })
  }
  return labels
}
