/** What is told of a scan and of the issues it moved: one message per target and scan, with all its ports. */
import type { AnyEvent, EventCoverage, EventOf, EventScan, EventTarget } from '../../../schema/events.ts'
import { EVENT_VERSION } from '../../../schema/events.ts'
import { endpointKey } from '../../../schema/facts.ts'
import type { Judgement, PortVerdict } from '../../../schema/judgement.ts'
import type { FailureWord, Profile, ScanVerdict } from '../../../schema/words.ts'
import { HARMLESS_VERDICTS } from '../../../schema/words.ts'
import type { IssueStep } from '../issue.ts'
import { type Losses, lossesOf } from './losses.ts'
import { iso, maybeIso, said } from './said.ts'
import { isAtLeast, severityOf } from './severity.ts'

/** A scan as notices know it. Times are ms. */
export interface ToldScan {
  id: string
  profile: Profile
  startedAt: number | null
  scanner: { sourceAddress: string; site: string } | null
  target: { id: string; name: string | null; address: string; tags: readonly string[] }
  /** there is raw output to link to */
  hasOutput: boolean
}

/** What an issue's step led to: its id, and those of its occurrences with their endpoints. */
export interface ToldIssue {
  issueId: string
  occurrences: readonly { id: string; address: string; port: number }[]
}

/** The notice of an issue's step; null when nobody is to be told (nothing happened, or the issue is snoozed). */
export function issueNotice(
  step: IssueStep,
  issue: ToldIssue,
  scan: ToldScan,
  judgement: Judgement,
  now: number,
): AnyEvent | null {
  switch (step.do) {
    case 'nothing':
      return null
    case 'open':
      return step.notify ? trouble('issue.opened', step, issue, scan, judgement, now) : null
    case 'restate':
      return step.notify ? trouble('issue.updated', step, issue, scan, judgement, now) : null
    case 'close':
      return step.notify ? resolved(step, issue, scan, judgement, now) : null
  }
}

function trouble<N extends 'issue.opened' | 'issue.updated'>(
  type: N,
  step: Extract<IssueStep, { do: 'open' | 'restate' }>,
  issue: ToldIssue,
  scan: ToldScan,
  judgement: Judgement,
  now: number,
): AnyEvent {
  const lost = step.occurrences.map(({ verdict }) => verdict)
  const losses = lossesOf(lost, idsOf(issue))
  return {
    type,
    version: EVENT_VERSION,
    timestamp: iso(now),
    data: {
      severity: severityOf(lost, judgement.coverage),
      title: said(step.title, 400),
      text: said(judgement.coverage?.statement ?? '', 800),
      issue: { id: issue.issueId, finding: step.finding, title: said(step.title, 400) },
      target: targetOf(scan),
      scan: scanOf(scan, judgement.verdict),
      coverage: coverageOf(judgement),
      ...(type === 'issue.updated' ? { proof: null } : {}),
      ...losses,
      links: { issue: `/issues/${issue.issueId}`, ...scanLinks(scan), allowlist: allowlistOf(losses) },
    },
  } as EventOf<'issue.opened' | 'issue.updated'>
}

function resolved(
  step: Extract<IssueStep, { do: 'close' }>,
  issue: ToldIssue,
  scan: ToldScan,
  judgement: Judgement,
  now: number,
): EventOf<'issue.resolved'> {
  const isRetest = step.by === scan.id
  const title = said(`${nameOf(scan)}: proved fixed`, 400)
  return {
    type: 'issue.resolved',
    version: EVENT_VERSION,
    timestamp: iso(now),
    data: {
      severity: 'info',
      title,
      text: isRetest
        ? 'A retest from the same address with the same stimulus reached every lost port and ended clear.'
        : 'Every published address reached every endpoint with the stimulus that had been blocked.',
      issue: { id: issue.issueId, finding: step.finding, title },
      target: targetOf(scan),
      proof: { by: isRetest ? 'retest' : 'proof', id: step.by },
      coverage: coverageOf(judgement),
      links: {
        issue: `/issues/${issue.issueId}`,
        proof: isRetest ? `/scans/${step.by}` : `/api/v1/proofs/${step.by}`,
        output: isRetest ? scanLinks(scan).output : null,
      },
    },
  }
}

