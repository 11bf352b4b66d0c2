/** Channels: where notices go, what became of each, and trying them out. */
import { Hono } from 'hono'
import { EmptyBody, pageOf } from '../../schema/api.ts'
import {
  ChannelAnswer,
  ChannelBody,
  ChannelChange,
  DeliveryAnswer,
  NewChannelAnswer,
  PreviewAnswer,
  TestAnswer,
} from '../../schema/channels.ts'
import { NOTICES } from '../../schema/words.ts'
import type { AppEnv } from '../context.ts'
import { addOne, changeOne, previewOf, tryOne } from '../deliver/manage.ts'
import { sendDueOf } from '../deliver/send.ts'
import { Failure } from '../failure.ts'
import { bodyOrForm } from '../guards/limit.ts'
import { allow } from '../guards/tenant.ts'
import { type ChannelRow, listChannels, readChannel, readSides, removeChannel } from '../store/channels.ts'
import { listDeliveries, readDelivery, replay } from '../store/deliveries.ts'
import type { World } from '../world.ts'
import { channelAnswer, deliveryAnswer } from './channel-shape.ts'
import { describe, PAGE_QUERY } from './describe.ts'
import { channelChangeIn, channelIn, nothingIn } from './form-bodies.ts'
import { pageRequest, textIn, wordIn } from './query.ts'

const TAG = 'Channels'
/** A URL and a secret as long as may be, each character written as three. */
const FORM_BYTES = 16 * 1024

export const channelRoutes = new Hono<AppEnv>()
  .get('/', describe({ tag: TAG, does: 'List channels', answer: pageOf(ChannelAnswer) }), async (c) => {
    const { world, caller } = c.var
    const [rows, sides] = await Promise.all([
      listChannels(world.db, caller.tenantId),
      readSides(world.db, caller.tenantId),
    ])
    return c.json({ items: rows.map((row) => channelAnswer(row, sides.get(row.id), world.now)), nextCursor: null })
  })
  .post(
    '/',
    describe({ tag: TAG, does: 'Add a channel', body: ChannelBody, answer: NewChannelAnswer, status: 201 }),
    allow('write'),
    async (c) => {
      const { world, caller } = c.var
      const { row, secret } = await addOne(
        world,
        caller.tenantId,
        await bodyOrForm(c, ChannelBody, channelIn, FORM_BYTES),
      )
      return c.json({ ...channelAnswer(row, undefined, world.now), secret }, 201)
    },
  )
  .get('/:id', describe({ tag: TAG, does: 'Read a channel', answer: ChannelAnswer }), async (c) => {
    const { world, caller } = c.var
    const row = await found(world, caller.tenantId, c.req.param('id'))
    return c.json(channelAnswer(row, (await readSides(world.db, caller.tenantId)).get(row.id), world.now))
  })
  .patch(
    '/:id',
    describe({ tag: TAG, does: 'Change a channel', body: ChannelChange, answer: NewChannelAnswer }),
    allow('write'),
    async (c) => {
      const { world, caller } = c.var
      const change = await bodyOrForm(c, ChannelChange, channelChangeIn, FORM_BYTES)
      const changed = await changeOne(world, await found(world, caller.tenantId, c.req.param('id')), change)
      if (!changed) throw new Failure('conflict', 'Somebody else changed the channel just now. Try again.')
      const { row, secret } = changed
      if (row.state === 'on') sendDueOf(world, caller.tenantId)
      return c.json({
        ...channelAnswer(row, (await readSides(world.db, caller.tenantId)).get(row.id), world.now),
        secret,
      })
    },
  )
  .delete(
    '/:id',
    describe({ tag: TAG, does: 'Remove a channel, with its log and what waits for it', status: 204 }),
    allow('write'),
    async (c) => {
      if (!(await removeChannel(c.var.world.db, c.var.caller.tenantId, c.req.param('id')))) throw none('channel')
      return c.body(null, 204)
    },
  )
  .post(
    '/:id/test',
    describe({
      tag: TAG,
      does: 'Send an example now; the answer says what the platform said',
      body: EmptyBody,
      answer: TestAnswer,
    }),
    allow('write'),
    async (c) => {
      const { world, caller } = c.var
      await bodyOrForm(c, EmptyBody, nothingIn)
      const row = await found(world, caller.tenantId, c.req.param('id'))
      const { outcome, status, said, afterMs } = await tryOne(world, row)
      return c.json({ delivered: outcome.is === 'sent', status, said, afterMs })
    },
  )
  .get(
    '/:id/preview',
    describe({
      tag: TAG,
      does: 'What would be sent, with secrets masked: of the last such event, or of an example',
      answer: PreviewAnswer,
      query: { event: `one of ${NOTICES.join(', ')}; issue.opened unless said`, noticeId: 'of this notice' },
    }),
    async (c) => {
      const { world, caller } = c.var
      const row = await found(world, caller.tenantId, c.req.param('id'))
      const wish = { event: wordIn(c, 'event', NOTICES) ?? 'issue.opened', noticeId: textIn(c, 'noticeId', 60) ?? null }
      const { request, ...rest } = await previewOf(world, row, wish)
      return c.json({ ...rest, ...request })
    },
  )
  .get(
    '/:id/deliveries',
    describe({
      tag: TAG,
      does: 'What was sent, what waits and what failed, newest first',
      answer: pageOf(DeliveryAnswer),
      query: PAGE_QUERY,
    }),
    async (c) => {
      const { world, caller } = c.var
      const row = await found(world, caller.tenantId, c.req.param('id'))
      const page = await listDeliveries(world.db, caller.tenantId, row.id, pageRequest(c))
      return c.json({ ...page, items: page.items.map(deliveryAnswer) })
    },
  )
  .post(
    '/deliveries/:id/replay',
    describe({
      tag: TAG,
      does: 'Send a message again, under the same id',
      body: EmptyBody,
      answer: DeliveryAnswer,
      status: 202,
    }),
    allow('write'),
    async (c) => {
      const { world, caller } = c.var
      await bodyOrForm(c, EmptyBody, nothingIn)
      const id = c.req.param('id')
      if (!(await readDelivery(world.db, caller.tenantId, id))) throw none('delivery')
      const row = await replay(world.db, caller.tenantId, id, world.now)
      if (!row) throw new Failure('conflict', 'It is on its way already, or what it told of is forgotten.')
      sendDueOf(world, caller.tenantId)
      return c.json(deliveryAnswer(row), 202)
    },
  )

async function found({ db }: World, tenantId: string, id: string): Promise<ChannelRow> {
  const row = await readChannel(db, tenantId, id)
  if (!row) throw none('channel')
  return row
}

const none = (noun: string): Failure => new Failure('not_found', `There is no ${noun} with that id.`)
