import type { Bell } from './bell.ts'
import type { Brake } from './brake.ts'
import type { Clock } from './clock.ts'
import type { Desk } from './desk.ts'
import type { Fitness } from './fit.ts'
import type { Knock } from './knock.ts'
import type { Loads } from './loads.ts'
import type { Log } from './log.ts'
import type { Memory } from './memory.ts'
import type { Ration } from './ration.ts'
import type { Rotation } from './rotation.ts'
import type { Spool } from './spool.ts'
import type { StandingBox } from './standing.ts'

/** What runs may use. One per process. */
export interface World {
  desk: Desk
  bell: Bell
  clock: Clock
  fit: Fitness
  ration: Ration
  /** the ceilings of this process */
  brake: Brake
  rotation: Rotation
  loads: Loads
  memory: Memory
  spool: Spool
  log: Log
  sourceAddress: string
  /** what the published ranges let this address do */
  standing: StandingBox
  allowPrivate: boolean
  /** address of the Worker, where the default beacon is */
  url: URL
  knock: Knock
  counters: Counters
}

/** Shown by the metrics port. */
export interface Counters {
  touches: number
  scans: number
  shortRuns: number
  alarms: number
  /** leases that the Worker answered, and that it did not */
  answered: number
  unanswered: number
  /** machine time of the last that it answered, ms; 0 before the first */
  answeredAt: number
}

export const newCounters = (): Counters => ({
  touches: 0,
  scans: 0,
  shortRuns: 0,
  alarms: 0,
  answered: 0,
  unanswered: 0,
  answeredAt: 0,
})
