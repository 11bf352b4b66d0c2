import { and, asc, eq } from 'drizzle-orm'
import { newId } from '../../schema/ids.ts'
import { beacons } from '../../schema/tables.ts'
import type { Beacon as BeaconEndpoint } from '../../schema/wire.ts'
import type { Db } from './db.ts'
import { OPERATOR } from './keys.ts'

export type Beacon = typeof beacons.$inferSelect
/** As many as a plan carries. */
const IN_PLAN = 3

export const listBeacons = (db: Db): Promise<Beacon[]> =>
  db.select().from(beacons).where(eq(beacons.tenantId, OPERATOR)).orderBy(asc(beacons.createdAt)).limit(100)

/** The beacons that a plan names. None is fine: the Worker's own address serves then. */
export const planBeacons = async (db: Db): Promise<BeaconEndpoint[]> =>
  (await listBeacons(db)).slice(0, IN_PLAN).map(({ address, port }) => ({ address, port }))

export async function addBeacon(db: Db, endpoint: BeaconEndpoint, now: number): Promise<Beacon> {
  const row = { ...endpoint, tenantId: OPERATOR, id: newId('bcn'), createdAt: now }
  await db.insert(beacons).values(row)
  return row
}

export async function removeBeacon(db: Db, id: string): Promise<boolean> {
  const [row] = await db
    .delete(beacons)
    .where(and(eq(beacons.tenantId, OPERATOR), eq(beacons.id, id)))
    .returning({ id: beacons.id })
  return row !== undefined
}
