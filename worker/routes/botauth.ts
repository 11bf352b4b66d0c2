import { Hono } from 'hono'
import { authorityOf, DIRECTORY_PATH, DIRECTORY_TYPE } from '../../schema/botauth.ts'
import { directoryOf } from '../botDirectory.ts'
import type { AppEnv } from '../context.ts'
import { listProbes } from '../store/probes.ts'
import { describe } from './describe.ts'

/** For everyone: the keys with which probes sign their HTTP requests. No address, no tenant. */
export const botAuthRoutes = new Hono<AppEnv>().get(
  DIRECTORY_PATH,
  describe({
    tag: 'Who is knocking',
    does: 'The keys of the probes’ Web Bot Auth signatures, signed by their owners: RFC 9421, JWKS',
    type: DIRECTORY_TYPE,
  }),
  async (c) => {
    const { db, now } = c.var.world
    const authority = authorityOf(c.env.PUBLIC_URL ?? new URL(c.req.url).origin)
    const probes = (await listProbes(db)).filter((probe) => probe.drainedAt === null)
    const { body, headers } = await directoryOf(probes, authority, now)
    return new Response(body, {
      headers: {
        ...headers,
        'content-type': DIRECTORY_TYPE,
        'cache-control': 'public, max-age=3600',
        'x-content-type-options': 'nosniff',
      },
    })
  },
)
