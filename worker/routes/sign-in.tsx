/** Sessions of the portal: a key pasted once, or a one-time link, becomes a cookie that dies with its key. */
import type { Context } from 'hono'
import { Hono } from 'hono'
import { deleteCookie, setCookie } from 'hono/cookie'
import { isKey } from '../../schema/key.ts'
import type { Refusal } from '../access.ts'
import type { AppEnv } from '../context.ts'
import { Failure } from '../failure.ts'
import { auditDoor } from '../guards/audit.ts'
import { bytesOf } from '../guards/limit.ts'
import { isOwnOrigin } from '../guards/origin.ts'
import { BOOTSTRAP_ID, SESSION_COOKIE, SESSION_MS, seal, sealOf, sessionIn } from '../guards/session.ts'
import { ACCESS_COOKIE, accessOf, tenant } from '../guards/tenant.ts'
import { OncePage, SignInPage } from '../portal/sign-in.tsx'
import { isSame, sha256 } from '../secrets.ts'
import { findKey, OPERATOR } from '../store/keys.ts'
import { endSession, endSessions } from '../store/sessions.ts'
import { takeOnce } from '../store/settings.ts'
import { ownPath } from './own-path.ts'
import { asPage, show } from './show.tsx'

const FORM_BYTES = 4_096
/** Characters of a page that is led to afterwards. */
const MOST_NEXT = 1_000
const LINK_SPENT = 'This link was used before, or is too old.'

interface Holder {
  tenantId: string
  keyId: string
  /** of the key: it seals the session */
  hash: string
}

export const signInRoutes = new Hono<AppEnv>()
  .use('/signin', asPage)
  // Matches the path itself, too: twice would answer twice.
  .use('/signout/*', asPage)
  .get('/signin', async (c) => {
    const next = nextIn(c.req.query('next'))
    const once = c.req.query('once')
    if (once === undefined) return throughAccess(c, next)
    // A page of a stranger must not sign its visitor in as somebody else: here they press a button of ours themselves.
    if (isFromElsewhere(c)) return show(c, <OncePage token={once} />)
    // A browser that only fetches ahead must not use the link up.
    if (/prefetch|prerender/.test(c.req.header('sec-purpose') ?? c.req.header('purpose') ?? ''))
      throw new Failure('busy', 'Not ahead of time.')
    const holder = await byLink(c, once)
    return holder ? begin(c, holder, next) : show(c, <SignInPage problem={LINK_SPENT} next={next} />, 401)
  })
  .post('/signin', async (c) => {
    ownPagesOnly(c)
    const form = new URLSearchParams(new TextDecoder().decode(await bytesOf(c.req.raw, FORM_BYTES)))
    const next = nextIn(form.get('next'))
    const once = form.get('once')
    const holder = once === null ? await byKey(c, (form.get('key') ?? '').trim()) : await byLink(c, once)
    if (holder) return begin(c, holder, next)
    const problem = once === null ? 'This key is unknown, revoked or expired.' : LINK_SPENT
    return show(c, <SignInPage problem={problem} next={next} />, 401)
  })
  .post('/signout', (c) => end(c, 'signout'))
  .post('/signout/everywhere', (c) => end(c, 'signout-all'))

const nextIn = (text: string | null | undefined): string => ownPath(text && text.length <= MOST_NEXT ? text : null)

/** Who comes with an assertion of Access needs no key, or hears why it does not count. */
async function throughAccess(c: Context<AppEnv>, next: string): Promise<Response> {
  const access = await accessOf(c)
  if (access && !('refused' in access)) {
    const caller = await tenant(c, async () => undefined).then(
      () => true,
      () => false,
    )
    if (caller) return c.redirect(next, 303)
  }
  const problem = access && ('refused' in access ? REFUSED[access.refused] : REFUSED.not_listed)
  return show(c, <SignInPage problem={problem} next={next} />, problem ? 401 : 200)
}

