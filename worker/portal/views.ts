/** What pages are given: facts of one tenant, already read. Times are milliseconds UTC. Pages know no database. */
import type { ControlState, VerificationAnswer } from '../../schema/control.ts'
import type { PanelMember } from '../../schema/facts.ts'
import type { Judgement } from '../../schema/judgement.ts'
import type { OutdatedBy, ProofAsk, ProofResult } from '../../schema/proof.ts'
import type {
  FailureWord,
  Finding,
  IssueState,
  Profile,
  ProofState,
  ProofVerdict,
  RangePurpose,
  RangeState,
  ScanState,
  ScanVerdict,
  SnoozeReason,
} from '../../schema/words.ts'

/** What every page of a signed-in person carries. */
export interface Frame {
  tenant: string
  /** the kill switch is on: nothing scans */
  stopped: boolean
  /** their key may change things */
  mayWrite: boolean
  /** it may also make keys and see the log */
  mayAdmin: boolean
  /** they run this stack: the fleet and its switches are theirs */
  isOperator: boolean
  /** issues that are open, snoozed ones left out */
  openIssues: number
  now: number
}

export interface ScanRow {
  id: string
  targetId: string
  /** the target's name, or its address */
  target: string
  site: string
  profile: Profile
  state: ScanState
  verdict: ScanVerdict | null
  /** one sentence; null while the scan runs */
  coverage: string | null
  createdAt: number
  finishedAt: number | null
}

export interface IssueRow {
  id: string
  targetId: string
  target: string
  finding: Finding
  state: IssueState
  title: string
  openedAt: number
  restatedAt: number
  answeredAt: number | null
  closedAt: number | null
}

export interface ProbeRow {
  id: string
  site: string
  sourceAddress: string
  country: string | null
  provider: string | null
  online: boolean
  /** null when it never said */
  fit: boolean | null
  reasons: readonly string[]
  seenAt: number
}

export interface TargetRow {
  id: string
  address: string
  name: string | null
  ports: string
  profile: Profile
  schedule: string | null
  timezone: string
  nextDueAt: number | null
  tags: readonly string[]
  control: ControlState
  openIssues: number
  lastScanId: string | null
  lastScannedAt: number | null
  lastVerdict: ScanVerdict | null
  /** of the last scan that was tested, from 0 to 1 */
  lastShare: number | null
}

/** What one site last knew of a target. */
export interface SiteView {
  site: string
  at: number
  scanId: string
  ports: readonly { address: string; port: number; service: string; verdict: string }[]
}

export interface ProofLine {
  id: string
  state: ProofState
  verdict: ProofVerdict | null
  statement: string
  createdAt: number
}

export interface ProofView {
  id: string
  targetId: string
  /** the target's name, or its address */
  target: string
  failure: { code: FailureWord; detail: string } | null
  createdAt: number
  finishedAt: number | null
  ask: ProofAsk
  result: ProofResult
  outputBytes: number | null
}

export interface TargetView
  extends Pick<
    TargetRow,
    'id' | 'address' | 'name' | 'ports' | 'profile' | 'schedule' | 'timezone' | 'nextDueAt' | 'tags'
  > {
  provedAt: number | null
  outdatedBy: readonly OutdatedBy[]
  /** newest first */
  proofs: readonly ProofLine[]
  maxConnectsPerSecond: number
  highestCleanRate: number | null
  waf: { vendor: string; evidence: readonly string[] } | null
  sites: readonly SiteView[]
  /** newest first */
  scans: readonly ScanRow[]
  issues: readonly IssueRow[]
  verification: VerificationAnswer
  strips: readonly StripView[]
  /** ports that the newest scans saw, with those that have no strip */
  portsSeen: number
  /** what keeps its scans from being made; due minutes that fell out */
  skipped: number
  /** where its badge is seen, with our own address; null while it is off */
  badgeUrl: string | null
}

/** What the newest scans said of one port. */
export interface StripView {
  address: string
  port: number
  service: string
  /** scan → verdict */
  cells: Readonly<Record<string, string>>
}

/** `endpointKey` → the checks planned for it, and those done while it was reachable; none where nothing was planned. */
export type ChecksOf = Readonly<Record<string, { planned: number; done: number }>>

export interface ScanView extends Omit<ScanRow, 'verdict' | 'coverage'> {
  addresses: readonly string[]
  startedAt: number | null
  phase: string | null
  failure: { code: string; detail: string } | null
  panel: readonly PanelMember[]
  scannerProbeId: string
  retestOf: string | null
  judgement: Judgement | null
  /** null when there is no raw output (yet) */
  outputBytes: number | null
  /** `endpointKey` → the issue in which this scan was counted */
  issueOf: Readonly<Record<string, string>>
  checks: ChecksOf
}

export interface OccurrenceRow {
  id: string
  scanId: string
  address: string
  port: number
  seenAt: number
  /** null when the scan is no longer kept */
  verdict: Judgement['ports'][number] | null
}

export interface IssueView extends IssueRow {
  /** the last proof that said something of it */
  lastProofId: string | null
  closedBy: string | null
  snooze: { until: number | null; reason: SnoozeReason | null; note: string | null } | null
  /** newest first */
  occurrences: readonly OccurrenceRow[]
  /** of the scan of the newest occurrence */
  checks: ChecksOf
}

/** What lets the scanner through, in the format that fits best. */
export interface AllowlistView {
  format: string
  title: string
  text: string
  /** the name to save it under */
  file: string
  href: string
  /** further formats that fit, best first */
  further: readonly { format: string; file: string; href: string }[]
}

export interface RangeRow {
  cidr: string
  site: string
  country: string | null
  provider: string | null
  purpose: RangePurpose
  state: RangeState
  activeFrom: number
  retireAfter: number | null
}
