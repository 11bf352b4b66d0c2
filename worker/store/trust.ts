/** Canaries, what is held against probes, and verdicts that rest on one which is not believed any more. */
import { and, asc, eq, isNotNull, isNull, sql } from 'drizzle-orm'
import { newId } from '../../schema/ids.ts'
import { canaries, probes, runs, scans } from '../../schema/tables.ts'
import type { Standing } from '../core/trust.ts'
import { batch, type Db, listIn, once, rows, type Statement } from './db.ts'
import { OPERATOR } from './keys.ts'
import { addNotices, type Told } from './outbox.ts'

export type Canary = typeof canaries.$inferSelect

export const listCanaries = (db: Db): Promise<Canary[]> =>
  db.select().from(canaries).where(eq(canaries.tenantId, OPERATOR)).orderBy(asc(canaries.createdAt)).limit(500)

export const canariesAt = (db: Db, addresses: readonly string[]): Promise<Canary[]> =>
  db
    .select()
    .from(canaries)
    .where(
      and(
        eq(canaries.tenantId, OPERATOR),
        sql`${canaries.address} IN (SELECT value FROM json_each(${rows(addresses)}))`,
      ),
    )
    .limit(500)

export async function addCanary(
  db: Db,
  canary: Pick<Canary, 'address' | 'port' | 'expect'>,
  now: number,
): Promise<Canary> {
  const row = { ...canary, tenantId: OPERATOR, id: newId('can'), createdAt: now }
  await db.insert(canaries).values(row)
  return row
}

export async function removeCanary(db: Db, id: string): Promise<boolean> {
  const gone = await db
    .delete(canaries)
    .where(and(eq(canaries.tenantId, OPERATOR), eq(canaries.id, id)))
    .returning({ id: canaries.id })
  return gone.length > 0
}

/** Probes that are not believed. Few, and found by an index of their own. */
export const quarantined = once<Record<never, never>, { probeId: string }>((db) =>
  db
    .select({ probeId: sql<string>`id`.as('probeId') })
    .from(probes)
    .where(isNotNull(probes.quarantinedAt)),
)

/** What is held against these. */
export const recordsOf = async (db: Db, probeIds: readonly string[]): Promise<Map<string, Standing>> =>
  new Map(
    (
      await db
        .select({ id: probes.id, score: probes.disagreement, alone: probes.stoodAlone })
        .from(probes)
        .where(sql`${probes.id} IN (SELECT value FROM json_each(${rows(probeIds)}))`)
    ).map(({ id, score, alone }) => [id, { score, alone }]),
  )

export const noteRecord = (db: Db, probeId: string, { score, alone }: Standing): Statement =>
  db
    .update(probes)
    .set({ disagreement: score, stoodAlone: [...alone] })
    .where(eq(probes.id, probeId))

/** Verdicts as old as this are not taken up again. */
const DOUBT_MS = 30 * 24 * 3_600_000

/** How many scans under way have it on their panel. */
export const countScansOf = async (db: Db, probeId: string): Promise<number> =>
  (
    await db.get<{ scans: number }>(sql`SELECT count(*) AS scans FROM scans WHERE finished_at IS NULL
      AND EXISTS (SELECT 1 FROM json_each(panel) WHERE value ->> '$.probeId' = ${probeId})`)
  )?.scans ?? 0

/** Ends a probe's work, marks the verdicts that it carried, and tells of it. A repeat changes and tells nothing. */
export const quarantine = (
  db: Db,
  probeId: string,
  { reason, score, notice }: { reason: string; score: number; notice: Told | null },
  now: number,
): Statement[] => [
  // Before the row is changed: a probe that is in quarantine already is not told of again.
  ...(notice === null
    ? []
    : [
        addNotices(
          db,
          OPERATOR,
          [notice],
          sql`EXISTS (SELECT 1 FROM probes WHERE id = ${probeId} AND revoked_at IS NULL AND quarantined_at IS NULL)`,
          now,
        ),
      ]),
  db
    .update(probes)
    .set({ quarantinedAt: now, quarantineReason: reason.slice(0, 300), disagreement: score })
    .where(and(eq(probes.id, probeId), isNull(probes.revokedAt), isNull(probes.quarantinedAt))),
  db
    .update(runs)
    .set({ state: 'ended', endedAt: now })
    .where(and(eq(runs.probeId, probeId), eq(runs.state, 'due'), isNull(runs.endedAt))),
  db.run(sql`UPDATE scans SET doubted_at = ${now} WHERE tenant_id IN (SELECT id FROM tenants) AND created_at > ${now - DOUBT_MS}
    AND doubted_at IS NULL AND finished_at IS NOT NULL AND proof IS NULL AND judgement IS NOT NULL
    AND EXISTS (SELECT 1 FROM ${listIn(sql`judgement`, 'ports')} port, ${listIn(sql`port.value`, 'probes')} carrier WHERE carrier.value = ${probeId})`),
]

/** Believed again, with a clean slate; told where it was not believed before. */
export const liftQuarantine = async (db: Db, probeId: string, notice: Told | null, now: number): Promise<void> => {
  await batch(db, [
    ...(notice === null
      ? []
      : [
          addNotices(
            db,
            OPERATOR,
            [notice],
            sql`EXISTS (SELECT 1 FROM probes WHERE id = ${probeId} AND quarantined_at IS NOT NULL)`,
            now,
          ),
        ]),
    db
      .update(probes)
      .set({ quarantinedAt: null, quarantineReason: null, disagreement: 0, stoodAlone: [] })
      .where(eq(probes.id, probeId)),
  ])
}

/** Scans to be judged again, a few at a time. */
export const doubted = (db: Db, now: number, limit: number): Promise<{ tenantId: string; id: string }[]> =>
  db
    .select({ tenantId: scans.tenantId, id: scans.id })
    .from(scans)
    .where(
      and(
        sql`EXISTS (SELECT 1 FROM probes WHERE quarantined_at > ${now - DOUBT_MS})`,
        sql`${scans.tenantId} IN (SELECT id FROM tenants) AND ${scans.createdAt} > ${now - 2 * DOUBT_MS}`,
        isNotNull(scans.doubtedAt),
      ),
    )
    .limit(limit)

export const settleDoubt = async (db: Db, tenantId: string, id: string): Promise<void> => {
  await db
    .update(scans)
    .set({ doubtedAt: null })
    .where(and(eq(scans.tenantId, tenantId), eq(scans.id, id)))
}
