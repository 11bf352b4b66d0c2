/** What a proof is asked and what it found, as it is stored. Times inside are milliseconds; the API turns them into ISO 8601. */
import type { TouchTarget } from './wire.ts'
import type { CellWord, Profile, ProofVerdict, Service, Sight, SourceState } from './words.ts'

/** One address that is to look. */
export interface ProofSource {
  probeId: string
  site: string
  sourceAddress: string
  /** it could not be asked: it was not there when the proof began, or drained */
  offline: boolean
}

/** A source address from which something was lost. */
export interface ProofScanner {
  sourceAddress: string
  site: string
  /** scans come from it to this day, drained or not: no other address speaks for it */
  inUse: boolean
}

/** An open issue that this proof speaks of. */
export interface ProofIssue {
  id: string
  /** every endpoint that a scan lost since it was opened */
  lost: readonly { address: string; port: number }[]
  /** who lost any of them */
  scanners: readonly ProofScanner[]
}

/** What is repeated: the sweep and the engagement of the scan that was interfered with, within a bound. */
export interface ProofStimulus {
  profile: Profile
  /** ports that are swept besides the endpoints, canonical */
  ports: string
  /** of so many that the scan had */
  portsAsked: number
  maxConnectsPerSecond: number
  /** of the last scan that lost endpoints; null when no issue is open */
  scanId: string | null
}

export interface ProofAsk {
  /** the sites that were chosen */
  sites: readonly string[]
  /** they are all those that may scan the target */
  allSites: boolean
  sources: readonly ProofSource[]
  endpoints: readonly TouchTarget[]
  /** known endpoints that did not fit in */
  leftOut: number
  stimulus: ProofStimulus | null
  /** how long the endpoints are watched after the last stimulus, ms */
  watchMs: number
  issues: readonly ProofIssue[]
}

/** One endpoint from one address. */
export interface ProofCell {
  address: string
  port: number
  service: Service
  word: CellWord
  /** the last touch, or the one that lost it; null when there was none */
  sight: Sight | null
  code: string | null
  at: number | null
  /** stimuli planned and answered; zeros without a stimulus */
  stimuli: { planned: number; done: number }
}

export interface ProofRow {
  probeId: string
  site: string
  sourceAddress: string
  state: SourceState
  /** of this address alone */
  verdict: ProofVerdict | null
  /** ports of the sweep that were tried, of those that were to be */
  swept: { asked: number; tested: number }
  cells: readonly ProofCell[]
}

export interface ProofResult {
  verdict: ProofVerdict | null
  statement: string
  /** what still fails, and who did not look, one line each, in words */
  failing: readonly string[]
  rows: readonly ProofRow[]
  /** ids of the issues that it closed */
  closes: readonly string[]
}

/** What stands above `failing`: of who could not look, or had no time to, nothing failed. */
export const headOfFailing = (sources: readonly Pick<ProofRow, 'verdict'>[]): string =>
  sources.some(({ verdict }) => verdict === 'not_proved') ? 'What still fails' : 'What was not looked at'

/** A range that an allowlist cannot know. */
export interface OutdatedBy {
  rangeId: string
  cidr: string
  site: string
  /** from when it is used */
  from: number
}
