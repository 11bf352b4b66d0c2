import type { Child } from 'hono/jsx'
import type { Frame } from './views.ts'

export interface PageProps {
  title: string
  /** null for those who are not signed in */
  frame: Frame | null
  /** the page renews itself after so many seconds */
  renewAfter?: number
  /** path of a script of ours that makes the page handier; it works without */
  script?: string
  children: Child
}

const PLACES = [
  ['/', 'Overview'],
  ['/targets', 'Targets'],
  ['/issues', 'Issues'],
  ['/scans', 'Scans'],
  ['/channels', 'Channels'],
] as const

/** The shell of every page. Style is in one file, and so is what script a page may have: the policy in `HEADERS` says so. */
export const Page = ({ title, frame, renewAfter, script, children }: PageProps) => (
  <html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light dark" />
      <meta name="robots" content="noindex" />
      {renewAfter !== undefined && <meta http-equiv="refresh" content={String(renewAfter)} />}
      <title>{`${title} · Portwitness`}</title>
      <link rel="icon" href="/portal/icon.svg" type="image/svg+xml" />
      <link rel="stylesheet" href="/portal/style.css" />
      {script !== undefined && <script src={script} defer />}
    </head>
    <body>
      <a class="skip" href="#content">
        Skip to the content
      </a>
      <header class="top">
        <a class="brand" href="/">
          <img src="/portal/icon.svg" alt="" width="24" height="24" /> Portwitness
        </a>
        <nav aria-label="Main">
          {frame && PLACES.map(([href, name]) => <a href={href}>{name}</a>)}
          <a href="/ranges">Our addresses</a>
          <a href="/rules">Rules</a>
        </nav>
        {frame ? (
          <form method="post" action="/signout">
            <span class="dim">{frame.tenant}</span> <button type="submit">Sign out</button>
          </form>
        ) : (
          <a href="/signin">Sign in</a>
        )}
      </header>
      {frame?.stopped && (
        <p class="alarm" role="status">
          All scanning is stopped: the kill switch is on.
        </p>
      )}
      <main id="content">{children}</main>
      <footer>
        <a href="/docs">API</a> <a href="/ranges">Why do you see our probes?</a>
      </footer>
    </body>
  </html>
)

const POLICY =
  "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

/** What a browser may do with our pages: nothing but show them. */
export const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-store',
}

/** The same for a page with a script, which may come from a file of ours and from nowhere else. */
export const SCRIPTED: Readonly<Record<string, string>> = {
  ...HEADERS,
  'content-security-policy': `${POLICY}; script-src 'self'`,
}
