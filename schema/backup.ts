/** What a backup holds, table by table. A table of schema/tables.ts that is in neither list fails a test. */
import * as v from 'valibot'

/** Raised when an older reader could misread a backup. */
export const BACKUP_FORMAT = 1

export interface BackupTable {
  /** in the database */
  name: string
  /** rows of a tenant, also in the backup of this tenant alone; or of the operator and the whole stack */
  of: 'tenant' | 'stack'
  /** rows in one page: as many as fit a request even when each is as large as it may be */
  page: number
  /** leaves out what is in the making: only scans that have ended belong to a backup, with all that is theirs */
  scan?: 'id' | 'scan_id'
  /** columns whose secret lies open in the database: sealed with CHANNEL_KEY in the backup */
  seal?: readonly string[]
  /** only rows whose `name` is one of these */
  names?: readonly string[]
  /** in the backup of one tenant: not put back at all, or these columns are left empty. Such a file proves nothing. */
  notByTenant?: 'rows' | readonly string[]
}

/**
 * In the order in which they are put back: whoever reads in between finds nothing that points to what is not there yet, and no
 * notice is taken for one that nobody wants because its channel is missing.
 */
export const BACKUP_TABLES: readonly BackupTable[] = [
  { name: 'settings', of: 'stack', page: 200, names: ['stopped', 'retention', 'ceilings'] },
  { name: 'tenants', of: 'tenant', page: 200 },
  // Before the keys: a session that was ended opens nothing in between.
  { name: 'ended_sessions', of: 'tenant', page: 200 },
  { name: 'keys', of: 'tenant', page: 200 },
  { name: 'proof_secrets', of: 'tenant', page: 200, seal: ['secret'] },
  { name: 'ranges', of: 'stack', page: 200 },
  { name: 'range_changes', of: 'stack', page: 200 },
  { name: 'probes', of: 'stack', page: 50 },
  { name: 'beacons', of: 'stack', page: 200 },
  { name: 'opt_outs', of: 'stack', page: 200 },
  { name: 'canaries', of: 'stack', page: 200 },
  { name: 'controls', of: 'tenant', page: 200, notByTenant: 'rows' },
  { name: 'letters', of: 'tenant', page: 200, notByTenant: 'rows' },
  // The address of a badge is public: it may be somebody else's here. Its owner switches it on again.
  { name: 'targets', of: 'tenant', page: 50, notByTenant: ['badge_key'] },
  { name: 'channels', of: 'tenant', page: 100 },
  { name: 'stories', of: 'tenant', page: 200 },
  { name: 'deliveries', of: 'tenant', page: 100 },
  { name: 'facts', of: 'tenant', page: 4, scan: 'scan_id' },
  { name: 'runs', of: 'tenant', page: 4, scan: 'scan_id' },
  { name: 'issues', of: 'tenant', page: 200 },
  { name: 'occurrences', of: 'tenant', page: 200, scan: 'scan_id' },
  { name: 'scans', of: 'tenant', page: 2, scan: 'id', notByTenant: ['doubted_at'] },
  { name: 'outbox', of: 'tenant', page: 50 },
]

/** Why each of these is not in a backup. */
export const NOT_IN_BACKUP: Readonly<Record<string, string>> = {
  enrolments: 'tokens that are good for 15 minutes',
  audit: 'a chain of its own stack: `portwitness audit --export` keeps it, and a restored stack begins a new one',
  audit_waiting: 'lines of that chain that have no number yet',
  sent: 'what was sent from the former stack within a day',
}

const name = v.picklist(BACKUP_TABLES.map((table) => table.name))
const row = v.record(v.string(), v.union([v.string(), v.number(), v.null()]))
export type BackupRow = v.InferOutput<typeof row>

/** What the Worker says of a backup that begins now. */
export const BackupAnswer = v.object({
  format: v.number(),
  version: v.string(),
  migration: v.string(),
  /** scans that ended later are not in it */
  at: v.string(),
  /** null: the whole stack */
  tenant: v.nullable(v.string()),
  tables: v.array(v.string()),
})
export type BackupAnswer = v.InferOutput<typeof BackupAnswer>
export const BackupPage = v.object({ rows: v.array(row), next: v.nullable(v.string()) })
export type BackupPage = v.InferOutput<typeof BackupPage>
export const RawPage = v.object({ keys: v.array(v.string()), next: v.nullable(v.string()) })
export type RawPage = v.InferOutput<typeof RawPage>

/** Beside the tables, in the folder of a backup. */
export const Manifest = v.object({
  ...BackupAnswer.entries,
  files: v.record(v.string(), v.object({ rows: v.number(), sha256: v.string() })),
  raw: v.number(),
})
export type Manifest = v.InferOutput<typeof Manifest>

/** Begins to put a backup back. */
export const RestoreBody = v.strictObject({
  format: v.literal(BACKUP_FORMAT, `must be ${BACKUP_FORMAT}`),
  migration: v.pipe(v.string(), v.regex(/^\d{4}_\w{1,60}\.sql$/)),
  tenant: v.nullable(v.pipe(v.string(), v.maxLength(40))),
})
export const RowsBody = v.strictObject({ table: name, rows: v.pipe(v.array(row), v.maxLength(500)) })
export const RestoreAnswer = v.object({ restoring: v.boolean() })
export const WrittenAnswer = v.object({
  rows: v.pipe(v.number(), v.description('put back')),
  ended: v.pipe(v.number(), v.description('runs among them that had not ended: no probe goes on with them')),
})
export type WrittenAnswer = v.InferOutput<typeof WrittenAnswer>

// ---------------------------------------------------------------- retention

/** Days. The audit log is kept for 400 (worker/planning.ts), the log of the ranges for ever. */
export const Retention = v.strictObject({
  /** what probes reported of a scan, and its runs: its verdicts stay, but cannot be judged again */
  factsDays: v.pipe(v.number(), v.integer(), v.minValue(2), v.maxValue(3_650)),
  /** raw output and logs in R2 */
  rawDays: v.pipe(v.number(), v.integer(), v.minValue(2), v.maxValue(3_650)),
  /** messages to channels, and the notices they were made of */
  deliveriesDays: v.pipe(v.number(), v.integer(), v.minValue(2), v.maxValue(3_650)),
})
export type Retention = v.InferOutput<typeof Retention>
export const DEFAULT_RETENTION: Retention = { factsDays: 180, rawDays: 90, deliveriesDays: 30 }
