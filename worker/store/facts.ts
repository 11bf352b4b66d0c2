/**
 * What probes reported, as it came. Append only; the primary key (run, epoch, seq, part) makes a repeated report nothing.
 */
import { and, asc, eq, type SQL, sql } from 'drizzle-orm'
import type { Alarm, RunFacts, ScanFacts } from '../../schema/facts.ts'
import { facts, runs, targets } from '../../schema/tables.ts'
import type { Found, Observation, Span } from '../../schema/wire.ts'
import type { CheckName, Service } from '../../schema/words.ts'
import { withoutWordsOf } from '../core/trust.ts'
import { batch, type Db, once, type Statement } from './db.ts'
import { type Closing, REPORT_BYTES, type Run, runIdOf, runsOf, SCAN_KEY } from './runs.ts'
import { type Scan, scanRow } from './scans.ts'
import type { Target } from './targets.ts'
import { quarantined } from './trust.ts'

export interface Report {
  runId: string
  epoch: number
  seq: number
  observations: readonly Observation[]
  spans: readonly Span[]
  found: readonly Found[]
}
interface Body {
  observations?: Observation[]
  spans?: Span[]
  found?: Found[]
}

export const carriesFacts = (report: Report): boolean =>
  report.observations.length + report.spans.length + report.found.length > 0

/** D1 takes rows of up to 2 MB; a report can be twice that. */
const PART_BYTES = 1_000_000

/** Writes a report once, if `guard` holds. */
export const addReport = (
  db: Db,
  run: { tenantId: string; scanId: string },
  report: Report,
  guard: SQL,
  now: number,
): Statement[] =>
  partsOf(report).map((body, part) =>
    db.run(sql`INSERT OR IGNORE INTO facts (tenant_id, scan_id, run_id, epoch, seq, part, at, body)
      SELECT ${run.tenantId}, ${run.scanId}, ${report.runId}, ${report.epoch}, ${report.seq}, ${part}, ${now}, ${body} WHERE ${guard}`),
  )

/** Bytes that one run has reported. */
export const toldBy = once<{ tenantId: string; scanId: string; runId: string }, { told: number }>(
  (db, { tenantId, scanId, runId }) =>
    db
      .select({ told: sql<number>`coalesce(sum(length(${facts.body}) + ${sql.raw(String(REPORT_BYTES))}), 0)` })
      .from(facts)
      .where(and(eq(facts.tenantId, tenantId), eq(facts.scanId, scanId), eq(facts.runId, runId))),
)

/** The report was stored before: a lost answer made its probe send it again. */
export const hasReport = (run: { tenantId: string; scanId: string }, report: Report): SQL =>
  sql`EXISTS (SELECT 1 FROM facts WHERE tenant_id = ${run.tenantId} AND scan_id = ${run.scanId} AND run_id = ${report.runId}
    AND epoch = ${report.epoch} AND seq = ${report.seq})`

/** The alarms of a scan share its row with the judgement. */
const ALARM_BYTES = 200_000

/** Appends an alarm with the report that brought it: both once, both only while the lease stands. */
export const addAlarm = (
  db: Db,
  run: { tenantId: string; scanId: string },
  report: Report,
  alarm: Alarm,
  guard: SQL,
  now: number,
): Statement[] => [
  db.run(sql`UPDATE scans SET alarms = json_insert(alarms, '$[#]', json(${JSON.stringify(alarm)}))
    WHERE tenant_id = ${run.tenantId} AND id = ${run.scanId} AND finished_at IS NULL AND json_array_length(alarms) < 500 AND length(alarms) < ${ALARM_BYTES}
      AND ${guard} AND NOT ${hasReport(run, report)}`),
  ...addReport(db, run, report, guard, now),
]

/** The report as JSON texts, each within a row's bound. */
function partsOf({ observations, spans, found }: Report): string[] {
  const whole = JSON.stringify({ observations, spans, found } satisfies Record<keyof Body, unknown>)
  if (whole.length < PART_BYTES) return [whole]
  // A found port or a span is below 300 bytes, an observation below 1,200.
  const slices = <T>(list: readonly T[], size: number): T[][] =>
    Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size))
  return [
    ...slices(observations, 700).map((some) => JSON.stringify({ observations: some })),
    ...slices(spans, 2_500).map((some) => JSON.stringify({ spans: some })),
    ...slices(found, 2_500).map((some) => JSON.stringify({ found: some })),
  ]
}

const reportsOf = once<OneScan, { runId: string; body: string }>((db, { tenantId, scanId }) =>
  db
    .select({ runId: facts.runId, body: facts.body })
    .from(facts)
    .where(and(eq(facts.tenantId, tenantId), eq(facts.scanId, scanId)))
    .orderBy(asc(facts.runId), asc(facts.epoch), asc(facts.seq), asc(facts.part)),
)
const targetOf = once<OneScan, KnownTarget>((db, { tenantId, scanId }) =>
  db
    .select({
      id: targets.id,
      address: targets.address,
      name: targets.name,
      ports: targets.ports,
      tags: targets.tags,
      scanners: targets.scanners,
      lastKnown: targets.lastKnown,
      highestCleanRate: targets.highestCleanRate,
      outdatedBy: targets.outdatedBy,
    })
    .from(targets)
    .where(
      sql`tenant_id = ${tenantId} AND id = (SELECT target_id FROM scans WHERE tenant_id = ${tenantId} AND id = ${scanId})`,
    ),
)
type OneScan = { tenantId: string; scanId: string }
/** What a judge must know of a target. */
type KnownTarget = Pick<
  Target,
  'id' | 'address' | 'name' | 'ports' | 'tags' | 'scanners' | 'lastKnown' | 'highestCleanRate' | 'outdatedBy'
