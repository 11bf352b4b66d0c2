/** Bodies and answers of the public API. Times are ISO 8601 in UTC, names camelCase; every field of a body has a bound. */
import * as v from 'valibot'
import { isEmbedding, parseAddress, parseCidr } from './address.ts'
import { TargetControl } from './control.ts'
import { IssueCause } from './issue.ts'
import { Cause, CauseGuess, Evidence, Remediation, ScanCoverage } from './judgement.ts'
import { parseName } from './name.ts'
import { parsePorts } from './ports.ts'
import { countryCode, id, isoTime, label, listOf, portNumber, siteName, text, whole } from './shapes.ts'
import {
  CANARY_STATES,
  CHECKS,
  FINDINGS,
  ISSUE_STATES,
  PHASES,
  PROFILES,
  PROOF_HEADERS,
  PURPOSES,
  RANGE_STATES,
  RECHECKS,
  RECOVERIES,
  ROLES,
  SCAN_STATES,
  SCAN_VERDICTS,
  SCOPES,
  SERVICES,
  SIGHTS,
  SNOOZE_REASONS,
  STRENGTHS,
  VERDICTS,
} from './words.ts'

// ---------------------------------------------------------------- fields

export { parseName }

const addressText = v.pipe(
  text(45, 2),
  v.check((value) => parseAddress(value) !== null, 'must be one IP address in plain notation'),
)
const addressOrName = v.pipe(
  text(253, 2),
  v.check(
    (value) => parseAddress(value) !== null || parseName(value) !== null,
    'must be an IP address in plain notation or a host name',
  ),
)
const cidrText = v.pipe(
  text(49, 4),
  v.check(
    (value) => parseCidr(value) !== null || parseAddress(value) !== null,
    'must be a network such as 203.0.113.0/24, without host bits, or an address',
  ),
)
const portsText = v.pipe(
  text(200_000),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return
    const ports = parsePorts(dataset.value)
    if ('error' in ports) addIssue({ message: ports.error })
  }),
)
const endpoint = v.strictObject({ address: addressText, port: portNumber })

// ---------------------------------------------------------------- bodies

const targetFields = {
  name: v.nullish(label(200)),
  ports: v.optional(portsText),
  schedule: v.nullish(text(100)),
  timezone: v.optional(text(64)),
  sites: v.optional(listOf(siteName, 20)),
  profile: v.optional(v.picklist(PROFILES)),
  maxConnectsPerSecond: v.optional(whole(1, 200_000)),
  anchors: v.optional(listOf(endpoint, 4)),
  /** which token HTTP touches of this target carry */
  proofHeader: v.optional(v.picklist(PROOF_HEADERS)),
  tags: v.optional(listOf(label(60), 20)),
}
export const TargetBody = v.strictObject({ address: addressOrName, ...targetFields })
export const TargetChange = v.strictObject(targetFields)
export const ScanBody = v.strictObject({
  targetId: id('tgt'),
  ports: v.optional(portsText),
  profile: v.optional(v.picklist(PROFILES)),
  accompanySeconds: v.optional(whole(5, 86_400)),
  scannerProbeId: v.optional(id('prb')),
  site: v.optional(siteName),
})
export const EmptyBody = v.strictObject({})
export const SnoozeBody = v.strictObject({
  until: isoTime,
  reason: v.picklist(SNOOZE_REASONS),
  note: v.nullish(text(1_000)),
})
export const EnrolmentBody = v.strictObject({
  site: siteName,
  sourceAddress: addressText,
  country: v.nullish(countryCode),
  provider: v.nullish(label(100)),
  asn: v.nullish(whole(1, 4_294_967_295)),
  /** the range is allowlisted already: no notice period */
  rangeActive: v.optional(v.boolean()),
})
export const ProbeChange = v.strictObject({
  drained: v.optional(v.boolean()),
  /** not leased, not believed; what it said is judged again without it */
  quarantined: v.optional(v.boolean()),
  country: v.nullish(countryCode),
  provider: v.nullish(label(100)),
  asn: v.nullish(whole(1, 4_294_967_295)),
})
export const BeaconBody = endpoint
export const CanaryBody = v.strictObject({ ...endpoint.entries, expect: v.picklist(CANARY_STATES) })
export const KillSwitchBody = v.strictObject({ stopped: v.boolean() })
const optOutText = v.pipe(
  cidrText,
  v.check((value) => {
    const address = parseCidr(value)?.address ?? parseAddress(value)
    return address === null || parseCidr(value)?.prefix === 0 || !isEmbedding(address)
  }, 'must name the addresses as they are, not inside others: an IPv4 network in IPv4'),
)
export const OptOutBody = v.strictObject({ cidr: optOutText, note: v.nullish(text(500)) })
export const KeyBody = v.strictObject({ name: label(100), scope: v.picklist(SCOPES), expiresAt: v.nullish(isoTime) })
export const TenantBody = v.strictObject({ name: label(100) })

