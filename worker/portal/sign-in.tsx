import { Page } from './layout.tsx'

/** `problem` is one of our own sentences, never what was typed; `next` the page that they wanted. */
export const SignInPage = ({ problem, next }: { problem: string | null; next: string }) => (
  <Page title="Sign in" frame={null}>
    <section class="narrow">
      <h1>Sign in</h1>
      <p class="lead">Portwitness tells you when your scans are being blocked, by what, and how to put it right.</p>
      {problem && (
        <p class="alarm" role="alert">
          {problem}
        </p>
      )}
      <form class="stack" method="post" action="/signin" autocomplete="off">
        {next !== '/' && <input type="hidden" name="next" value={next} />}
        {/* Password managers keep a key under a name; a hidden one will do. */}
        <input type="text" name="username" value="api-key" autocomplete="username" hidden readonly />
        <label for="key">API key</label>
        <input
          id="key"
          name="key"
          type="password"
          required
          maxlength={80}
          spellcheck={false}
          autocomplete="current-password"
          placeholder="pw_…"
        />
        <button class="main" type="submit">
          Sign in
        </button>
      </form>
      <p class="dim">
        The first key of a new installation is in the file <code>admin.key</code> of its data folder; whoever runs it
        makes further ones. A session lasts 12 hours, and ends before when you sign out or its key does.
      </p>
      <section aria-labelledby="stranger">
        <h2 id="stranger">You saw our probes in your logs?</h2>
        <p>
          No key is needed to <a href="/ranges">look up an address</a>, to fetch{' '}
          <a href="/ip-ranges.json">all of ours</a>, or to read{' '}
          <a href="/.well-known/probing.txt">who we are and whom to write to</a>.
        </p>
      </section>
    </section>
  </Page>
)

/** Who comes from a page or message of somebody else signs in by a press of the button alone. */
export const OncePage = ({ token }: { token: string }) => (
  <Page title="Sign in" frame={null}>
    <section class="narrow">
      <h1>Sign in</h1>
      <p class="lead">
        This link signs you in once. Use it only if you asked for it: who made it sees what you do then.
      </p>
      <form class="stack" method="post" action="/signin">
        <input type="hidden" name="once" value={token} />
        <button class="main" type="submit">
          Sign in
        </button>
      </form>
    </section>
  </Page>
)