>

/** What the scanner of a scan has found so far, and whether its discovery is over. */
export interface Known {
  found: readonly Found[]
  discovered: boolean
}

/** The same from a snapshot that is at hand. */
export function knownIn({ facts: { runs: all } }: Snapshot): Known {
  const scanRun = all.find((run) => run.key === SCAN_KEY)
  return { found: scanRun?.found ?? [], discovered: scanRun?.discovered ?? false }
}

export async function readKnown(db: Db, tenantId: string, scanId: string): Promise<Known> {
  const run = await runIdOf(scanId, SCAN_KEY)
  const [[scanRun], reports] = await db.batch([
    db
      .select({ discovered: runs.discovered })
      .from(runs)
      .where(
        sql`id = ${run} AND probe_id = (SELECT scanner_probe_id FROM scans WHERE tenant_id = ${tenantId} AND id = ${scanId})`,
      ),
    db
      .select({ body: facts.body })
      .from(facts)
      .where(and(eq(facts.tenantId, tenantId), eq(facts.scanId, scanId), eq(facts.runId, run))),
  ])
  return { found: distinct(reports.map(({ body }) => JSON.parse(body) as Body)), discovered: scanRun?.discovered === 1 }
}

/** Each endpoint once, as it was last told. */
const distinct = (bodies: readonly Body[]): Found[] => [
  ...new Map(bodies.flatMap(({ found }) => found ?? []).map((one) => [`${one.address} ${one.port}`, one])).values(),
]

/** All that is known of a scan, read in one snapshot. */
export interface Snapshot {
  scan: Scan
  target: KnownTarget
  runs: readonly Run[]
  facts: ScanFacts
  /** bytes that each run has reported, by its id */
  told: ReadonlyMap<string, number>
}

/** The reads of a snapshot, to go in one batch with the writes that come before them: a batch is one transaction. */
export const snapshotReads = (db: Db, tenantId: string, scanId: string) => [
  ...[scanRow, targetOf, runsOf, reportsOf].map((query) => query(db, { tenantId, scanId })),
  quarantined(db, {}),
]

/** What these reads answered; null when there is no such scan. */
export function snapshotFrom(answers: readonly unknown[]): Snapshot | null {
  const [[scan], [target], runRows, reports, unheard] = answers as [
    Scan[],
    KnownTarget[],
    Run[],
    { runId: string; body: string }[],
    { probeId: string }[],
  ]
  if (!scan || !target) return null
  const bodies = new Map<string, { body: Body }[]>()
  const told = new Map<string, number>()
  for (const row of reports) {
    told.set(row.runId, (told.get(row.runId) ?? 0) + row.body.length + REPORT_BYTES)
    const list = bodies.get(row.runId) ?? []
    list.push({ body: JSON.parse(row.body) as Body })
    bodies.set(row.runId, list)
  }
  const runFacts = runRows.map((run) => runFactsOf(run, bodies.get(run.id) ?? []))
  const whole = scanFactsOf(scan, target, runFacts)
  const facts = withoutWordsOf(whole, new Set(unheard.map(({ probeId }) => probeId)))
  return { scan, target, runs: runRows, facts, told }
}

/** Null when there is no such scan. */
export const readSnapshot = async (db: Db, tenantId: string, scanId: string): Promise<Snapshot | null> =>
  snapshotFrom(await batch(db, snapshotReads(db, tenantId, scanId)))

/** The facts alone, as the decisions read them; null when there is no such scan. */
export const readScanFacts = async (db: Db, tenantId: string, scanId: string): Promise<ScanFacts | null> =>
  (await readSnapshot(db, tenantId, scanId))?.facts ?? null

function runFactsOf(run: Run, reports: readonly { body: Body }[]): RunFacts {
  const closing = run.closing as Closing | null
  return {
    runId: run.id,
    key: run.key,
    probeId: run.probeId,
    role: run.role,
    kind: run.kind,
    state: run.state,
    steps: 'steps' in run.plan ? run.plan.steps : [],
    observations: reports.flatMap(({ body }) => body.observations ?? []),
    spans: reports.flatMap(({ body }) => body.spans ?? []),
    found: distinct(reports.map(({ body }) => body)),
    discovered: run.discovered === 1,
    heardAt: run.heardAt,
    closing: closing && {
      outcome: closing.outcome,
      failure: closing.failure,
      ports: closing.ports,
      engagement: closing.engagement,
      recheck: closing.recheck,
    },
  }
}

export const scanFactsOf = (
  scan: Scan,
  target: Pick<Target, 'lastKnown'>,
  runFacts: readonly RunFacts[],
): ScanFacts => ({
  scanId: scan.id,
  targetId: scan.targetId,
  state: scan.state,
  profile: scan.profile,
  addresses: scan.addresses,
  ports: scan.ports,
  portsAsked: scan.portsAsked,
  createdAt: scan.createdAt,
  startedAt: scan.startedAt,
  panel: scan.panel,
  runs: runFacts,
  alarms: scan.alarms,
  anchors: scan.anchors,
  leftOut: scan.leftOut,
  lastKnown: lastKnownOf(target, scan),
})

/** The open ports that any site saw last time, of the addresses that this scan looks at. */
function lastKnownOf(target: Pick<Target, 'lastKnown'>, scan: Scan): ScanFacts['lastKnown'] {
  const seen = Object.values(target.lastKnown)
    .flatMap(({ ports }) => ports)
    .filter(({ address }) => scan.addresses.includes(address))
  return [...new Map(seen.map((port) => [`${port.address} ${port.port}`, port])).values()].map(
    ({ address, port, check, service }) => ({
      address,
      port,
      check: check as CheckName,
      service: service as Service,
    }),
  )
}
