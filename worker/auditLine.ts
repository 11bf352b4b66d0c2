/** Lines of the audit log: made for a deed, or numbered after it. */
import { type AuditLine, auditHash } from '../schema/audit.ts'
import { hex, luck, sha256 } from './secrets.ts'
import { type AuditRow, auditHead, isBehind, rowNamed, waitingAndHead, whoseLinesWait } from './store/audit.ts'
import type { Db } from './store/db.ts'

/** Who does what to what. */
export interface Deed {
  tenantId: string
  actor: string
  deed: string
  subject: string | null
  /** the body as sent */
  asked: string | Uint8Array<ArrayBuffer>
  now: number
  /** It stops or takes away something: done whatever the load on the log. Its line stands in the same batch, and gets its number after. */
  urgent?: boolean
  /** The line stands only where this row of `settings` has this value once the deed is done. */
  onlyIf?: { name: string; value: string }
}

/** All of a line but its place. */
type Said = Pick<AuditRow, 'tenantId' | 'at' | 'actor' | 'deed' | 'subject' | 'before' | 'asked'>

/** `made`: what the deed makes, where its path names nothing; it has no row before. */
async function saidOf(
  db: Db,
  { tenantId, actor, deed, subject, asked, now }: Deed,
  made: string | null,
): Promise<Said> {
  const row = subject === null ? null : await rowNamed(db, tenantId, subject)
  return {
    ...{ tenantId, actor, deed, at: now },
    // What the caller’s tenant does not have is not repeated after it.
    subject: subject === null ? made : row === null ? null : subject,
    before: row === null ? null : await sha256(row),
    asked: await sha256(asked),
  }
}

/** The statement that adds the deed's line at the end of the log, as it is now. */
export async function lineFor(db: Db, d1: D1Database, deed: Deed, made: string | null): Promise<D1PreparedStatement> {
  const [head, said] = await Promise.all([auditHead(db, deed.tenantId), saidOf(db, deed, made)])
  return (await placed(d1, said, head ?? START, deed.onlyIf)).statement
}

const START = { seq: 0, hash: '' }

async function placed(
  d1: D1Database,
  { at, ...said }: Said,
  head: { seq: number; hash: string },
  onlyIf?: Deed['onlyIf'],
): Promise<{ statement: D1PreparedStatement; head: { seq: number; hash: string } }> {
  const line: Omit<AuditLine, 'hash'> = {
    ...said,
    seq: head.seq + 1,
    at: new Date(at).toISOString(),
    prev: head.hash,
  }
  const hash = await auditHash(line)
  const statement = d1
    .prepare(
      `INSERT INTO audit (tenant_id, seq, at, actor, deed, subject, before, asked, prev, hash) SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?${holds(onlyIf)}`,
    )
    .bind(
      ...[line.tenantId, line.seq, at, line.actor, line.deed, line.subject, line.before, line.asked, line.prev, hash],
      ...wanted(onlyIf),
    )
  return { statement, head: { seq: line.seq, hash } }
}

const holds = (onlyIf: Deed['onlyIf']): string =>
  onlyIf ? ' WHERE EXISTS (SELECT 1 FROM settings WHERE name = ? AND value = ?)' : ''
const wanted = (onlyIf: Deed['onlyIf']): string[] => (onlyIf ? [onlyIf.name, onlyIf.value] : [])

/** The statement that keeps the deed's line until it has its number: it meets no other. */
export async function waitingFor(
  db: Db,
  d1: D1Database,
  deed: Deed,
  made: string | null,
): Promise<D1PreparedStatement> {
  const { tenantId, at, actor, deed: what, subject, before, asked } = await saidOf(db, deed, made)
  return d1
    .prepare(
      `INSERT INTO audit_waiting (tenant_id, id, at, actor, deed, subject, before, asked) SELECT ?, ?, ?, ?, ?, ?, ?, ?${holds(deed.onlyIf)}`,
    )
    .bind(tenantId, hex(luck(16)), at, actor, what, subject, before, asked, ...wanted(deed.onlyIf))
}

/** In one batch at most. */
const MOST_AT_ONCE = 20

/**
 * Gives all waiting lines of a tenant their numbers, oldest first. Each line and the end of its waiting are one write; where
 * others added to the log in between nothing was done. False when some still wait after so many tries.
 */
export async function numberWaiting(db: Db, d1: D1Database, tenantId: string, tries: number): Promise<boolean> {
  for (let left = tries; left > 0; left--) {
    const { waiting, head } = await waitingAndHead(db, tenantId, MOST_AT_ONCE)
    if (waiting.length === 0) return true
    const statements: D1PreparedStatement[] = []
    let end = head ?? START
    for (const { id, ...said } of waiting) {
      const next = await placed(d1, said, end)
      end = next.head
      statements.push(
        next.statement,
        d1.prepare('DELETE FROM audit_waiting WHERE tenant_id = ? AND id = ?').bind(tenantId, id),
      )
    }
    try {
      await d1.batch(statements)
      if (waiting.length < MOST_AT_ONCE) return true
    } catch (error) {
      if (!isBehind(error)) throw error
    }
  }
  return false
}

/** Of all tenants, a few at a time: for cron. */
export async function numberLines(db: Db): Promise<void> {
  const d1 = (db as unknown as { $client: D1Database }).$client
  for (const tenantId of await whoseLinesWait(db, 5)) await numberWaiting(db, d1, tenantId, 10)
}
