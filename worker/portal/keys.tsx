import type { Scope } from '../../schema/words.ts'
import { SCOPES } from '../../schema/words.ts'
import { Page } from './layout.tsx'
import { AskFirst } from './parts/ask-first.tsx'
import { Badge } from './parts/badge.tsx'
import { SelectField, TextField } from './parts/field.tsx'
import { Form } from './parts/form.tsx'
import { type DataColumn, type ListAsk, Listing } from './parts/listing.tsx'
import { Tabs } from './parts/tabs.tsx'
import { Ago, Time } from './parts/time.tsx'
import type { Frame } from './views.ts'

export interface KeyLine {
  id: string
  name: string
  hint: string
  scope: Scope
  createdAt: number
  expiresAt: number | null
  lastUsedAt: number | null
  madeBy: string | null
}

const SCOPE: Record<Scope, string> = {
  read: 'sees everything of its tenant, changes nothing',
  write: 'also targets, scans, issues and channels',
  admin: 'also keys, the audit log and, for the operator, the fleet and its switches',
}
/** Shown as ending soon. */
const SOON_MS = 14 * 86_400_000

export interface KeysView {
  frame: Frame
  rows: readonly KeyLine[]
  ask: ListAsk
  next: string | null
  /** the key with which this browser is signed in; null when it is with none */
  own: string | null
}

const KeyTabs = ({ frame }: { frame: Frame }) =>
  frame.isOperator ? (
    <Tabs
      label="Keys"
      tabs={[
        { href: '/keys', name: 'Keys' },
        { href: '/keys/tenants', name: 'Tenants' },
      ]}
    />
  ) : null

const Ending = ({ expiresAt, now }: { expiresAt: number | null; now: number }) => {
  if (expiresAt === null) return <span class="dim">never</span>
  if (expiresAt <= now) return <Badge tone="mute" text="expired" />
  return (
    <>
      <Time at={expiresAt} />
      {expiresAt < now + SOON_MS && (
        <div>
          <Badge tone="warn" text="soon" />
        </div>
      )}
    </>
  )
}

const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString())

export const keyColumns = (now: number, own: string | null): DataColumn<KeyLine>[] => [
  {
    key: 'name',
    name: 'Name',
    sorts: true,
    cell: ({ name, hint, id }) => (
      <>
        {name} <span class="dim">{hint}…</span> {id === own && <Badge tone="info" text="this session" />}
      </>
    ),
    value: ({ name }) => name,
  },
  { key: 'scope', name: 'Scope', sorts: true, cell: ({ scope }) => scope, value: ({ scope }) => scope },
  {
    key: 'expiresAt',
    name: 'Ends',
    sorts: true,
    cell: ({ expiresAt }) => <Ending expiresAt={expiresAt} now={now} />,
    value: ({ expiresAt }) => iso(expiresAt),
  },
  {
    key: 'lastUsedAt',
    name: 'Last used',
    sorts: true,
    cell: ({ lastUsedAt }) =>
      lastUsedAt === null ? <span class="dim">never</span> : <Ago at={lastUsedAt} now={now} />,
    value: ({ lastUsedAt }) => iso(lastUsedAt),
  },
  {
    key: 'createdAt',
    name: 'Made',
    sorts: true,
    cell: ({ createdAt, madeBy }) => (
      <>
        <Ago at={createdAt} now={now} />
        {madeBy !== null && (
          <div class="small">
            by <code>{madeBy}</code>
          </div>
        )}
      </>
    ),
    value: ({ createdAt }) => iso(createdAt),
  },
  { key: 'madeBy', name: 'Made by', cell: () => '', value: ({ madeBy }) => madeBy },
  {
    key: 'deeds',
    name: 'Change',
    cell: ({ id, name }) => (
      <AskFirst
        name="Revoke…"
        label={`Revoke key ${name}`}
        action={`/api/v1/keys/${id}?method=DELETE`}
        button="Revoke it"
      >
        {id === own
          ? 'You are signed in with this key: you will be signed out at once.'
          : 'What uses it is refused from now on, and browsers that are signed in with it are signed out.'}
      </AskFirst>
    ),
  },
  { key: 'id', name: 'Id', cell: ({ id }) => <code>{id}</code>, value: ({ id }) => id },
]

