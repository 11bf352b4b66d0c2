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
    /** who made it: an actor of the audit log; null of keys from before that was noted */
    madeBy: text('made_by'),
  },
  (t) => [uniqueIndex('keys_by_id').on(t.tenantId, t.id)],
)

/**
 * Sessions of the portal that were ended before their time. A row counts until the session would have ended by itself; the one
 * whose `session` is '' stands for all of its key that end by then.
 */
export const endedSessions = sqliteTable(
  'ended_sessions',
  {
    tenantId: tenantId(),
    keyId: text('key_id').notNull(),
    /** SHA-256 of the cookie, hex */
    session: text('session').notNull(),
    until: integer('until').notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenantId, t.keyId, t.session] }), index('ended_sessions_over').on(t.until)],
)

/** Secrets from which a tenant's proof tokens are made. The one in use is the latest whose time has come. */
export const proofSecrets = sqliteTable(
  'proof_secrets',
  {
    tenantId: tenantId(),
    id: id(),
    secret: text('secret').notNull(),
    createdAt: integer('created_at').notNull(),
    usedFrom: integer('used_from').notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenantId, t.id] })],
)

export const enrolments = sqliteTable('enrolments', {
  /** SHA-256 of the one-use token, hex */
  hash: text('hash').primaryKey(),
  tenantId: tenantId(),
  site: text('site').notNull(),
  sourceAddress: text('source_address').notNull(),
  country: text('country'),
  provider: text('provider'),
  asn: integer('asn'),
  createdAt: integer('created_at').notNull(),
  expiresAt: integer('expires_at').notNull(),
  usedAt: integer('used_at'),
  usedBy: text('used_by'),
})

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
    /** `key:ID`, `session:ID` of its key, `access:EMAIL`, `probe:ID`, `token:HINT` or `line` */
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
    index('audit_of_issues').on(t.tenantId, t.subject, t.seq).where(sql`substr(subject, 1, 4) = 'iss_'`),
  ],
)

/**
 * Lines whose deed is done and which have no number yet: what stops or takes away waits for no log. Each goes in the batch in
 * which its line stands at the end of the log, and in no other way (a trigger, by hand in the migration).
 */
export const auditWaiting = sqliteTable(
  'audit_waiting',
  {
    tenantId: tenantId(),
    id: id(),
    at: integer('at').notNull(),
    actor: text('actor').notNull(),
    deed: text('deed').notNull(),
    subject: text('subject'),
    before: text('before'),
    asked: text('asked').notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenantId, t.id] })],
)
