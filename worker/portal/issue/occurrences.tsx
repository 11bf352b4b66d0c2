import { HARMLESS_VERDICTS } from '../../../schema/words.ts'
import { percent } from '../../core/text.ts'
import { VerdictBadge } from '../parts/badge.tsx'
import { whyOf } from '../parts/cause.ts'
import { type DataColumn, type ListAsk, Listing } from '../parts/listing.tsx'
import { Ago } from '../parts/time.tsx'
import type { IssueView, OccurrenceRow } from '../views.ts'

/** One definition for the table and its files. `outputs`: the scans whose raw output a page may lead to. */
export const occurrenceColumns = (
  now: number,
  outputs: readonly string[] = [],
): readonly DataColumn<OccurrenceRow>[] => [
  {
    key: 'port',
    name: 'Port',
    cell: ({ port, address }) => (
      <>
        {port} <span class="dim">{address}</span>
      </>
    ),
    value: ({ port }) => port,
  },
  { key: 'address', name: 'Address', cell: () => '', value: ({ address }) => address },
  {
    key: 'seenAt',
    name: 'Seen',
    cell: ({ seenAt }) => <Ago at={seenAt} now={now} />,
    value: ({ seenAt }) => new Date(seenAt).toISOString(),
  },
  {
    key: 'verdict',
    name: 'Verdict',
    cell: ({ said }) =>
      said ? (
        <>
          <VerdictBadge verdict={said.verdict} strength={said.strength} />
          {HARMLESS_VERDICTS.includes(said.verdict) && ' after judging again'}
        </>
      ) : (
        ''
      ),
    value: ({ said }) => said?.verdict ?? null,
  },
  { key: 'strength', name: 'Strength', cell: () => '', value: ({ said }) => said?.strength ?? null },
  {
    key: 'cause',
    name: 'Cause',
    cell: ({ said }) =>
      said?.class ? (
        <>
          {whyOf({ ...said, class: said.class })}{' '}
          {said.confidence !== null && <span class="dim">{percent(said.confidence)}</span>}
        </>
      ) : (
        ''
      ),
    value: ({ said }) => said?.class ?? null,
  },
  { key: 'mechanism', name: 'Mechanism', cell: () => '', value: ({ said }) => said?.mechanism ?? null },
  { key: 'confidence', name: 'Confidence', cell: () => '', value: ({ said }) => said?.confidence ?? null },
  {
    key: 'scanId',
    name: 'Scan',
    cell: ({ scanId, id }) => (
      <>
        <a href={`/scans/${scanId}`}>scan</a>,{' '}
        {outputs.includes(scanId) ? (
          <a href={`/api/v1/occurrences/${id}/output`}>output</a>
        ) : (
          <span class="dim">its output is kept no more</span>
        )}
      </>
    ),
    value: ({ scanId }) => scanId,
  },
  { key: 'id', name: 'Id', cell: () => '', value: ({ id }) => id },
]

const SHOWN = ['port', 'seenAt', 'verdict', 'cause', 'scanId']

export const Occurrences = ({ issue, ask, now }: { issue: IssueView; ask: ListAsk; now: number }) => (
  <section id="occurrences">
    <h2>Every time it was seen</h2>
    <Listing
      label="Occurrences"
      columns={occurrenceColumns(now, issue.outputs).filter(({ key }) => SHOWN.includes(key))}
      rows={issue.occurrences}
      ask={ask}
      next={issue.occurrencesNext}
      none="No occurrence is kept."
    />
  </section>
)
