import { SCAN_STATES, SCAN_VERDICTS, type ScanState, type ScanVerdict } from '../../schema/words.ts'
import { Page } from './layout.tsx'
import { Badge, Share } from './parts/badge.tsx'
import { type DataColumn, fileColumns, hrefOf, type ListAsk, Listing } from './parts/listing.tsx'
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
  /** the issue of which this is the retest */
  retestOf: string | null
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
  retestOf: ({ retestOf }) => retestOf,
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
    cell: ({ site, profile, retestOf }) => (
      <>
        {site || 'any site'} <span class="dim">{profile}</span>
        {retestOf !== null && (
          <>
            {' '}
            <Badge tone="mute" text="retest" />
          </>
        )}
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

export const SCAN_FILTERS = { state: SCAN_STATES, verdict: SCAN_VERDICTS, target: null } as const

export interface ScansPageProps {
  frame: Frame
  /** of which alone these are the scans; null: of all of them. Its name is null when there is no such target (any more) */
  of: { id: string; name: string | null } | null
  rows: readonly ScanListRow[]
  ask: ListAsk
  next: string | null
}

export const ScansPage = ({ frame, of, rows, ask, next }: ScansPageProps) => {
  const running = rows.filter(({ finishedAt }) => finishedAt === null).length
  return (
    <Page title="Scans" frame={frame} renewAfter={running > 0 ? 10 : undefined} islands={['live.js']}>
      {of === null ? <h1>Scans</h1> : <OfTarget of={of} ask={ask} />}
      {of === null && rows.length > 0 && frame.mayWrite && (
        <p class="dim">
          A scan is started from the page of its <a href="/targets">target</a>, or by its schedule.
        </p>
      )}
      <div id="live-count" data-live>
        {running > 0 && (
          <p>
            <Badge tone="info" text={`${running} under way`} />
          </p>
        )}
      </div>
      <Listing
        label="Scans"
        columns={columnsOf(frame.now)}
        rows={rows}
        ask={ask}
        next={next}
        searches="Target or address"
        part={{ id: 'live-list', 'data-live': true, 'data-every': running > 0 ? '5' : undefined }}
        kept={['target']}
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
            No scan yet. Open one of your <a href="/targets">targets</a> and start one; what was lost on the way, and to
            whom, will stand here.
          </>
        }
      />
    </Page>
  )
}

/** Whose scans these are, and the way to those of all targets, with whatever else is asked for. */
const OfTarget = ({ of: { id, name }, ask }: { of: { id: string; name: string | null }; ask: ListAsk }) => (
  <>
    <h1>{name === null ? 'Scans of a removed target' : `Scans of ${name}`}</h1>
    <p class="actions">
      {name !== null && (
        <a class="button" href={`/targets/${id}`}>
          The target
        </a>
      )}
      <a class="button" href={hrefOf(ask, { filters: { ...ask.filters, target: '' } })}>
        Scans of all targets
      </a>
    </p>
  </>
)
