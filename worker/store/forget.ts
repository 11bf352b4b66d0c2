/** What has had its time, scan by scan in the order of their keys: no index is needed, and no row says what was done. */
import { and, eq, isNotNull, sql } from 'drizzle-orm'
import { facts, runs, scans } from '../../schema/tables.ts'
import { batch, type Db, listIn, partOf } from './db.ts'

export interface OldScan {
  tenantId: string
  id: string
  finishedAt: number | null
  hasRaw: number
  hasRuns: number
  /** carries a look at control (store/controls.ts): what that found stands elsewhere */
  isLook: number
}

/** The next scans after `after`, whatever their age. Runs begin with the random part of their scan's id (schema/tables.ts). */
export const scansAfter = (db: Db, after: readonly [string, string], limit: number): Promise<OldScan[]> =>
  db.all<OldScan>(sql`SELECT tenant_id AS tenantId, id, finished_at AS finishedAt, output_key IS NOT NULL AS hasRaw,
    EXISTS (SELECT 1 FROM facts f WHERE f.tenant_id = scans.tenant_id AND f.scan_id = scans.id)
      OR EXISTS (SELECT 1 FROM ${listIn(sql`scans.panel`)} member JOIN runs ON runs.probe_id = ${partOf('member', 'probeId')}
        AND runs.id >= 'run_' || substr(scans.id, 5) AND runs.id < 'run_' || substr(scans.id, 5) || '~') AS hasRuns,
    control IS NOT NULL AS isLook
    FROM scans WHERE (tenant_id, id) > (${after[0]}, ${after[1]}) ORDER BY tenant_id, id LIMIT ${limit}`)

/** What was reported of an ended scan, and its runs. Its judgement stays; of a look nothing does. */
export async function forgetFacts(
  db: Db,
  { tenantId, id }: Pick<OldScan, 'tenantId' | 'id'>,
  panel: readonly string[],
): Promise<void> {
  const from = `run_${id.slice(4)}`
  await batch(db, [
    db.delete(facts).where(and(eq(facts.tenantId, tenantId), eq(facts.scanId, id))),
    // Runs are found by their probe: those of the panel are all there are.
    ...panel.map((probeId) =>
      db
        .delete(runs)
        .where(
          and(
            eq(runs.probeId, probeId),
            sql`id >= ${from} AND id < ${`${from}~`}`,
            eq(runs.tenantId, tenantId),
            eq(runs.scanId, id),
          ),
        ),
    ),
    db.delete(scans).where(and(eq(scans.tenantId, tenantId), eq(scans.id, id), isNotNull(scans.control))),
  ])
}

export async function panelOf(db: Db, { tenantId, id }: Pick<OldScan, 'tenantId' | 'id'>): Promise<string[]> {
  const row = await db
    .select({ scanner: scans.scannerProbeId, panel: scans.panel })
    .from(scans)
    .where(and(eq(scans.tenantId, tenantId), eq(scans.id, id)))
    .get()
  return row ? [...new Set([row.scanner, ...row.panel.map(({ probeId }) => probeId)])].filter((it) => it !== '') : []
}

/** The row says no more that there is output; the objects must be gone by then. */
export const forgetOutput = async (db: Db, { tenantId, id }: Pick<OldScan, 'tenantId' | 'id'>): Promise<void> => {
  await db
    .update(scans)
    .set({ outputKey: null, outputBytes: null })
    .where(and(eq(scans.tenantId, tenantId), eq(scans.id, id)))
}

/** Facts are gone, though the scan had begun: it cannot be judged again. */
export const isForgotten = (scan: { scannerProbeId: string; judgement: unknown }, runCount: number): boolean =>
  scan.scannerProbeId !== '' && scan.judgement !== null && runCount === 0
