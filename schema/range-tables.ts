/** Our address ranges and the log of their changes; part of tables.ts, with the same rules. */
import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'
import { id, json, tenantId } from './columns.ts'
import type { LoggedRange } from './ranges.ts'
import { RANGE_DEEDS, RANGE_PURPOSES, RANGE_STATES } from './words.ts'

export const ranges = sqliteTable(
  'ranges',
  {
    tenantId: tenantId(),
    id: id(),
    cidr: text('cidr').notNull(),
    site: text('site').notNull(),
    country: text('country'),
    provider: text('provider'),
    purpose: text('purpose', { enum: RANGE_PURPOSES }).notNull().default('scan'),
    state: text('state', { enum: RANGE_STATES }).notNull(),
    /** private addresses are active at once and never published */
    isPublic: integer('is_public').notNull(),
    announcedAt: integer('announced_at').notNull(),
    activeFrom: integer('active_from').notNull(),
    retireAfter: integer('retire_after'),
    /** its first and last address as text that sorts (schema/cidr.ts): who holds an address is found without reading all */
    firstKey: text('first_key').notNull().default(''),
    lastKey: text('last_key').notNull().default(''),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    uniqueIndex('ranges_cidr').on(t.tenantId, t.cidr),
    // Those that live never overlap, so that one look at the last that begins at or before an address is enough.
    index('ranges_live').on(t.tenantId, t.firstKey).where(sql`state <> 'retired'`),
  ],
)

/**
 * Each change of a range, with the range as it was after it. Append only: the list of any serial can be made again. The
 * serial counts by one, so that of two who change the list at once the second finds its number taken.
 */
export const rangeChanges = sqliteTable(
  'range_changes',
  {
    tenantId: tenantId(),
    serial: integer('serial').notNull(),
    at: integer('at').notNull(),
    /** the key that asked for it, or `clock` */
    by: text('by').notNull(),
    deed: text('deed', { enum: RANGE_DEEDS }).notNull(),
    rangeId: text('range_id').notNull(),
    isPublic: integer('is_public').notNull(),
    range: json<LoggedRange>('range').notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenantId, t.serial] })],
)