// ---------------------------------------------------------------- answers

export const time = v.pipe(v.string(), v.isoTimestamp())
export const maybeTime = v.nullable(time)
export const pageOf = <const T extends v.GenericSchema>(item: T) =>
  v.object({ items: v.array(item), nextCursor: v.nullable(v.string()) })

export const Problem = v.object({
  type: v.string(),
  title: v.string(),
  status: v.number(),
  detail: v.string(),
  code: v.string(),
  errors: v.array(v.object({ field: v.string(), detail: v.string() })),
})

export const TargetAnswer = v.object({
  id: v.string(),
  address: v.string(),
  name: v.nullable(v.string()),
  ports: v.string(),
  schedule: v.nullable(v.string()),
  timezone: v.string(),
  sites: v.array(v.string()),
  profile: v.picklist(PROFILES),
  maxConnectsPerSecond: v.number(),
  anchors: v.array(v.object({ address: v.string(), port: v.number() })),
  tags: v.array(v.string()),
  createdAt: time,
  nextDueAt: maybeTime,
  /** due minutes for which no scan was opened, because one ran and another waited */
  skippedScans: v.number(),
  waf: v.nullable(v.object({ vendor: v.string(), evidence: v.array(v.string()) })),
  highestCleanRate: v.nullable(v.number()),
  lastScan: v.nullable(
    v.object({
      id: v.string(),
      state: v.picklist(SCAN_STATES),
      verdict: v.nullable(v.picklist(SCAN_VERDICTS)),
      finishedAt: maybeTime,
    }),
  ),
  proofHeader: v.picklist(PROOF_HEADERS),
  /** whether its addresses may be scanned: docs/control.md */
  control: TargetControl,
  /** start of the last proof from all its sites in which every address passed */
  provedAt: maybeTime,
  /** ranges that its allowlist cannot know, and from when each is used */
  allowlistOutdatedBy: v.array(v.object({ cidr: v.string(), site: v.string(), from: time })),
})
export type TargetAnswer = v.InferOutput<typeof TargetAnswer>

export const PortAnswer = v.object({
  address: v.string(),
  port: v.number(),
  transport: v.literal('tcp'),
  service: v.picklist(SERVICES),
  firstSeenOpenAt: maybeTime,
  verdict: v.picklist(VERDICTS),
  strength: v.nullable(v.picklist(STRENGTHS)),
  recheck: v.nullable(v.picklist(RECHECKS)),
  lostAt: maybeTime,
  fastAt: maybeTime,
  confirmedAt: maybeTime,
  eValue: v.number(),
  connects: v.number(),
  recovery: v.nullable(v.picklist(RECOVERIES)),
  recoveredBetween: v.nullable(v.tuple([time, time])),
  cause: v.nullable(Cause),
  evidence: v.array(Evidence),
  coverage: v.object({ reachableSeconds: v.number(), lostSeconds: v.number(), share: v.number() }),
  issueId: v.nullable(v.string()),
  occurrenceId: v.nullable(v.string()),
  remediation: v.nullable(Remediation),
  /** whose observations carried the verdict */
  probes: v.array(v.string()),
})
export type PortAnswer = v.InferOutput<typeof PortAnswer>

