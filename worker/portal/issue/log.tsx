import { Time } from '../parts/time.tsx'
import type { IssueView } from '../views.ts'
import { spoken } from '../words.ts'

export interface IssueEvent {
  at: number
  /** what happened, in a word or two */
  name: string
  say: string
  href: string | null
}

const ports = (n: number): string => (n === 1 ? '1 port' : `${n.toLocaleString('en')} ports`)

/** What happened to an issue, newest first, from what is stored of it. */
export function eventsOf(issue: IssueView): IssueEvent[] {
  const { sightings, retests, proofs, deeds } = issue
  const events: IssueEvent[] = [
    ...sightings.map(({ scanId, at, ports: lost }) => ({
      at,
      name: at === issue.openedAt ? 'Opened' : 'Seen again',
      say: `a scan lost ${ports(lost)}`,
      href: `/scans/${scanId}`,
    })),
    ...retests.map(({ id, createdAt, finishedAt, state, verdict }) => ({
      at: finishedAt ?? createdAt,
      name: 'Retest',
      say: finishedAt === null ? 'is under way' : state === 'finished' && verdict ? `ended ${verdict}` : state,
      href: `/scans/${id}`,
    })),
    ...proofs.map(({ id, createdAt, finishedAt, state, verdict, statement, hasStimulus }) => ({
      at: finishedAt ?? createdAt,
      name: 'Proof',
      say:
        finishedAt === null
          ? 'is under way'
          : `${state === 'finished' && verdict ? spoken(verdict) : state}, ${hasStimulus ? 'with' : 'without'} the stimulus${statement ? `: ${statement}` : ''}`,
      href: `/proofs/${id}`,
    })),
    ...deeds.map(({ at, deed, by }) => ({
      at,
      name: deed === 'snoozed' ? 'Snoozed' : 'Unsnoozed',
      say: by === null ? 'by hand' : `by ${by}`,
      href: null,
    })),
  ]
  // What opened it may be older than the scans that are kept with it.
  if (!events.some(({ name }) => name === 'Opened'))
    events.push({ at: issue.openedAt, name: 'Opened', say: '', href: null })
  if (issue.before !== null)
    events.push({
      at: issue.before.closedAt,
      name: 'The one before',
      say: 'was closed: what it found at this target has come back',
      href: `/issues/${issue.before.id}`,
    })
  if (issue.answeredAt !== null)
    events.push({ at: issue.answeredAt, name: 'Answered', say: 'the lost ports answered again: no proof', href: null })
  if (issue.closedAt !== null)
    events.push({ at: issue.closedAt, name: 'Closed', say: closedWords(issue), href: closedHref(issue) })
  return events.toSorted((a, b) => b.at - a.at)
}

const closedWords = ({ closedBy }: IssueView): string =>
  closedBy?.startsWith('prf_')
    ? 'every address got through with the stimulus'
    : closedBy?.startsWith('scn_')
      ? 'a retest ended clear'
      : ''
const closedHref = ({ closedBy }: IssueView): string | null =>
  closedBy?.startsWith('prf_') ? `/proofs/${closedBy}` : closedBy?.startsWith('scn_') ? `/scans/${closedBy}` : null

export const IssueLog = ({ issue }: { issue: IssueView }) => (
  <section>
    <h2>What happened when</h2>
    <ol class="log">
      {eventsOf(issue).map(({ at, name, say, href }) => (
        <li>
          <Time at={at} /> <strong>{name}</strong> {href === null ? say : <a href={href}>{say || 'see'}</a>}
        </li>
      ))}
    </ol>
  </section>
)
