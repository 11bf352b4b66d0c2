/** Beacons and canaries: endpoints whose truth the operator knows. */
import { FleetTabs } from './fleet.tsx'
import { Page } from './layout.tsx'
import { AskFirst } from './parts/ask-first.tsx'
import { Badge } from './parts/badge.tsx'
import { SelectField, TextField } from './parts/field.tsx'
import { Form } from './parts/form.tsx'
import { type DataColumn, type ListAsk, Listing } from './parts/listing.tsx'
import { Time } from './parts/time.tsx'
import type { Frame } from './views.ts'

export interface KnownEndpoint {
  id: string
  address: string
  port: number
  /** of a canary; a beacon is always open */
  expect: string | null
  createdAt: number
}

export interface Known {
  frame: Frame
  kind: 'beacons' | 'canaries'
  rows: readonly KnownEndpoint[]
  ask: ListAsk
  next: string | null
}

const WORDS = {
  beacons: {
    title: 'Beacons',
    one: 'beacon',
    lead: 'Listeners of your own that a probe reaches in each round, to show that the probe itself is fit. Without any, the Worker’s own address serves. One on port 25 rules out a filter on a probe’s way out.',
    none: 'No beacon: probes reach the Worker’s own address instead.',
    gone: 'Probes do not reach it any more in their rounds.',
  },
  canaries: {
    title: 'Canaries',
    one: 'canary',
    lead: 'Endpoints of your own that are known to be open, or closed. They are scanned every hour by each probe in turn: one that says otherwise is not to be believed.',
    none: 'No canary: that a probe lies shows only where others look along.',
    gone: 'Nothing shows any more on it whether a probe may be believed.',
  },
} as const

export const knownColumns = (kind: Known['kind'], mayAdmin: boolean): DataColumn<KnownEndpoint>[] => [
  {
    key: 'address',
    name: 'Address',
    sorts: true,
    cell: ({ address }) => <code>{address}</code>,
    value: ({ address }) => address,
  },
  { key: 'port', name: 'Port', sorts: true, cell: ({ port }) => port, value: ({ port }) => port },
  ...(kind === 'canaries'
    ? [
        {
          key: 'expect',
          name: 'Known to be',
          sorts: true,
          cell: ({ expect }: KnownEndpoint) => <Badge tone={expect === 'open' ? 'good' : 'mute'} text={expect ?? ''} />,
          value: ({ expect }: KnownEndpoint) => expect,
        },
      ]
    : []),
  {
    key: 'createdAt',
    name: 'Added',
    sorts: true,
    cell: ({ createdAt }) => <Time at={createdAt} />,
    value: ({ createdAt }) => new Date(createdAt).toISOString(),
  },
  ...(mayAdmin
    ? [
        {
          key: 'deeds',
          name: 'Change',
          cell: ({ id, address, port }: KnownEndpoint) => (
            <AskFirst
              name="Remove…"
              label={`Remove ${address} port ${port}`}
              action={`/api/v1/${kind}/${id}?method=DELETE`}
              button="Remove it"
            >
              {WORDS[kind].gone}
            </AskFirst>
          ),
        },
      ]
    : []),
]

export const KnownPage = ({ frame, kind, rows, ask, next }: Known) => {
  const words = WORDS[kind]
  return (
    <Page title={words.title} frame={frame}>
      <h1>{words.title}</h1>
      <FleetTabs />
      <p class="lead measure">{words.lead}</p>
      <Listing
        label={words.title}
        columns={knownColumns(kind, frame.mayAdmin)}
        rows={rows}
        ask={ask}
        next={next}
        none={words.none}
      />
      {frame.mayAdmin ? (
        <section class="card" aria-labelledby="add">
          <h2 id="add">Add a {words.one}</h2>
          {kind === 'beacons' && (
            <p class="dim">
              Start a listener first, on a machine with a fixed address:{' '}
              <code>npx portwitness beacon --host 203.0.113.7 --ports 25,80</code>
            </p>
          )}
          <Form id={`new-${words.one}`} action={`/api/v1/${kind}`}>
            <TextField id="address" label="IP address" placeholder="203.0.113.7" maxlength={45} required />
            <TextField id="port" label="Port" type="number" min={1} max={65535} required />
            {kind === 'canaries' && (
              <SelectField
                id="expect"
                label="Known to be"
                options={[
                  { value: 'open', text: 'open' },
                  { value: 'closed', text: 'closed' },
                ]}
              />
            )}
            <div class="actions">
              <button type="submit" class="main">
                Add
              </button>
            </div>
          </Form>
        </section>
      ) : (
        <p class="dim">A key of scope admin can add and remove them.</p>
      )}
    </Page>
  )
}
