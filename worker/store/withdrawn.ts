/** Scans, proofs and recoveries under way against what is not to be touched any more. Marked only: that alone keeps their runs from being leased, and tells those who hold one at their next renewal. */
import { and, eq, gt, type SQL, sql } from 'drizzle-orm'
import { optOuts, scans } from '../../schema/tables.ts'
import { type Db, rows } from './db.ts'
import { OPERATOR } from './keys.ts'
import type { Scan } from './scans.ts'

/** Not ended, or ended and still asked after: recovery touches a target for a day more. */
const goesOn = sql`cancel_asked = 0 AND (scans.tenant_id, scans.id) IN (SELECT tenant_id, id FROM scans WHERE finished_at IS NULL
  UNION SELECT tenant_id, scan_id FROM runs WHERE ended_at IS NULL AND kind = 'recover')`

const askCancelWhere = (db: Db, where: SQL | undefined): Promise<Scan[]> =>
  db.update(scans).set({ cancelAsked: 1 }).where(and(goesOn, where)).returning()

/** Asks all of one target to stop. */
export const askCancelOf = (db: Db, tenantId: string, targetId: string): Promise<Scan[]> =>
  askCancelWhere(db, and(eq(scans.tenantId, tenantId), eq(scans.targetId, targetId)))

/** Asks what was opened while its target was being removed. */
export const askCancelRemoved = (db: Db): Promise<Scan[]> =>
  askCancelWhere(
    db,
    sql`EXISTS (SELECT 1 FROM targets WHERE targets.tenant_id = scans.tenant_id AND targets.id = scans.target_id AND deleted_at IS NOT NULL)`,
  )

const going = (db: Db, tenantId: string | null) =>
  db
    .select({ id: scans.id, addresses: scans.addresses, anchors: scans.anchors })
    .from(scans)
    .where(and(goesOn, tenantId === null ? undefined : eq(scans.tenantId, tenantId)))
const touchedBy = ({ addresses, anchors }: Pick<Scan, 'addresses' | 'anchors'>): string[] => [
  ...addresses,
  ...anchors.map(({ address }) => address),
]

/** Each address that is touched now for this tenant. */
export const touchedNow = async (db: Db, tenantId: string): Promise<string[]> => [
  ...new Set((await going(db, tenantId)).flatMap(touchedBy)),
]

/** Asks all, of whichever tenant or of one, that touches an address for which this holds: a target's, or that of an anchor. */
export async function askCancelAt(
  db: Db,
  isOut: (address: string) => boolean,
  tenantId: string | null = null,
): Promise<Scan[]> {
  const out = (await going(db, tenantId)).filter((scan) => touchedBy(scan).some(isOut))
  if (out.length === 0) return []
  return askCancelWhere(db, sql`id IN (SELECT value FROM json_each(${rows(out.map(({ id }) => id))}))`)
}

/** Networks that opted out after this. */
export const optedOutSince = async (db: Db, after: number): Promise<string[]> =>
  (
    await db
      .select({ cidr: optOuts.cidr })
      .from(optOuts)
      .where(and(eq(optOuts.tenantId, OPERATOR), gt(optOuts.createdAt, after)))
  ).map(({ cidr }) => cidr)

export interface Touched {
  tenantId: string
  /** of the scan, or of the row that carries a proof */
  id: string
  address: string
}

/**
 * Addresses under way, a target's or an anchor's, for which the tenant has no proof that holds now; a letter may cover them. A look is
 * there to prove: it needs none.
 */
export const touchedWithoutProof = (db: Db, now: number): Promise<Touched[]> =>
  db.all<Touched>(sql`SELECT tenant_id AS tenantId, id, address FROM (
      SELECT scans.tenant_id, scans.id, one.value AS address FROM scans, json_each(scans.addresses) one WHERE ${goesOn} AND control IS NULL AND is_public = 1
      UNION ALL
      SELECT scans.tenant_id, scans.id, one.value ->> '$.address' FROM scans, json_each(scans.anchors) one WHERE ${goesOn} AND control IS NULL) touched
    WHERE NOT EXISTS (SELECT 1 FROM controls WHERE controls.tenant_id = touched.tenant_id AND subject = touched.address
      AND proved_at IS NOT NULL AND expires_at > ${now})`)

/** Asks these to stop. */
export const askCancelEach = async (db: Db, list: readonly Touched[]): Promise<void> => {
  if (list.length > 0)
    await askCancelWhere(
      db,
      sql`(tenant_id, id) IN (SELECT value ->> '$.tenantId', value ->> '$.id' FROM json_each(${rows(list)}))`,
    )
}
