import type { AuditHead, AuditLine } from '../../schema/audit.ts'
import { Page } from './layout.tsx'
import { Badge } from './parts/badge.tsx'
import { Taken } from './parts/copy.tsx'
import { type DataColumn, type ListAsk, Listing } from './parts/listing.tsx'
import { Said } from './parts/said.tsx'
import { Time } from './parts/time.tsx'
import type { Frame } from './views.ts'

/** What a check of the chain came to. */
export interface ChainCheck {
  /** what is wrong, in one sentence; null when nothing is */
  fault: string | null
  /** numbers of the first and the last line that were checked; null when there was none */
  first: number | null
  last: number | null
  /** where to go on; null at the end of the log */
  next: number | null
}

export interface AuditView {
  frame: Frame
  rows: readonly AuditLine[]
  ask: ListAsk
  next: string | null
  head: AuditHead | null
  check: ChainCheck | null
}

export const ACTORS = [
  { value: 'key', text: 'API keys' },
  { value: 'session', text: 'browsers' },
  { value: 'access', text: 'Cloudflare Access' },
  { value: 'probe', text: 'probes' },
  { value: 'token', text: 'enrolment tokens' },
  { value: 'line', text: 'the line itself' },
] as const
export const DEEDS = [
  { value: 'POST', text: 'adds and starts' },
  { value: 'PATCH', text: 'changes' },
  { value: 'PUT', text: 'sets' },
  { value: 'DELETE', text: 'removes' },
] as const

export const AUDIT_COLUMNS: readonly DataColumn<AuditLine>[] = [
  { key: 'seq', name: 'Line', cell: ({ seq }) => seq, value: ({ seq }) => seq },
  { key: 'at', name: 'When', cell: ({ at }) => <Time at={Date.parse(at)} />, value: ({ at }) => at },
  {
    key: 'actor',
    name: 'Who',
    cell: ({ actor }) => (
      <code>
        <Said text={actor} />
      </code>
    ),
    value: ({ actor }) => actor,
  },
  {
    key: 'deed',
    name: 'What',
    cell: ({ deed }) => (
      <code class="deed">
        <Said text={deed} />
      </code>
    ),
    value: ({ deed }) => deed,
  },
  {
    key: 'subject',
    name: 'On what',
    cell: ({ subject }) => (subject === null ? '' : <Subject id={subject} />),
    value: ({ subject }) => subject,
  },
  {
    key: 'hash',
    name: 'Hash',
    cell: ({ hash, before, asked, prev }) => (
      <details class="hashes">
        <summary>
          <code>{hash.slice(0, 10)}…</code>
        </summary>
        <dl>
          <Hash name="of this line" value={hash} />
          <Hash name="of the line before" value={prev === '' ? 'none: it is the first' : prev} />
          <Hash name="of the row before it was changed" value={before ?? 'there was none'} />
          <Hash name="of the body as sent" value={asked} />
        </dl>
      </details>
    ),
    value: ({ hash }) => hash,
  },
  { key: 'before', name: 'Before', cell: () => '', value: ({ before }) => before },
  { key: 'asked', name: 'Asked', cell: () => '', value: ({ asked }) => asked },
  { key: 'prev', name: 'Previous', cell: () => '', value: ({ prev }) => prev },
]
const FILE_ONLY: readonly string[] = ['before', 'asked', 'prev']

const Hash = ({ name, value }: { name: string; value: string }) => (
  <div>
    <dt>{name}</dt>
    <dd>
      <code>{value}</code>
    </dd>
  </div>
)

/** Pages of what an id names, by its prefix. */
const PAGES: Readonly<Record<string, string>> = {
  tgt: '/targets/',
  scn: '/scans/',
  prf: '/proofs/',
  iss: '/issues/',
  chn: '/channels/',
  prb: '/fleet/',
}
const Subject = ({ id }: { id: string }) => {
  const page = PAGES[id.slice(0, 3)]
  return <code>{page ? <a href={`${page}${id}`}>{id}</a> : <Said text={id} />}</code>
}

export const AuditPage = ({ frame, rows, ask, next, head, check }: AuditView) => (
  <Page title="Audit log" frame={frame}>
    <h1>Audit log</h1>
    <p class="lead measure">
      One line for each call that changed something: who, what, on what, and when. Each carries the hash of the line
      before it, so that a changed, removed or reordered line shows.
    </p>
    <Chain ask={ask} head={head} check={check} />
    {check === null ? (
      <Listing
        label="Audit log"
        columns={AUDIT_COLUMNS.filter(({ key }) => !FILE_ONLY.includes(key))}
        rows={rows}
        ask={ask}
        next={next}
        searches="Actor, route or id"
        filters={[
          { name: 'actor', label: 'Who', options: ACTORS },
          { name: 'deed', label: 'What', options: DEEDS },
          { name: 'from', label: 'From day (UTC)', kind: 'date' },
          { name: 'until', label: 'To day (UTC)', kind: 'date' },
        ]}
        none="Nothing has been changed yet."
      />
    ) : (
      <p>
        <a href={ask.path}>Back to the lines</a>
      </p>
    )}
  </Page>
)

const Chain = ({ ask, head, check }: Pick<AuditView, 'ask' | 'head' | 'check'>) => (
  <section class="card chain" aria-labelledby="chain">
    <h2 id="chain">The chain</h2>
    {head === null || head.seq === 0 ? (
      <p>There is no line yet.</p>
    ) : (
      <>
        <p>
          It ends with line {head.seq}. Note its hash elsewhere: then a log that was cut short, or written anew as a
          whole, shows too.
        </p>
        <Taken id="head" text={`${head.seq} ${head.hash}`} label="the end of the log" />
        {check && <Checked check={check} end={head.seq} />}
        <div class="actions">
          <a class="button main" href={`${ask.path}?check=${check?.next ?? 0}#chain`}>
            {check === null || check.next === null ? 'Check it from the first line on' : 'Check the lines after these'}
          </a>
          <a class="button" href="/api/v1/audit/export" download="audit.jsonl">
            Export all of it
          </a>
        </div>
        <details>
          <summary>Check an export without us</summary>
          <p>
            <code>npx portwitness audit --export &gt; audit.jsonl</code> keeps it,{' '}
            <code>npx portwitness audit --verify audit.jsonl</code> checks it offline. A hash is SHA-256 over the fields{' '}
            <code>tenantId, seq, at, actor, deed, subject, before, asked, prev</code>, in this order, as a JSON array.
          </p>
        </details>
      </>
    )}
  </section>
)

const Checked = ({ check, end }: { check: ChainCheck; end: number }) => {
  const { fault, first, last, next } = check
  if (fault !== null)
    return (
      <p class="answer bad" role="status">
        <Badge tone="bad" text="not whole" /> {fault} {last !== null && `It is whole up to line ${last}.`}
      </p>
    )
  return (
    <p class="answer good" role="status">
      <Badge tone="good" text={next === null ? 'whole' : 'whole so far'} />{' '}
      {next === null
        ? `Each line from ${first ?? 1} up to line ${last ?? end} follows from the one before it.`
        : `Whole from line ${first} up to line ${last} of ${end}.`}
      {first !== null && first > 1 && ' Older lines were given up by retention, or checked before.'}
    </p>
  )
}
