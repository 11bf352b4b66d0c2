import { SCAN_STATES, SCAN_VERDICTS, type ScanState, type ScanVerdict } from '../../schema/words.ts'
import { Page } from './layout.tsx'
import { Badge, Share } from './parts/badge.tsx'
import { type DataColumn, fileColumns, type ListAsk, Listing } from './parts/listing.tsx'
import { ScanBadge } from './parts/rows.tsx'
import { Ago, span } from './parts/time.tsx'
import type { Frame } from './views.ts'
import { SCAN_STATE, SCAN_VERDICT } from './words.ts'

export interface ScanListRow {
  id: string
  targetId: string
  target: string
  address: string
  site: string
  profile: string
  state: ScanState
  verdict: ScanVerdict | null
  /** of the planned work, what was done while the target was reachable; null before it is judged */
  share: number | null
  coverage: string | null
  /** endpoints that an issue counts */
  lost: number
  createdAt: number
  startedAt: number | null
  finishedAt: number | null
}

const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString())

/** What a file of scans says. */
export const SCAN_FILE = fileColumns<ScanListRow>({
  id: ({ id }) => id,
  targetId: ({ targetId }) => targetId,
  target: ({ target }) => target,
  address: ({ address }) => address,
  site: ({ site }) => site,
  profile: ({ profile }) => profile,
  state: ({ state }) => state,
  verdict: (scan) => verdictOf(scan),
  lost: ({ lost }) => lost,
  tested: ({ share }) => share,
  coverage: ({ coverage }) => coverage,
  createdAt: ({ createdAt }) => iso(createdAt),
  startedAt: ({ startedAt }) => iso(startedAt),
  finishedAt: ({ finishedAt }) => iso(finishedAt),
})

/** A verdict on the whole is for the end. */
const verdictOf = ({ state, verdict }: ScanListRow): ScanVerdict | null => (state === 'finished' ? verdict : null)

const columnsOf = (now: number): readonly DataColumn<ScanListRow>[] => [
  {
    key: 'target',
    name: 'Target',
    cell: ({ id, target, address }) => (
      <>
        <a href={`/scans/${id}`}>{target}</a>
        {address !== '' && address !== target && (
          <>
            {' '}
            <code class="dim">{address}</code>
          </>
        )}
      </>
    ),
  },
  {
    key: 'outcome',
    name: 'Outcome',
    cell: (scan) => (
      <>
        <ScanBadge state={scan.state} verdict={scan.verdict} />
        {scan.lost > 0 && (
          <>
            {' '}
            <span class="dim whole">
              {scan.lost} {scan.lost === 1 ? 'port' : 'ports'}
            </span>
          </>
        )}
      </>
    ),
  },
  {
    key: 'tested',
    name: 'Really tested',
    cell: ({ share, finishedAt, target }) =>
      finishedAt === null || share === null ? (
        <span class="dim">{finishedAt === null ? 'not ended' : 'nothing'}</span>
      ) : (
        <Share share={share} label={`Really tested of ${target}`} />
      ),
  },
  {
    key: 'from',
    name: 'From',
    cell: ({ site, profile }) => (
      <>
        {site || 'any site'} <span class="dim">{profile}</span>
      </>
    ),
  },
  { key: 'createdAt', name: 'Asked for', sorts: true, cell: ({ createdAt }) => <Ago at={createdAt} now={now} /> },
  {
    key: 'took',
    name: 'Took',
    cell: ({ startedAt, finishedAt }) => (
      <span class="number whole">{startedAt === null ? '–' : span((finishedAt ?? now) - startedAt)}</span>
    ),
  },
]

export const SCAN_FILTERS = { state: SCAN_STATES, verdict: SCAN_VERDICTS } as const

export interface ScansPageProps {
  frame: Frame
  rows: readonly ScanListRow[]
  ask: ListAsk
  next: string | null
}

export const ScansPage = ({ frame, rows, ask, next }: ScansPageProps) => {
  const running = rows.filter(({ finishedAt }) => finishedAt === null).length
  return (
    <Page title="Scans" frame={frame} renewAfter={running > 0 ? 10 : undefined} islands={['live.js']}>
      <h1>Scans</h1>
      <div id="live-list" data-live data-every={running > 0 ? '5' : undefined}>
        {running > 0 && (
          <p>
            <Badge tone="info" text={`${running} under way`} />
          </p>
        )}
        <Listing
          label="Scans"
          columns={columnsOf(frame.now)}
          rows={rows}
          ask={ask}
          next={next}
          searches="Target or address"
          filters={[
            {
              name: 'verdict',
              label: 'Verdict',
              options: SCAN_VERDICTS.map((value) => ({ value, text: SCAN_VERDICT[value].title })),
            },
            {
              name: 'state',
              label: 'State',
              options: SCAN_STATES.map((value) => ({
                value,
                text: `${value}: ${SCAN_STATE[value].sentence.replace(/^It /, '').replace(/\.$/, '')}`,
              })),
            },
          ]}
          none={
            <>
              No scan yet. Open one of your <a href="/targets">targets</a> and start one; what was lost on the way, and
              to whom, will stand here.
            </>
          }
        />
      </div>
    </Page>
  )
}
