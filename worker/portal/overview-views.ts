/** What the overview is given, already read. Times are milliseconds UTC. */
import type { ProbeState } from './fleet-rows.tsx'
import type { ScanRow } from './views.ts'

export interface ScanMark extends ScanRow {
  /** of it that was tested, from 0 to 1; null when it did not come to that */
  share: number | null
  failureCode: string | null
}

/** One thing that wants attention, and how many there are of its kind. */
export interface Matter {
  kind: 'interference' | 'incomplete' | 'unproved' | 'lapsed' | 'failing' | 'bare' | 'channel' | 'outdated' | 'failed'
  /** of the issue, the target, the channel or the scan */
  id: string
  text: string
  why: string | null
  at: number | null
  total: number
  /** there may be more than `total` */
  isLeast: boolean
}

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
