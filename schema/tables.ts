/**
 * The drizzle tables; only the worker reads them. Tenant first in every key. Times are integers, milliseconds UTC.
 * Every table is WITHOUT ROWID (a hand edit in the migration, held by a test): a row with a text key then costs one
 * written row instead of two (platform.md 1.2). Where an index exists it is partial or pays for itself.
 */

import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, real, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'
import { id, json, tenantId } from './columns.ts'
import type { ControlAsk } from './control.ts'
import type { Alarm, LastKnown, PanelMember, StoodAlone } from './facts.ts'
import type { Judgement } from './judgement.ts'
import type { OutdatedBy, ProofAsk, ProofResult } from './proof.ts'
import type { Endpoint, Health, Plan, SignedDirectory, TouchTarget } from './wire.ts'
import {
  CANARY_STATES,
  PROFILES,
  PROOF_HEADERS,
  ROLES,
  RUN_KINDS,
  RUN_STATES,
  SCAN_STATES,
  SCAN_VERDICTS,
} from './words.ts'

export { audit, auditWaiting, endedSessions, enrolments, keys, proofSecrets, tenants } from './access-tables.ts'
export { sent } from './ceiling-tables.ts'
export { channels, deliveries, stories } from './channel-tables.ts'
export { controls, letters, optOuts } from './control-tables.ts'
export { issues, occurrences } from './issue-tables.ts'
export { rangeChanges, ranges } from './range-tables.ts'

export const targets = sqliteTable(
  'targets',
  {
    tenantId: tenantId(),
    id: id(),
    /** canonical address, or a lower-case name */
    address: text('address').notNull(),
    name: text('name'),
    ports: text('ports').notNull(),
    schedule: text('schedule'),
    timezone: text('timezone').notNull(),
    sites: json<string[]>('sites').notNull(),
    profile: text('profile', { enum: PROFILES }).notNull(),
    maxConnectsPerSecond: integer('max_connects_per_second').notNull(),
    anchors: json<{ address: string; port: number }[]>('anchors').notNull(),
    tags: json<string[]>('tags').notNull(),
    /** when the next scheduled scan of each site is due; null without a schedule */
    nextDueAt: integer('next_due_at'),
    createdAt: integer('created_at').notNull(),
    deletedAt: integer('deleted_at'),
    /** sticky scanner by site: { "fra-1": "prb_…" } */
    scanners: json<Record<string, string>>('scanners').notNull(),
    /** last known open ports by site and when: the views of the world on this target */
    lastKnown: json<Record<string, LastKnown>>('last_known').notNull(),
    waf: json<{ vendor: string; evidence: string[] }>('waf'),
    highestCleanRate: integer('highest_clean_rate'),
    lastScanId: text('last_scan_id'),
    /** when that scan ended */
    lastScannedAt: integer('last_scanned_at'),
    /** start of the last proof from all its sites in which every address passed */
    provedAt: integer('proved_at'),
    /** ranges that its allowlist cannot know: announced or in use since it was last proved, or last scanned clear */
    outdatedBy: json<OutdatedBy[]>('outdated_by').notNull().default([]),
    proofHeader: text('proof_header', { enum: PROOF_HEADERS }).notNull().default('tenant'),
    /** due minutes for which no scan was opened, because one ran and another waited already */
    skipped: integer('skipped').notNull().default(0),
    /** of a name: where it led when control of it was last asked for */
    resolved: json<string[]>('resolved').notNull().default([]),
    /** whoever knows it sees the badge; null: there is none */
    badgeKey: text('badge_key'),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    index('targets_due').on(t.nextDueAt).where(sql`next_due_at is not null`),
    index('targets_by_name').on(t.tenantId, sql`lower(coalesce(name, address))`, t.id).where(sql`deleted_at is null`),
    index('targets_by_last_scan')
      .on(t.tenantId, sql`coalesce(last_scanned_at, 0)`, t.id)
      .where(sql`deleted_at is null`),
    index('targets_outdated').on(t.tenantId).where(sql`outdated_by <> '[]'`),
    uniqueIndex('targets_badges').on(t.badgeKey).where(sql`badge_key is not null`),
  ],
)

