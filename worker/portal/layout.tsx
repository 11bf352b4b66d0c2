import { html } from 'hono/html'
import { type Child, useContext } from 'hono/jsx'
import { assetHref, type IslandName } from './assets.ts'
import { type Theme, useLook } from './look.ts'
import { Icon, type IconName } from './parts/icon.tsx'
import { RefusalContext } from './refusal.ts'
import { type Frame, MOST_COUNTED } from './views.ts'

export interface PageProps {
  title: string
  /** null for those who are not signed in */
  frame: Frame | null
  /** where no script runs, the page renews itself after so many seconds */
  renewAfter?: number
  /** scripts of ours that make the page handier; it works without */
  islands?: readonly IslandName[]
  children: Child
}

interface Place {
  href: string
  name: string
  icon: IconName
}

const DAILY: readonly Place[] = [
  { href: '/', name: 'Overview', icon: 'overview' },
  { href: '/targets', name: 'Targets', icon: 'target' },
  { href: '/scans', name: 'Scans', icon: 'scan' },
  { href: '/issues', name: 'Issues', icon: 'issue' },
]
const SETUP: readonly Place[] = [
  { href: '/fleet', name: 'Fleet', icon: 'fleet' },
  { href: '/channels', name: 'Channels', icon: 'channel' },
  { href: '/keys', name: 'Keys', icon: 'key' },
  { href: '/audit', name: 'Audit log', icon: 'audit' },
  { href: '/settings', name: 'Settings', icon: 'settings' },
]
const PUBLIC: readonly Place[] = [
  { href: '/ranges', name: 'Our addresses', icon: 'ranges' },
  { href: '/rules', name: 'Rules', icon: 'rules' },
  { href: '/docs', name: 'API', icon: 'api' },
]

/** The shell of every page. Style and script come as files of ours: the policy in `HEADERS` allows nothing else. */
export const Page = ({ title, frame, renewAfter, islands = [], children }: PageProps) => {
  const { theme, said, hasContact } = useLook()
  const isRefused = useContext(RefusalContext) !== null
  // A page with a refused form stands still: news would take away what was typed, and it is at no address to ask again.
  const scripts = isRefused ? islands.filter((name) => name !== 'fresh.js' && name !== 'live.js') : islands
  return (
    <html lang="en" data-theme={theme ?? undefined}>
      {html`<head>
        <meta charset="utf-8"/>
        <meta name="viewport" content="width=device-width, initial-scale=1"/>
        <meta name="color-scheme" content="${theme ?? 'light dark'}"/>
        <meta name="robots" content="noindex"/>
        ${renewAfter !== undefined && !isRefused && html`<noscript><meta http-equiv="refresh" content="${renewAfter}"/></noscript>`}
        <title>${isRefused && 'Not accepted: '}${title} · Portwitness</title>
        <link rel="icon" href="${assetHref('icon.svg')}" type="image/svg+xml"/>
        <link rel="stylesheet" href="${assetHref('style.css')}"/>
        ${(['base.js', ...scripts] as const).map((name) => html`<script src="${assetHref(name)}" defer=""></script>`)}
      </head>`}
      <body>
        <a class="skip" href="#content">
          Skip to the content
        </a>
        <div class="shell">
          <header class="side">
            <a class="brand" href="/">
              <img src={assetHref('icon.svg')} alt="" width="26" height="26" /> Portwitness
            </a>
            <Places frame={frame} />
            <Who frame={frame} theme={theme} />
          </header>
          <div class="body">
            {frame?.stopped && (
              <p class="alarm" role="status">
                All scanning is stopped: the kill switch is on. <a href="/settings">Settings</a>
              </p>
            )}
            <main id="content" tabindex={-1}>
              {said !== null && (
                <p class="said" role="status">
                  {said}
                </p>
              )}
              {children}
            </main>
            <footer>
              <a href="/ranges">Why do you see our probes?</a>{' '}
              {hasContact && <a href="/.well-known/security.txt">Security contact</a>}
            </footer>
          </div>
        </div>
        <p id="told" class="away" role="status" />
      </body>
    </html>
  )
}

const Places = ({ frame }: { frame: Frame | null }) => (
  <nav class="places" aria-label="Main">
    {frame && (
      <>
        <Links places={DAILY} tally={frame.openIssues} />
        <span class="group">Set-up</span>
        <Links places={SETUP} />
        <span class="group">Public</span>
      </>
    )}
    <Links places={PUBLIC} />
  </nav>
)

/** `tally` stands beside Issues. */
const Links = ({ places, tally = 0 }: { places: readonly Place[]; tally?: number }) => {
  const { path } = useLook()
  const isHere = (href: string) => (href === '/' ? path === '/' : path === href || path.startsWith(`${href}/`))
  return places.map(
    ({ href, name, icon }) =>
      html`<a href="${href}"${isHere(href) && html` aria-current="page"`}>${Icon({ name: icon })}${name}${href === '/issues' && tally > 0 && html`<span class="tally">${tally < MOST_COUNTED ? tally : `${MOST_COUNTED - 1}+`}<span class="away"> open</span></span>`}</a>`,
  )
}

const THEME_NAMES: readonly { value: Theme | 'system'; name: string; sign: string }[] = [
  { value: 'light', name: 'Light', sign: '☀' },
  { value: 'dark', name: 'Dark', sign: '☾' },
  { value: 'system', name: 'As the system has it', sign: '◐' },
]

const Who = ({ frame, theme }: { frame: Frame | null; theme: Theme | null }) => {
  const { path, query } = useLook()
  return (
    <div class="who">
      <form method="post" action="/theme">
        <input type="hidden" name="back" value={path + query} />
        <span class="themes">
          {THEME_NAMES.map(({ value, name, sign }) => (
            <button
              type="submit"
              name="theme"
              value={value}
              aria-label={`Theme: ${name}`}
              title={name}
              aria-pressed={(theme ?? 'system') === value ? 'true' : 'false'}
            >
              <span aria-hidden="true">{sign}</span>
            </button>
          ))}
        </span>
      </form>
      {frame ? (
        <form method="post" action="/signout">
          <span class="tenant" title={frame.tenant}>
            {frame.tenant}
          </span>
          <button type="submit">Sign out</button>
        </form>
      ) : (
        <a class="button" href="/signin">
          Sign in
        </a>
      )}
    </div>
  )
}

/** What a browser may do with our pages: show them, run our own files, and ask us. */
export const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-store',
}
