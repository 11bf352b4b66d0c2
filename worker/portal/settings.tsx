import type { Retention } from '../../schema/backup.ts'
import { CEILING_SCOPES, type Ceiling, type CeilingScope, type Ceilings } from '../../schema/ceilings.ts'
import type { ProofTokenAnswer } from '../../schema/proofApi.ts'
import type { Scope } from '../../schema/words.ts'
import { Page } from './layout.tsx'
import { useLook } from './look.ts'
import { AskFirst } from './parts/ask-first.tsx'
import { Badge } from './parts/badge.tsx'
import { CopyButton } from './parts/copy.tsx'
import { TextField } from './parts/field.tsx'
import { Fold, Form } from './parts/form.tsx'
import { Fact, Files, Table } from './parts/table.tsx'
import { Tabs } from './parts/tabs.tsx'
import { Ago, Time } from './parts/time.tsx'
import type { Frame } from './views.ts'

/** Who is signed in, and how. */
export interface SessionView {
  /** of the key; or the identity that Cloudflare Access vouches for */
  actor: string
  by: 'key' | 'session' | 'access'
  scope: Scope
  /** when the session ends by itself; null where that is not ours to say */
  endsAt: number | null
}

export interface SettingsView {
  frame: Frame
  tenantId: string
  session: SessionView
  switch: { stopped: boolean; since: number | null; by: string | null }
  tokens: ProofTokenAnswer
  /** the operator's; null for others */
  retention: Retention | null
  ceilings: Ceilings | null
}

export const SettingsTabs = ({ frame }: { frame: Frame }) =>
  frame.isOperator && frame.mayAdmin ? (
    <Tabs
      label="Settings"
      tabs={[
        { href: '/settings', name: 'General' },
        { href: '/settings/opt-outs', name: 'Opt-outs' },
        { href: '/settings/letters', name: 'Letters' },
      ]}
    />
  ) : null

export const SettingsPage = (view: SettingsView) => {
  const { frame, retention, ceilings } = view
  return (
    <Page title="Settings" frame={frame}>
      <h1>Settings</h1>
      <SettingsTabs frame={frame} />
      <KillSwitch {...view} />
      <div class="columns">
        <div>
          <Tenant {...view} />
          <Session {...view} />
        </div>
        <div>
          <Tokens {...view} />
          {retention && <Keeping frame={frame} retention={retention} />}
        </div>
      </div>
      {ceilings && <CeilingsPart ceilings={ceilings} />}
      <section aria-labelledby="reading">
        <h2 id="reading">To read</h2>
        <ul class="plain">
          <li>
            <a href="/docs">The API</a>, and <a href="/openapi.json">its OpenAPI document</a>
          </li>
          <li>
            <a href="/rules">The rules</a> that verdicts rest on
          </li>
          <li>
            <a href="/ranges">Our addresses</a>, for whoever has to let us through
          </li>
        </ul>
      </section>
    </Page>
  )
}

const KillSwitch = ({ frame, switch: { stopped, since, by } }: SettingsView) => {
  const mayMove = frame.isOperator && frame.mayAdmin
  return (
    <section class={`verdict kill ${stopped ? 'bad' : 'good'}`} aria-labelledby="kill-switch">
      <div class="head first">
        <h2 id="kill-switch">Kill switch</h2>
        <Badge tone={stopped ? 'bad' : 'good'} text={stopped ? 'all scanning is stopped' : 'scanning is on'} />
      </div>
      <p>
        {stopped
          ? 'Nothing is scanned and nothing touched, for any tenant, until it is let go on.'
          : 'One switch stops all scanning of all tenants, within 20 seconds.'}
        {since !== null && (
          <>
            {' '}
            Last moved <Ago at={since} now={frame.now} /> (<Time at={since} />)
            {by !== null && (
              <>
                {' '}
                by <code>{by}</code>
              </>
            )}
            .
          </>
        )}
      </p>
      {mayMove ? (
        stopped ? (
          <AskFirst name="Let scanning go on…" action="/api/v1/kill-switch?method=PUT" button="Let scanning go on">
            <input type="hidden" name="stopped" value="no" />
            Due scans begin at the next minute. Scans that were cancelled stay cancelled.
          </AskFirst>
        ) : (
          <AskFirst name="Stop all scanning…" action="/api/v1/kill-switch?method=PUT" button="Stop all scanning now">
            <input type="hidden" name="stopped" value="yes" />
            Every scan of every tenant is cancelled, and probes stop within 20 seconds. Nothing begins until you let it
            go on.
          </AskFirst>
        )
      ) : (
        <p class="dim">Only the operator of this stack moves it, with a key of scope admin.</p>
      )}
    </section>
  )
}

const Tenant = ({ frame, tenantId }: SettingsView) => (
  <section class="card" aria-labelledby="tenant">
    <h2 id="tenant">Your organisation</h2>
    {frame.mayAdmin ? (
      <Form id="rename" action="/api/v1/tenant?method=PATCH">
        <TextField id="name" label="Name" value={frame.tenant} maxlength={100} required />
        <div class="actions">
          <button type="submit">Rename</button>
        </div>
      </Form>
    ) : (
      <p>
        {frame.tenant} <span class="dim">A key of scope admin can rename it.</span>
      </p>
    )}
    <p class="dim">
      Id <code>{tenantId}</code>
      {frame.isOperator && ': the operator of this stack'}
    </p>
  </section>
)

const BY: Record<SessionView['by'], string> = {
  key: 'by an API key in the request',
  session: 'in this browser, by a key',
  access: 'through Cloudflare Access',
}

