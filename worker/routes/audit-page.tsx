/** The page of the audit log. */
import { Hono } from 'hono'
import { checkAudit } from '../../schema/audit.ts'
import type { AppEnv } from '../context.ts'
import { badField } from '../failure.ts'
import { allow, tenant } from '../guards/tenant.ts'
import { ACTORS, AUDIT_COLUMNS, AuditPage, type ChainCheck, DEEDS } from '../portal/audit.tsx'
import type { ListAsk } from '../portal/parts/listing.tsx'
import { auditHead } from '../store/audit.ts'
import { type AuditWish, auditPortion, searchAudit } from '../store/audit-search.ts'
import type { Db } from '../store/db.ts'
import { auditLine } from './audit.ts'
import { fileFormat, fileOf, listAsk } from './listing.ts'
import { asPage, frameOf, show } from './show.tsx'

const PAGE = 50
/** Lines that one request checks: each costs a SHA-256, and a page has 10 ms of CPU. */
const CHECKED = 100
const DAY_MS = 86_400_000

const valuesOf = (options: readonly { value: string }[]): string[] => options.map(({ value }) => value)

function dayIn(name: string, text: string): number | null {
  if (text === '') return null
  const at = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN
  if (Number.isNaN(at)) throw badField('invalid', name, 'must be a day such as 2026-11-22')
  return at
}

function seqIn(name: string, text: string): number | null {
  if (text === '') return null
  if (!/^\d{1,12}$/.test(text)) throw badField('invalid', name, 'must be the number of a line')
  return Number(text)
}

function wishOf({ filters, q, cursor }: ListAsk): AuditWish {
  const { actor = '', deed = '', from = '', until = '' } = filters
  const last = dayIn('until', until)
  return {
    before: seqIn('cursor', cursor),
    from: dayIn('from', from),
    until: last === null ? null : last + DAY_MS,
    actor: actor === '' || actor === 'line' ? actor : `${actor}:`,
    deed: deed === '' ? '' : `${deed} `,
    words: q,
  }
}

/** A portion of the chain, from the line after `after` on. */
async function checkOf(db: Db, tenantId: string, after: number, end: number): Promise<ChainCheck> {
  const { kept, rows } = await auditPortion(db, tenantId, after, CHECKED)
  const check = checkAudit(kept && { seq: kept.seq, hash: kept.hash })
  let last: number | null = null
  for (const row of rows) {
    const fault = await check.take(JSON.stringify(auditLine(row)))
    if (fault !== null)
      return {
        fault: fault.replace(/^line \d+ of the file(?: \(seq (\d+)\))?/, 'Line $1'),
        first: check.first,
        last,
        next: null,
      }
    last = row.seq
  }
  const next = last !== null && last < end ? last : null
  return { fault: null, first: check.first, last, next }
}

export const auditPageRoutes = new Hono<AppEnv>()
  .use('/audit', asPage)
  .get('/audit', tenant, allow('admin'), async (c) => {
    const { db } = c.var.world
    const { tenantId } = c.var.caller
    const ask = listAsk(c, {
      filters: { actor: valuesOf(ACTORS), deed: valuesOf(DEEDS), from: null, until: null },
    })
    const wish = wishOf(ask)
    const format = fileFormat(c)
    if (format)
      return fileOf('audit', format, AUDIT_COLUMNS, async (cursor, limit) => {
        let step = await searchAudit(db, tenantId, { ...wish, before: seqIn('cursor', cursor) }, limit)
        while (step.rows.length === 0 && step.next !== null)
          step = await searchAudit(db, tenantId, { ...wish, before: step.next }, limit)
        return { rows: step.rows.map(auditLine), next: step.next === null ? null : String(step.next) }
      })
    const asked = seqIn('check', c.req.query('check') ?? '')
    const head = await auditHead(db, tenantId)
    // The chain or the list: both at once would be one query too many.
    const check = asked === null ? null : await checkOf(db, tenantId, asked, head?.seq ?? 0)
    const step = check ? { rows: [], next: null } : await searchAudit(db, tenantId, wish, PAGE)
    return show(
      c,
      <AuditPage
        frame={await frameOf(c)}
        rows={step.rows.map(auditLine)}
        ask={ask}
        next={step.next === null ? null : String(step.next)}
        head={head}
        check={check}
      />,
    )
  })
