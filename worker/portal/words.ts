/** The sentences that people read. A word without its sentence does not compile. */
import type { Judgement } from '../../schema/judgement.ts'
import type {
  FailureWord,
  Finding,
  RangePurpose,
  RangeState,
  Recheck,
  Recovery,
  ScanState,
  ScanVerdict,
  SnoozeReason,
  VerdictWord,
} from '../../schema/words.ts'

export { CAUSE, MECHANISM } from '../core/names.ts'

/** How a badge looks: never by colour alone, each tone has its own sign. */
export type Tone = 'bad' | 'warn' | 'good' | 'info' | 'mute'

export const VERDICT: Record<VerdictWord, { tone: Tone; sentence: string }> = {
  open: { tone: 'good', sentence: 'It answered the scanner throughout.' },
  transient: { tone: 'good', sentence: 'It was away for a moment and came back: ordinary loss.' },
  interfered: { tone: 'bad', sentence: 'Only our scanning address lost it. Others reached it in the same seconds.' },
  degraded: { tone: 'bad', sentence: 'The scanner is treated worse than others, in part or by rate.' },
  app_blocked: { tone: 'bad', sentence: 'The service answers, and its answer turns the scanner away.' },
  blocked_before: { tone: 'bad', sentence: 'It is open to others, and was shut to us from the start.' },
  service_down: { tone: 'warn', sentence: 'Everybody lost it: the service went away.' },
  path_outage: { tone: 'warn', sentence: 'The way to it failed, not the target.' },
  phantom: { tone: 'mute', sentence: 'It was never a real service: the host accepts everything.' },
  inconclusive: { tone: 'warn', sentence: 'It was lost, and we could not look well enough to say why.' },
}

export const SCAN_VERDICT: Record<ScanVerdict, { tone: Tone; title: string; sentence: string }> = {
  interference: { tone: 'bad', title: 'Interference', sentence: 'Something stood in the way of this scan.' },
  incomplete: { tone: 'warn', title: 'Incomplete', sentence: 'Part of the target could not be tested.' },
  clear: { tone: 'good', title: 'Clear', sentence: 'Nothing stood in the way of this scan.' },
}

/** Of a clear scan that met no open port. */
export const NOTHING_OPEN = 'No open port was found, so nothing could be lost.'
/** It is clear, but for want of anything that could have been lost: no comfort to anybody. */
export const metNothing = (judgement: Pick<Judgement, 'verdict' | 'ports'> | null): boolean =>
  judgement?.verdict === 'clear' && judgement.ports.length === 0

export const SCAN_STATE: Record<ScanState, { tone: Tone; sentence: string }> = {
  queued: { tone: 'info', sentence: 'It waits for its probe.' },
  running: { tone: 'info', sentence: 'It is under way.' },
  finished: { tone: 'mute', sentence: 'It has ended.' },
  failed: { tone: 'bad', sentence: 'It could not be carried out.' },
  cancelled: { tone: 'mute', sentence: 'It was cancelled before it ended.' },
}

export const FAILURE: Record<FailureWord, string> = {
  no_probe: 'No fit probe was there to scan it.',
  address_refused: 'The address may not be scanned.',
  unproved_address: 'Control of the address is not proved.',
  name_not_resolved: 'The name led to no address.',
  timed_out: 'It did not end in time.',
  probe_lost: 'The probe fell silent.',
  probe_unfit: 'The probe itself was not fit to measure.',
  refused_by_probe: 'The probe refuses this target.',
  range_inactive: 'The scanner’s address is in no active range.',
  stopped: 'It was stopped before it ended.',
  internal: 'A fault of ours.',
}

export const RECHECK: Record<Recheck, string> = {
  open: 'still open',
  closed: 'closed',
  unresponsive: 'unresponsive',
  reopened: 'lost and open again',
}
export const RECOVERY: Record<Recovery, string> = {
  pending: 'not back yet; we look at growing intervals',
  seen: 'back',
  expired: 'not back within 24 hours',
}
export const FINDING: Record<Finding, Tone> = { interference: 'bad', incomplete: 'warn', unproved: 'warn' }
export const RANGE: Record<RangeState, Tone> = { announced: 'info', active: 'good', retiring: 'warn', retired: 'mute' }
export const PURPOSE: Record<RangePurpose, string> = {
  scan: 'scans',
  recheck: 'second looks',
  webhook: 'notices',
}
export const SNOOZE: Record<SnoozeReason, string> = {
  accepted_risk: 'accepted risk',
  false_positive: 'false positive',
  mitigated: 'mitigated',
}

/** `blocked_before` → `blocked before` */
export const spoken = (word: string): string => word.replaceAll('_', ' ')

/** What a form has just done; the next page says it, told by a word in its address. */
export const DONE = {
  saved: 'Saved.',
  removed: 'Removed.',
  revoked: 'Revoked: whatever was signed in with it is signed out.',
  added: 'Added.',
  replayed: 'It is sent again.',
  rotated: 'New tokens are made. The old ones are carried until the new ones are used.',
  renamed: 'Renamed.',
  chosen: 'Written down. Do the steps below, then have it checked.',
  checked: 'Looked at. What was found stands below.',
  badge: 'The badge is on.',
  unbadged: 'The badge is off: its address is good for nothing any more.',
  snoozed: 'Snoozed: nobody is told of it until then.',
  woken: 'Awake again: whoever wants to know is told of it.',
  stopping: 'The scan is asked to stop.',
} as const
export type DoneWord = keyof typeof DONE
