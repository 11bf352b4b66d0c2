/** What the operator is told by others: who is not to be scanned, and who lets a tenant scan. */
import type { LetterAnswer } from '../../schema/control.ts'
import { Page } from './layout.tsx'
import { AskFirst } from './parts/ask-first.tsx'
import { Badge } from './parts/badge.tsx'
import { SelectField, TextField } from './parts/field.tsx'
import { Form } from './parts/form.tsx'
import { type DataColumn, type ListAsk, Listing } from './parts/listing.tsx'
import { Said } from './parts/said.tsx'
import { Time } from './parts/time.tsx'
import { SettingsTabs } from './settings.tsx'
import type { Frame } from './views.ts'

export interface OptOutLine {
  id: string
  cidr: string
  note: string | null
  createdAt: number
}

export const OPT_OUT_COLUMNS: readonly DataColumn<OptOutLine>[] = [
  { key: 'cidr', name: 'Network', sorts: true, cell: ({ cidr }) => <code>{cidr}</code>, value: ({ cidr }) => cidr },
  {
    key: 'note',
    name: 'Note',
    cell: ({ note }) => (note === null ? '' : <Said text={note} most={500} />),
    value: ({ note }) => note,
  },
  {
    key: 'createdAt',
    name: 'Since',
    sorts: true,
    cell: ({ createdAt }) => <Time at={createdAt} />,
    value: ({ createdAt }) => new Date(createdAt).toISOString(),
  },
  {
    key: 'deeds',
    name: 'Change',
    cell: ({ id, cidr }) => (
      <AskFirst
        name="Lift…"
        label={`Lift the opt-out of ${cidr}`}
        action={`/api/v1/opt-outs/${id}?method=DELETE`}
        button={`Let ${cidr} be scanned again`}
      >
        Its owner asked not to be scanned. Lift it only when they ask for that, too.
      </AskFirst>
    ),
  },
]

interface Listed<Row> {
  frame: Frame
  rows: readonly Row[]
  ask: ListAsk
  next: string | null
}

export const OptOutsPage = ({ frame, rows, ask, next }: Listed<OptOutLine>) => (
  <Page title="Opt-outs" frame={frame}>
    <h1>Opt-outs</h1>
    <SettingsTabs frame={frame} />
    <p class="lead measure">
      Networks whose owners asked not to be scanned. They hold for all tenants, whatever is proved otherwise.
    </p>
    <Listing
      label="Opt-outs"
      columns={OPT_OUT_COLUMNS}
      rows={rows}
      ask={ask}
      next={next}
      searches="Network or note"
      none="Nobody asked yet."
    />
    <section class="card" aria-labelledby="add">
      <h2 id="add">Never scan a network</h2>
      <Form id="opt-out" action="/api/v1/opt-outs">
        <TextField
          id="cidr"
          label="Network"
          placeholder="203.0.113.0/24 or 2001:db8::7"
          maxlength={49}
          required
          hint="What runs there stops at once."
        />
        <TextField id="note" label="Note" placeholder="Mail of 3 November from abuse@example.net" maxlength={500} />
        <div class="actions">
          <button type="submit" class="main">
            Add
          </button>
        </div>
      </Form>
    </section>
  </Page>
)

