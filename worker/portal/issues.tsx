import { CAUSE_CLASSES, FINDINGS } from '../../schema/words.ts'
import { Page } from './layout.tsx'
import { Badge } from './parts/badge.tsx'
import { surenessOf, whyOf } from './parts/cause.ts'
import { type DataColumn, type Filter, hrefOf, type ListAsk, Listing } from './parts/listing.tsx'
import { removedName } from './parts/target.tsx'
import { Ago } from './parts/time.tsx'
import type { Frame, IssueLineView } from './views.ts'
import { CAUSE, FINDING, type Tone } from './words.ts'

/** What the list may be narrowed to by standing; nothing chosen: what is not closed. */
export const STANDINGS = ['open', 'snoozed', 'closed', 'any'] as const
const STANDING_NAMES: Record<(typeof STANDINGS)[number], string> = {
  open: 'open',
  snoozed: 'snoozed',
  closed: 'closed',
  any: 'all, closed too',
}

const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString())

export const issueTone = ({
  state,
  finding,
  targetRemovedAt,
}: Pick<IssueLineView, 'state' | 'finding' | 'targetRemovedAt'>): Tone =>
  state === 'open' && targetRemovedAt === null ? FINDING[finding] : 'mute'

/** One definition for the table and its files. `ask` is where the links of a row narrow the list from. */
export const issueColumns = (now: number, ask: ListAsk): readonly DataColumn<IssueLineView>[] => [
  { key: 'id', name: 'Id', cell: () => '', value: ({ id }) => id },
  {
    key: 'title',
    name: 'Issue',
    cell: (issue) => (
      <>
        <a href={`/issues/${issue.id}`}>{issue.title}</a>
        {issue.targetRemovedAt !== null && <span class="dim"> its target is removed</span>}
        {issue.tags.map((tag) => (
          <>
            {' '}
            <a class="tag" href={hrefOf(ask, { filters: { ...ask.filters, tag } })}>
              {tag}
            </a>
          </>
        ))}
      </>
    ),
    value: ({ title }) => title,
  },
  { key: 'target', name: 'Target', cell: () => '', value: ({ target }) => target },
  { key: 'targetId', name: 'Target id', cell: () => '', value: ({ targetId }) => targetId },
  { key: 'address', name: 'Address', cell: () => '', value: ({ address }) => address },
  { key: 'finding', name: 'Finding', cell: () => '', value: ({ finding }) => finding },
  {
    key: 'state',
    name: 'Standing',
    cell: (issue) => (
      <>
        <Badge tone={issueTone(issue)} text={issue.state === 'open' ? issue.finding : issue.state} />
        {issue.answeredAt !== null && issue.state !== 'closed' && <span class="dim"> answers again, not proved</span>}
        {issue.state === 'snoozed' && issue.snoozedUntil !== null && (
          <span class="dim">
            {' '}
            wakes <Ago at={issue.snoozedUntil} now={now} />
          </span>
        )}
      </>
    ),
    value: ({ state }) => state,
  },
  {
    key: 'cause',
    name: 'By what, how sure',
    cell: ({ causes: [first, ...more] }) =>
      first ? (
        <>
          {whyOf(first)} <span class="dim">{surenessOf(first)}</span>
          {more.length > 0 && <span class="dim"> and {more.map(whyOf).join(', ')}</span>}
        </>
      ) : (
        ''
      ),
    value: ({ causes: [first] }) => first?.class ?? null,
  },
  { key: 'mechanism', name: 'Mechanism', cell: () => '', value: ({ causes: [first] }) => first?.mechanism ?? null },
  { key: 'confidence', name: 'Confidence', cell: () => '', value: ({ causes: [first] }) => first?.confidence ?? null },
  {
    key: 'seen',
    name: 'Last seen',
    sorts: true,
    cell: ({ restatedAt }) => <Ago at={restatedAt} now={now} />,
    value: ({ restatedAt }) => iso(restatedAt),
  },
  {
    key: 'opened',
    name: 'Opened',
    sorts: true,
    cell: ({ openedAt }) => <Ago at={openedAt} now={now} />,
    value: ({ openedAt }) => iso(openedAt),
  },
  { key: 'answeredAt', name: 'Answered', cell: () => '', value: ({ answeredAt }) => iso(answeredAt) },
  { key: 'closedAt', name: 'Closed', cell: () => '', value: ({ closedAt }) => iso(closedAt) },
  {
    key: 'targetRemovedAt',
    name: 'Target removed',
    cell: () => '',
    value: ({ targetRemovedAt }) => iso(targetRemovedAt),
  },
]

/** People see these; a file has them all. */
const SHOWN = ['title', 'state', 'cause', 'seen', 'opened']

export const IssuesPage = ({
  frame,
  ask,
  issues,
  next,
}: {
  frame: Frame
  ask: ListAsk
  issues: readonly IssueLineView[]
  next: string | null
}) => (
  <Page title="Issues" frame={frame}>
    <h1>Issues</h1>
    <p class="dim measure">
      What stood in the way of scans. An issue closes only on proof: a retest or a proof with the same stimulus that
      ends clear.
    </p>
    <Listing
      label="Issues"
      columns={issueColumns(frame.now, ask).filter(({ key }) => SHOWN.includes(key))}
      rows={issues}
      ask={ask}
      next={next}
      searches="Target or words of the issue"
      filters={filtersOf(ask, issues)}
      none={
        <>
          No issue is open: nothing that we know of stands in the way of your scans.{' '}
          <a href={hrefOf(ask, { filters: { state: 'any' } })}>Closed ones</a>
        </>
      }
    />
  </Page>
)

/** Targets and tags are offered as they are met: those of the rows, and what is asked. */
function filtersOf({ filters: { target = '', tag = '' } }: ListAsk, issues: readonly IssueLineView[]): Filter[] {
  const targets = new Map(
    issues.map((issue) => [issue.targetId, issue.targetRemovedAt === null ? issue.target : removedName(issue.target)]),
  )
  if (target !== '' && !targets.has(target)) targets.set(target, target)
  const tags = [...new Set([...issues.flatMap((issue) => issue.tags), ...(tag === '' ? [] : [tag])])].sort()
  return [
    {
      name: 'state',
      label: 'Standing',
      blank: 'open and snoozed',
      options: STANDINGS.map((value) => ({ value, text: STANDING_NAMES[value] })),
    },
    { name: 'finding', label: 'Finding', options: FINDINGS.map((value) => ({ value, text: value })) },
    { name: 'cause', label: 'Cause', options: CAUSE_CLASSES.map((value) => ({ value, text: CAUSE[value].name })) },
    ...(targets.size > 1 || target !== ''
      ? [{ name: 'target', label: 'Target', options: [...targets].map(([value, text]) => ({ value, text })) }]
      : []),
    ...(tags.length > 0 ? [{ name: 'tag', label: 'Tag', options: tags.map((value) => ({ value, text: value })) }] : []),
  ]
}
