/** What pages are given: facts of one tenant, already read. Times are milliseconds UTC. Pages know no database. */
import type { ControlState, VerificationAnswer } from '../../schema/control.ts'
import type { PanelMember } from '../../schema/facts.ts'
import type { IssueCause, OccurrenceSaid } from '../../schema/issue.ts'
import type { Judgement, PortVerdict, ScanCoverage } from '../../schema/judgement.ts'
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
import type { Album } from './lanes/album.ts'

/** Every page shows how many issues are open: where there are more, `99+` says enough. */
export const MOST_COUNTED = 100

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
  /** issues that are open, snoozed ones left out; counted no further than MOST_COUNTED */
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
  /** the issue of which this is the retest: it looked at what was lost, not at the whole */
  retestOf: string | null
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

/** An issue in its list. */
export interface IssueLineView extends IssueRow {
  /** since when its target is seen and scanned no more; null: it is there */
  targetRemovedAt: number | null
  address: string
  tags: readonly string[]
  snoozedUntil: number | null
  /** that of the most ports first */
  causes: readonly IssueCause[]
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
  /** the newest retest of that scan; `share`: what both tested between them */
  retest: { id: string; at: number; verdict: ScanVerdict | null; share: number | null } | null
}

/** What one site last knew of a target. */
export interface SiteView {
  site: string
  at: number
  scanId: string
  /** the last retest since: what it saw stands among `ports` */
  retest?: { at: number; scanId: string }
  ports: readonly { address: string; port: number; service: string; verdict: string }[]
  /** what that scan asked for; null where it is not known that it would stand here, had it been open */
  asked: { ports: string; addresses: readonly string[] } | null
}

export interface ProofLine {
  id: string
  state: ProofState
  /** why it came to no verdict */
  failure: FailureWord | null
  verdict: ProofVerdict | null
  statement: string
  createdAt: number
}

export interface ProofView {
  id: string
  targetId: string
  /** the target's name, or its address */
  target: string
  /** since when its target is seen and scanned no more; null: it is there */
  targetRemovedAt: number | null
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
  /** those of them that had trouble */
  portsTroubled: number
  /** the newest of `scans` that looked at the target as a whole; null where none did */
  newestWhole: string | null
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
  /** since when its target is seen and scanned no more; null: it is there */
  targetRemovedAt: number | null
  /** how far the phase is, as last heard; null when nothing was heard, or it has ended */
  progress: { done: number; total: number } | null
  /** it was asked to stop, and has not yet */
  isStopping: boolean
  /** what pictures of its lost ports are made of; null where none was lost */
  album: Album | null
  addresses: readonly string[]
  startedAt: number | null
  phase: string | null
  failure: { code: string; detail: string } | null
  panel: readonly PanelMember[]
  scannerProbeId: string
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
  /** null where it was not kept with it */
  said: OccurrenceSaid | null
}

/** The scan that saw an issue last. */
export interface IssueScan {
  id: string
  site: string
  profile: Profile
  startedAt: number | null
  finishedAt: number | null
  panel: readonly PanelMember[]
  outputBytes: number | null
  coverage: ScanCoverage | null
}

/** A scan or a proof that was asked because of an issue. */
export interface Attempt<Verdict> {
  id: string
  state: ScanState
  createdAt: number
  finishedAt: number | null
  verdict: Verdict | null
}

export interface ProofAttempt extends Attempt<ProofVerdict> {
  statement: string | null
  /** addresses that were to look */
  sources: number
  hasStimulus: boolean
}

export interface IssueView extends IssueRow {
  /** since when its target is seen and scanned no more; null: it is there */
  targetRemovedAt: number | null
  tags: readonly string[]
  causes: readonly IssueCause[]
  /** the last proof that said something of it */
  lastProofId: string | null
  closedBy: string | null
  /** the issue of the same finding at the same target that was closed before this one was opened */
  before: { id: string; closedAt: number } | null
  snooze: { until: number | null; reason: SnoozeReason | null; note: string | null } | null
  /** null when it is no longer kept */
  scan: IssueScan | null
  /** the version of the rules by which that scan stands judged */
  rules: string | null
  /** what that scan says of the endpoints that it lost, as it is judged now: the first of them */
  lost: readonly PortVerdict[]
  /** how many it lost */
  lostCount: number
  /** of that scan */
  checks: ChecksOf
  /** what pictures of the first of them are made of; null where nothing of it is kept */
  album: Album | null
  /** one page of them, newest first */
  occurrences: readonly OccurrenceRow[]
  occurrencesNext: string | null
  /** the scans of that page whose raw output is kept, and with it the part of each occurrence */
  outputs: readonly string[]
  /** how many there are */
  seen: number
  /** the scans that saw it, newest first */
  sightings: readonly { scanId: string; at: number; ports: number }[]
  retests: readonly Attempt<ScanVerdict>[]
  proofs: readonly ProofAttempt[]
  /** what was done to it by hand, newest first; `by` for those who may see the log */
  deeds: readonly { at: number; deed: 'snoozed' | 'woken'; by: string | null }[]
}

/** What lets the scanner through, in the format that fits best or was chosen. */
export interface AllowlistView {
  format: string
  title: string
  text: string
  /** the text is longer: the rest is in the file */
  isCut: boolean
  /** the name to save it under */
  file: string
  href: string
  where: readonly string[]
  check: readonly string[]
  undo: readonly string[]
  traps: readonly string[]
  /** all formats that fit, this one too, best first; `href` shows it in its place */
  fitting: readonly { format: string; name: string; href: string }[]
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
