/** Keys, tenants and one-time links: who may ask. */
import { Hono } from 'hono'
import {
  EmptyBody,
  KeyAnswer,
  KeyBody,
  NewKeyAnswer,
  NewTenantAnswer,
  OnceAnswer,
  pageOf,
  TenantAnswer,
  TenantBody,
} from '../../schema/api.ts'
import { makeKey } from '../../schema/key.ts'
import { type AppEnv, actorOf } from '../context.ts'
import { badField, Failure, tenantGone } from '../failure.ts'
import { bodyOrForm } from '../guards/limit.ts'
import { allow, operator } from '../guards/tenant.ts'
import { luck, newToken, sha256 } from '../secrets.ts'
import {
  addKey,
  addTenant,
  listKeys,
  listTenants,
  readTenant,
  removeTenant,
  renameTenant,
  revokeKey,
  type Tenant,
} from '../store/keys.ts'
import { keepOnce } from '../store/settings.ts'
import { describe, PAGE_QUERY } from './describe.ts'
import { keyIn, nameIn } from './form-bodies.ts'
import { pageRequest } from './query.ts'
import { iso, keyAnswer, tenantAnswer } from './shape.ts'

const TAG = 'Access'
const ONCE_MS = 10 * 60_000
const HINT = 7

export const keyRoutes = new Hono<AppEnv>()
  .use(allow('admin'))
  .get('/', describe({ tag: TAG, does: 'List keys', answer: pageOf(KeyAnswer), query: PAGE_QUERY }), async (c) => {
    const page = await listKeys(c.var.world.db, c.var.caller.tenantId, pageRequest(c))
    return c.json({ ...page, items: page.items.map(keyAnswer) })
  })
  .post(
    '/',
    describe({ tag: TAG, does: 'Make a key; it is shown this once', body: KeyBody, answer: NewKeyAnswer, status: 201 }),
    async (c) => {
      const { name, scope, expiresAt } = await bodyOrForm(c, KeyBody, keyIn)
      const end = expiresAt ? Date.parse(expiresAt) : null
      if (end !== null && !(end > c.var.world.now)) throw badField('invalid', 'expiresAt', 'must be in the future')
      const key = makeKey(luck)
      const row = await addKey(
        c.var.world.db,
        c.var.caller.tenantId,
        {
          hash: await sha256(key),
          name,
          hint: key.slice(0, HINT),
          scope,
          expiresAt: end,
          madeBy: actorOf(c.var.caller),
        },
        c.var.world.now,
      )
      if (!row) throw tenantGone()
      return c.json({ ...keyAnswer(row), key }, 201)
    },
  )
  .delete('/:id', describe({ tag: TAG, does: 'Revoke a key', status: 204 }), async (c) => {
    if (!(await revokeKey(c.var.world.db, c.var.caller.tenantId, c.req.param('id'), c.var.world.now)))
      throw new Failure('not_found', 'There is no key with that id.')
    return c.body(null, 204)
  })

export const tenantRoutes = new Hono<AppEnv>()
  .use(operator, allow('admin'))
  .get('/', describe({ tag: TAG, does: 'List tenants', answer: pageOf(TenantAnswer) }), async (c) =>
    c.json({ items: (await listTenants(c.var.world.db)).map(tenantAnswer), nextCursor: null }),
  )
  .post(
    '/',
    describe({
      tag: TAG,
      does: 'Add a tenant; its first admin key is shown this once',
      body: TenantBody,
      answer: NewTenantAnswer,
      status: 201,
    }),
    async (c) => {
      const { name } = await bodyOrForm(c, TenantBody, nameIn)
      const key = makeKey(luck)
      const { tenant } = await addTenant(
        c.var.world.db,
        name,
        { hash: await sha256(key), hint: key.slice(0, HINT), madeBy: actorOf(c.var.caller) },
        c.var.world.now,
      )
      return c.json({ ...tenantAnswer(tenant), key }, 201)
    },
  )
  .delete(
    '/:id',
    describe({ tag: TAG, does: 'Remove a tenant: its keys and schedules end', status: 204 }),
    async (c) => {
      if (!(await removeTenant(c.var.world.db, c.req.param('id'), c.var.world.now)))
        throw new Failure('not_found', 'There is no tenant with that id, or it is the operator’s own.')
      return c.body(null, 204)
    },
  )

/** One's own. */
export const ownTenantRoutes = new Hono<AppEnv>()
  .get('/', describe({ tag: TAG, does: 'Read the tenant whose key this is', answer: TenantAnswer }), async (c) =>
    c.json(tenantAnswer(known(await readTenant(c.var.world.db, c.var.caller.tenantId)))),
  )
  .patch(
    '/',
    describe({ tag: TAG, does: 'Give it another name', body: TenantBody, answer: TenantAnswer }),
    allow('admin'),
    async (c) => {
      const { name } = await bodyOrForm(c, TenantBody, nameIn)
      return c.json(tenantAnswer(known(await renameTenant(c.var.world.db, c.var.caller.tenantId, name))))
    },
  )

function known(tenant: Tenant | null): Tenant {
  if (!tenant) throw tenantGone()
  return tenant
}

export const sessionRoutes = new Hono<AppEnv>().post(
  '/once',
  describe({
    tag: TAG,
    does: 'Get a link that signs a browser in, once, within ten minutes',
    body: EmptyBody,
    answer: OnceAnswer,
    status: 201,
  }),
  allow('admin'),
  async (c) => {
    const { db, now } = c.var.world
    const token = newToken('pwo')
    const { tenantId, keyId, identity } = c.var.caller
    if (identity !== undefined) throw new Failure('forbidden', 'A one-time link stands for a key: ask for it with one.')
    await keepOnce(db, await sha256(token), { tenantId, keyId, expiresAt: now + ONCE_MS }, now)
    const base = c.env.PUBLIC_URL ?? new URL(c.req.url).origin
    return c.json({ url: `${base}/signin?once=${token}`, expiresAt: iso(now + ONCE_MS) }, 201)
  },
)