export const KeysPage = ({ frame, rows, ask, next, own }: KeysView) => (
  <Page title="Keys" frame={frame}>
    <h1>Keys</h1>
    <KeyTabs frame={frame} />
    <p class="lead measure">
      Who may ask the API, and sign in here. A session is as good as the key it was begun with: it ends after twelve
      hours, or with its key.
    </p>
    {frame.isOperator && (
      <p class="dim measure">
        The key of the first start is not in this list: it holds as long as <code>BOOTSTRAP_KEY</code> is set where the
        Worker runs (with <code>npm start</code>, from the file <code>admin.key</code>).
      </p>
    )}
    <Listing
      label="Keys"
      columns={keyColumns(frame.now, own).filter(({ key }) => key !== 'id' && key !== 'madeBy')}
      rows={rows}
      ask={ask}
      next={next}
      searches="Name, or beginning of the key"
      filters={[{ name: 'scope', label: 'Scope', options: SCOPES.map((value) => ({ value, text: value })) }]}
      none="No key is stored. You are signed in with the key of the first start: make one of your own, and take that one away."
    />
    <section class="card" aria-labelledby="make">
      <h2 id="make">Make a key</h2>
      <Form id="new-key" action="/api/v1/keys">
        <TextField
          id="name"
          label="Name"
          placeholder="CI of the shop"
          maxlength={100}
          required
          hint="What uses it, so that you know what stops when you revoke it."
        />
        <SelectField
          id="scope"
          label="Scope"
          value="read"
          options={SCOPES.map((value) => ({ value, text: `${value}: ${SCOPE[value]}` }))}
        />
        <TextField
          id="expiresAt"
          label="Last day"
          type="date"
          hint="It ends with this day, in UTC. Without one it holds until you revoke it."
        />
        <div class="actions">
          <button type="submit" class="main">
            Make it
          </button>
        </div>
      </Form>
    </section>
  </Page>
)

export interface TenantLine {
  id: string
  name: string
  createdAt: number
}

export const tenantColumns = (operatorId: string): DataColumn<TenantLine>[] => [
  {
    key: 'name',
    name: 'Name',
    sorts: true,
    cell: ({ id, name }) => (
      <>
        {name} {id === operatorId && <Badge tone="info" text="operator" />}
      </>
    ),
    value: ({ name }) => name,
  },
  { key: 'id', name: 'Id', cell: ({ id }) => <code>{id}</code>, value: ({ id }) => id },
  {
    key: 'createdAt',
    name: 'Added',
    sorts: true,
    cell: ({ createdAt }) => (createdAt === 0 ? '' : <Time at={createdAt} />),
    value: ({ createdAt }) => iso(createdAt),
  },
  {
    key: 'deeds',
    name: 'Change',
    cell: ({ id, name }) =>
      id === operatorId ? (
        ''
      ) : (
        <AskFirst
          name="Remove…"
          label={`Remove tenant ${name}`}
          action={`/api/v1/tenants/${id}?method=DELETE`}
          button={`Remove ${name}`}
        >
          Its keys end now, its schedules stop, and its channels and their secrets are deleted. What was found on its
          targets stays in backups.
        </AskFirst>
      ),
  },
]

export interface TenantsView {
  frame: Frame
  rows: readonly TenantLine[]
  ask: ListAsk
  next: string | null
  operatorId: string
}

export const TenantsPage = ({ frame, rows, ask, next, operatorId }: TenantsView) => (
  <Page title="Tenants" frame={frame}>
    <h1>Tenants</h1>
    <KeyTabs frame={frame} />
    <p class="lead measure">
      Organisations that share this stack and its fleet. None sees anything of another; you, the operator, see none of
      their targets, scans or channels.
    </p>
    <Listing
      label="Tenants"
      columns={tenantColumns(operatorId)}
      rows={rows}
      ask={ask}
      next={next}
      searches="Name or id"
      none="No tenant."
    />
    <section class="card" aria-labelledby="add">
      <h2 id="add">Add a tenant</h2>
      <Form id="new-tenant" action="/api/v1/tenants">
        <TextField id="name" label="Name" placeholder="Example Ltd" maxlength={100} required />
        <div class="actions">
          <button type="submit" class="main">
            Add
          </button>
        </div>
      </Form>
    </section>
  </Page>
)