const Session = ({ session }: SettingsView) => {
  const { theme } = useLook()
  return (
    <section class="card" aria-labelledby="session">
      <h2 id="session">This session</h2>
      <dl class="pairs">
        <Fact name="Signed in">{BY[session.by]}</Fact>
        <Fact name="As">
          <code>{session.actor}</code>
        </Fact>
        <Fact name="Scope">{session.scope}</Fact>
        {session.endsAt !== null && (
          <Fact name="Ends">
            <Time at={session.endsAt} />, or with its key
          </Fact>
        )}
        <Fact name="Theme">
          {theme === null ? 'follows your system' : `${theme}, whatever your system has`}; the switch is in the corner
          of every page
        </Fact>
      </dl>
      <form method="post" action="/signout" class="one">
        <button type="submit">Sign out</button>
      </form>
      {session.by === 'session' && (
        <AskFirst name="Sign out everywhere…" action="/signout/everywhere" button="Sign out everywhere">
          Every session that was begun with this key ends, here and in all other browsers, and so do its one-time links.
          The key stays good: whoever else may have it needs it taken away.
        </AskFirst>
      )}
    </section>
  )
}

const Tokens = ({ frame, tokens }: SettingsView) => (
  <section class="card" aria-labelledby="tokens">
    <h2 id="tokens">Proof token</h2>
    <p>
      Our requests to web servers carry it in the header <code>{tokens.header}</code>, so that a defence can tell your
      own scans from those of others behind the same addresses.
    </p>
    <p class="take">
      <code>{tokens.token}</code> <CopyButton text={tokens.token} label="Copy the proof token" />
    </p>
    {tokens.next && (
      <>
        <p>
          From <Time at={Date.parse(tokens.next.usedFrom)} /> on it is this one; allow both until then:
        </p>
        <p class="take">
          <code>{tokens.next.token}</code> <CopyButton text={tokens.next.token} label="Copy the next proof token" />
        </p>
      </>
    )}
    {frame.mayWrite ? (
      <Fold class="ask-first" summary="Make a new one…">
        <Form id="rotation" action="/api/v1/proof-token/rotate">
          <TextField
            id="overlapDays"
            of="overlapSeconds"
            wrong="must be a whole number of days from 0 to 90"
            label="Use it in so many days"
            type="number"
            value="7"
            min={0}
            max={90}
            required
            hint="Time to allow it wherever the old one is allowed. The tokens of single targets change with it."
          />
          <div class="actions">
            <button type="submit" class="danger">
              Make a new token
            </button>
          </div>
        </Form>
      </Fold>
    ) : (
      <p class="dim">A key of scope write can make a new one.</p>
    )}
  </section>
)

const Keeping = ({ frame: { mayAdmin }, retention }: { frame: Frame; retention: Retention }) => (
  <section class="card" aria-labelledby="keeping">
    <h2 id="keeping">How long what is kept</h2>
    {mayAdmin ? (
      <Form id="retention" action="/api/v1/retention?method=PUT">
        <Kept retention={retention} mayChange />
        <div class="actions">
          <button type="submit">Save</button>
        </div>
      </Form>
    ) : (
      <Kept retention={retention} mayChange={false} />
    )}
    <p class="dim">The audit log is kept 400 days, the log of range changes for ever.</p>
  </section>
)

const Kept = ({ retention, mayChange }: { retention: Retention; mayChange: boolean }) => (
  <>
    <Days
      id="factsDays"
      label="Facts of scans"
      value={retention.factsDays}
      hint="What probes reported. Verdicts stay without them, but cannot be judged again."
      mayChange={mayChange}
    />
    <Days
      id="rawDays"
      label="Raw output and logs"
      value={retention.rawDays}
      hint="The text logs of scans, in R2."
      mayChange={mayChange}
    />
    <Days
      id="deliveriesDays"
      label="Messages"
      value={retention.deliveriesDays}
      hint="What channels were sent, and what it was made of."
      mayChange={mayChange}
    />
  </>
)

const Days = ({
  id,
  label,
  value,
  hint,
  mayChange,
}: {
  id: string
  label: string
  value: number
  hint: string
  mayChange: boolean
}) =>
  mayChange ? (
    <TextField
      id={id}
      label={`${label}, days`}
      type="number"
      value={String(value)}
      min={2}
      max={3650}
      required
      hint={hint}
    />
  ) : (
    <p>
      <strong>{label}:</strong> {value} days. <span class="dim">{hint}</span>
    </p>
  )

const CEILING: Record<CeilingScope, string> = {
  target: 'One address',
  network: 'Its /24 or /48',
  tenant: 'One tenant',
  fleet: 'The whole fleet',
}
const much = (value: number): string => value.toLocaleString('en-US')
const perDay = ({ perDay: most }: Ceiling) => (most === null ? 'no limit' : much(most))

const CeilingsPart = ({ ceilings }: { ceilings: Ceilings }) => (
  <section aria-labelledby="ceilings">
    <h2 id="ceilings">Ceilings</h2>
    <p class="dim measure">
      Connects that may be sent, whatever targets ask for. They are changed by <code>PUT /api/v1/ceilings</code> and
      hold for scans that begin from then on.
    </p>
    <Table
      label="Ceilings by what they are of"
      columns={['Of', 'Public: a second', 'Public: a day', 'Private: a second', 'Private: a day']}
      rows={CEILING_SCOPES.map((scope) => [
        CEILING[scope],
        much(ceilings.public[scope].perSecond),
        perDay(ceilings.public[scope]),
        much(ceilings.private[scope].perSecond),
        perDay(ceilings.private[scope]),
      ])}
    />
    <Files path="/settings/ceilings" />
  </section>
)