export const ScanAnswer = v.object({
  id: v.string(),
  targetId: v.string(),
  address: v.string(),
  profile: v.picklist(PROFILES),
  state: v.picklist(SCAN_STATES),
  failure: v.nullable(v.object({ code: v.string(), detail: v.string() })),
  phase: v.nullable(v.picklist(PHASES)),
  progress: v.nullable(v.object({ done: v.number(), total: v.number() })),
  createdAt: time,
  startedAt: maybeTime,
  finishedAt: maybeTime,
  /** null while the scan waits for its turn */
  scanner: v.nullable(v.object({ probeId: v.string(), sourceAddress: v.string(), site: v.string() })),
  panel: v.array(
    v.object({
      probeId: v.string(),
      role: v.picklist(ROLES),
      site: v.string(),
      sourceAddress: v.string(),
      fit: v.boolean(),
      rested: v.boolean(),
    }),
  ),
  retestOf: v.nullable(v.string()),
  /** of one scan read by itself: why it is still queued */
  waitsFor: v.nullable(v.string()),
  verdict: v.nullable(v.picklist(SCAN_VERDICTS)),
  coverage: v.nullable(ScanCoverage),
  waf: v.nullable(v.object({ vendor: v.string(), evidence: v.array(v.string()) })),
  ports: v.array(PortAnswer),
  output: v.nullable(v.object({ bytes: v.number(), href: v.string() })),
})
export type ScanAnswer = v.InferOutput<typeof ScanAnswer>

/** What a port was said to be, short. */
const PortWord = v.object({
  verdict: v.picklist(VERDICTS),
  strength: v.nullable(v.picklist(STRENGTHS)),
  cause: v.nullable(CauseGuess),
})
/** A scan judged again, with what became of its words. */
export const RejudgedAnswer = v.object({
  ...ScanAnswer.entries,
  rejudged: v.object({
    /** versions of the rules */
    rules: v.object({ before: v.nullable(v.string()), after: v.string() }),
    verdict: v.object({ before: v.nullable(v.picklist(SCAN_VERDICTS)), after: v.nullable(v.picklist(SCAN_VERDICTS)) }),
    /** ports of which something else is said now; null where nothing was or is said */
    changes: v.array(
      v.object({ address: v.string(), port: v.number(), before: v.nullable(PortWord), after: v.nullable(PortWord) }),
    ),
  }),
})
export type RejudgedAnswer = v.InferOutput<typeof RejudgedAnswer>

export const ObservationAnswer = v.object({
  id: v.string(),
  runId: v.string(),
  probeId: v.string(),
  role: v.picklist(ROLES),
  purpose: v.picklist(PURPOSES),
  address: v.string(),
  port: v.number(),
  check: v.picklist(CHECKS),
  sight: v.picklist(SIGHTS),
  code: v.nullable(v.string()),
  syscall: v.nullable(v.string()),
  at: time,
  afterMs: v.number(),
  firstBytes: v.nullable(v.string()),
  round: v.nullable(v.number()),
})
export type ObservationAnswer = v.InferOutput<typeof ObservationAnswer>

export const IssueAnswer = v.object({
  id: v.string(),
  targetId: v.string(),
  finding: v.picklist(FINDINGS),
  state: v.picklist(ISSUE_STATES),
  title: v.string(),
  openedAt: time,
  restatedAt: time,
  lastScanId: v.string(),
  closedAt: maybeTime,
  closedBy: v.nullable(v.string()),
  answeredAt: maybeTime,
  lastProofId: v.nullable(v.string()),
  /** as the scan that saw it last told them, that of the most ports first */
  causes: v.array(IssueCause),
  snooze: v.nullable(v.object({ until: time, reason: v.picklist(SNOOZE_REASONS), note: v.nullable(v.string()) })),
})
export type IssueAnswer = v.InferOutput<typeof IssueAnswer>

