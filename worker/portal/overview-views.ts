/** What the overview is given, already read. Times are milliseconds UTC. */
import type { ScanRow } from './views.ts'

export interface ScanMark extends ScanRow {
  /** of it that was tested, from 0 to 1; null when it did not come to that */
  share: number | null
  failureCode: string | null
}

/** One thing that wants attention, and how many there are of its kind. */
export interface Matter {
  kind: 'interference' | 'incomplete' | 'unproved' | 'control' | 'channel' | 'outdated'
  /** of the issue, the target or the channel */
  id: string
  text: string
  why: string | null
  at: number | null
  total: number
}

/** `drained`: told by an operator to take nothing new, which is no fault. */
export type ProbeState = 'fit' | 'unfit' | 'offline' | 'quarantined' | 'drained'

export interface ProbeHealth {
  id: string
  site: string
  sourceAddress: string
  country: string | null
  provider: string | null
  state: ProbeState
  /** why it is not fit, or believed no more */
  reasons: readonly string[]
  seenAt: number
}