export const letterColumns = (now: number): DataColumn<LetterAnswer>[] => [
  { key: 'cidr', name: 'Network', sorts: true, cell: ({ cidr }) => <code>{cidr}</code>, value: ({ cidr }) => cidr },
  {
    key: 'tenantId',
    name: 'Tenant',
    sorts: true,
    cell: ({ tenantId }) => <code>{tenantId}</code>,
    value: ({ tenantId }) => tenantId,
  },
  {
    key: 'signedBy',
    name: 'Signed by',
    sorts: true,
    cell: ({ signedBy, note, sha256, enteredBy }) => (
      <>
        {signedBy}
        {note !== null && (
          <div class="dim small">
            <Said text={note} most={500} />
          </div>
        )}
        <div class="dim small">
          entered by <code>{enteredBy}</code>, SHA-256 <code title={sha256}>{sha256.slice(0, 12)}…</code>
        </div>
      </>
    ),
    value: ({ signedBy }) => signedBy,
  },
  {
    key: 'state',
    name: 'State',
    cell: ({ expiresAt, revokedAt }) => <StateOfLetter expiresAt={expiresAt} revokedAt={revokedAt} now={now} />,
    value: ({ expiresAt, revokedAt }) => stateOf(expiresAt, revokedAt, now),
  },
  {
    key: 'expiresAt',
    name: 'Holds until',
    sorts: true,
    cell: ({ expiresAt }) => <Time at={Date.parse(expiresAt)} />,
    value: ({ expiresAt }) => expiresAt,
  },
  { key: 'sha256', name: 'SHA-256', cell: () => '', value: ({ sha256 }) => sha256 },
  { key: 'note', name: 'Note', cell: () => '', value: ({ note }) => note },
  { key: 'enteredBy', name: 'Entered by', cell: () => '', value: ({ enteredBy }) => enteredBy },
  {
    key: 'deeds',
    name: 'Change',
    cell: ({ id, cidr, revokedAt }) =>
      revokedAt === null ? (
        <AskFirst
          name="Revoke…"
          label={`Revoke the letter for ${cidr}`}
          action={`/api/v1/letters/${id}?method=DELETE`}
          button="Revoke it"
        >
          What runs on its strength alone stops. The letter stays in the list.
        </AskFirst>
      ) : (
        ''
      ),
  },
]

/** Columns that only files have. */
const LETTER_FILE_ONLY: readonly string[] = ['sha256', 'note', 'enteredBy']

const stateOf = (expiresAt: string, revokedAt: string | null, now: number): 'holds' | 'revoked' | 'expired' =>
  revokedAt !== null ? 'revoked' : Date.parse(expiresAt) <= now ? 'expired' : 'holds'

const StateOfLetter = ({ expiresAt, revokedAt, now }: { expiresAt: string; revokedAt: string | null; now: number }) => {
  const state = stateOf(expiresAt, revokedAt, now)
  return <Badge tone={state === 'holds' ? 'good' : 'mute'} text={state} />
}

export const LettersPage = ({
  frame,
  rows,
  ask,
  next,
  tenants,
}: Listed<LetterAnswer> & { tenants: readonly { id: string; name: string }[] }) => (
  <Page title="Letters" frame={frame}>
    <h1>Letters</h1>
    <SettingsTabs frame={frame} />
    <p class="lead measure">
      Signed letters by which the holder of a network lets a tenant scan it, where nobody can put a token on each
      address. Keep the letter itself; here is its hash.
    </p>
    <Listing
      label="Letters"
      columns={letterColumns(frame.now).filter(({ key }) => !LETTER_FILE_ONLY.includes(key))}
      rows={rows}
      ask={ask}
      next={next}
      searches="Network, tenant or who signed"
      none="No letter is entered."
    />
    <section class="card" aria-labelledby="enter">
      <h2 id="enter">Enter a letter</h2>
      <Form id="letter" action="/api/v1/letters">
        <SelectField
          id="tenantId"
          label="Tenant"
          options={tenants.map(({ id, name }) => ({ value: id, text: `${name} (${id})` }))}
        />
        <TextField id="cidr" label="Network" placeholder="203.0.113.0/24" maxlength={49} required />
        <TextField id="signedBy" label="Signed by" placeholder="Jo Holder, Example Ltd" maxlength={200} required />
        <TextField id="signedAt" label="Signed on" type="date" required />
        <TextField id="expiresAt" label="Holds until" type="date" required hint="Within a year of the signature." />
        <TextField
          id="sha256"
          label="SHA-256 of the letter"
          maxlength={64}
          pattern="[0-9a-fA-F]{64}"
          required
          hint={
            <>
              Of the file as it was signed: <code>sha256sum letter.pdf</code>
            </>
          }
        />
        <TextField id="note" label="Note" maxlength={500} />
        <div class="actions">
          <button type="submit" class="main">
            Enter it
          </button>
        </div>
      </Form>
    </section>
  </Page>
)
