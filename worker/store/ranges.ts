/** The published source ranges, and the log of their changes, from which each version of the list can be made again. */
import { and, asc, desc, eq, lte, ne, or, type SQL, sql } from 'drizzle-orm'
import { rangeChanges, ranges } from '../../schema/tables.ts'
import type { RangeDeed } from '../../schema/words.ts'
import type { Change } from '../core/ranges/feeds.ts'
import type { Range } from '../core/ranges/life.ts'
import type { Version } from '../core/ranges/list.ts'
import { type Db, once, type Statement } from './db.ts'
import { OPERATOR } from './keys.ts'
import type { Told } from './outbox.ts'

export type { Range } from '../core/ranges/life.ts'

/** So many ranges may be kept at all: each change reads them. */
export const MOST_RANGES = 2_000

const columns = {
  id: ranges.id,
  cidr: ranges.cidr,
  site: ranges.site,
  country: ranges.country,
  provider: ranges.provider,
  purpose: ranges.purpose,
  state: ranges.state,
  isPublic: ranges.isPublic,
  announcedAt: ranges.announcedAt,
  activeFrom: ranges.activeFrom,
  retireAfter: ranges.retireAfter,
  firstKey: ranges.firstKey,
  lastKey: ranges.lastKey,
}

/** All ranges in the order of their addresses, IPv4 first, retired ones too. */
export const listRanges = (db: Db): Promise<Range[]> => allRanges(db)

export const readRange = async (db: Db, id: string): Promise<Range | null> =>
  (await db
    .select(columns)
    .from(ranges)
    .where(and(eq(ranges.tenantId, OPERATOR), eq(ranges.id, id)))
    .get()) ?? null

/** Whether time has moved some range on. */
export const areRangesDue = async (db: Db, now: number): Promise<boolean> =>
  (
    await db
      .select({ id: ranges.id })
      .from(ranges)
      .where(
        and(
          eq(ranges.tenantId, OPERATOR),
          or(
            and(eq(ranges.state, 'announced'), lte(ranges.activeFrom, now)),
            and(eq(ranges.state, 'retiring'), lte(ranges.retireAfter, now)),
          ),
        ),
      )
      .limit(1)
  ).length > 0

// ---------------------------------------------------------------- change

/** All that a change is decided from: the ranges, the last serial, and the version that is published. */
export interface Book {
  ranges: Range[]
  serial: number
  published: Version
}

/** The ranges and the version that is published, to be read in a batch with other things; `versionedFrom` puts them together. */
export const versionedReads = (db: Db) => [everyRange(db, {}), lastTops(db, {})] as const
export const versionedFrom = ([all, tops]: readonly unknown[]): Pick<Book, 'ranges' | 'published'> => {
  const ranges = all as Range[]
  return { ranges, published: versionOf(ranges, tops as Top[]) }
}
const everyRange = once<Record<never, never>, Range>((db) => allRanges(db))
const lastTops = once<Record<never, never>, Top>((db) => topsUpTo(db, null))
interface Top {
  serial: number
  at: number
}

const allRanges = (db: Db) =>
  db
    .select(columns)
    .from(ranges)
    .where(eq(ranges.tenantId, OPERATOR))
    .orderBy(asc(ranges.firstKey), asc(ranges.cidr))
    .limit(2 * MOST_RANGES)

export async function readBook(db: Db): Promise<Book> {
  const [all, [last], tops] = await db.batch([
    allRanges(db),
    db
      .select({ serial: rangeChanges.serial })
      .from(rangeChanges)
      .where(eq(rangeChanges.tenantId, OPERATOR))
      .orderBy(desc(rangeChanges.serial))
      .limit(1),
    topsUpTo(db, null),
  ])
  return { ranges: all, serial: last?.serial ?? 0, published: versionOf(all, tops) }
}

/**
 * One line of the log and the range as it is after it. In one batch with whatever else follows: a serial that another took
 * first undoes them all.
 */
