/** Scans as lists and issues show them: without their judgement, which can be 2 MB. */
import { and, desc, eq, isNull, sql } from 'drizzle-orm'
import type { Judgement, PortVerdict } from '../../schema/judgement.ts'
import { scans, targets } from '../../schema/tables.ts'
import type { ScanState, ScanVerdict } from '../../schema/words.ts'
import { type Db, rows } from './db.ts'
import { type Page, type PageRequest, pageOf } from './page.ts'

/** A scan as lists show it: without its judgement, its port list and what else can be long. */
const line = {
  id: scans.id,
  targetId: scans.targetId,
  targetAddress: sql<string>`coalesce(${targets.address}, '')`,
  addresses: scans.addresses,
  profile: scans.profile,
  state: scans.state,
  failureCode: scans.failureCode,
  failureDetail: scans.failureDetail,
  phase: scans.phase,
  createdAt: scans.createdAt,
  startedAt: scans.startedAt,
  finishedAt: scans.finishedAt,
  panel: scans.panel,
  retestOf: scans.retestOf,
  verdict: sql<ScanVerdict | null>`${scans.judgement} ->> '$.verdict'`,
  coverage: sql<string | null>`${scans.judgement} -> '$.coverage'`,
  waf: sql<string | null>`${scans.judgement} -> '$.waf'`,
  outputBytes: scans.outputBytes,
}

/** A page of scans, each without its ports. */
export async function listScans(
  db: Db,
  tenantId: string,
  filter: { targetId?: string; state?: ScanState },
  { limit, cursor }: PageRequest,
): Promise<Page<ScanLine>> {
  const found = await db
    .select(line)
    .from(scans)
    .leftJoin(targets, and(eq(targets.tenantId, scans.tenantId), eq(targets.id, scans.targetId)))
    .where(
      and(
        eq(scans.tenantId, tenantId),
        isNull(scans.proof),
        isNull(scans.control),
        filter.targetId ? eq(scans.targetId, filter.targetId) : undefined,
        filter.state ? eq(scans.state, filter.state) : undefined,
        cursor ? sql`(${scans.createdAt}, ${scans.id}) < (${cursor.at}, ${cursor.id})` : undefined,
      ),
    )
    .orderBy(desc(scans.createdAt), desc(scans.id))
    .limit(limit + 1)
  return pageOf(
    found.map((row) => ({
      ...row,
      coverage: row.coverage === null ? null : (JSON.parse(row.coverage) as Judgement['coverage']),
      waf: row.waf === null ? null : (JSON.parse(row.waf) as Judgement['waf']),
    })),
    limit,
    (row) => row.createdAt,
    (row) => row,
  )
}
export type ScanLine = Omit<Awaited<ReturnType<typeof linesOf>>[number], 'coverage' | 'waf'> &
  Pick<Judgement, 'coverage' | 'waf'>
const linesOf = (db: Db) => db.select(line).from(scans)

/** How these scans ended, by their ids. */
export async function readEnds(
  db: Db,
  tenantId: string,
  ids: readonly string[],
): Promise<Map<string, Pick<ScanLine, 'id' | 'state' | 'verdict' | 'finishedAt'>>> {
  if (ids.length === 0) return new Map()
  const { id, state, verdict, finishedAt } = line
  const found = await db
    .select({ id, state, verdict, finishedAt })
    .from(scans)
    .where(and(eq(scans.tenantId, tenantId), sql`id IN (SELECT value FROM json_each(${rows(ids)}))`))
  return new Map(found.map((scan) => [scan.id, scan]))
}

/** The verdicts on these endpoints, each as its scan now stands, by `scanId address port`; no other port is read out. */
export async function readVerdicts(
  db: Db,
  tenantId: string,
  endpoints: readonly { scanId: string; address: string; port: number }[],
): Promise<Map<string, PortVerdict>> {
  const keys = endpoints.map(({ scanId, address, port }) => `${scanId} ${address} ${port}`)
  if (keys.length === 0) return new Map()
  const key = sql<string>`${scans.id} || ' ' || (port.value ->> '$.address') || ' ' || (port.value ->> '$.port')`
  const found = await db.all<{ key: string; verdict: string }>(sql`SELECT ${key} AS key, port.value AS verdict
    FROM ${scans}, json_each(${scans.judgement}, '$.ports') port
    WHERE ${scans.tenantId} = ${tenantId} AND ${scans.id} IN (SELECT value FROM json_each(${rows([...new Set(endpoints.map((one) => one.scanId))])}))
      AND ${key} IN (SELECT value FROM json_each(${rows(keys)}))`)
  return new Map(found.map((row) => [row.key, JSON.parse(row.verdict) as PortVerdict]))
}

/** Who looked, in one scan; null when the tenant has no such scan. */
export const readPanel = async (db: Db, tenantId: string, id: string): Promise<Pick<ScanLine, 'panel'> | null> =>
  (await db
    .select({ panel: scans.panel })
    .from(scans)
    .where(and(eq(scans.tenantId, tenantId), eq(scans.id, id)))
    .get()) ?? null
