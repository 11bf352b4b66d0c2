/**
 * The Worker as it is, over a D1 that counts; `/__rows` and `/__queries` answer what was counted and asked since the last time,
 * `/__replay` asks again what `/__queries` told and does nothing with it, `/__empty` does nothing at all.
 */
import type { Env } from '../../../worker/env.ts'
import worker, { Doorbell } from '../../../worker/index.ts'
import { type CountedD1, countedD1 } from './counted-d1.ts'
import type { Asked } from './row-count.ts'

export { Doorbell }

let counted: CountedD1 | null = null

const over = (env: Env & { COUNT?: string }): Env => {
  if (env.COUNT !== '1') return env
  counted ??= countedD1(env.DB)
  return { ...env, DB: counted.d1 }
}

/** As the page does: one after the other, a batch as a batch. */
async function replay(d1: D1Database, queries: Asked[][]): Promise<Response> {
  const statementOf = ({ sql, values }: Asked) => d1.prepare(sql).bind(...values)
  for (const asked of queries)
    if (asked.length === 1) for (const one of asked) await statementOf(one).raw()
    else await d1.batch(asked.map(statementOf))
  return new Response('')
}

export default {
  async fetch(request, env, ctx) {
    const { pathname } = new URL(request.url)
    if (pathname === '/__empty') return new Response('')
    if (pathname === '/__rows') return Response.json(counted?.take() ?? { read: 0, written: 0, by: {} })
    if (pathname === '/__queries') return Response.json(counted?.queries() ?? [])
    if (pathname === '/__replay') return replay(env.DB, await request.json())
    return worker.fetch(request, over(env), ctx)
  },
  scheduled: (controller, env, ctx) => worker.scheduled(controller, over(env), ctx),
} satisfies ExportedHandler<Env & { COUNT?: string }>
