/** Networks whose owners asked not to be scanned. They hold for all tenants. */
import { and, asc, eq, gt, sql } from 'drizzle-orm'
import { type Address, contains, parseCidr } from '../../schema/address.ts'
import { newId } from '../../schema/ids.ts'
import { optOuts } from '../../schema/tables.ts'
import { type Db, rowWhere } from './db.ts'
import { OPERATOR } from './keys.ts'

export type OptOut = typeof optOuts.$inferSelect

/** As many are added: each opening of a scan holds its addresses against all of them. */
export const MOST_OPT_OUTS = 10_000

/** All of them, however many there are: one that was not read would not be honoured. */
export async function listOptOuts(db: Db): Promise<OptOut[]> {
  const found: OptOut[] = []
  let page: OptOut[]
  do {
    page = await db
      .select()
      .from(optOuts)
      .where(and(eq(optOuts.tenantId, OPERATOR), gt(optOuts.id, found.at(-1)?.id ?? '')))
      .orderBy(asc(optOuts.id))
      .limit(MOST_OPT_OUTS)
    found.push(...page)
  } while (page.length === MOST_OPT_OUTS)
  return found.sort((a, b) => a.createdAt - b.createdAt)
}

/** The test whether an address is opted out by these. */
export function optedOutBy(list: readonly OptOut[]): (address: Address) => boolean {
  const networks = list.flatMap((row) => parseCidr(row.cidr) ?? [])
  return (address) => networks.some((network) => contains(network, address))
}

/** Null when there are as many as there may be. */
export async function addOptOut(db: Db, cidr: string, note: string | null, now: number): Promise<OptOut | null> {
  const row = { tenantId: OPERATOR, id: newId('opt'), cidr, note, createdAt: now }
  const isRoom = sql`(SELECT count(*) FROM opt_outs WHERE tenant_id = ${OPERATOR}) < ${MOST_OPT_OUTS}`
  const [added] = await db
    .insert(optOuts)
    .select(rowWhere(optOuts, row, isRoom))
    .returning()
  return added ?? null
}

export async function removeOptOut(db: Db, id: string): Promise<boolean> {
  const [row] = await db
    .delete(optOuts)
    .where(and(eq(optOuts.tenantId, OPERATOR), eq(optOuts.id, id)))
    .returning({ id: optOuts.id })
  return row !== undefined
}
