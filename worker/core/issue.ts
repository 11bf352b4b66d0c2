import { type IssueCause, MOST_CAUSES, MOST_PORTS } from '../../schema/issue.ts'
import type { Judgement, PortVerdict } from '../../schema/judgement.ts'
import type { Finding } from '../../schema/words.ts'
import { HARMLESS_VERDICTS } from '../../schema/words.ts'
import { listed } from './text.ts'

/** An issue of the target that is not closed. */
export interface OpenIssue {
  id: string
  finding: Finding
  state: 'open' | 'snoozed'
  snoozedUntil: number | null
}

export interface IssueInput {
  scanId: string
  /** for the title: the target's name or address */
  target: string
  judgement: Judgement
  openIssues: readonly OpenIssue[]
  /** the issue of which this scan is the retest */
  retestOf: string | null
  /** the retest touched every endpoint that was lost, from the one source address that lost any, with the same profile and stimulus */
  retestIsProof: boolean
  /** other addresses that lost something, of which the retest says nothing */
  unprovedFrom?: readonly string[]
  now: number
}

/** One endpoint of one scan in which the issue was seen. */
export type Occurrence = { address: string; port: number; verdict: PortVerdict }

export type IssueStep =
  | { do: 'open'; finding: Finding; title: string; occurrences: readonly Occurrence[]; notify: boolean }
  | {
      do: 'restate'
      issueId: string
      finding: Finding
      title: string
      /** it stays as it was: that the ports answer again is told beside it */
      keepsTitle: boolean
      occurrences: readonly Occurrence[]
      /** the ports answer again, which is not proof; null when they were seen lost once more */
      answeredAt: number | null
      /** a snooze that has run out ends here */
      wake: boolean
      notify: boolean
    }
  | { do: 'close'; issueId: string; finding: Finding; by: string; notify: boolean }
  | { do: 'nothing' }

/**
 * The next steps of the target's issues after a scan. An issue closes only on proof: a retest of that very issue, of all that
 * was lost, from the same source address with the same profile and stimulus, that ends clear. A port that merely answers again restates
 * it, because bans run out by themselves. A scan that could not look neither accuses nor acquits: a retest that is
 * incomplete leaves its issue as it stands, and makes no second one of the same ports.
 */
export function stepsOf(input: IssueInput): IssueStep[] {
  const { judgement } = input
  switch (judgement.verdict) {
    case null:
      return [{ do: 'nothing' }]
    case 'interference':
      return [openOrRestate(input, 'interference')]
    case 'incomplete':
      return retests(input, 'interference') ? [{ do: 'nothing' }] : [openOrRestate(input, 'incomplete')]
    case 'clear':
      return input.openIssues.length === 0
        ? [{ do: 'nothing' }]
        : input.openIssues.map((issue) => afterClear(input, issue))
  }
}

/** The endpoints that make occurrences: every verdict but the harmless ones. */
export const occurrencesOf = (judgement: Judgement): Occurrence[] =>
  judgement.ports
    .filter((port) => !HARMLESS_VERDICTS.includes(port.verdict))
    .map((port) => ({ address: port.address, port: port.port, verdict: port }))

/** Why these endpoints were lost: one entry for each cause, that of the most endpoints first. */
export function causesOf(occurrences: readonly Pick<Occurrence, 'port' | 'verdict'>[]): IssueCause[] {
  const groups = new Map<string, { cause: Omit<IssueCause, 'ports' | 'count'>; ports: number[] }>()
  for (const { port, verdict } of occurrences) {
    if (!verdict.cause) continue
    const { class: name, mechanism, vendor, confidence } = verdict.cause
    const key = JSON.stringify([name, mechanism, vendor])
    const { strength } = verdict
    const group = groups.get(key) ?? { cause: { class: name, mechanism, vendor, confidence, strength }, ports: [] }
    group.cause.confidence = Math.max(group.cause.confidence, confidence)
    group.cause.strength = strength === 'confirmed' ? strength : (group.cause.strength ?? strength)
    group.ports.push(port)
    groups.set(key, group)
  }
  return [...groups.values()]
    .toSorted((a, b) => b.ports.length - a.ports.length || b.cause.confidence - a.cause.confidence)
    .slice(0, MOST_CAUSES)
    .map(({ cause, ports }) => ({
      ...cause,
      ports: ports.toSorted((a, b) => a - b).slice(0, MOST_PORTS),
      count: ports.length,
    }))
}

const retests = (input: IssueInput, finding: Finding): boolean =>
  input.openIssues.some((issue) => issue.id === input.retestOf && issue.finding === finding)

function openOrRestate(input: IssueInput, finding: Finding): IssueStep {
  const occurrences = occurrencesOf(input.judgement)
  const title = titleOf(input.target, finding, occurrences)
  const issue = input.openIssues.find((open) => open.finding === finding)
  if (!issue) return { do: 'open', finding, title, occurrences, notify: true }
  const { asleep, wake } = sleepOf(issue, input.now)
  return {
    ...{ do: 'restate', issueId: issue.id, finding, title, keepsTitle: false, occurrences },
    ...{ answeredAt: null, wake, notify: !asleep },
  }
}

function afterClear(input: IssueInput, issue: OpenIssue): IssueStep {
  const { wake } = sleepOf(issue, input.now)
  const finding = issue.finding
  if (input.retestOf === issue.id && input.retestIsProof)
    return { do: 'close', issueId: issue.id, finding, by: input.scanId, notify: true }
  const others = input.retestOf === issue.id ? (input.unprovedFrom ?? []) : []
  const title =
    othersTitle(input.target, others) ?? `${input.target}: the lost ports answer again; not yet proved fixed`
  return {
    do: 'restate',
    issueId: issue.id,
    finding,
    title,
    keepsTitle: others.length === 0,
    occurrences: [],
    answeredAt: input.now,
    wake,
    notify: false,
  }
}

/** Null where the retest came from each address that lost something. */
function othersTitle(target: string, others: readonly string[]): string | null {
  if (others.length === 0) return null
  const named = others.length > 4 ? [...others.slice(0, 4), `${others.length - 4} more`] : others
  return `${target}: a retest does not speak for what ${listed(named)} lost: prove it with the stimulus`
}

/** A snoozed issue is restated silently until its snooze ends. */
function sleepOf(issue: OpenIssue, now: number): { asleep: boolean; wake: boolean } {
  if (issue.state !== 'snoozed') return { asleep: false, wake: false }
  const asleep = issue.snoozedUntil === null || issue.snoozedUntil > now
  return { asleep, wake: !asleep }
}

const FINDING_TITLE: Record<Finding, string> = {
  interference: 'the scan was interfered with',
  incomplete: 'the scan could not be completed',
  unproved: 'control of it is not proved',
}

function titleOf(target: string, finding: Finding, occurrences: readonly Occurrence[]): string {
  const ports = [...new Set(occurrences.map(({ port }) => port))].toSorted((a, b) => a - b)
  if (ports.length === 0) return `${target}: ${FINDING_TITLE[finding]}`
  const named = ports.length > 5 ? `${ports.slice(0, 5).join(', ')} and ${ports.length - 5} more` : ports.join(', ')
  return `${target}: ${FINDING_TITLE[finding]} on ${ports.length === 1 ? 'port' : 'ports'} ${named}`
}
