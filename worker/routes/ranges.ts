/** Our ranges and their life, for the operator; tenants see what is published. */
import { Hono } from 'hono'
import { pageOf } from '../../schema/api.ts'
import { RangeAnswer, RangeBody, RangeChange, RangeChangeAnswer } from '../../schema/ranges.ts'
import type { AppEnv, Caller } from '../context.ts'
import { isPublished, type Range } from '../core/ranges/life.ts'
import { badField, Failure } from '../failure.ts'
import { bodyAs } from '../guards/limit.ts'
import { allow, operator } from '../guards/tenant.ts'
import { announceRange, moveRange } from '../ranges.ts'
import { OPERATOR } from '../store/keys.ts'
import { listChanges, listRanges, readRange } from '../store/ranges.ts'
import { describe } from './describe.ts'
import { iso, rangeAnswer } from './shape.ts'

const TAG = 'Ranges'
const none = (): Failure => new Failure('not_found', 'There is no range with that id.')

/** The operator sees all; others what anybody may see. */
const maySee = ({ tenantId }: Caller, range: Range): boolean => tenantId === OPERATOR || isPublished(range)

export const rangeRoutes = new Hono<AppEnv>()
  .get('/', describe({ tag: TAG, does: 'List the ranges we scan from', answer: pageOf(RangeAnswer) }), async (c) => {
    const ranges = await listRanges(c.var.world.db)
    return c.json({ items: ranges.filter((range) => maySee(c.var.caller, range)).map(rangeAnswer), nextCursor: null })
  })
  .post(
    '/',
    describe({
      tag: TAG,
      does: 'Announce a range: 30 days before its first packet unless said; a private one is active at once',
      body: RangeBody,
      answer: RangeAnswer,
      status: 201,
    }),
    operator,
    allow('admin'),
    async (c) => {
      const { db, now } = c.var.world
      const { activeFrom, ...wish } = await bodyAs(c, RangeBody)
      const range = await announceRange(
        db,
        { by: c.var.caller.keyId, now },
        { ...wish, ...day('activeFrom', activeFrom) },
      )
      return c.json(rangeAnswer(range), 201)
    },
  )
  .get(
    '/changes',
    describe({
      tag: TAG,
      does: 'The log of all changes, newest first: who, what, and the range after it',
      answer: pageOf(RangeChangeAnswer),
      query: { limit: '1 to 200, 50 unless said', cursor: '`nextCursor` of the page before' },
    }),
    operator,
    async (c) => {
      const limit = c.req.query('limit') ?? '50'
      const cursor = c.req.query('cursor')
      if (!/^\d{1,3}$/.test(limit) || Number(limit) < 1 || Number(limit) > 200)
        throw badField('invalid', 'limit', 'must be from 1 to 200')
      if (cursor !== undefined && !/^\d{1,9}$/.test(cursor))
        throw badField('invalid', 'cursor', 'must be the nextCursor of an earlier page')
      const rows = await listChanges(c.var.world.db, Number(limit) + 1, cursor === undefined ? null : Number(cursor))
      const kept = rows.slice(0, Number(limit))
      const items = kept.map(({ range, at, ...row }) => ({ ...row, at: iso(at), range: rangeAnswer(range) }))
      return c.json({ items, nextCursor: rows.length > kept.length ? String(kept.at(-1)?.serial) : null })
    },
  )
  .get('/:id', describe({ tag: TAG, does: 'Read a range', answer: RangeAnswer }), async (c) => {
    const range = await readRange(c.var.world.db, c.req.param('id'))
    if (!range || !maySee(c.var.caller, range)) throw none()
    return c.json(rangeAnswer(range))
  })
  .patch(
    '/:id',
    describe({
      tag: TAG,
      does: 'Move a range on in its life, or correct what is said of it',
      body: RangeChange,
      answer: RangeAnswer,
    }),
    operator,
    allow('admin'),
    async (c) => {
      const { db, now } = c.var.world
      const { activeFrom, retireAfter, ...told } = await bodyAs(c, RangeChange)
      const move = { ...told, ...day('activeFrom', activeFrom), ...day('retireAfter', retireAfter) }
      const range = await moveRange(db, { by: c.var.caller.keyId, now }, c.req.param('id'), move)
      if (!range) throw none()
      return c.json(rangeAnswer(range))
    },
  )

/** A time of the body in ms. What has the right form and is no day there is, such as the 31st of February, is refused. */
function day<N extends string>(name: N, text: string | undefined): Partial<Record<N, number>> {
  if (text === undefined) return {}
  const at = Date.parse(text)
  if (!(at > 0 && at < 4_102_444_800_000)) throw badField('invalid', name, 'must be a time before the year 2100')
  return { [name]: at } as Record<N, number>
}
