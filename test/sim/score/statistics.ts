/** Wilson's 95 % interval of a share; [0, 1] for none. */
export function wilson(k: number, n: number): [number, number] {
  if (n === 0) return [0, 1]
  const z = 1.96
  const p = k / n
  const centre = (p + z ** 2 / (2 * n)) / (1 + z ** 2 / n)
  const half = (z * Math.sqrt((p * (1 - p)) / n + z ** 2 / (4 * n ** 2))) / (1 + z ** 2 / n)
  return [Math.max(0, centre - half), Math.min(1, centre + half)]
}

/** `97.3 % [96.1, 98.2] of 1000` */
export function share(k: number, n: number): string {
  if (n === 0) return 'none'
  const [low, high] = wilson(k, n)
  return `${percent(k, n)} % [${(100 * low).toFixed(2)}, ${(100 * high).toFixed(2)}] of ${n}`
}
export const percent = (k: number, n: number): string =>
  n === 0 ? '–' : ((100 * k) / n).toFixed(k === n || k === 0 ? 0 : 1)

/** The value that `q` of the values do not exceed; NaN for none. */
export function quantile(values: readonly number[], q: number): number {
  if (values.length === 0) return Number.NaN
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] as number
}

/** Stated confidence against what was true, in ten bins. */
export interface Calibration {
  bins: { n: number; stated: number; right: number }[]
  brier: number
}
export const emptyCalibration = (): Calibration => ({
  bins: Array.from({ length: 10 }, () => ({ n: 0, stated: 0, right: 0 })),
  brier: 0,
})
export function calibrate(to: Calibration, confidence: number, isRight: boolean): void {
  const bin = to.bins[Math.min(9, Math.floor(confidence * 10))] as Calibration['bins'][0]
  bin.n++
  bin.stated += confidence
  bin.right += Number(isRight)
  to.brier += (confidence - Number(isRight)) ** 2
}
/** Expected calibration error and Brier score; NaN for none. */
export function calibrationOf({ bins, brier }: Calibration): { n: number; ece: number; brier: number } {
  const n = bins.reduce((sum, bin) => sum + bin.n, 0)
  const ece = bins.reduce((sum, bin) => sum + Math.abs(bin.stated - bin.right), 0) / n
  return { n, ece, brier: brier / n }
}