const ENDED: Record<ScanVerdict, string> = {
  interference: 'something stood in the way of the scan',
  incomplete: 'the scan could not be completed',
  clear: 'the scan ended clear',
}

/** The notice that a scan has ended. */
export function scanNotice(
  scan: ToldScan,
  judgement: Judgement,
  issues: readonly ToldIssue[],
  now: number,
): EventOf<'scan.finished'> {
  const lost = judgement.ports.filter(({ verdict }) => !HARMLESS_VERDICTS.includes(verdict))
  const severity = severityOf(lost, judgement.coverage)
  const ids = new Map(issues.flatMap((issue) => [...idsOf(issue)]))
  const losses = lossesOf(lost, ids)
  const end = judgement.verdict === null ? 'the scan has ended without a verdict' : ENDED[judgement.verdict]
  return {
    type: 'scan.finished',
    version: EVENT_VERSION,
    timestamp: iso(now),
    data: {
      severity: judgement.verdict === 'incomplete' && !isAtLeast(severity, 'warning') ? 'warning' : severity,
      title: said(`${nameOf(scan)}: ${end}`, 400),
      text: said(judgement.coverage?.statement ?? 'The scan has ended.', 800),
      target: targetOf(scan),
      scan: scanOf(scan, judgement.verdict),
      coverage: coverageOf(judgement),
      portsOpen: judgement.ports.filter(isOpen).length,
      ...losses,
      issueIds: issues.map(({ issueId }) => issueId).slice(0, 5),
      links: { ...scanLinks(scan), allowlist: allowlistOf(losses) },
    },
  }
}

const isOpen = ({ verdict }: PortVerdict): boolean => verdict === 'open' || verdict === 'transient'

/** The notice that a scan failed; a scan that never began has no scanner and no output. */
export const failureNotice = (
  scan: ToldScan,
  failure: { code: FailureWord; detail: string },
  now: number,
): EventOf<'scan.failed'> => ({
  type: 'scan.failed',
  version: EVENT_VERSION,
  timestamp: iso(now),
  data: {
    severity: 'warning',
    title: said(`${nameOf(scan)}: the scan failed`, 400),
    text: said(failure.detail, 800),
    target: targetOf(scan),
    scan: scanOf(scan, null),
    failure: { code: failure.code, detail: said(failure.detail, 500) },
    links: scanLinks(scan),
  },
})

const nameOf = ({ target }: ToldScan): string => target.name ?? target.address

export const targetOf = ({ target }: Pick<ToldScan, 'target'>): EventTarget => ({
  id: target.id,
  name: target.name === null ? null : said(target.name, 200),
  address: said(target.address, 253),
  tags: target.tags.slice(0, 20).map((tag) => said(tag, 60)),
})

const scanOf = ({ id, profile, startedAt, scanner }: ToldScan, verdict: ScanVerdict | null): EventScan => ({
  id,
  profile,
  verdict,
  startedAt: maybeIso(startedAt),
  scanner: scanner && { sourceAddress: said(scanner.sourceAddress, 45), site: said(scanner.site, 64) },
})

const coverageOf = ({ coverage }: Judgement): EventCoverage | null =>
  coverage && {
    share: Math.min(1, Math.max(0, coverage.share)),
    statement: said(coverage.statement, 600),
    portsAsked: coverage.portsAsked,
    portsTested: coverage.portsTested,
    untested: said(coverage.untested, 400),
  }

const scanLinks = ({ id, hasOutput }: ToldScan) => ({
  scan: `/scans/${id}`,
  output: hasOutput ? `/scans/${id}/output` : null,
})

/** The list that the first remedy asks for. */
const allowlistOf = ({ remedies }: Losses): string | null => {
  const format = remedies.flatMap(({ formats }) => formats)[0]
  return format === undefined ? null : `/ip-ranges/${format}`
}

const idsOf = ({ occurrences }: ToldIssue): Map<string, string> =>
  new Map(occurrences.map((one) => [endpointKey(one), one.id]))
