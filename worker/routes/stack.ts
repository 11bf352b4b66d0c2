/** For the operator and his monitoring: how the whole stack stands. */
import { Hono } from 'hono'
import { StackAnswer } from '../../schema/stack.ts'
import type { AppEnv } from '../context.ts'
import { operator, tenant } from '../guards/tenant.ts'
import { metricsText, stackOf } from '../stack.ts'
import { describe } from './describe.ts'

const TAG = 'Operation'

export const stackRoutes = new Hono<AppEnv>()
  .use(operator)
  .get(
    '/',
    describe({ tag: TAG, does: 'How the whole stack stands, for the operator', answer: StackAnswer }),
    async (c) => c.json(await stackOf(c.var.world, c.env)),
  )

/** Outside of `/api/v1`, where Prometheus looks for it. Three queries. */
export const metricsRoutes = new Hono<AppEnv>().get(
  '/metrics',
  describe({
    tag: TAG,
    does: 'How the whole stack stands, in the text format of Prometheus; with a key of the operator',
    type: 'text/plain',
  }),
  tenant,
  operator,
  async (c) =>
    c.body(metricsText(await stackOf(c.var.world, c.env)), 200, {
      'content-type': 'text/plain; version=0.0.4; charset=utf-8',
      'cache-control': 'no-store',
    }),
)
