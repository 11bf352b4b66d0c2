/** Who asks on the public API, and what they may. */
import type { Context } from 'hono'
import { getCookie } from 'hono/cookie'
import { createMiddleware } from 'hono/factory'
import { isKey } from '../../schema/key.ts'
import type { Scope } from '../../schema/words.ts'
import type { AppEnv, Caller } from '../context.ts'
import { Failure } from '../failure.ts'
import { isSame, mac, sha256 } from '../secrets.ts'
import { findKey, findKeyById, OPERATOR } from '../store/keys.ts'

export const SESSION_COOKIE = 'portwitness_session'
export const SESSION_MS = 12 * 3_600_000
/** The id under which the key of the first start is known; it lives in the environment, not in a table. */
export const BOOTSTRAP_ID = 'key_bootstrap'

const RANK: Record<Scope, number> = { read: 0, write: 1, admin: 2 }

/** Signed in by key or by session cookie, or 401. */
export const tenant = createMiddleware<AppEnv>(async (c, next) => {
  const caller = (await byKey(c)) ?? (await bySession(c))
  if (!caller) throw new Failure('unauthorized', 'A key is needed: Authorization: Bearer pw_…')
  if (caller.byCookie) sameOriginOnly(c)
  c.set('caller', caller)
  await next()
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

/** A cookie names its key and is sealed with the key's hash: it dies with the key. */
export async function seal(keyHash: string, tenantId: string, keyId: string, expiresAt: number): Promise<string> {
  const text = [tenantId, keyId, expiresAt].join('.')
  return `${text}.${await mac(keyHash, text)}`
}

/** The hash that seals a key's sessions, and its scope; null when the key is gone. */
export async function sealOf(
  c: Context<AppEnv>,
  tenantId: string,
  keyId: string,
): Promise<{ hash: string; scope: Scope } | null> {
  if (keyId !== BOOTSTRAP_ID) return findKeyById(c.var.world.db, tenantId, keyId, c.var.world.now)
  const bootstrap = c.env.BOOTSTRAP_KEY?.trim()
  return bootstrap && tenantId === OPERATOR ? { hash: await sha256(bootstrap), scope: 'admin' } : null
}

async function bySession(c: Context<AppEnv>): Promise<Caller | null> {
  const [tenantId = '', keyId = '', expires = ''] = getCookie(c, SESSION_COOKIE)?.split('.') ?? []
  if (!(Number(expires) > c.var.world.now)) return null
  const key = await sealOf(c, tenantId, keyId)
  const isSealed =
    key !== null && isSame(await seal(key.hash, tenantId, keyId, Number(expires)), getCookie(c, SESSION_COOKIE) ?? '')
  return isSealed ? { tenantId, scope: key.scope, keyId, byCookie: true } : null
}

/** A browser sends its cookie wherever a page leads it: what changes something must come from our own pages. */
function sameOriginOnly(c: Context<AppEnv>): void {
  if (c.req.method === 'GET' || c.req.method === 'HEAD') return
  const site = c.req.header('sec-fetch-site')
  const own = site
    ? site === 'same-origin'
    : [c.env.PUBLIC_URL, new URL(c.req.url).origin].includes(c.req.header('origin'))
  if (!own) throw new Failure('forbidden', 'This request did not come from our own page.')
}
