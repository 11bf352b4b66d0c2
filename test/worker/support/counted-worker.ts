/**
 * The Worker as it is, over a D1 that counts; `/__rows` and `/__queries` answer the count since the last time, `/__empty`
 * nothing at all.
 */
import type { Env } from '../../../worker/env.ts'
import worker, { Doorbell } from '../../../worker/index.ts'
import { countedD1 } from './counted-d1.ts'

export { Doorbell }

let counted: ReturnType<typeof countedD1> | null = null

const over = (env: Env & { COUNT?: string }): Env => {
  if (env.COUNT !== '1') return env
  counted ??= countedD1(env.DB)
  return { ...env, DB: counted.d1 }
}

export default {
  fetch(request, env, ctx) {
    const { pathname } = new URL(request.url)
    if (pathname === '/__empty') return new Response('')
    if (pathname === '/__rows') return Response.json(counted?.take() ?? { read: 0, written: 0, by: {} })
    if (pathname === '/__queries') return Response.json(counted?.queries() ?? 0)
    return worker.fetch(request, over(env), ctx)
  },
  scheduled: (controller, env, ctx) => worker.scheduled(controller, over(env), ctx),
} satisfies ExportedHandler<Env & { COUNT?: string }>
