import type { PanelMember } from '../../../schema/facts.ts'
import type { Profile } from '../../../schema/words.ts'
import type { Port } from '../../support/facts.ts'
import type { Deed, Element } from '../net/element.ts'
import type { ProbeFault } from '../net/network.ts'
import type { PathSpec } from '../net/path.ts'

/** One world to scan: what is there, what stands on the way, and what the scan does. Times in ms after its start. */
export interface Setting {
  ports: readonly Port[]
  elements: readonly Element[]
  profile: Profile
  /** accompany: how long another scanner works; 60 s by default */
  watchMs?: number
  /** what the other scanner does from the scanner's address, besides ours */
  other?: readonly Work[]
  /** what differs from the usual path of a member */
  paths?: (who: PanelMember) => Partial<PathSpec>
  faults?: (who: PanelMember) => ProbeFault | null
  panel?: readonly PanelMember[]
  /** neighbours of the target that are named as anchors */
  anchors?: number
  /** beacon port of the probes; default 443 */
  beaconPort?: number
  /** the sweep: how long, and how many distinct ports a second */
  sweep?: { ms: number; perSecond: number }
  /** the sweep was let through in part, connects a second; at that pace it goes on for the sake of touches amid it */
  heldBack?: { offered: number; passed: number }
  /** follow the recovery so long after the loss */
  recoverMs?: number
}

/** The same deed again and again. */
export interface Work {
  port: number
  deed: Deed
  from: number
  everyMs: number
  times: number
}

/** What is taken away, to see what it is worth. */
export interface Without {
  sibling?: boolean
  witnesses?: boolean
  /** deciding touches end after so long, in place of what was planned */
  timerMs?: number
  canary?: boolean
  /** nothing is watched and no alarm is raised before the re-check at the end */
  watch?: boolean
}
