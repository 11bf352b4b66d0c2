/** How long a sweep waits, in milliseconds. */
export interface Timers {
  /** first pass: bounds of the adaptive timer */
  firstMin: number
  firstMax: number
  /** second pass. Long enough for a second SYN (1 s after the first), and a third on kernels since 6.5 */
  second: number
  sentinelEvery: number
  sentinel: number
}
export const TIMERS: Timers = { firstMin: 300, firstMax: 1_000, second: 2_200, sentinelEvery: 1_000, sentinel: 2_000 }
/** With very many silent ports the second pass settles for the second SYN. */
export const MANY_SILENT = 20_000
export const SECOND_WHEN_MANY = 1_600
