/** Every call that changes something leaves a line: hung before all routes, so that none can forget it. */
import type { Context } from 'hono'
import { createMiddleware } from 'hono/factory'
import { type Audited, audited as auditedDb, type Deed } from '../audited.ts'
import { type AppEnv, actorOf } from '../context.ts'
import { newToken } from '../secrets.ts'
import { batch, type Db, type Statement } from '../store/db.ts'
import { type DoorWay, doorName, notePassing, passedSince } from '../store/settings.ts'
import { API_BYTES, bytesOf, RESTORE_BYTES } from './limit.ts'

const ID = /^[a-z]{3}_[A-Za-z0-9]{10,40}$/

/** The path as a route, and the first id in it. */
export function deedOf(method: string, path: string): { deed: string; subject: string | null } {
  const parts = path.split('/')
  const route = parts.map((part) => (ID.test(part) ? ':id' : part)).join('/')
  return { deed: `${method} ${route.slice(0, 200)}`, subject: parts.find((part) => ID.test(part)) ?? null }
}

/** What stops something or takes it away: it waits for no log (docs/decisions, 0011). */
const URGENT: ReadonlySet<string> = new Set([
  'PUT /api/v1/kill-switch',
  'POST /api/v1/scans/:id/cancel',
  'DELETE /api/v1/keys/:id',
  'DELETE /api/v1/tenants/:id',
  'DELETE /api/v1/letters/:id',
  'POST /api/v1/opt-outs',
  'DELETE /api/v1/probes/:id',
  // Drains it, or takes its voice.
  'PATCH /api/v1/probes/:id',
  'POST /signout',
  'POST /signout/everywhere',
])

/** From here on what the request writes is written down as this actor's deed. */
export function auditAs(
  c: Context<AppEnv>,
  tenantId: string,
  actor: string,
  asked: string | Uint8Array<ArrayBuffer>,
  more: Pick<Deed, 'onlyIf'> = {},
): Audited {
  const { world } = c.var
  const what = deedOf(c.req.method, c.req.path)
  const urgent = URGENT.has(what.deed)
  const log = auditedDb(world.db, { tenantId, actor, ...what, asked, now: world.now, urgent, ...more })
  c.set('world', { ...world, db: log.db })
  return log
}

/** A key that passes the door again and again leaves one line of each way in this time: else whoever may only read could fill the log. */
const DOOR_MS = 3_600_000

/** Whoever passes the door, with what is written then: with its line in one batch, where the key's last one of this way is old enough. */
export async function auditDoor(
  c: Context<AppEnv>,
  way: DoorWay,
  { tenantId, keyId }: { tenantId: string; keyId: string },
  written: (db: Db) => readonly Statement[],
): Promise<void> {
  const { db, now } = c.var.world
  const name = doorName(way, tenantId, keyId)
  const since = now - DOOR_MS
  if (await passedSince(db, name, since)) {
    await batch(db, written(db))
    return
  }
  // Of those who pass at once one finds its own word there, in the batch that would add the line.
  const value = newToken('pws')
  const actor = `${way === 'signin' ? 'key' : 'session'}:${keyId}`
  const log = auditAs(c, tenantId, actor, '', { onlyIf: { name, value } })
  await batch(log.db, [notePassing(log.db, name, value, { now, since }), ...written(log.db)])
  await log.settle()
}

/** For the whole API. What was refused before it changed anything leaves no line; what succeeds leaves one. */
export const audited = createMiddleware<AppEnv>(async (c, next) => {
  if (c.req.method === 'GET' || c.req.method === 'HEAD') return next()
  const { tenantId } = c.var.caller
  const { url, method, headers, signal } = c.req.raw
  const body = await bytesOf(c.req.raw, c.req.path.startsWith('/api/v1/restore/') ? RESTORE_BYTES : API_BYTES)
  c.req.raw = new Request(url, { method, headers, signal, ...(body.length > 0 ? { body } : {}) })
  const log = auditAs(c, tenantId, actorOf(c.var.caller), body)
  await next()
  if (!c.error && c.res.ok) await log.settle()
})
