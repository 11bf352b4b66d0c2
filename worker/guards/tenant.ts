/** Who asks on the public API, and what they may. */
import type { Context } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import { createMiddleware } from 'hono/factory'
import { isKey } from '../../schema/key.ts'
import type { Scope } from '../../schema/words.ts'
import { type Answer as Access, identityOf } from '../access.ts'
import type { AppEnv, Caller } from '../context.ts'
import { Failure } from '../failure.ts'
import { isSame, sha256 } from '../secrets.ts'
import { findKey, OPERATOR, readTenant } from '../store/keys.ts'
import { isOwnOrigin } from './origin.ts'
import { BOOTSTRAP_ID, SESSION_MS, sessionIn } from './session.ts'

const RANK: Record<Scope, number> = { read: 0, write: 1, admin: 2 }

/** Signed in by key or by session cookie, or 401. */
export const tenant = createMiddleware<AppEnv>(async (c, next) => {
  const caller = (await byKey(c)) ?? (await bySession(c)) ?? (await byAccess(c))
  if (!caller) throw new Failure('unauthorized', 'A key is needed: Authorization: Bearer pw_…')
  if (caller.byCookie) sameOriginOnly(c)
  c.set('caller', caller)
  await next()
  if (caller.identity !== undefined) keepAssertion(c)
})

/** The key must have at least this scope. */
export const allow = (scope: Scope) =>
  createMiddleware<AppEnv>(async (c, next) => {
    if (RANK[c.var.caller.scope] < RANK[scope]) throw new Failure('forbidden', `This needs a key of scope ${scope}.`)
    await next()
  })

/** For the fleet and its switches, which are the operator's. */
export const operator = createMiddleware<AppEnv>(async (c, next) => {
  if (c.var.caller.tenantId !== OPERATOR)
    throw new Failure('operators_only', 'Only the operator of this stack may do this.')
  await next()
})

async function byKey(c: Context<AppEnv>): Promise<Caller | null> {
  const [, key = ''] = /^Bearer ([!-~]{1,100})$/i.exec(c.req.header('authorization') ?? '') ?? []
  if (!key) return null
  const hash = await sha256(key)
  const bootstrap = c.env.BOOTSTRAP_KEY?.trim()
  if (bootstrap && isSame(hash, await sha256(bootstrap)))
    return { tenantId: OPERATOR, scope: 'admin', keyId: BOOTSTRAP_ID, byCookie: false }
  // A slip of the pen is told by the checksum, before any look-up.
  const found = isKey(key) ? await findKey(c.var.world.db, hash, c.var.world.now) : null
  if (!found || !isSame(found.hash, hash)) throw new Failure('unauthorized', 'This key is unknown, revoked or expired.')
  return { tenantId: found.tenantId, scope: found.scope, keyId: found.id, byCookie: false }
}

async function bySession(c: Context<AppEnv>): Promise<Caller | null> {
  const session = await sessionIn(c)
  return session && { tenantId: session.tenantId, scope: session.scope, keyId: session.keyId, byCookie: true }
}

const ASSERTION = 'cf-access-jwt-assertion'
/** What Access said of this browser, for the forms of our pages: they post to the API, before which Access does not stand. */
export const ACCESS_COOKIE = 'portwitness_access'
/** A cookie with its name and attributes has 4,096 bytes in every browser. */
const LONGEST_COOKIE = 3_800

/** What Access says of this request: who it is, why it does not count, or null where it says nothing. */
export async function accessOf(c: Context<AppEnv>): Promise<Access | null> {
  const assertion = c.req.header(ASSERTION) ?? getCookie(c, ACCESS_COOKIE)
  if (assertion === undefined || assertion === '') return null
  return identityOf(c.env, assertion, c.var.world.now, OPERATOR)
}

async function byAccess(c: Context<AppEnv>): Promise<Caller | null> {
  const access = await accessOf(c)
  if (!access || 'refused' in access) return null
  const { email, tenantId, scope } = access
  // One that was removed has lost its keys, and whom Access vouches for no less.
  if (tenantId !== OPERATOR && !(await readTenant(c.var.world.db, tenantId))) return null
  const identity = `access:${email}`
  return { tenantId, scope, keyId: identity, byCookie: true, identity }
}

/** It holds as long as the assertion in it, and is checked as that is. */
function keepAssertion(c: Context<AppEnv>): void {
  const assertion = c.req.header(ASSERTION)
  if (!assertion || assertion.length > LONGEST_COOKIE || getCookie(c, ACCESS_COOKIE) === assertion) return
  setCookie(c, ACCESS_COOKIE, assertion, {
    path: '/api/v1/',
    httpOnly: true,
    sameSite: 'Lax',
    secure: new URL(c.env.PUBLIC_URL ?? c.req.url).protocol === 'https:',
    maxAge: SESSION_MS / 1000,
  })
}

/** A browser sends its cookie wherever a page leads it: what changes something must come from our own pages. */
function sameOriginOnly(c: Context<AppEnv>): void {
  if (c.req.method === 'GET' || c.req.method === 'HEAD') return
  const site = c.req.header('sec-fetch-site')
  const own = site ? site === 'same-origin' : isOwnOrigin(c)
  if (!own) throw new Failure('forbidden', 'This request did not come from our own page.')
}
