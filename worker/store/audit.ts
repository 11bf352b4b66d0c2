/** The audit log (schema/audit.ts). Lines are only ever added, one after the other; triggers refuse all else. */
import { and, asc, desc, eq, gt, lt, sql } from 'drizzle-orm'
import type { AuditHead } from '../../schema/audit.ts'
import { audit, auditWaiting } from '../../schema/tables.ts'
import { batch, causeOf, type Db } from './db.ts'

export type AuditRow = typeof audit.$inferSelect

const headOf = (db: Db, tenantId: string) =>
  db
    .select({ seq: audit.seq, hash: audit.hash })
    .from(audit)
    .where(eq(audit.tenantId, tenantId))
    .orderBy(desc(audit.seq))
    .limit(1)

/** The end of a tenant's log; null while there is none. */
export const auditHead = async (db: Db, tenantId: string): Promise<AuditHead | null> =>
  (await headOf(db, tenantId).get()) ?? null

export type WaitingLine = typeof auditWaiting.$inferSelect

/** Lines that have no number yet, oldest first, and the end of the log at the same moment. */
export async function waitingAndHead(
  db: Db,
  tenantId: string,
  limit: number,
): Promise<{ waiting: WaitingLine[]; head: AuditHead | null }> {
  const [waiting, head] = await batch(db, [
    db
      .select()
      .from(auditWaiting)
      .where(eq(auditWaiting.tenantId, tenantId))
      .orderBy(asc(auditWaiting.at), asc(auditWaiting.id))
      .limit(limit),
    headOf(db, tenantId),
  ])
  return { waiting: waiting as WaitingLine[], head: (head as AuditHead[])[0] ?? null }
}

/** Tenants of whom lines wait. */
export const whoseLinesWait = async (db: Db, limit: number): Promise<string[]> =>
  (await db.selectDistinct({ tenantId: auditWaiting.tenantId }).from(auditWaiting).limit(limit)).map(
    ({ tenantId }) => tenantId,
  )

/** Somebody else added the line of this number first: nothing of the batch was done. */
export const isBehind = (error: unknown): boolean =>
  /audit: not the next line|UNIQUE constraint failed: audit\./.test(causeOf(error))

/** Newest first, before `before`. */
export const listAudit = (db: Db, tenantId: string, limit: number, before: number | null): Promise<AuditRow[]> =>
  db
    .select()
    .from(audit)
    .where(and(eq(audit.tenantId, tenantId), before === null ? undefined : lt(audit.seq, before)))
    .orderBy(desc(audit.seq))
    .limit(limit)

/** Oldest first, after `after`: as it is exported. */
export const auditAfter = (db: Db, tenantId: string, after: number, limit: number): Promise<AuditRow[]> =>
  db
    .select()
    .from(audit)
    .where(and(eq(audit.tenantId, tenantId), gt(audit.seq, after)))
    .orderBy(asc(audit.seq))
    .limit(limit)

/** As many go at a tick. */
const MOST_GIVEN_UP = 1_000

/** Gives up lines from before `until`, oldest first, and never the last of a tenant. The triggers let nothing else go. */
export async function retainAudit(db: Db, until: number): Promise<void> {
  // The oldest line of each tenant tells: a log is in the order of its times.
  const old = await db.get(sql`SELECT 1 FROM tenants
    WHERE (SELECT at FROM audit WHERE audit.tenant_id = tenants.id ORDER BY seq LIMIT 1) < ${until} LIMIT 1`)
  if (!old) return
  await batch(db, [
    db.run(sql`INSERT INTO settings (name, value, changed_at) VALUES ('audit:retain', ${String(until)}, ${until})
      ON CONFLICT (name) DO UPDATE SET value = excluded.value`),
    // From the beginning of a log without a gap: what follows can still be checked.
    db.run(sql`DELETE FROM audit WHERE (tenant_id, seq) IN (SELECT tenant_id, seq FROM audit old WHERE at < ${until}
      AND seq < (SELECT max(seq) FROM audit WHERE tenant_id = old.tenant_id)
      AND NOT EXISTS (SELECT 1 FROM audit WHERE tenant_id = old.tenant_id AND seq < old.seq AND at >= ${until})
      ORDER BY tenant_id, seq LIMIT ${MOST_GIVEN_UP})`),
    db.run(sql`DELETE FROM settings WHERE name = 'audit:retain'`),
  ])
}

/** Tables of what an id names, by its prefix. */
const TABLES: Readonly<Record<string, string>> = {
  tgt: 'targets',
  scn: 'scans',
  prf: 'scans',
  run: 'runs',
  iss: 'issues',
  occ: 'occurrences',
  prb: 'probes',
  can: 'canaries',
  chn: 'channels',
  rng: 'ranges',
  key: 'keys',
  bcn: 'beacons',
  opt: 'opt_outs',
  dlv: 'deliveries',
}

/** What people make, by table: what else is written with it has no line of its own. */
const MADE: ReadonlyMap<string | undefined, string> = new Map([
  ...['tgt', 'scn', 'prb', 'can', 'chn', 'rng', 'key', 'bcn', 'opt'].map((prefix) => [TABLES[prefix], prefix] as const),
  ['letters', 'ltr'],
  ['tenants', 'ten'],
])

/** The id of what a statement makes with these values bound to it; null when it makes nothing that has one. */
export function madeBy(statement: string, values: readonly unknown[]): string | null {
  const [, table = ''] = /^\s*insert\s+(?:or\s+\w+\s+)?into\s+["`]?(\w+)/i.exec(statement) ?? []
  const prefix = MADE.get(table)
  const id = prefix === undefined ? undefined : values.find((value) => `${value}`.startsWith(`${prefix}_`))
  return typeof id === 'string' ? id : null
}

/** What an id names, as the tenant has it now: its row as JSON; null where there is none. */
export async function rowNamed(db: Db, tenantId: string, id: string): Promise<string | null> {
  const [prefix = '', rest = ''] = id.split('_')
  const table = TABLES[prefix]
  const named = prefix === 'prf' ? `scn_${rest}` : id
  const query =
    prefix === 'ten'
      ? sql`SELECT * FROM tenants WHERE id = ${id}`
      : // A letter is a tenant's, and entered by the operator alone.
        prefix === 'ltr'
        ? sql`SELECT * FROM letters WHERE id = ${id}`
        : table && sql`SELECT * FROM ${sql.raw(table)} WHERE tenant_id = ${tenantId} AND id = ${named} LIMIT 1`
  const row = query ? await db.get<unknown>(query) : null
  return row ? JSON.stringify(row) : null
}
