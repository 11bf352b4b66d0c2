/** What the drift watch reads and writes: ranges, and targets whose allowlist was once known to be whole. */
import { and, asc, desc, eq, inArray, isNull, ne, type SQL, sql } from 'drizzle-orm'
import type { OutdatedBy } from '../../schema/proof.ts'
import { rangeChanges, ranges, settings, targets } from '../../schema/tables.ts'
import type { DriftRange } from '../core/drift.ts'
import { batch, changed, type Db } from './db.ts'
import { OPERATOR } from './keys.ts'
import { addNotices, type Told } from './outbox.ts'
import type { Target } from './targets.ts'

/** Ranges from which targets are, or will be, touched. */
export const rangesInUse = (db: Db): Promise<DriftRange[]> =>
  db
    .select({
      id: ranges.id,
      cidr: ranges.cidr,
      site: ranges.site,
      state: ranges.state,
      isPublic: ranges.isPublic,
      announcedAt: ranges.announcedAt,
      activeFrom: ranges.activeFrom,
    })
    .from(ranges)
    .where(
      and(eq(ranges.tenantId, OPERATOR), inArray(ranges.state, ['announced', 'active']), ne(ranges.purpose, 'webhook')),
    )
    .limit(5_000)
    .then((found) => found.map((row) => ({ ...row, isPublic: row.isPublic === 1 })))

export type DriftTargetRow = Pick<
  Target,
  'tenantId' | 'id' | 'address' | 'name' | 'tags' | 'sites' | 'provedAt' | 'lastKnown' | 'outdatedBy'
>

/** Targets after this one, in the order of their keys. */
export const targetsAfter = (db: Db, after: readonly [string, string], limit: number): Promise<DriftTargetRow[]> =>
  db
    .select({
      tenantId: targets.tenantId,
      id: targets.id,
      address: targets.address,
      name: targets.name,
      tags: targets.tags,
      sites: targets.sites,
      provedAt: targets.provedAt,
      lastKnown: targets.lastKnown,
      outdatedBy: targets.outdatedBy,
    })
    .from(targets)
    .where(and(isNull(targets.deletedAt), sql`(tenant_id, id) > (${after[0]}, ${after[1]})`))
    .orderBy(asc(targets.tenantId), asc(targets.id))
    .limit(limit)

const text = (list: readonly OutdatedBy[]): string => JSON.stringify(list)
const stands = ({ tenantId, id }: DriftTargetRow, list: readonly OutdatedBy[]): SQL =>
  sql`EXISTS (SELECT 1 FROM targets WHERE tenant_id = ${tenantId} AND id = ${id} AND outdated_by = ${text(list)})`

/** Writes the new list with its notices in one batch, unless somebody wrote another since it was read. */
export async function writeOutdated(
  db: Db,
  row: DriftTargetRow,
  list: readonly OutdatedBy[],
  notices: readonly Told[],
  now: number,
): Promise<boolean> {
  const [done] = await batch(db, [
    db
      .update(targets)
      .set({ outdatedBy: [...list] })
      .where(and(eq(targets.tenantId, row.tenantId), eq(targets.id, row.id), stands(row, row.outdatedBy))),
    ...(notices.length > 0 ? [addNotices(db, row.tenantId, notices, stands(row, list), now)] : []),
  ])
  return changed(done) > 0
}

// ---------------------------------------------------------------- how far the watch is

const NAME = 'drift'
export interface DriftMark {
  /** the day whose round this is, since 1970 */
  day: number
  /** the last line in the log of ranges when it began; a mark of an older version has none */
  serial?: number
  /** the last target that was looked at; null when the round is over */
  after: [string, string] | null
}

/** How far the watch is, and the last line in the log of ranges by now: public ones and others. */
export async function readMark(db: Db): Promise<{ mark: DriftMark | null; serial: number }> {
  const [[row], [last]] = await db.batch([
    db.select({ value: settings.value }).from(settings).where(eq(settings.name, NAME)),
    db
      .select({ serial: rangeChanges.serial })
      .from(rangeChanges)
      .where(eq(rangeChanges.tenantId, OPERATOR))
      .orderBy(desc(rangeChanges.serial))
      .limit(1),
  ])
  return { mark: row ? (JSON.parse(row.value) as DriftMark) : null, serial: last?.serial ?? 0 }
}

export const writeMark = async (db: Db, mark: DriftMark, now: number): Promise<void> => {
  const row = { name: NAME, value: JSON.stringify(mark), changedAt: now }
  await db.insert(settings).values(row).onConflictDoUpdate({ target: settings.name, set: row })
}
