/** Sessions of the portal: a cookie names its key and is sealed with the key's hash, so that it dies with the key. */
import type { Context } from 'hono'
import { getCookie } from 'hono/cookie'
import type { Scope } from '../../schema/words.ts'
import type { AppEnv } from '../context.ts'
import { hex, isSame, luck, mac, sha256 } from '../secrets.ts'
import { findKeyById, OPERATOR } from '../store/keys.ts'
import { isGoingOn, type Session } from '../store/sessions.ts'

export const SESSION_COOKIE = 'portwitness_session'
export const SESSION_MS = 12 * 3_600_000
/** The id under which the key of the first start is known; it lives in the environment, not in a table. */
export const BOOTSTRAP_ID = 'key_bootstrap'

/** The cookie of a session that begins. */
export async function seal(keyHash: string, tenantId: string, keyId: string, expiresAt: number): Promise<string> {
  // Luck, so that two that begin in the same moment are two, of which one can be ended.
  const text = [tenantId, keyId, expiresAt, hex(luck(16))].join('.')
  return `${text}.${await mac(keyHash, text)}`
}

/** The hash that seals a key's sessions, and its scope; null when the key is gone, or this session of it was ended. */
export async function sealOf(
  c: Context<AppEnv>,
  tenantId: string,
  keyId: string,
  session: Session | null = null,
): Promise<{ hash: string; scope: Scope } | null> {
  const { db, now } = c.var.world
  if (keyId !== BOOTSTRAP_ID) return findKeyById(db, tenantId, keyId, now, session)
  const bootstrap = c.env.BOOTSTRAP_KEY?.trim()
  if (!bootstrap || tenantId !== OPERATOR || (session && !(await isGoingOn(db, session)))) return null
  return { hash: await sha256(bootstrap), scope: 'admin' }
}

/** The session of this browser, and what its key may; null when it has none that holds. */
export async function sessionIn(c: Context<AppEnv>): Promise<(Session & { scope: Scope }) | null> {
  const cookie = getCookie(c, SESSION_COOKIE) ?? ''
  const text = cookie.slice(0, Math.max(0, cookie.lastIndexOf('.')))
  const [tenantId = '', keyId = '', expires = ''] = text.split('.')
  const expiresAt = Number(expires)
  if (!(expiresAt > c.var.world.now)) return null
  const session = { tenantId, keyId, hash: await sha256(cookie), expiresAt }
  const key = await sealOf(c, tenantId, keyId, session)
  const isSealed = key !== null && isSame(`${text}.${await mac(key.hash, text)}`, cookie)
  return isSealed ? { ...session, scope: key.scope } : null
}
