/** How much may be sent: the operator's to say. */
import { Hono } from 'hono'
import { CeilingsAnswer, CeilingsBody } from '../../schema/ceilings.ts'
import type { AppEnv } from '../context.ts'
import { bodyAs } from '../guards/limit.ts'
import { allow, operator } from '../guards/tenant.ts'
import { readCeilings, setCeilings } from '../store/ceilings.ts'
import { describe } from './describe.ts'

const TAG = 'Fleet'

export const ceilingRoutes = new Hono<AppEnv>()
  .use(operator)
  .get(
    '/',
    describe({
      tag: TAG,
      does: 'Connects a second and a day, by target, network, tenant and fleet',
      answer: CeilingsAnswer,
    }),
    async (c) => c.json(await readCeilings(c.var.world.db)),
  )
  .put(
    '/',
    describe({
      tag: TAG,
      does: 'Set the ceilings; what is left out is at its default. They hold for scans that begin from now on',
      body: CeilingsBody,
      answer: CeilingsAnswer,
    }),
    allow('admin'),
    async (c) => {
      await setCeilings(c.var.world.db, await bodyAs(c, CeilingsBody), c.var.world.now)
      return c.json(await readCeilings(c.var.world.db))
    },
  )
