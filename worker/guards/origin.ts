/** Where a browser says that a request comes from. */
import type { Context } from 'hono'
import type { AppEnv } from '../context.ts'

/** Its page is one of ours. False where the browser does not say. */
export function isOwnOrigin(c: Context<AppEnv>): boolean {
  const origin = c.req.header('origin')
  return origin !== undefined && [c.env.PUBLIC_URL?.replace(/\/+$/, ''), new URL(c.req.url).origin].includes(origin)
}