export const scans = sqliteTable(
  'scans',
  {
    tenantId: tenantId(),
    id: id(),
    targetId: text('target_id').notNull(),
    /** the site asked for; '' when any will do */
    site: text('site').notNull(),
    /** the site of which this is the one scan at a time: the asked one, and the scanner's as soon as there is a panel */
    lane: text('lane').notNull().default(''),
    /** the due minute of a scheduled scan; '' for one asked for. (target, site, due) is unique, so a doubled tick opens one */
    dueKey: text('due_key').notNull(),
    /** 0: this scan has its turn; 1: it waits until the scan before it, of the same target and lane, has ended */
    place: integer('place').notNull().default(0),
    state: text('state', { enum: SCAN_STATES }).notNull(),
    profile: text('profile', { enum: PROFILES }).notNull(),
    /** resolved once, when the scan gets its turn, and pinned; empty before */
    addresses: json<string[]>('addresses').notNull(),
    /** what the name leads to besides, in the family that the panel does not speak: not scanned */
    leftOut: json<string[]>('left_out').notNull().default([]),
    /** those of the target's anchors that might be touched when the scan got its turn */
    anchors: json<Endpoint[]>('anchors').notNull().default([]),
    /** the /24 or /48 around each address, in their order: the unit of the shared ceiling */
    networks: json<string[]>('networks').notNull(),
    /** the target's name when it is one, for SNI and Host */
    name: text('name'),
    ports: text('ports').notNull(),
    portsAsked: integer('ports_asked').notNull(),
    maxConnectsPerSecond: integer('max_connects_per_second').notNull(),
    accompanySeconds: integer('accompany_seconds'),
    /** endpoints of a retest, touched directly; null for a full scan */
    only: json<TouchTarget[]>('only'),
    /** '' until the panel is chosen: the scan has not begun */
    scannerProbeId: text('scanner_probe_id').notNull(),
    panel: json<PanelMember[]>('panel').notNull(),
    /** the issue of which this is the retest */
    retestOf: text('retest_of'),
    /** of a retest: the whole scan whose gaps it fills */
    fills: text('fills'),
    createdAt: integer('created_at').notNull(),
    /** when its first run may start: the due minute and its jitter */
    dueAt: integer('due_at').notNull(),
    startedAt: integer('started_at'),
    finishedAt: integer('finished_at'),
    /** of the one judge whose finish was taken; every effect of the finish is guarded by it */
    finishToken: text('finish_token'),
    /** accompany: since when the other scanner may start */
    readyAt: integer('ready_at'),
    /** the scan is failed when it has not ended by then */
    deadlineAt: integer('deadline_at').notNull(),
    phase: text('phase'),
    alarms: json<Alarm[]>('alarms').notNull(),
    /** what the last judge said the scanner must hold; null while all is well */
    steering: json<{ hold: boolean; lost: Endpoint[] }>('steering'),
    failureCode: text('failure_code'),
    failureDetail: text('failure_detail'),
    judgement: json<Judgement>('judgement'),
    /** out of the judgement, for lists: it can be 2 MB */
    verdict: text('verdict', { enum: SCAN_VERDICTS }),
    coverageShare: real('coverage_share'),
    /** counts the judgements, so that an older one never overwrites a newer */
    judgedRev: integer('judged_rev').notNull().default(0),
    outputBytes: integer('output_bytes'),
    /** of the R2 object that holds the output */
    outputKey: text('output_key'),
    cancelAsked: integer('cancel_asked').notNull().default(0),
    /** what a proof was asked: this row is no scan then, but carries the runs of a proof */
    proof: json<ProofAsk>('proof'),
    proofResult: json<ProofResult>('proof_result'),
    /** what was to be fetched: this row is no scan then, but carries runs of kind `control` */
    control: json<ControlAsk>('control'),
    /** connects set aside when it got its panel; once it has ended, those that it made */
    connects: integer('connects').notNull().default(0),
    /** 1 when an address of it is public: those and our own networks have ceilings of their own */
    isPublic: integer('is_public').notNull().default(1),
    /** since when its words rest on a probe that is not believed any more, and want to be judged again */
    doubtedAt: integer('doubted_at'),
    /** why it could not begin when it last should have; null when nothing kept it */
    waitsFor: text('waits_for'),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    uniqueIndex('scans_due_once').on(t.tenantId, t.targetId, t.site, t.dueKey).where(sql`due_key <> ''`),
    uniqueIndex('scans_one_running').on(t.tenantId, t.targetId, t.lane, t.place).where(sql`finished_at is null`),
    index('scans_by_time').on(t.tenantId, t.createdAt),
    index('scans_by_target').on(t.tenantId, t.targetId, t.createdAt).where(sql`proof is null and control is null`),
    // For lists that ask for one verdict, one bad end: each costs a scan one written row at most.
    index('scans_by_verdict').on(t.tenantId, t.verdict, t.createdAt).where(sql`finished_at is not null`),
    index('scans_by_bad_end').on(t.tenantId, t.state, t.createdAt).where(sql`state in ('failed', 'cancelled')`),
    index('scans_proofs').on(t.tenantId, t.targetId, t.createdAt).where(sql`proof is not null`),
    index('scans_retests').on(t.tenantId, t.retestOf, t.createdAt).where(sql`retest_of is not null`),
  ],
)

