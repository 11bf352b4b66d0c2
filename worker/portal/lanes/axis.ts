/**
 * One axis of time for all that was seen. What matters happens in seconds and is waited for in minutes or hours, so a stretch in
 * which nobody looked is drawn the shorter, the longer it was: its length counts in full up to `LINEAR_MS`, from there on
 * by its logarithm. Order, and the scale within seconds, are kept.
 */
const LINEAR_MS = 20_000
/** Between two labels, at least: the first begins at its place, the others stand about theirs. */
const LABEL_GAP = 96
const HALF_LABEL = 20
const STEPS_MS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 28_800].map(
  (s) => s * 1_000,
)
const DAY_MS = 86_400_000

export interface Axis {
  /** where this moment stands; moments outside stand at the end */
  place: (at: number) => number
  /** moments worth a label, with where they stand */
  labels: readonly { at: number; x: number }[]
  /** stretches that are drawn shorter than they were */
  folds: readonly { x: number; ms: number }[]
}

/** Moments in their order, and where each stands; between two of them the axis is even. */
interface Knots {
  ats: readonly number[]
  xs: readonly number[]
}

/** `times` are those at which something is drawn between `from` and `to`; `left` and `right` are where the axis begins and ends. */
export function axisOf(times: readonly number[], from: number, to: number, left: number, right: number): Axis {
  const inside = new Set(times.filter((at) => at > from && at < to))
  const ats = [from, ...[...inside].sort((a, b) => a - b), Math.max(to, from + 1)]
  const weights = ats.slice(1).map((at, i) => weightOf(at - (ats[i] ?? at)))
  const scale = (right - left) / weights.reduce((sum, weight) => sum + weight, 0)
  const xs = [left]
  const folds: { x: number; ms: number }[] = []
  for (let i = 0, x = left; i < weights.length; i++) {
    const before = x
    x += (weights[i] ?? 0) * scale
    xs.push(x)
    const ms = (ats[i + 1] ?? to) - (ats[i] ?? to)
    if (ms > LINEAR_MS) folds.push({ x: (before + x) / 2, ms })
  }
  const place = (at: number) => between(ats, xs, at)
  return { place, labels: labelsOf({ ats, xs }, from, left, right, place), folds }
}

const weightOf = (ms: number): number => (ms <= LINEAR_MS ? ms : LINEAR_MS * (1 + Math.log(ms / LINEAR_MS)))

/** What `wanted` is where `by` is `value`: two lists of equal length, both growing. */
function between(by: readonly number[], wanted: readonly number[], value: number): number {
  let low = 0
  let high = by.length - 1
  while (high - low > 1) {
    const mid = (low + high) >> 1
    if ((by[mid] ?? 0) <= value) low = mid
    else high = mid
  }
  const [from = 0, to = 0, begin = 0, end = 0] = [by[low], by[high], wanted[low], wanted[high]]
  const share = to === from ? 0 : Math.min(1, Math.max(0, (value - from) / (to - from)))
  return begin + share * (end - begin)
}

/** Round times since the start, as fine as the axis is just there and no closer than their words are wide. */
function labelsOf(
  { ats, xs }: Knots,
  from: number,
  left: number,
  right: number,
  place: (at: number) => number,
): { at: number; x: number }[] {
  const labels: { at: number; x: number }[] = []
  let next = { at: from, x: left }
  while (next.x <= right - HALF_LABEL) {
    labels.push(next)
    const clear = between(xs, ats, next.x + LABEL_GAP)
    const step = STEPS_MS.find((ms) => ms >= clear - next.at) ?? DAY_MS
    const at = from + Math.ceil((clear - from) / step) * step
    if (at > (ats.at(-1) ?? from)) break
    next = { at, x: place(at) }
  }
  return labels
}
