/**
 * What the decisions say of a scan: the shape that is stored, answered by the API and shown on pages.
 * Times inside are milliseconds; the API turns them into ISO 8601 at its edge.
 */
import * as v from 'valibot'
import {
  CAUSE_CLASSES,
  MECHANISMS,
  RECHECKS,
  RECOVERIES,
  SCAN_VERDICTS,
  SERVICES,
  STRENGTHS,
  VERDICTS,
} from './words.ts'

const ms = v.number()

export const CauseGuess = v.object({
  class: v.picklist(CAUSE_CLASSES),
  mechanism: v.nullable(v.picklist(MECHANISMS)),
  confidence: v.number(),
})
export type CauseGuess = v.InferOutput<typeof CauseGuess>

export const Cause = v.object({
  class: v.picklist(CAUSE_CLASSES),
  mechanism: v.nullable(v.picklist(MECHANISMS)),
  vendor: v.nullable(v.string()),
  /** calibrated, 0 to 1 */
  confidence: v.number(),
  /** at most three, next likeliest first */
  alternatives: v.array(CauseGuess),
  /** mechanisms that look the same from outside */
  indistinguishable: v.array(v.picklist(MECHANISMS)),
  /** the one line of the owner's log that would settle it */
  askOwner: v.nullable(v.string()),
})
export type Cause = v.InferOutput<typeof Cause>

export const Evidence = v.object({
  /** id of the rule, for `/rules#id` */
  rule: v.string(),
  /** for the verdict and cause, or against */
  supports: v.boolean(),
  text: v.string(),
  /** ids of the observations that carry it */
  observations: v.array(v.string()),
})
export type Evidence = v.InferOutput<typeof Evidence>

/** What a step of a remediation is for. `letter` is a paragraph to be sent to somebody else as it stands. */
export const STEP_KINDS = ['happened', 'confirm', 'change', 'letter', 'limit', 'undo', 'then'] as const
export type StepKind = (typeof STEP_KINDS)[number]

export const Remediation = v.object({
  title: v.string(),
  steps: v.array(v.string()),
  /** what each of `steps` is for, in the same order; judgements from before it have none */
  kinds: v.optional(v.array(v.picklist(STEP_KINDS))),
  /** allowlist formats of the published ranges that fit this defence */
  formats: v.array(v.string()),
})
export type Remediation = v.InferOutput<typeof Remediation>

export const PortVerdict = v.object({
  address: v.string(),
  port: v.number(),
  transport: v.literal('tcp'),
  service: v.picklist(SERVICES),
  firstSeenOpenAt: v.nullable(ms),
  verdict: v.picklist(VERDICTS),
  strength: v.nullable(v.picklist(STRENGTHS)),
  recheck: v.nullable(v.picklist(RECHECKS)),
  lostAt: v.nullable(ms),
  fastAt: v.nullable(ms),
  confirmedAt: v.nullable(ms),
  /** the test martingale at the stopping time, detection-science.md 4.3 (b); 1 when never tested */
  eValue: v.number(),
  /** log-likelihood ratio of the not-loss test, 4.3 (a) */
  llr: v.number(),
  /** connects by all sources from the alarm on */
  connects: v.number(),
  recovery: v.nullable(v.picklist(RECOVERIES)),
  recoveredBetween: v.nullable(v.tuple([ms, ms])),
  cause: v.nullable(Cause),
  evidence: v.array(Evidence),
  coverage: v.object({ reachableSeconds: v.number(), lostSeconds: v.number(), share: v.number() }),
  remediation: v.nullable(Remediation),
  /** ids of the probes whose observations carried the verdict */
  probes: v.array(v.string()),
})
export type PortVerdict = v.InferOutput<typeof PortVerdict>

export const ScanCoverage = v.object({
  share: v.number(),
  statement: v.string(),
  portsAsked: v.number(),
  portsTested: v.number(),
  /** nmap syntax; '' when nothing is untested */
  untested: v.string(),
  /** of a retest: what it and the scan whose gaps it fills tested between them */
  together: v.optional(
    v.object({
      scanId: v.string(),
      share: v.number(),
      portsTested: v.number(),
      portsAsked: v.number(),
      statement: v.string(),
    }),
  ),
})
export type ScanCoverage = v.InferOutput<typeof ScanCoverage>

export const Judgement = v.object({
  /** version of the rules that made it */
  rules: v.string(),
  judgedAt: ms,
  verdict: v.nullable(v.picklist(SCAN_VERDICTS)),
  coverage: v.nullable(ScanCoverage),
  waf: v.nullable(v.object({ vendor: v.string(), evidence: v.array(v.string()) })),
  ports: v.array(PortVerdict),
})
export type Judgement = v.InferOutput<typeof Judgement>
