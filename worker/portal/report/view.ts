/** What a report is given: one scan as it stands judged, who touched what, and the last proof of its target. */
import type { PanelMember } from '../../../schema/facts.ts'
import type { Judgement } from '../../../schema/judgement.ts'
import type { OutdatedBy } from '../../../schema/proof.ts'
import type { Profile, ProofVerdict, Purpose, ScanState, Sight } from '../../../schema/words.ts'
import type { IssueView } from '../views.ts'

export interface TouchView {
  probeId: string
  purpose: Purpose
  sight: Sight
  /** a lost endpoint; null for whatever else was touched */
  endpoint: { address: string; port: number } | null
  touches: number
  /** of them, by a probe that was not fit at that moment */
  unfit: number
}

export interface ReportProof {
  id: string
  createdAt: number
  finishedAt: number | null
  verdict: ProofVerdict | null
  statement: string | null
  hasStimulus: boolean
  endpoints: number
  failing: readonly string[]
  rows: readonly {
    site: string
    sourceAddress: string
    verdict: ProofVerdict | null
    state: string
    passed: number
    cells: number
  }[]
}

export interface ReportView {
  id: string
  targetId: string
  target: string
  /** as the target has it now; null when it is removed */
  targetAddress: string | null
  tags: readonly string[]
  addresses: readonly string[]
  leftOut: readonly string[]
  site: string
  profile: Profile
  ports: string
  portsAsked: number
  maxConnectsPerSecond: number
  state: ScanState
  failure: { code: string; detail: string } | null
  createdAt: number
  startedAt: number | null
  finishedAt: number | null
  panel: readonly PanelMember[]
  retestOf: string | null
  judgement: Judgement | null
  outputBytes: number | null
  /** SHA-256, hex, of the raw output as it was written; null where it is not known */
  outputHash: string | null
  /** ids of the issues in which it was counted */
  issues: readonly string[]
  touches: readonly TouchView[]
  /** those that are kept can be counted and looked up; `none`: nobody has told of any, as where the scan never began */
  observations: 'kept' | 'forgotten' | 'none'
  proof: ReportProof | null
  provedAt: number | null
  outdatedBy: readonly OutdatedBy[]
  /** of the software that made this report */
  version: string
  /** the report is on this issue, and of the scan that saw it last; null: on the scan */
  issue: IssueView | null
}
