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

/** A deed's line as a statement: in any case, or to stand behind a statement, where that changed something and the line stands not yet. */
export interface Line {
  always: D1PreparedStatement
  ifChanged: D1PreparedStatement
}

/** Adds the deed's line at the end of the log, as it is now. */
export async function lineFor(db: Db, d1: D1Database, deed: Deed, made: string | null): Promise<Line> {
  const [head, said] = await Promise.all([auditHead(db, deed.tenantId), saidOf(db, deed, made)])
  return (await placed(d1, said, head ?? START, deed.onlyIf)).line
}

const START = { seq: 0, hash: '' }

async function placed(
  d1: D1Database,
  { at, ...said }: Said,
  head: { seq: number; hash: string },
  onlyIf?: Deed['onlyIf'],
): Promise<{ line: Line; head: { seq: number; hash: string } }> {
  const line: Omit<AuditLine, 'hash'> = {
    ...said,
    seq: head.seq + 1,
    at: new Date(at).toISOString(),
    prev: head.hash,
  }
  const hash = await auditHash(line)
  const made = written(
    d1,
    'INSERT INTO audit (tenant_id, seq, at, actor, deed, subject, before, asked, prev, hash) SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?',
    [line.tenantId, line.seq, at, line.actor, line.deed, line.subject, line.before, line.asked, line.prev, hash],
    // Of another deed a line may have this number: then the batch must fail, and is made again.
    { where: 'SELECT 1 FROM audit WHERE tenant_id = ? AND seq = ? AND hash = ?', is: [line.tenantId, line.seq, hash] },
    onlyIf,
  )
  return { line: made, head: { seq: line.seq, hash } }
}

/** `stands` finds the line itself. changes() counts the rows of the statement before: sqlite.org/lang_corefunc.html#changes */
function written(
  d1: D1Database,
  insert: string,
  values: readonly unknown[],
  stands: { where: string; is: readonly unknown[] },
  onlyIf: Deed['onlyIf'],
): Line {
  const holds = onlyIf ? ['EXISTS (SELECT 1 FROM settings WHERE name = ? AND value = ?)'] : []
  const wanted = onlyIf ? [onlyIf.name, onlyIf.value] : []
  const where = (all: readonly string[]) => (all.length > 0 ? ` WHERE ${all.join(' AND ')}` : '')
  const changed = ['changes() > 0', `NOT EXISTS (${stands.where})`]
  return {
    always: d1.prepare(`${insert}${where(holds)}`).bind(...values, ...wanted),
    ifChanged: d1.prepare(`${insert}${where([...changed, ...holds])}`).bind(...values, ...stands.is, ...wanted),
  }
}

/** Keeps the deed's line until it has its number: it meets no other. */
export async function waitingFor(db: Db, d1: D1Database, deed: Deed, made: string | null): Promise<Line> {
  const { tenantId, at, actor, deed: what, subject, before, asked } = await saidOf(db, deed, made)
  const id = hex(luck(16))
  return written(
    d1,
    'INSERT INTO audit_waiting (tenant_id, id, at, actor, deed, subject, before, asked) SELECT ?, ?, ?, ?, ?, ?, ?, ?',
    [tenantId, id, at, actor, what, subject, before, asked],
    { where: 'SELECT 1 FROM audit_waiting WHERE tenant_id = ? AND id = ?', is: [tenantId, id] },
    deed.onlyIf,
  )
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
        next.line.always,
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
