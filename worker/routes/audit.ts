/** The audit log: paged to read, whole to keep and to check elsewhere. */
import { Hono } from 'hono'
import { pageOf } from '../../schema/api.ts'
import { AuditHead, AuditLine } from '../../schema/audit.ts'
import type { AppEnv } from '../context.ts'
import { badField } from '../failure.ts'
import { allow } from '../guards/tenant.ts'
import { type AuditRow, auditAfter, auditHead, listAudit } from '../store/audit.ts'
import { describe, PAGE_QUERY } from './describe.ts'
import { iso } from './shape.ts'

const TAG = 'Audit'
const PORTION = 500

export const auditRoutes = new Hono<AppEnv>()
  .use(allow('admin'))
  .get(
    '/',
    describe({
      tag: TAG,
      does: 'Who changed what and when, newest first',
      answer: pageOf(AuditLine),
      query: PAGE_QUERY,
    }),
    async (c) => {
      const limit = wholeIn('limit', c.req.query('limit') ?? '50', 1, 200)
      const cursor = c.req.query('cursor')
      const before = cursor === undefined ? null : wholeIn('cursor', cursor, 1, 999_999_999_999)
      const rows = await listAudit(c.var.world.db, c.var.caller.tenantId, limit + 1, before)
      const kept = rows.slice(0, limit)
      const nextCursor = rows.length > limit ? String(kept.at(-1)?.seq) : null
      return c.json({ items: kept.map(auditLine), nextCursor })
    },
  )
  .get(
    '/head',
    describe({ tag: TAG, does: 'The end of the log: note it elsewhere, and a log cut short shows', answer: AuditHead }),
    async (c) => c.json((await auditHead(c.var.world.db, c.var.caller.tenantId)) ?? { seq: 0, hash: '' }),
  )
  .get(
    '/export',
    describe({
      tag: TAG,
      does: 'The log as JSON lines, oldest first',
      type: 'application/x-ndjson',
      query: { after: 'lines after this `seq`; all unless said' },
    }),
    async (c) => {
      const { db } = c.var.world
      const { tenantId } = c.var.caller
      let after = wholeIn('after', c.req.query('after') ?? '0', 0, 999_999_999_999)
      const encoder = new TextEncoder()
      // The first rows before the answer: a database that fails is then told by its status.
      let rows = await auditAfter(db, tenantId, after, PORTION)
      const body = new ReadableStream<Uint8Array>({
        async pull(controller) {
          controller.enqueue(encoder.encode(rows.map((row) => `${JSON.stringify(auditLine(row))}\n`).join('')))
          const last = rows.at(-1)
          if (!last || rows.length < PORTION) return controller.close()
          after = last.seq
          // What the database says of its fault is nobody's to read.
          const next = await auditAfter(db, tenantId, after, PORTION).catch(() => null)
          if (next === null) return controller.error(new Error('The database does not answer.'))
          rows = next
        },
      })
      return c.body(body, 200, {
        'content-type': 'application/x-ndjson',
        'content-disposition': 'attachment; filename="audit.jsonl"',
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-store',
      })
    },
  )

export const auditLine = ({
  tenantId,
  seq,
  at,
  actor,
  deed,
  subject,
  before,
  asked,
  prev,
  hash,
}: AuditRow): AuditLine => ({
  ...{ tenantId, seq, at: iso(at), actor, deed, subject, before, asked, prev, hash },
})

function wholeIn(field: string, text: string, least: number, most: number): number {
  const value = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN
  if (!(value >= least && value <= most))
    throw badField('invalid', field, `must be a whole number from ${least} to ${most}`)
  return value
}
