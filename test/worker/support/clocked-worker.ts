/**
 * The Worker as it is, with a clock that the caller moves: `/__tick?now=MS` is the sending half of a tick at that time,
 * `/__put?now=MS` stores notices as the line would. An attempt is given up after 1 s, so that ten minutes pass quickly.
 */
import { sql } from 'drizzle-orm'
import { post } from '../../../worker/deliver/post.ts'
import type { Env } from '../../../worker/env.ts'
import { send } from '../../../worker/flow.ts'
import worker, { Doorbell } from '../../../worker/index.ts'
import { batch, openDb } from '../../../worker/store/db.ts'
import { addNotices, type Told } from '../../../worker/store/outbox.ts'
import { worldOf } from '../../../worker/world.ts'

export { Doorbell }

const LIMIT_MS = 1_000

export default {
  async fetch(request, env, ctx) {
    const { pathname, searchParams } = new URL(request.url)
    const now = Number(searchParams.get('now'))
    if (pathname === '/__tick') {
      const world = worldOf(env, now, (work) => ctx.waitUntil(work))
      await send({ ...world, post: (wanted) => post(wanted, LIMIT_MS) })
      return new Response('')
    }
    if (pathname === '/__put') {
      const db = openDb(env.DB)
      await batch(db, [addNotices(db, 'ten_default', (await request.json()) as Told[], sql`1`, now)])
      return new Response('')
    }
    return worker.fetch(request, env, ctx)
  },
} satisfies ExportedHandler<Env>
