/** Networks whose owners asked not to be scanned. They hold for all tenants. */
import { and, asc, eq } from 'drizzle-orm'
import { type Address, contains, parseCidr } from '../../schema/address.ts'
import { newId } from '../../schema/ids.ts'
import { optOuts } from '../../schema/tables.ts'
import type { Db } from './db.ts'
import { OPERATOR } from './keys.ts'

export type OptOut = typeof optOuts.$inferSelect

export const listOptOuts = (db: Db): Promise<OptOut[]> =>
  db.select().from(optOuts).where(eq(optOuts.tenantId, OPERATOR)).orderBy(asc(optOuts.createdAt)).limit(10_000)

/** The test whether an address is opted out by these. */
export function optedOutBy(list: readonly OptOut[]): (address: Address) => boolean {
  const networks = list.flatMap((row) => parseCidr(row.cidr) ?? [])
  return (address) => networks.some((network) => contains(network, address))
}

export async function addOptOut(db: Db, cidr: string, note: string | null, now: number): Promise<OptOut> {
  const row = { tenantId: OPERATOR, id: newId('opt'), cidr, note, createdAt: now }
  await db.insert(optOuts).values(row)
  return row
}

export async function removeOptOut(db: Db, id: string): Promise<boolean> {
  const [row] = await db
    .delete(optOuts)
    .where(and(eq(optOuts.tenantId, OPERATOR), eq(optOuts.id, id)))
    .returning({ id: optOuts.id })
  return row !== undefined
}
