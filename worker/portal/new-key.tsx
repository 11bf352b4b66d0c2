import type { NewKeyAnswer, NewTenantAnswer } from '../../schema/api.ts'
import { Page } from './layout.tsx'
import { Taken } from './parts/copy.tsx'
import { Fact } from './parts/table.tsx'
import { Time } from './parts/time.tsx'
import type { Frame } from './views.ts'

const ONCE = 'It is shown this once: only its hash is kept. Copy it now to where your secrets are.'

/** The answer to the form that made it: in no address, no cookie and no list. */
export const NewKeyPage = ({ frame, made }: { frame: Frame; made: NewKeyAnswer }) => (
  <Page title="A new key" frame={frame}>
    <p class="crumb">
      <a href="/keys">Keys</a>
    </p>
    <h1>Key {made.name}</h1>
    <section class="verdict info" aria-label="The key">
      <p>
        <strong>{ONCE}</strong>
      </p>
      <Taken id="key" text={made.key} label="the key" />
    </section>
    <dl class="facts">
      <Fact name="Scope">{made.scope}</Fact>
      <Fact name="Ends">
        {made.expiresAt === null ? 'when it is revoked' : <Time at={Date.parse(made.expiresAt)} />}
      </Fact>
      <Fact name="Id">
        <code>{made.id}</code>
      </Fact>
    </dl>
    <p>
      On the command line: <code>export PORTWITNESS_KEY=…</code>. In HTTP: <code>Authorization: Bearer …</code>. The
      whole API is described under <a href="/docs">API</a>.
    </p>
    <p>
      <a class="button" href="/keys">
        I have copied it
      </a>
    </p>
  </Page>
)

export const NewTenantPage = ({ frame, made }: { frame: Frame; made: NewTenantAnswer }) => (
  <Page title="A new tenant" frame={frame}>
    <p class="crumb">
      <a href="/keys/tenants">Tenants</a>
    </p>
    <h1>Tenant {made.name}</h1>
    <section class="verdict info" aria-label="Its first key">
      <p>
        Its first key, of scope admin. <strong>{ONCE}</strong> Hand it over on a way that nobody reads along; with it
        they sign in here and make their own.
      </p>
      <Taken id="key" text={made.key} label="the key" />
    </section>
    <dl class="facts">
      <Fact name="Id">
        <code>{made.id}</code>
      </Fact>
    </dl>
    <p>
      <a class="button" href="/keys/tenants">
        I have copied it
      </a>
    </p>
  </Page>
)
