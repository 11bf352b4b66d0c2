/**
 * What was seen of a scan's lost endpoints, as pictures of them need it: taken out of the reports inside the database, so that
 * a scan with thousands of observations costs its reader only those that are drawn.
 */
import { sql } from 'drizzle-orm'
import type { Seen } from '../../schema/seen.ts'
import { facts, occurrences, scans, targets } from '../../schema/tables.ts'
import type { Endpoint, Observation, Span } from '../../schema/wire.ts'
import { UNMADE } from '../../schema/words.ts'
import { type Db, once, read } from './db.ts'
import { type Closing, ofScan, SCAN_KEY } from './runs.ts'
import type { Scan } from './scans.ts'

/** As many touches and spans as one page draws and lists; of more the oldest. */
const MOST = 6_000

const endpoint = (body: string) => sql.raw(`((${body}.value ->> '$.address') || ' ' || (${body}.value ->> '$.port'))`)

/** Of these nobody looked: they are of no phase. */
const unmade = sql.raw(`(${UNMADE.map((code) => `'${code}'`).join(', ')})`)

interface SeenRow {
  kind: string
  runId: string
  probeId: string
  body: string
}
const seenOf = once<{ tenantId: string; scanId: string; wanted: string }, SeenRow>((db, { tenantId, scanId, wanted }) =>
  db.all<SeenRow>(sql`
    WITH own AS MATERIALIZED (SELECT id, probe_id FROM runs WHERE ${ofScan(tenantId, scanId)}),
      report AS (SELECT own.probe_id, ${facts.runId} AS run_id, ${facts.body} AS body FROM ${facts} JOIN own ON own.id = ${facts.runId}
        WHERE ${facts.tenantId} = ${tenantId} AND ${facts.scanId} = ${scanId}),
      touch AS MATERIALIZED (SELECT report.probe_id, report.run_id, t.value, t.value ->> '$.at' AS at, t.value ->> '$.purpose' AS purpose,
        ${endpoint('t')} AS endpoint FROM report, json_each(report.body, '$.observations') t)
    SELECT 0 AS rank, 'times' AS kind, '' AS runId, '' AS probeId, min(at) AS at,
      json_object('purpose', purpose, 'from', min(at), 'to', max(at)) AS body FROM touch
      WHERE NOT (touch.value ->> '$.sight' = 'probe_fault' AND coalesce(touch.value ->> '$.code', '') IN ${unmade}) GROUP BY purpose
    UNION ALL SELECT 1, 'touch', run_id, probe_id, at, value FROM touch
      WHERE purpose = 'beacon' OR endpoint IN (SELECT value FROM json_each(${wanted}))
    UNION ALL SELECT 1, 'span', report.run_id, report.probe_id, s.value ->> '$.from', s.value
      FROM report, json_each(report.body, '$.spans') s WHERE ${endpoint('s')} IN (SELECT value FROM json_each(${wanted}))
    ORDER BY rank, at LIMIT ${sql.raw(String(MOST + 20))}`),
)

/** Touches of these endpoints and of the beacons, by whomever, in order of time. */
export async function readSeen(
  db: Db,
  tenantId: string,
  scanId: string,
  endpoints: readonly Endpoint[],
): Promise<Seen> {
  const wanted = JSON.stringify(endpoints.map(({ address, port }) => `${address} ${port}`))
  const found = await read(db, seenOf(db, { tenantId, scanId, wanted }))
  const of = (kind: string) => found.filter((row) => row.kind === kind)
  const [touches, spans] = [of('touch'), of('span')]
  const seen = parsed<Observation>(touches)
  return {
    touches: touches.flatMap(({ runId, probeId }, i) => {
      const touch = seen[i]
      return touch ? [{ runId, probeId, touch }] : []
    }),
    spans: spans.map(({ probeId, body }) => ({ probeId, span: JSON.parse(body) as Span })),
    times: parsed<Seen['times'][number]>(of('times')),
    isCut: found.length >= MOST + 20,
  }
}

/** All at once: to read hundreds of small texts one by one takes twice as long. */
const parsed = <T>(found: readonly SeenRow[]): T[] => JSON.parse(`[${found.map(({ body }) => body).join()}]`)

/** A scan for its page: with its target's name, the issues it was counted in, and what its scan run ended with. */
export interface ScanSheet {
  scan: Scan
  target: string
  targetRemovedAt: number | null
  /** `address port` → issue */
  counted: readonly { address: string; port: number; issueId: string }[]
  engagement: readonly NonNullable<Closing['engagement']>[number][]
}

const sheetOf = once<
  { tenantId: string; scanId: string },
  { scan: Scan; target: string; targetRemovedAt: number | null; counted: string; engagement: string | null }
>((db, { tenantId, scanId }) =>
  db
    .select({
      scan: scans,
      target: sql<string>`coalesce(${targets.name}, ${targets.address}, 'a removed target')`,
      targetRemovedAt: targets.deletedAt,
      counted: sql<string>`(SELECT json_group_array(json_object('address', o.address, 'port', o.port, 'issueId', o.issue_id))
        FROM ${occurrences} o WHERE o.tenant_id = ${tenantId} AND o.scan_id = ${scanId})`,
      engagement: sql<
        string | null
      >`(SELECT closing -> '$.engagement' FROM runs WHERE ${ofScan(tenantId, scanId)} AND key = ${SCAN_KEY} LIMIT 1)`,
    })
    .from(scans)
    .leftJoin(targets, sql`${targets.tenantId} = ${scans.tenantId} AND ${targets.id} = ${scans.targetId}`)
    .where(
      sql`${scans.tenantId} = ${tenantId} AND ${scans.id} = ${scanId} AND ${scans.proof} IS NULL AND ${scans.control} IS NULL`,
    ),
)

/** Null when the tenant has no such scan. */
export async function readSheet(db: Db, tenantId: string, scanId: string): Promise<ScanSheet | null> {
  const [row] = await read(db, sheetOf(db, { tenantId, scanId }))
  return row
    ? {
        scan: row.scan,
        target: row.target,
        targetRemovedAt: row.targetRemovedAt,
        counted: JSON.parse(row.counted) as ScanSheet['counted'],
        engagement: (JSON.parse(row.engagement ?? 'null') ?? []) as ScanSheet['engagement'],
      }
    : null
}