export const OccurrenceAnswer = v.object({
  id: v.string(),
  issueId: v.string(),
  scanId: v.string(),
  address: v.string(),
  port: v.number(),
  seenAt: time,
  verdict: v.nullable(v.picklist(VERDICTS)),
  strength: v.nullable(v.picklist(STRENGTHS)),
  cause: v.nullable(Cause),
  remediation: v.nullable(Remediation),
  output: v.object({ href: v.string() }),
})
export type OccurrenceAnswer = v.InferOutput<typeof OccurrenceAnswer>

export const ProbeAnswer = v.object({
  id: v.string(),
  site: v.string(),
  sourceAddress: v.string(),
  country: v.nullable(v.string()),
  provider: v.nullable(v.string()),
  asn: v.nullable(v.number()),
  agent: v.string(),
  online: v.boolean(),
  fit: v.boolean(),
  reasons: v.array(v.string()),
  drained: v.boolean(),
  quarantined: v.boolean(),
  quarantineReason: v.nullable(v.string()),
  /** what is held against it: how much it disagreed with what is known; quarantine begins at 3 */
  disagreement: v.number(),
  /** a newer version than its own is there */
  outdated: v.boolean(),
  allowPrivate: v.boolean(),
  enrolledAt: time,
  seenAt: time,
})
export const EnrolmentAnswer = v.object({
  token: v.string(),
  site: v.string(),
  sourceAddress: v.string(),
  expiresAt: time,
  /** the published range that holds the address: the probe scans while it is active */
  range: v.object({ cidr: v.string(), state: v.picklist(RANGE_STATES), activeFrom: time }),
})
export const BeaconAnswer = v.object({ id: v.string(), address: v.string(), port: v.number(), createdAt: time })
export const CanaryAnswer = v.object({
  id: v.string(),
  address: v.string(),
  port: v.number(),
  expect: v.picklist(CANARY_STATES),
  createdAt: time,
})
export type CanaryAnswer = v.InferOutput<typeof CanaryAnswer>
/** `since`: when the switch was last moved, where that is asked; null when it never was */
export const KillSwitchAnswer = v.object({
  stopped: v.boolean(),
  since: v.optional(maybeTime),
  /** who moved it then, as the audit log names him; only the operator is told */
  by: v.optional(v.nullable(v.string())),
})
export type KillSwitchAnswer = v.InferOutput<typeof KillSwitchAnswer>
export const OptOutAnswer = v.object({
  id: v.string(),
  cidr: v.string(),
  note: v.nullable(v.string()),
  createdAt: time,
})
export const KeyAnswer = v.object({
  id: v.string(),
  name: v.string(),
  hint: v.string(),
  scope: v.picklist(SCOPES),
  createdAt: time,
  expiresAt: maybeTime,
  lastUsedAt: maybeTime,
  /** as the audit log names who made it; null where that was not noted */
  madeBy: v.nullable(v.string()),
})
export const NewKeyAnswer = v.object({ ...KeyAnswer.entries, key: v.string() })
export const TenantAnswer = v.object({ id: v.string(), name: v.string(), createdAt: time })
export const NewTenantAnswer = v.object({ ...TenantAnswer.entries, key: v.string() })
export const OnceAnswer = v.object({ url: v.string(), expiresAt: time })
export const HealthAnswer = v.object({
  status: v.literal('ok'),
  /** `stopped` while the kill switch is on */
  scanning: v.picklist(['on', 'stopped']),
})

export type ProbeAnswer = v.InferOutput<typeof ProbeAnswer>
export type EnrolmentAnswer = v.InferOutput<typeof EnrolmentAnswer>
export type KeyAnswer = v.InferOutput<typeof KeyAnswer>
export type NewKeyAnswer = v.InferOutput<typeof NewKeyAnswer>
export type TenantAnswer = v.InferOutput<typeof TenantAnswer>
export type NewTenantAnswer = v.InferOutput<typeof NewTenantAnswer>
export type OnceAnswer = v.InferOutput<typeof OnceAnswer>
