import { Page } from './layout.tsx'
import { Badge, shareWords } from './parts/badge.tsx'
import { CONTROL_OPTIONS, ControlBadge } from './parts/control.tsx'
import { type DataColumn, type Filter, hrefOf, type ListAsk, Listing } from './parts/listing.tsx'
import { lookOfScan, Mark } from './parts/mark.tsx'
import { Schedule } from './parts/schedule.tsx'
import { Ago } from './parts/time.tsx'
import type { Frame, TargetRow } from './views.ts'

const FILTERS: readonly Filter[] = [
  {
    name: 'issues',
    label: 'Issues',
    options: [
      { value: 'open', text: 'with open ones' },
      { value: 'none', text: 'without' },
    ],
  },
  {
    name: 'schedule',
    label: 'Schedule',
    options: [
      { value: 'yes', text: 'by schedule' },
      { value: 'no', text: 'only when asked' },
    ],
  },
  { name: 'control', label: 'Proof of control', options: CONTROL_OPTIONS },
  { name: 'allowlist', label: 'Allowlist', options: [{ value: 'outdated', text: 'outdated' }] },
  { name: 'tag', label: 'Tag' },
]

const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString())

export const targetColumns = (ask: ListAsk, now: number): readonly DataColumn<TargetRow>[] => [
  {
    key: 'name',
    name: 'Target',
    sorts: true,
    value: ({ name, address }) => name ?? address,
    cell: ({ id, name, address, tags }) => (
      <>
        <a href={`/targets/${id}`}>{name ?? address}</a> {name !== null && <span class="dim break">{address}</span>}
        {tags.length > 0 && (
          <ul class="tags" aria-label="Tags">
            {tags.map((tag) => (
              <li>
                <a href={hrefOf(ask, { filters: { ...ask.filters, tag } })}>{tag}</a>
              </li>
            ))}
          </ul>
        )}
      </>
    ),
  },
  {
    key: 'control',
    name: 'Proof of control',
    value: ({ control }) => control,
    cell: ({ control }) => <ControlBadge state={control} />,
  },
  {
    key: 'ports',
    name: 'Ports',
    value: ({ ports }) => ports,
    cell: ({ ports, profile }) => (
      <>
        <span class="cut">{ports}</span> <span class="dim">{profile}</span>
      </>
    ),
  },
  {
    key: 'schedule',
    name: 'Schedule',
    value: ({ schedule }) => schedule,
    cell: (target) => <Schedule of={target} now={now} />,
  },
  {
    key: 'issues',
    name: 'Open issues',
    sorts: true,
    value: ({ openIssues }) => openIssues,
    cell: ({ id, openIssues }) =>
      openIssues > 0 ? (
        <a href={`/targets/${id}#issues`}>
          <Badge tone="bad" text={`${openIssues} open`} />
        </a>
      ) : (
        '0'
      ),
  },
  {
    key: 'last',
    name: 'Last scan',
    sorts: true,
    value: ({ lastScannedAt }) => iso(lastScannedAt),
    cell: ({ lastScanId, lastScannedAt, lastVerdict, lastShare, retest }) =>
      lastScanId === null || lastScannedAt === null ? (
        <span class="dim">never</span>
      ) : (
        <>
          <Mark {...lookOfScan(lastVerdict)} label={lookOfScan(lastVerdict).text} />{' '}
          <a href={`/scans/${lastScanId}`}>
            <Ago at={lastScannedAt} now={now} />
          </a>
          {lastShare !== null && <span class="dim">, {shareWords(lastShare)} tested</span>}
          {retest && (
            <span class="dim">
              ; <a href={`/scans/${retest.id}`}>retest</a> {retest.verdict} <Ago at={retest.at} now={now} />
              {retest.share !== null && `, ${shareWords(retest.share)} together`}
            </span>
          )}
        </>
      ),
  },
]

/** What files tell, which is more than fits a table. */
export const FILE_COLUMNS: readonly DataColumn<TargetRow>[] = (
  [
    ['id', ({ id }) => id],
    ['name', ({ name }) => name],
    ['address', ({ address }) => address],
    ['control', ({ control }) => control],
    ['ports', ({ ports }) => ports],
    ['profile', ({ profile }) => profile],
    ['schedule', ({ schedule }) => schedule],
    ['timezone', ({ timezone }) => timezone],
    ['nextDueAt', ({ nextDueAt }) => iso(nextDueAt)],
    ['tags', ({ tags }) => tags.join(', ')],
    ['openIssues', ({ openIssues }) => openIssues],
    ['lastScanId', ({ lastScanId }) => lastScanId],
    ['lastScannedAt', ({ lastScannedAt }) => iso(lastScannedAt)],
    ['lastVerdict', ({ lastVerdict }) => lastVerdict],
    ['lastShare', ({ lastShare }) => lastShare],
    ['retestId', ({ retest }) => retest?.id ?? null],
    ['retestVerdict', ({ retest }) => retest?.verdict ?? null],
    ['retestedAt', ({ retest }) => iso(retest?.at ?? null)],
    ['shareWithRetest', ({ retest }) => retest?.share ?? null],
  ] satisfies [string, (row: TargetRow) => string | number | null][]
).map(([key, value]) => ({ key, name: key, value, cell: value }))

export interface Targets {
  frame: Frame
  targets: readonly TargetRow[]
  ask: ListAsk
  next: string | null
}

export const TargetsPage = ({ frame, targets, ask, next }: Targets) => (
  <Page title="Targets" frame={frame}>
    <div class="head first">
      <h1>Targets</h1>
      {frame.mayWrite && (
        <a class="button main" href="/targets/new">
          Add a target
        </a>
      )}
    </div>
    <Listing
      label="Targets"
      columns={targetColumns(ask, frame.now)}
      rows={targets}
      ask={ask}
      next={next}
      searches="Name, address or tag"
      filters={FILTERS}
      none={
        frame.mayWrite ? (
          <>
            No target yet. <a href="/targets/new">Add the first one</a>, or run <code>portwitness scan ADDRESS</code>.
          </>
        ) : (
          'No target yet. A key of scope write can add one.'
        )
      }
    />
  </Page>
)
