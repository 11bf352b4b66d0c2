/** Backups: read by whoever is an admin of what is in it, put back by the operator. */
import { type Context, Hono } from 'hono'
import {
  BackupAnswer,
  BackupPage,
  RawPage,
  RestoreAnswer,
  RestoreBody,
  Retention,
  RowsBody,
  WrittenAnswer,
} from '../../schema/backup.ts'
import { backupAnswer, backupPage, beginRestore, endRestore, rawPage, restoreRaw, restoreRows } from '../backup.ts'
import type { AppEnv } from '../context.ts'
import { badField, Failure } from '../failure.ts'
import { bodyAs, bodyOrForm, bytesOf, jsonOf, RESTORE_BYTES, shaped } from '../guards/limit.ts'
import { allow, operator } from '../guards/tenant.ts'
import { readRetention, writeRetention } from '../retention.ts'
import { isTenant } from '../store/backup.ts'
import { OPERATOR } from '../store/keys.ts'
import { describe } from './describe.ts'
import { retentionIn } from './form-bodies.ts'
import { textIn } from './query.ts'

const TAG = 'Operation'
/** Of one row there are 2 MB at most (D1), and of the text in R2 as well. */
const KEY = /^\w{1,40}(\/[\w-]{1,80}){2,5}$/

/** Null is the whole stack: what the operator gets unless he names a tenant. Others get their own. */
async function scopeOf(c: Context<AppEnv>): Promise<string | null> {
  const asked = textIn(c, 'tenant', 40)
  const own = c.var.caller.tenantId
  if (own !== OPERATOR && asked !== undefined && asked !== own)
    throw new Failure('not_found', 'There is no such tenant.')
  if (own !== OPERATOR) return own
  if (asked !== undefined && !(await isTenant(c.var.world.db, asked)))
    throw new Failure('not_found', 'There is no such tenant.')
  return asked ?? null
}

function keyOf(c: Context<AppEnv>): string {
  const key = textIn(c, 'key', 400) ?? ''
  if (!KEY.test(key)) throw badField('invalid', 'key', 'must be the key of a raw object')
  return key
}

const QUERY = { tenant: 'the operator may name one; the whole stack unless said' }

export const backupRoutes = new Hono<AppEnv>()
  .use(allow('admin'))
  .get(
    '/',
    describe({ tag: TAG, does: 'Begin a backup: what is in it', answer: BackupAnswer, query: QUERY }),
    async (c) => c.json(backupAnswer(c.var.world.now, await scopeOf(c))),
  )
  .get(
    '/tables/:table',
    describe({
      tag: TAG,
      does: 'Rows of one table, as they are stored',
      answer: BackupPage,
      query: { ...QUERY, at: '`at` of the backup', after: '`next` of the page before' },
    }),
    async (c) => {
      const at = Date.parse(textIn(c, 'at', 40) ?? '')
      if (!Number.isFinite(at)) throw badField('invalid', 'at', 'must be the time at which the backup began')
      return c.json(
        await backupPage(c.var.world, c.req.param('table'), {
          tenant: await scopeOf(c),
          at,
          after: textIn(c, 'after', 1_000),
        }),
      )
    },
  )
  .get(
    '/raw',
    describe({
      tag: TAG,
      does: 'Keys of the raw objects',
      answer: RawPage,
      query: { ...QUERY, after: '`next` of the page before' },
    }),
    async (c) => c.json(await rawPage(c.var.world, await scopeOf(c), textIn(c, 'after', 2_000))),
  )
  .get(
    '/raw/object',
    describe({ tag: TAG, does: 'One raw object, gzip', type: 'application/gzip', query: { ...QUERY, key: 'its key' } }),
    async (c) => {
      const scope = await scopeOf(c)
      const key = keyOf(c)
      const object = scope === null || key.startsWith(`${scope}/`) ? await c.var.world.raw.get(key) : null
      if (!object) throw new Failure('not_found', 'There is no such object.')
      return new Response(object.body, { headers: { 'content-type': 'application/gzip', 'cache-control': 'no-store' } })
    },
  )

export const restoreRoutes = new Hono<AppEnv>()
  .use(operator, allow('admin'))
  .post(
    '/',
    describe({
      tag: TAG,
      does: 'Begin to put a backup into an empty stack or tenant; all scanning stops',
      body: RestoreBody,
      answer: RestoreAnswer,
    }),
    async (c) => {
      const { migration, tenant } = await bodyAs(c, RestoreBody)
      await beginRestore(c.var.world, migration, tenant)
      return c.json({ restoring: true })
    },
  )
  .post(
    '/rows',
    describe({
      tag: TAG,
      does: 'Put rows back; the same rows twice change nothing',
      body: RowsBody,
      answer: WrittenAnswer,
    }),
    async (c) => {
      const { table, rows } = shaped(RowsBody, jsonOf(c.req.raw, await bytesOf(c.req.raw, RESTORE_BYTES)))
      return c.json(await restoreRows(c.var.world, table, rows))
    },
  )
  .put(
    '/raw',
    describe({ tag: TAG, does: 'Put a raw object back', status: 204, query: { key: 'its key' } }),
    async (c) => {
      const key = keyOf(c)
      await restoreRaw(c.var.world, key, (await bytesOf(c.req.raw, RESTORE_BYTES)).buffer)
      return c.body(null, 204)
    },
  )
  .delete('/', describe({ tag: TAG, does: 'End the restore; the kill switch stays on', status: 204 }), async (c) => {
    await endRestore(c.var.world)
    return c.body(null, 204)
  })

export const retentionRoutes = new Hono<AppEnv>()
  .use(operator)
  .get('/', describe({ tag: TAG, does: 'For how many days what is kept', answer: Retention }), async (c) =>
    c.json(await readRetention(c.var.world.db)),
  )
  .put(
    '/',
    describe({ tag: TAG, does: 'Change for how long', body: Retention, answer: Retention }),
    allow('admin'),
    async (c) => {
      const retention = await bodyOrForm(c, Retention, retentionIn)
      await writeRetention(c.var.world, retention)
      return c.json(retention)
    },
  )
