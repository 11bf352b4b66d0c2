/**
 * Sessions of the portal: a cookie names its key and is marked over the key's hash, so that it dies with the key, under a secret
 * that is in no database: who reads a backup can make none.
 */
import type { Context } from 'hono'
import { getCookie } from 'hono/cookie'
import type { Scope } from '../../schema/words.ts'
import type { AppEnv } from '../context.ts'
import { Failure } from '../failure.ts'
import { hex, isSame, luck, sha256 } from '../secrets.ts'
import { findKeyById, OPERATOR } from '../store/keys.ts'
import { isGoingOn, type Session } from '../store/sessions.ts'

export const SESSION_COOKIE = 'portwitness_session'
export const SESSION_MS = 12 * 3_600_000
/** The id under which the key of the first start is known; it lives in the environment, not in a table. */
export const BOOTSTRAP_ID = 'key_bootstrap'

/** The cookie of a session that begins. */
export async function seal(
  c: Context<AppEnv>,
  keyHash: string,
  { tenantId, keyId, expiresAt }: Omit<Session, 'hash'>,
): Promise<string> {
  // Luck, so that two that begin in the same moment are two, of which one can be ended.
  const text = [tenantId, keyId, expiresAt, hex(luck(16))].join('.')
  return `${text}.${await markOf(c, keyHash, text)}`
}

function markOf(c: Context<AppEnv>, keyHash: string, text: string): Promise<string> {
  const { keyring } = c.var.world
  if (!keyring)
    throw new Failure(
      'conflict',
      'This Worker has no secret CHANNEL_KEY, without which nobody can sign in with a browser.',
    )
  return keyring.mark('session of the portal', `${keyHash} ${text}`)
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
  const { now, keyring } = c.var.world
  if (!(expiresAt > now && expiresAt <= now + SESSION_MS) || !keyring) return null
  const session = { tenantId, keyId, hash: await sha256(cookie), expiresAt }
  const key = await sealOf(c, tenantId, keyId, session)
  const isSealed = key !== null && isSame(`${text}.${await markOf(c, key.hash, text)}`, cookie)
  return isSealed ? { ...session, scope: key.scope } : null
}
