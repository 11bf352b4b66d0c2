/** What was seen of some endpoints during a scan, by whom, and when the scan did what: what pictures are drawn from. */
import type { Observation, Span } from './wire.ts'
import type { Purpose } from './words.ts'

/** One touch, and who made it. */
export interface SeenTouch {
  runId: string
  probeId: string
  touch: Observation
}

export interface Seen {
  /** touches of the endpoints and of the beacons, in order of time */
  touches: readonly SeenTouch[]
  /** stretches of open watching */
  spans: readonly { probeId: string; span: Span }[]
  /** the first and the last touch that was made for each purpose, whatever the endpoint */
  times: readonly { purpose: Purpose; from: number; to: number }[]
  /** there is more than was read */
  isCut: boolean
}
