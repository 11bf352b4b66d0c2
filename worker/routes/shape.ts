/** Rows to answers: our own types inside, the public API's outside. */
import type {
  IssueAnswer,
  ObservationAnswer,
  OccurrenceAnswer,
  PortAnswer,
  ScanAnswer,
  TargetAnswer,
} from '../../schema/api.ts'
import type { TargetControl } from '../../schema/control.ts'
import { observationId, type ScanFacts } from '../../schema/facts.ts'
import type { PortVerdict } from '../../schema/judgement.ts'
import { AGENT } from '../../schema/version.ts'
import type { Phase } from '../../schema/words.ts'
import { isPublished } from '../core/ranges/life.ts'
import type { Beacon } from '../store/beacons.ts'
import type { Issue, OccurrenceRow } from '../store/issues.ts'
import type { Key, Tenant } from '../store/keys.ts'
import type { OptOut } from '../store/optOuts.ts'
import { isOnline, type Probe } from '../store/probes.ts'
import type { Range } from '../store/ranges.ts'
import type { ScanLine } from '../store/scanLines.ts'
import type { Scan } from '../store/scans.ts'
import type { Target } from '../store/targets.ts'

export const iso = (ms: number): string => new Date(ms).toISOString()
export const maybeIso = (ms: number | null | undefined): string | null =>
  ms === null || ms === undefined ? null : iso(ms)

/** `last` is the target's last ended scan. */
export const targetAnswer = (
  row: Target,
  last: Pick<ScanLine, 'id' | 'state' | 'verdict' | 'finishedAt'> | null,
  control: TargetControl,
): TargetAnswer => ({
  id: row.id,
  address: row.address,
  name: row.name,
  ports: row.ports,
  schedule: row.schedule,
  timezone: row.timezone,
  sites: row.sites,
  profile: row.profile,
  maxConnectsPerSecond: row.maxConnectsPerSecond,
  anchors: row.anchors,
  tags: row.tags,
  createdAt: iso(row.createdAt),
  nextDueAt: maybeIso(row.nextDueAt),
  skippedScans: row.skipped,
  waf: row.waf,
  highestCleanRate: row.highestCleanRate,
  lastScan: last && {
    id: last.id,
    state: last.state,
    verdict: last.verdict,
    finishedAt: maybeIso(last.finishedAt),
  },
  proofHeader: row.proofHeader,
  control,
  provedAt: maybeIso(row.provedAt),
  allowlistOutdatedBy: row.outdatedBy.map(({ cidr, site, from }) => ({ cidr, site, from: iso(from) })),
})

export const outputHref = (scanId: string): string => `/api/v1/scans/${scanId}/output`

/** The scan object of the API. `seen` are its occurrences; `live` is what the doorbell last heard. */
export function scanAnswer(
  scan: Scan,
  address: string,
  seen: readonly OccurrenceRow[],
  live: { phase: Phase | null; progress: { done: number; total: number } | null } | null,
): ScanAnswer {
  const { judgement } = scan
  const [verdict, coverage, waf] = [judgement?.verdict ?? null, judgement?.coverage ?? null, judgement?.waf ?? null]
  const ports = (judgement?.ports ?? []).map((port) =>
    portAnswer(
      port,
      seen.find((row) => row.address === port.address && row.port === port.port),
    ),
  )
  return { ...lineAnswer({ ...scan, targetAddress: address, verdict, coverage, waf }, live), ports }
}

/** The scan object as lists have it: without ports. */
export function lineAnswer(scan: ScanLine, live: Parameters<typeof scanAnswer>[3] = null): ScanAnswer {
  const scanner = scan.panel.find((member) => member.role === 'scanner')
  const ended = scan.finishedAt !== null
  return {
    id: scan.id,
    targetId: scan.targetId,
    address: scan.addresses[0] ?? scan.targetAddress,
    profile: scan.profile,
    state: scan.state,
    failure: scan.failureCode ? { code: scan.failureCode, detail: scan.failureDetail ?? '' } : null,
    phase: ended ? null : phaseOf(scan, live?.phase ?? null),
    progress: ended ? null : (live?.progress ?? null),
    createdAt: iso(scan.createdAt),
    startedAt: maybeIso(scan.startedAt),
    finishedAt: maybeIso(scan.finishedAt),
    scanner: scanner ? { probeId: scanner.probeId, sourceAddress: scanner.sourceAddress, site: scanner.site } : null,
    panel: scan.panel
      .filter((member) => member.role !== 'scanner')
      .map(({ probeId, role, site, sourceAddress, fit, rested }) => ({
        probeId,
        role,
        site,
        sourceAddress,
        fit,
        rested,
      })),
    retestOf: scan.retestOf,
    waitsFor: null,
    // A verdict on the whole is for the end; its parts are shown as they come.
    verdict: scan.state === 'finished' ? scan.verdict : null,
    coverage: ended ? scan.coverage : null,
    waf: scan.waf,
    ports: [],
    output: scan.outputBytes === null ? null : { bytes: scan.outputBytes, href: outputHref(scan.id) },
  }
}

/** Verification is the panel's work: what the scanner last said of its own phase does not stand against it. */
export const phaseOf = (scan: Pick<Scan, 'phase' | 'state'>, said: Phase | null): Phase | null => {
  const panels = scan.phase === 'verify' || scan.phase === 'explain' || scan.phase === 'judge'
  return panels
    ? (scan.phase as Phase)
    : (said ?? (scan.phase as Phase | null) ?? (scan.state === 'running' ? 'discover' : null))
}

