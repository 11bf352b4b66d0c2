import { createMiddleware } from 'hono/factory'
import type { AppEnv } from '../context.ts'
import { Failure } from '../failure.ts'
import { isSame, sha256 } from '../secrets.ts'

/**
 * The embedded host says who the client is in a header. Whoever goes round it could claim any address, so that with a
 * front's secret set only requests that carry it are answered.
 */
export const front = createMiddleware<AppEnv>(async (c, next) => {
  const secret = c.env.FRONT_SECRET
  if (secret && !isSame(await sha256(secret), await sha256(c.req.header('x-portwitness-front') ?? '')))
    throw new Failure('forbidden', 'Ask the front.')
  await next()
})
