/**
 * Facts about one scan as they are stored and as the decisions read them. No opinion is in here: any judgement can be
 * made again from these.
 */

import type { Endpoint, Found, Limited, Observation, ResultRequest, Span, Step } from './wire.ts'
import type { CheckName, Profile, Role, RunKind, RunState, ScanState, Service } from './words.ts'

/** A probe as the panel knows it, frozen at the start of the scan. */
export interface PanelMember {
  probeId: string
  role: Role
  site: string
  provider: string | null
  country: string | null
  asn: number | null
  sourceAddress: string
  /** reported fit when the panel was chosen */
  fit: boolean
  /** has not scanned this target for 24 h */
  rested: boolean
}

/** One run of the scan with all that its probe reported. `runId` and `n` of an observation name it for ever. */
export interface RunFacts {
  runId: string
  /** the key under which it was wanted (worker/core/steering.ts), `scan` for the scan run: unique within the scan */
  key: string
  probeId: string
  role: Role
  kind: RunKind
  state: RunState
  /** planned steps, for touch runs */
  steps: readonly Step[]
  observations: readonly Observation[]
  spans: readonly Span[]
  found: readonly Found[]
  discovered: boolean
  /** last time its probe was heard of for this run; null before the first lease */
  heardAt: number | null
  /** what came with the result of a scan run */
  closing: Pick<ResultRequest, 'outcome' | 'failure' | 'ports' | 'engagement' | 'recheck'> | null
}

/** Nothing more is to come of this run, by its own word or for want of one. */
export const isOver = (run: Pick<RunFacts, 'state'>): boolean => run.state === 'done' || run.state === 'ended'

/** Open ports that are kept of what a site last saw of a target. */
export const MOST_KNOWN = 200
/** What a site last saw of a target. */
export interface LastKnown {
  at: number
  scanId: string
  /** of the last scan from there that ended clear */
  clearAt?: number
  /** the last retest from there since, whose ports stand in the place of what that scan saw */
  retest?: { at: number; scanId: string }
  ports: { address: string; port: number; check: string; service: string; verdict: string }[]
}

/** An alarm: the scanner saw these lost. */
export interface Alarm {
  at: number
  lost: readonly Endpoint[]
  /** addresses that fell silent as a whole while ports were looked for, none being known that bears a verification */
  silenced?: readonly string[]
  /** addresses that answered a part of the search for ports, and all that was asked after it had stopped */
  limited?: readonly Limited[]
}

export interface ScanFacts {
  scanId: string
  targetId: string
  state: ScanState
  profile: Profile
  addresses: readonly string[]
  /** what the name leads to besides, in the family that the panel does not speak: not scanned */
  leftOut?: readonly string[]
  /** the asked ports, canonical nmap syntax: nothing else is touched, by anyone */
  ports: string
  portsAsked: number
  createdAt: number
  startedAt: number | null
  panel: readonly PanelMember[]
  runs: readonly RunFacts[]
  alarms: readonly Alarm[]
  /** anchors: other addresses near the target, by address, touched beside the rounds */
  anchors: readonly Endpoint[]
  /** the last known open ports of the target, from earlier scans: a prior for `blocked_before` */
  lastKnown: readonly { address: string; port: number; check: CheckName; service: Service }[]
}

/** The name of an observation, for evidence lists: stable, and unique in the tenant. */
export const observationId = (runId: string, n: number): string => `${runId}.${n}`
export const endpointKey = (endpoint: { address: string; port: number }): string =>
  endpoint.address.includes(':') ? `[${endpoint.address}]:${endpoint.port}` : `${endpoint.address}:${endpoint.port}`

/** Where a probe stood alone against all others: whose host it was (a tenant; '' of the operator's own), in which network. */
export interface StoodAlone {
  by: string
  network: string
}