export const portAnswer = (port: PortVerdict, seen: OccurrenceRow | undefined): PortAnswer => ({
  address: port.address,
  port: port.port,
  transport: port.transport,
  service: port.service,
  firstSeenOpenAt: maybeIso(port.firstSeenOpenAt),
  verdict: port.verdict,
  strength: port.strength,
  recheck: port.recheck,
  lostAt: maybeIso(port.lostAt),
  fastAt: maybeIso(port.fastAt),
  confirmedAt: maybeIso(port.confirmedAt),
  eValue: port.eValue,
  connects: port.connects,
  recovery: port.recovery,
  recoveredBetween: port.recoveredBetween && [iso(port.recoveredBetween[0]), iso(port.recoveredBetween[1])],
  cause: port.cause,
  evidence: port.evidence,
  coverage: port.coverage,
  issueId: seen?.issueId ?? null,
  occurrenceId: seen?.id ?? null,
  remediation: port.remediation,
  probes: port.probes,
})

/** All facts of a scan, oldest run first, one line each. */
export function* observationLines(facts: ScanFacts): Generator<string> {
  for (const run of facts.runs)
    for (const seen of run.observations) {
      const line: ObservationAnswer = {
        id: observationId(run.runId, seen.n),
        runId: run.runId,
        probeId: run.probeId,
        role: run.role,
        purpose: seen.purpose,
        address: seen.address,
        port: seen.port,
        check: seen.check,
        sight: seen.sight,
        code: seen.code ?? null,
        syscall: seen.syscall ?? null,
        at: iso(seen.at),
        afterMs: seen.afterMs,
        firstBytes: seen.firstBytes ?? null,
        round: seen.round ?? null,
      }
      yield `${JSON.stringify(line)}\n`
    }
}

export const issueAnswer = (row: Issue): IssueAnswer => ({
  id: row.id,
  targetId: row.targetId,
  finding: row.finding,
  state: row.state,
  title: row.title,
  openedAt: iso(row.openedAt),
  restatedAt: iso(row.restatedAt),
  lastScanId: row.lastScanId,
  closedAt: maybeIso(row.closedAt),
  closedBy: row.closedBy,
  answeredAt: maybeIso(row.answeredAt),
  lastProofId: row.lastProofId,
  causes: row.causes,
  snooze:
    row.state === 'snoozed' && row.snoozedUntil && row.snoozeReason
      ? { until: iso(row.snoozedUntil), reason: row.snoozeReason, note: row.snoozeNote }
      : null,
})

/** `port` is what its scan says of it. */
export function occurrenceAnswer(row: OccurrenceRow, port: PortVerdict | undefined): OccurrenceAnswer {
  return {
    id: row.id,
    issueId: row.issueId,
    scanId: row.scanId,
    address: row.address,
    port: row.port,
    seenAt: iso(row.seenAt),
    verdict: port?.verdict ?? null,
    strength: port?.strength ?? null,
    cause: port?.cause ?? null,
    remediation: port?.remediation ?? null,
    output: { href: `/api/v1/occurrences/${row.id}/output` },
  }
}

/** Of `name/1.2.3` by its numbers; what is no version of ours is not called old. */
export function isOlder(agent: string, newest: string): boolean {
  const of = (text: string) => /^portwitness\/(\d+)\.(\d+)\.(\d+)$/.exec(text)?.slice(1).map(Number)
  const [own, last] = [of(agent), of(newest)]
  const first = own?.findIndex((number, i) => number !== last?.[i]) ?? -1
  return first >= 0 && (own?.[first] ?? 0) < (last?.[first] ?? 0)
}

export const probeAnswer = (row: Probe, now: number) => ({
  id: row.id,
  site: row.site,
  sourceAddress: row.sourceAddress,
  country: row.country,
  provider: row.provider,
  asn: row.asn,
  agent: row.agent,
  online: isOnline(row, now),
  fit: row.health?.fit ?? true,
  reasons: row.health?.reasons ?? [],
  drained: row.drainedAt !== null,
  quarantined: row.quarantinedAt !== null,
  quarantineReason: row.quarantineReason,
  disagreement: row.disagreement,
  outdated: isOlder(row.agent, AGENT),
  allowPrivate: row.allowPrivate === 1,
  enrolledAt: iso(row.enrolledAt),
  seenAt: iso(row.seenAt),
})
export const beaconAnswer = ({ id, address, port, createdAt }: Beacon) => ({
  id,
  address,
  port,
  createdAt: iso(createdAt),
})
export const optOutAnswer = ({ id, cidr, note, createdAt }: OptOut) => ({ id, cidr, note, createdAt: iso(createdAt) })
export const rangeAnswer = (row: Range) => ({
  id: row.id,
  cidr: row.cidr,
  site: row.site,
  country: row.country,
  provider: row.provider,
  purpose: row.purpose,
  state: row.state,
  published: isPublished(row),
  announcedAt: iso(row.announcedAt),
  activeFrom: iso(row.activeFrom),
  retireAfter: maybeIso(row.retireAfter),
})
export const keyAnswer = (row: Key) => ({
  id: row.id,
  name: row.name,
  hint: row.hint,
  scope: row.scope,
  createdAt: iso(row.createdAt),
  expiresAt: maybeIso(row.expiresAt),
  lastUsedAt: maybeIso(row.lastUsedAt),
  madeBy: row.madeBy,
})
export const tenantAnswer = ({ id, name, createdAt }: Tenant) => ({ id, name, createdAt: iso(createdAt) })
