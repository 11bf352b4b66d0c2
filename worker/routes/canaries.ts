/** Endpoints of which the operator knows the truth: what a probe says of them shows whether it may be believed. */
import { Hono } from 'hono'
import { parseAddress } from '../../schema/address.ts'
import { CanaryAnswer, CanaryBody, pageOf } from '../../schema/api.ts'
import { keepCanaryTarget } from '../canaries.ts'
import type { AppEnv } from '../context.ts'
import { badField, Failure } from '../failure.ts'
import { bodyOrForm } from '../guards/limit.ts'
import { allow, operator } from '../guards/tenant.ts'
import { OPERATOR } from '../store/keys.ts'
import { addCanary, type Canary, listCanaries, removeCanary } from '../store/trust.ts'
import { mustBeTouchable, touchableNow } from '../touchable.ts'
import { describe } from './describe.ts'
import { canaryIn } from './form-bodies.ts'
import { iso } from './shape.ts'

const TAG = 'Fleet'

export const canaryRoutes = new Hono<AppEnv>()
  .use(operator)
  .get('/', describe({ tag: TAG, does: 'List canaries', answer: pageOf(CanaryAnswer) }), async (c) =>
    c.json({ items: (await listCanaries(c.var.world.db)).map(canaryAnswer), nextCursor: null }),
  )
  .post(
    '/',
    describe({
      tag: TAG,
      does: 'Add an endpoint of your own that is known to be open, or closed; it is scanned every hour, by each probe in turn',
      body: CanaryBody,
      answer: CanaryAnswer,
      status: 201,
    }),
    allow('admin'),
    async (c) => {
      const { world } = c.var
      const { address, port, expect } = await bodyOrForm(c, CanaryBody, canaryIn)
      const parsed = parseAddress(address)
      if (!parsed) throw badField('invalid', 'address', 'must be an IP address')
      mustBeTouchable(await touchableNow(world, OPERATOR, [parsed]), [parsed], 'address')
      const known = (await listCanaries(world.db)).find((one) => one.address === parsed.text && one.port === port)
      if (known) throw new Failure('conflict', `That endpoint is a canary already, expected ${known.expect}.`)
      const row = await addCanary(world.db, { address: parsed.text, port, expect }, world.now)
      await keepCanaryTarget(world, row.address)
      return c.json(canaryAnswer(row), 201)
    },
  )
  .delete('/:id', describe({ tag: TAG, does: 'Remove a canary', status: 204 }), allow('admin'), async (c) => {
    const { world } = c.var
    const row = (await listCanaries(world.db)).find(({ id }) => id === c.req.param('id'))
    if (!row || !(await removeCanary(world.db, row.id)))
      throw new Failure('not_found', 'There is no canary with that id.')
    await keepCanaryTarget(world, row.address)
    return c.body(null, 204)
  })

const canaryAnswer = ({ id, address, port, expect, createdAt }: Canary) => ({
  ...{ id, address, port, expect },
  createdAt: iso(createdAt),
})
