/** What stood in the way of scans, and each time it was seen. */
import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'
import { id, json, tenantId } from './columns.ts'
import type { IssueCause, OccurrenceSaid } from './issue.ts'
import { FINDINGS, ISSUE_STATES, SNOOZE_REASONS } from './words.ts'

export const issues = sqliteTable(
  'issues',
  {
    tenantId: tenantId(),
    id: id(),
    targetId: text('target_id').notNull(),
    finding: text('finding', { enum: FINDINGS }).notNull(),
    state: text('state', { enum: ISSUE_STATES }).notNull(),
    title: text('title').notNull(),
    openedAt: integer('opened_at').notNull(),
    /** last time a scan saw it */
    restatedAt: integer('restated_at').notNull(),
    lastScanId: text('last_scan_id').notNull(),
    closedAt: integer('closed_at'),
    /** the retest or proof that closed it */
    closedBy: text('closed_by'),
    snoozedUntil: integer('snoozed_until'),
    snoozeReason: text('snooze_reason', { enum: SNOOZE_REASONS }),
    snoozeNote: text('snooze_note'),
    /** a later scan saw the ports answer, which is not proof */
    answeredAt: integer('answered_at'),
    /** the last proof that said something of it */
    lastProofId: text('last_proof_id'),
    /** why, as the scan that saw it last told it: the one with the most ports first */
    causes: json<IssueCause[]>('causes').notNull().default([]),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    // What every page counts, and the overview tells of: only these rows are read for it.
    index('issues_standing').on(t.tenantId, t.finding, t.restatedAt).where(sql`closed_at is null and state = 'open'`),
    uniqueIndex('issues_open_once').on(t.tenantId, t.targetId, t.finding).where(sql`closed_at is null`),
    index('issues_by_seen').on(t.tenantId, t.restatedAt),
    index('issues_by_opened').on(t.tenantId, t.openedAt),
    index('issues_unclosed').on(t.tenantId, t.restatedAt).where(sql`closed_at is null`),
    index('issues_of_target').on(t.tenantId, t.targetId, t.restatedAt),
  ],
)

export const occurrences = sqliteTable(
  'occurrences',
  {
    tenantId: tenantId(),
    issueId: text('issue_id').notNull(),
    id: id(),
    scanId: text('scan_id').notNull(),
    address: text('address').notNull(),
    port: integer('port').notNull(),
    seenAt: integer('seen_at').notNull(),
    /** what its scan says of it; null where that was not kept with it */
    said: json<OccurrenceSaid>('said'),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.issueId, t.id] }),
    index('occurrences_by_time').on(t.tenantId, t.issueId, t.seenAt),
    uniqueIndex('occurrences_once').on(t.tenantId, t.scanId, t.address, t.port),
    uniqueIndex('occurrences_by_id').on(t.tenantId, t.id),
  ],
)