export const writeChange = (
  db: Db,
  change: { serial: number; at: number; by: string; deed: RangeDeed; range: Range },
): Statement[] => [
  db.insert(rangeChanges).values({
    ...change,
    tenantId: OPERATOR,
    rangeId: change.range.id,
    isPublic: change.range.isPublic,
  }),
  db
    .insert(ranges)
    .values({ ...change.range, tenantId: OPERATOR })
    .onConflictDoUpdate({ target: [ranges.tenantId, ranges.id], set: { ...change.range } }),
]

/** Tells every tenant that has somewhere to be told: each has allowlists that follow ours. */
export const addRangeNotice = (db: Db, { id, event }: Told, now: number): Statement =>
  db.run(sql`INSERT OR IGNORE INTO outbox (tenant_id, id, name, at, body, spread_at)
    SELECT id, ${id}, ${event.type}, ${now}, ${JSON.stringify(event)}, NULL FROM tenants
    WHERE EXISTS (SELECT 1 FROM channels WHERE tenant_id = tenants.id AND state = 'on')`)

// ---------------------------------------------------------------- versions

/** The last two public changes up to a serial: the version, and the one before it. */
const topsUpTo = (db: Db, serial: number | null) =>
  db
    .select({ serial: rangeChanges.serial, at: rangeChanges.at })
    .from(rangeChanges)
    .where(publicUpTo(serial))
    .orderBy(desc(rangeChanges.serial))
    .limit(2)
const publicUpTo = (serial: number | null): SQL | undefined =>
  and(
    eq(rangeChanges.tenantId, OPERATOR),
    eq(rangeChanges.isPublic, 1),
    serial === null ? undefined : lte(rangeChanges.serial, serial),
  )

const versionOf = (all: readonly Range[], [top, before]: { serial: number; at: number }[]): Version => ({
  serial: top?.serial ?? 0,
  previousSerial: top ? (before?.serial ?? 0) : null,
  changedAt: top?.at ?? null,
  ranges: all,
})

/** The version that is published now. */
export async function readPublished(db: Db): Promise<Version> {
  const [all, tops] = await db.batch([
    db
      .select(columns)
      .from(ranges)
      .where(and(eq(ranges.tenantId, OPERATOR), eq(ranges.isPublic, 1), ne(ranges.state, 'retired')))
      .limit(2 * MOST_RANGES),
    topsUpTo(db, null),
  ])
  return versionOf(all, tops)
}

/** The version of a serial, made again from the log; null when no public change has it. Serial 0 is the empty list. */
export async function readVersion(db: Db, serial: number): Promise<Version | null> {
  if (serial === 0) return versionOf([], [])
  const latest = db
    .select({ last: sql<number>`max(${rangeChanges.serial})` })
    .from(rangeChanges)
    .where(publicUpTo(serial))
    .groupBy(rangeChanges.rangeId)
  const [rows, tops] = await db.batch([
    db
      .select({ range: rangeChanges.range })
      .from(rangeChanges)
      .where(and(eq(rangeChanges.tenantId, OPERATOR), sql`${rangeChanges.serial} IN ${latest}`)),
    topsUpTo(db, serial),
  ])
  const version = versionOf(
    rows.map(({ range }) => range),
    tops,
  )
  return version.serial === serial ? version : null
}

/** Public changes, newest first. */
export const publicChanges = (db: Db, limit: number): Promise<Change[]> =>
  db
    .select({
      serial: rangeChanges.serial,
      at: rangeChanges.at,
      deed: rangeChanges.deed,
      range: rangeChanges.range,
    })
    .from(rangeChanges)
    .where(publicUpTo(null))
    .orderBy(desc(rangeChanges.serial))
    .limit(limit)

/** The whole log for the operator, newest first, from below a serial. */
export const listChanges = (db: Db, limit: number, below: number | null) =>
  db
    .select({
      serial: rangeChanges.serial,
      at: rangeChanges.at,
      by: rangeChanges.by,
      deed: rangeChanges.deed,
      range: rangeChanges.range,
    })
    .from(rangeChanges)
    .where(
      and(eq(rangeChanges.tenantId, OPERATOR), below === null ? undefined : sql`${rangeChanges.serial} < ${below}`),
    )
    .orderBy(desc(rangeChanges.serial))
    .limit(limit)
