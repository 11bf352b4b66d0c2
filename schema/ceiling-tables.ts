/** What was sent, by window; part of tables.ts, with the same rules. Counts of the stack: no row says of whose scan it is. */
import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { CEILING_SCOPES } from './ceilings.ts'

export const sent = sqliteTable(
  'sent',
  {
    isPublic: integer('is_public').notNull(),
    scope: text('scope', { enum: CEILING_SCOPES }).notNull(),
    /** the address, network or tenant; '' of the fleet */
    what: text('what').notNull(),
    /** when its window begins (worker/store/ceilings.ts) */
    at: integer('at').notNull(),
    /** by scans that ended in this window */
    connects: integer('connects').notNull(),
  },
  (t) => [primaryKey({ columns: [t.isPublic, t.scope, t.what, t.at] })],
)