export const runs = sqliteTable(
  'runs',
  {
    /** probe first: a lease reads only its own probe's rows */
    probeId: text('probe_id').notNull(),
    /** begins with the random part of its scan's id, so that the runs of a scan lie together without an index of their own */
    id: id(),
    /** the name under which the line asked for it, unique within the scan */
    key: text('key').notNull(),
    tenantId: tenantId(),
    scanId: text('scan_id').notNull(),
    role: text('role', { enum: ROLES }).notNull(),
    kind: text('kind', { enum: RUN_KINDS }).notNull(),
    state: text('state', { enum: RUN_STATES }).notNull(),
    /** the fencing token: raised by each lease, checked by each write */
    epoch: integer('epoch').notNull(),
    dueAt: integer('due_at').notNull(),
    /** by the probe's signature or our clock, whichever is later: only what it says after that can disown this lease */
    leasedAt: integer('leased_at'),
    leaseUntil: integer('lease_until'),
    heardAt: integer('heard_at'),
    deadlineAt: integer('deadline_at').notNull(),
    needsPrivate: integer('needs_private').notNull(),
    plan: json<Plan>('plan').notNull(),
    /** counts the changes of the plan, so that two judges cannot append over each other */
    planRev: integer('plan_rev').notNull().default(0),
    /** this run has seen enough: it is told so when it next asks */
    stopAsked: integer('stop_asked').notNull().default(0),
    /** scan runs: discovery is over */
    discovered: integer('discovered').notNull().default(0),
    /** set once, when the result is taken: digest of its body and the winner's token (platform.md, section 4) */
    resultDigest: text('result_digest'),
    resultToken: text('result_token'),
    closing: json<unknown>('closing'),
    endedAt: integer('ended_at'),
  },
  (t) => [
    primaryKey({ columns: [t.probeId, t.id] }),
    index('runs_unended').on(t.probeId, t.dueAt).where(sql`ended_at is null`),
  ],
)

/** What probes reported, as it came: one row per report that carried facts. Append only. */
export const facts = sqliteTable(
  'facts',
  {
    tenantId: tenantId(),
    scanId: text('scan_id').notNull(),
    runId: text('run_id').notNull(),
    epoch: integer('epoch').notNull(),
    seq: integer('seq').notNull(),
    /** a report too long for one row is kept in parts */
    part: integer('part').notNull(),
    at: integer('at').notNull(),
    /** JSON: { observations, spans, found, discovered? } */
    body: text('body').notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenantId, t.scanId, t.runId, t.epoch, t.seq, t.part] })],
)

/** Notices to send, written in the same batch as what they tell of. Sent by the notification layer. */
export const outbox = sqliteTable(
  'outbox',
  {
    tenantId: tenantId(),
    id: id(),
    name: text('name').notNull(),
    at: integer('at').notNull(),
    body: text('body').notNull(),
    /** when each channel that wants it had its message; at once where there is no channel */
    spreadAt: integer('spread_at'),
    /** when the first message of it was made; null: nobody was to be told */
    sentAt: integer('sent_at'),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    index('outbox_unsent').on(t.at).where(sql`sent_at is null`),
    index('outbox_unspread').on(t.at).where(sql`spread_at is null`),
  ],
)

export const probes = sqliteTable(
  'probes',
  {
    tenantId: tenantId(),
    id: text('id').primaryKey(),
    site: text('site').notNull(),
    sourceAddress: text('source_address').notNull(),
    country: text('country'),
    provider: text('provider'),
    asn: integer('asn'),
    publicKey: text('public_key').notNull(),
    agent: text('agent').notNull(),
    allowPrivate: integer('allow_private').notNull(),
    enrolledAt: integer('enrolled_at').notNull(),
    /** written at most every three minutes, and when fitness changes */
    seenAt: integer('seen_at').notNull(),
    health: json<Health>('health'),
    /** the key directory, signed by this probe for one authority and a time */
    directory: json<SignedDirectory>('directory'),
    /** first tick at which it was missed; told as offline when it stays away */
    missedAt: integer('missed_at'),
    /** since when it is told to be offline */
    offlineAt: integer('offline_at'),
    drainedAt: integer('drained_at'),
    revokedAt: integer('revoked_at'),
    /** the key before this one, which is believed until then */
    oldKey: text('old_key'),
    oldKeyUntil: integer('old_key_until'),
    /** how much it disagreed of late with what is known, or with all others (worker/core/trust.ts) */
    disagreement: real('disagreement').notNull().default(0),
    quarantinedAt: integer('quarantined_at'),
    quarantineReason: text('quarantine_reason'),
    /** on whose hosts it stood alone, each counted once (worker/core/trust.ts) */
    stoodAlone: json<StoodAlone[]>('stood_alone').notNull().default([]),
  },
  (t) => [
    index('probes_quarantined').on(t.id).where(sql`quarantined_at is not null`),
    uniqueIndex('probes_address').on(t.tenantId, t.sourceAddress).where(sql`revoked_at is null`),
  ],
)

/** Endpoints of which the operator knows what is true: a probe that says otherwise errs or lies. */
export const canaries = sqliteTable(
  'canaries',
  {
    tenantId: tenantId(),
    id: id(),
    address: text('address').notNull(),
    port: integer('port').notNull(),
    expect: text('expect', { enum: CANARY_STATES }).notNull(),
    createdAt: integer('created_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenantId, t.id] })],
)

export const beacons = sqliteTable(
  'beacons',
  {
    tenantId: tenantId(),
    id: id(),
    address: text('address').notNull(),
    port: integer('port').notNull(),
    createdAt: integer('created_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenantId, t.id] })],
)

/** One row: the kill switch and other facts of the whole stack. */
export const settings = sqliteTable('settings', {
  name: text('name').primaryKey(),
  value: text('value').notNull(),
  changedAt: integer('changed_at').notNull(),
})
