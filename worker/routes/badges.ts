/** A target's badge: switched on and off by whoever may change the target, seen by whoever knows its address. */
import { Hono } from 'hono'
import { EmptyBody } from '../../schema/api.ts'
import { BadgeAnswer } from '../../schema/badge.ts'
import type { AppEnv } from '../context.ts'
import { badgeSvg } from '../core/badgeSvg.ts'
import { Failure } from '../failure.ts'
import { bodyOrForm } from '../guards/limit.ts'
import { allow } from '../guards/tenant.ts'
import { hex, luck } from '../secrets.ts'
import { readBadge, switchOff, switchOn } from '../store/badges.ts'
import { readTarget } from '../store/targets.ts'
import { cached } from './cached.ts'
import { describe } from './describe.ts'
import { noTarget } from './targets.ts'

const TAG = 'Targets'
/** 160 bits: nobody guesses it. */
const KEY_BYTES = 20
const KEY = /^[0-9a-f]{40}$/

export const badgePath = (id: string, key: string): string => `/badge/${id}.svg?key=${key}`
const answerOf = (id: string, key: string | null): BadgeAnswer => ({
  on: key !== null,
  path: key === null ? null : badgePath(id, key),
})

/** Mounted under `/targets`. */
export const badgeRoutes = new Hono<AppEnv>()
  .get('/:id/badge', describe({ tag: TAG, does: 'Whether a target has a badge', answer: BadgeAnswer }), async (c) => {
    const target = await readTarget(c.var.world.db, c.var.caller.tenantId, c.req.param('id'))
    if (!target) throw noTarget()
    return c.json(answerOf(target.id, target.badgeKey))
  })
  .post(
    '/:id/badge',
    describe({
      tag: TAG,
      does: 'Switch its badge on: whoever knows the address sees how the last scan ended',
      body: EmptyBody,
      answer: BadgeAnswer,
    }),
    allow('write'),
    async (c) => {
      await bodyOrForm(c, EmptyBody, () => ({}))
      const id = c.req.param('id')
      const key = await switchOn(c.var.world.db, c.var.caller.tenantId, id, hex(luck(KEY_BYTES)))
      if (key === null) throw noTarget()
      return c.json(answerOf(id, key))
    },
  )
  .delete(
    '/:id/badge',
    describe({ tag: TAG, does: 'Switch its badge off: its address is good for nothing any more', status: 204 }),
    allow('write'),
    async (c) => {
      if (!(await switchOff(c.var.world.db, c.var.caller.tenantId, c.req.param('id')))) throw noTarget()
      return c.body(null, 204)
    },
  )

const HEADERS = {
  // A picture in somebody's page, and no page of its own.
  'content-security-policy': "default-src 'none'; sandbox",
  'cross-origin-resource-policy': 'cross-origin',
  'x-robots-tag': 'noindex',
}

export const publicBadgeRoutes = new Hono<AppEnv>().get(
  '/badge/:file',
  describe({
    tag: 'Public',
    does: 'The badge of a target, for whoever knows its key',
    type: 'image/svg+xml',
    query: { key: 'as `path` of the badge has it' },
  }),
  async (c) => {
    const key = c.req.query('key') ?? ''
    const [, id = ''] = /^(tgt_[A-Za-z0-9]{1,40})\.svg$/.exec(c.req.param('file')) ?? []
    const facts = id !== '' && KEY.test(key) ? await readBadge(c.var.world.db, id, key) : null
    if (!facts) throw new Failure('not_found', 'There is no such badge.')
    return cached(c.req.raw, badgeSvg(facts), { type: 'image/svg+xml', keep: 'minute', headers: HEADERS })
  },
)
