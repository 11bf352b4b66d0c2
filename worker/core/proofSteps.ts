/** What a proof means for the open issues of its target. */
import type { ProofAsk, ProofResult } from '../../schema/proof.ts'
import type { Finding } from '../../schema/words.ts'
import type { OpenIssue } from './issue.ts'
import { count, listed } from './text.ts'

export type ProofStep =
  | { do: 'close'; issueId: string; finding: Finding; notify: boolean }
  | {
      do: 'restate'
      issueId: string
      finding: Finding
      title: string
      /** every address reaches the lost ports, which is no proof without the stimulus; null when some do not */
      answeredAt: number | null
      /** a snooze that has run out ends here */
      wake: boolean
      notify: boolean
    }
  /** it could not look: neither accuses nor acquits */
  | { do: 'note'; issueId: string }

/**
 * An issue closes only on a proof with the stimulus in which every address passes on each endpoint that was lost. Without it
 * the issue is restated, and so it is while some address is shut out.
 */
export const proofSteps = (means: ProofMeans): ProofStep[] =>
  means.openIssues.filter(({ finding }) => finding === 'interference').map((issue) => stepOf(means, issue))

export interface ProofMeans {
  /** for titles: the target's name or address */
  target: string
  ask: ProofAsk
  result: ProofResult
  openIssues: readonly OpenIssue[]
  now: number
}

function stepOf({ target, ask, result, now }: ProofMeans, issue: OpenIssue): ProofStep {
  const { id: issueId, finding } = issue
  const asleep = issue.state === 'snoozed' && (issue.snoozedUntil === null || issue.snoozedUntil > now)
  const wake = issue.state === 'snoozed' && !asleep
  if (result.closes.includes(issueId)) return { do: 'close', issueId, finding, notify: !asleep }
  switch (result.verdict) {
    case 'not_proved': {
      const title = shutTitle(target, result)
      return { do: 'restate', issueId, finding, title, answeredAt: null, wake, notify: !asleep }
    }
    case 'proved':
      return {
        do: 'restate',
        issueId,
        finding,
        title: passTitle(target, ask, result),
        answeredAt: now,
        wake,
        notify: false,
      }
    case 'incomplete':
    case null:
      return { do: 'note', issueId }
  }
}

const shutRows = ({ rows }: ProofResult) => rows.filter(({ verdict }) => verdict === 'not_proved')

function shutTitle(target: string, result: ProofResult): string {
  const shut = shutRows(result).map(({ sourceAddress }) => sourceAddress)
  const named = shut.length > 4 ? [...shut.slice(0, 4), `${shut.length - 4} more`] : shut
  return `${target}: still shut out: ${listed(named)}`
}

const passTitle = (target: string, { stimulus }: ProofAsk, { rows }: ProofResult): string =>
  `${target}: ${count(rows.length, 'address', 'addresses')} reached the endpoints ${
    stimulus ? 'with' : 'without'
  } the stimulus; not yet proved fixed`
