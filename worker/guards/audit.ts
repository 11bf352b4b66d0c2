/** Every call that changes something leaves a line: hung before all routes, so that none can forget it. */
import type { Context } from 'hono'
import { createMiddleware } from 'hono/factory'
import { type Audited, audited as auditedDb } from '../audited.ts'
import { type AppEnv, actorOf } from '../context.ts'
import { API_BYTES, bytesOf, RESTORE_BYTES } from './limit.ts'

const ID = /^[a-z]{3}_[A-Za-z0-9]{10,40}$/

/** The path as a route, and the first id in it. */
export function deedOf(method: string, path: string): { deed: string; subject: string | null } {
  const parts = path.split('/')
  const route = parts.map((part) => (ID.test(part) ? ':id' : part)).join('/')
  return { deed: `${method} ${route.slice(0, 200)}`, subject: parts.find((part) => ID.test(part)) ?? null }
}

/** From here on what the request writes is written down as this actor's deed. */
export function auditAs(
  c: Context<AppEnv>,
  tenantId: string,
  actor: string,
  asked: string | Uint8Array<ArrayBuffer>,
): Audited {
  const { world } = c.var
  const log = auditedDb(world.db, { tenantId, actor, ...deedOf(c.req.method, c.req.path), asked, now: world.now })
  c.set('world', { ...world, db: log.db })
  return log
}

/** For the whole API. What was refused before it wrote anything leaves no line; what succeeds leaves one. */
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
