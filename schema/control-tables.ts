/** Proofs of control, letters of those who hold ranges, and what they want nobody to scan; part of tables.ts, with the same rules. */
import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { id, json, tenantId } from './columns.ts'
import { CHECKED_METHODS, type ControlTrouble } from './control.ts'

/** One row a tenant and address, and one a tenant and domain (`method` is null there). */
export const controls = sqliteTable(
  'controls',
  {
    tenantId: tenantId(),
    /** canonical address, or a domain in lower case */
    subject: text('subject').notNull(),
    /** what is to be served, or to stand in the TXT record: made once, so that what is served stays good */
    token: text('token').notNull(),
    method: text('method', { enum: CHECKED_METHODS }),
    port: integer('port'),
    domain: text('domain'),
    /** the target through which it was asked for */
    targetId: text('target_id').notNull(),
    createdAt: integer('created_at').notNull(),
    /** when a look was last begun, and when one last ended */
    askedAt: integer('asked_at'),
    checkedAt: integer('checked_at'),
    provedAt: integer('proved_at'),
    expiresAt: integer('expires_at'),
    /** when cron looks again; null: not by itself */
    nextAt: integer('next_at'),
    problem: json<ControlTrouble>('problem'),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.subject] }),
    index('controls_by_end').on(t.tenantId, t.expiresAt),
    index('controls_next').on(t.nextAt).where(sql`next_at is not null`),
  ],
)

/** The tenant is the one that may scan the range. */
export const letters = sqliteTable(
  'letters',
  {
    tenantId: tenantId(),
    id: id(),
    cidr: text('cidr').notNull(),
    signedBy: text('signed_by').notNull(),
    signedAt: integer('signed_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
    sha256: text('sha256').notNull(),
    note: text('note'),
    /** the operator's key */
    enteredBy: text('entered_by').notNull(),
    createdAt: integer('created_at').notNull(),
    revokedAt: integer('revoked_at'),
  },
  (t) => [primaryKey({ columns: [t.tenantId, t.id] })],
)

export const optOuts = sqliteTable(
  'opt_outs',
  {
    tenantId: tenantId(),
    id: id(),
    cidr: text('cidr').notNull(),
    note: text('note'),
    createdAt: integer('created_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenantId, t.id] })],
)
