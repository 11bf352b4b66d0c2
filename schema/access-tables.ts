/** Who may ask, and what they changed. */
import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'
import { id, tenantId } from './columns.ts'

export const tenants = sqliteTable('tenants', {
  id: text('id').primaryKey(),
  name: text('name').notNull(),
  createdAt: integer('created_at').notNull(),
})

export const keys = sqliteTable(
  'keys',
  {
    /** SHA-256 of the key, hex: the key itself is shown once and never stored */
    hash: text('hash').primaryKey(),
    tenantId: tenantId(),
    id: id(),
    name: text('name').notNull(),
    /** the first characters, to recognise a key by */
    hint: text('hint').notNull(),
    scope: text('scope').notNull(),
    createdAt: integer('created_at').notNull(),
    expiresAt: integer('expires_at'),
    revokedAt: integer('revoked_at'),
    lastUsedAt: integer('last_used_at'),
  },
  (t) => [uniqueIndex('keys_by_id').on(t.tenantId, t.id)],
)

/**
 * Append only, which triggers hold (a hand edit in the migration). Each line carries the hash of the line before it of the
 * same tenant (schema/audit.ts); `seq` counts by one, so that of two who write at once the second finds its number taken.
 */
export const audit = sqliteTable(
  'audit',
  {
    tenantId: tenantId(),
    seq: integer('seq').notNull(),
    at: integer('at').notNull(),
    /** `key:ID`, `session:ID` of its key, `probe:ID`, `token:HINT` or `line` */
    actor: text('actor').notNull(),
    /** method and route, such as `DELETE /api/v1/keys/:id` */
    deed: text('deed').notNull(),
    /** the id that the path names; null where it names none, or none that the tenant has */
    subject: text('subject'),
    /** SHA-256 of the subject's row as it was before, hex; null where there was none */
    before: text('before'),
    /** SHA-256 of the body as sent, hex */
    asked: text('asked').notNull(),
    prev: text('prev').notNull(),
    hash: text('hash').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.seq] }),
    // What was done to one issue, for its page.
    index('audit_of_issues').on(t.tenantId, t.subject, t.seq).where(sql`subject >= 'iss_' and subject < 'ist'`),
  ],
)