const REFUSED: Record<Refusal, string> = {
  expired: 'What Cloudflare Access says of you has run out: load the page again to sign in there anew.',
  other_application:
    'Cloudflare Access let you in for another application than this one: ACCESS_AUD is not its audience.',
  not_signed_by_team: 'What came as from Cloudflare Access was not signed by our team there.',
  not_valid: 'What came as from Cloudflare Access does not hold.',
  no_email: 'Cloudflare Access does not say who you are: a service token cannot sign in here. Use an API key.',
  not_listed:
    'Cloudflare Access let you in, but nobody has given you anything to see here: ask whoever runs this service.',
}

async function begin(c: Context<AppEnv>, { hash, tenantId, keyId }: Holder, next: string): Promise<Response> {
  // The browser forgets the session that it had, if any: nobody else shall go on with it.
  const former = await sessionIn(c)
  await auditDoor(c, 'signin', { tenantId, keyId }, (db) => (former ? endSession(db, former) : []))
  const expiresAt = c.var.world.now + SESSION_MS
  setCookie(c, SESSION_COOKIE, await seal(c, hash, { tenantId, keyId, expiresAt }), {
    path: '/',
    httpOnly: true,
    sameSite: 'Lax',
    secure: new URL(c.env.PUBLIC_URL ?? c.req.url).protocol === 'https:',
    maxAge: SESSION_MS / 1000,
  })
  c.header('cache-control', 'no-store')
  c.header('referrer-policy', 'no-referrer')
  return c.redirect(next, 303)
}

/** Ends the session on our side, so that a copy of its cookie opens nothing. What is no session of ours is worth no row. */
async function end(c: Context<AppEnv>, way: 'signout' | 'signout-all'): Promise<Response> {
  ownPagesOnly(c)
  const session = await sessionIn(c)
  if (session)
    await auditDoor(c, way, session, (db) =>
      way === 'signout' ? endSession(db, session) : endSessions(db, session, c.var.world.now + SESSION_MS),
    )
  deleteCookie(c, SESSION_COOKIE, { path: '/' })
  deleteCookie(c, ACCESS_COOKIE, { path: '/api/v1/' })
  // Access would let them in again at once: its own way out is at its own path.
  return c.redirect(c.req.header('cf-access-jwt-assertion') ? '/cdn-cgi/access/logout' : '/signin', 303)
}

async function byKey(c: Context<AppEnv>, key: string): Promise<Holder | null> {
  const hash = await sha256(key)
  const bootstrap = await sealOf(c, OPERATOR, BOOTSTRAP_ID)
  if (bootstrap && isSame(bootstrap.hash, hash)) return { tenantId: OPERATOR, keyId: BOOTSTRAP_ID, hash }
  const found = isKey(key) ? await findKey(c.var.world.db, hash, c.var.world.now) : null
  return found && { tenantId: found.tenantId, keyId: found.id, hash: found.hash }
}

/** Uses the link up, also when its key has gone since. */
async function byLink(c: Context<AppEnv>, token: string): Promise<Holder | null> {
  const link = token.length > 100 ? null : await takeOnce(c.var.world.db, await sha256(token), c.var.world.now)
  const key = link && (await sealOf(c, link.tenantId, link.keyId))
  return link && key && { ...link, hash: key.hash }
}

/** Nobody may sign a visitor in or out from a page of theirs. Browsers say where a request comes from. */
function ownPagesOnly(c: Context<AppEnv>): void {
  if (isFromElsewhere(c)) throw new Failure('forbidden', 'This request did not come from our own page.')
}

function isFromElsewhere(c: Context<AppEnv>): boolean {
  const site = c.req.header('sec-fetch-site')
  // A browser that does not say so names the origin of what it posts; who is no browser has nobody signed in.
  if (site === undefined) return c.req.header('origin') !== undefined && !isOwnOrigin(c)
  return site !== 'same-origin' && site !== 'none'
}
