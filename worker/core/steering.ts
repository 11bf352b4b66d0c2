import type { PanelMember } from '../../schema/facts.ts'
import type { PortVerdict } from '../../schema/judgement.ts'
import type { Endpoint, Step, TouchPlan } from '../../schema/wire.ts'
import type { Role } from '../../schema/words.ts'

/** A run that must exist. `key` is unique within the scan, so asking twice creates one. */
export interface WantedRun {
  key: string
  probeId: string
  role: Role
  kind: TouchPlan['kind']
  steps: readonly Step[]
  standing: boolean
  dueAt: number
  deadlineAt: number
}

/** What the line does next for a scan, given its facts. Pure: the same facts at the same time give the same steering. */
export interface Steering {
  /** touch runs that must exist, in their full form, each for one probe */
  wanted: readonly WantedRun[]
  /** steps that existing runs must also have */
  append: readonly { runId: string; steps: readonly Step[] }[]
  /** runs that have seen enough */
  stop: readonly string[]
  /** an endpoint is still being verified or explained: the scan run must not close yet */
  hold: boolean
  /** endpoints whose stimulus must stop */
  lost: readonly Endpoint[]
  /** nothing more will be learned: the scan can be finished with its judgement */
  done: boolean
}

/** There already, or worked out when it is asked for. A function, not a getter: V8 keeps what a getter of an object closes over. */
export type Later<T> = T | (() => T)
export const told = <T extends object | null>(what: Later<T>): T => (typeof what === 'function' ? what() : what)

/** What the steering reads of a judgement. A whole one fits; `standing` (judge.ts) makes no more than is read. */
export interface Standing {
  readonly ports: Later<readonly StandingPort[]>
}
type StandingPort = Pick<PortVerdict, 'address' | 'port' | 'lostAt' | 'recovery'> & {
  readonly cause: Later<PortVerdict['cause']>
}

export const members = (panel: readonly PanelMember[], role: Role): readonly PanelMember[] =>
  panel.filter((member) => member.role === role)
