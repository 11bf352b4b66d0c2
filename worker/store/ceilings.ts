/**
 * What is set aside is summed over the scans under way: each row holds its rate and its connects, so that what a scan did not
 * use is free as it ends, and nothing is left behind by a crash. What ended scans sent is counted by window, in the batch that
 * ends them: how many there were before costs nothing.
 */
import { eq, lte, type SQL, sql } from 'drizzle-orm'
import type { CeilingScope, Ceilings, CeilingsBody } from '../../schema/ceilings.ts'
import { ceilingsWith } from '../../schema/ceilings.ts'
import { sent, settings } from '../../schema/tables.ts'
import { type Db, rows, type Statement } from './db.ts'
import type { Scan } from './scans.ts'

const NAME = 'ceilings'
const DAY_MS = 24 * 3_600_000
/** A window of what was sent. It counts until a day after its beginning, to the minute; a day has 1,440, so that a sum is bounded. */
const WINDOW_MS = 60_000

export async function readCeilings(db: Db): Promise<Ceilings> {
  const row = await db.select({ value: settings.value }).from(settings).where(eq(settings.name, NAME)).get()
  return ceilingsWith(row ? (JSON.parse(row.value) as CeilingsBody) : {})
}

export async function setCeilings(db: Db, change: CeilingsBody, now: number): Promise<void> {
  const row = { name: NAME, value: JSON.stringify(change), changedAt: now }
  await db.insert(settings).values(row).onConflictDoUpdate({ target: settings.name, set: row })
}

/** A ceiling that a scan would break. */
export interface Broken {
  scope: CeilingScope
  /** the address or network; '' of tenant and fleet */
  what: string
  unit: 'second' | 'day'
  used: number
  most: number
}

const number = (value: number): SQL => sql.raw(String(Math.max(0, Math.floor(value))))

/** One sum to be looked at. `shared`: what targets of others that name the same address use of what they bear. */
interface Look {
  scope: CeilingScope | 'shared'
  what: string
  unit: Broken['unit']
  needs: number
  most: number
}

/** What is charged for so many connects: each address of a name bears its share, and each network that of its addresses. */
function chargesOf(
  { tenantId, addresses, networks }: Pick<Scan, 'tenantId' | 'addresses' | 'networks'>,
  connects: number,
): { scope: CeilingScope; what: string; connects: number }[] {
  const shares = (scope: CeilingScope, list: readonly string[]) =>
    [...new Set(list)].map((what) => {
      const its = list.filter((one) => one === what).length
      return { scope, what, connects: Math.ceil((connects * its) / list.length) }
    })
  return [
    ...shares('target', addresses),
    ...shares('network', networks),
    { scope: 'tenant', what: tenantId, connects },
    { scope: 'fleet', what: '', connects },
  ]
}

function looksFor(scan: Scan, ceilings: Ceilings): Look[] {
  const most = ceilings[scan.isPublic === 1 ? 'public' : 'private']
  return [
    ...chargesOf(scan, scan.connects).flatMap(({ scope, what, connects }): Look[] => {
      const { perSecond, perDay } = most[scope]
      // Which of its addresses a second's connects go to nobody knows.
      const second: Look = { scope, what, unit: 'second', needs: scan.maxConnectsPerSecond, most: perSecond }
      return perDay === null ? [second] : [second, { scope, what, unit: 'day', needs: connects, most: perDay }]
    }),
    ...scan.addresses.map(
      (what): Look => ({
        ...{ scope: 'shared', what, unit: 'second', needs: scan.maxConnectsPerSecond, most: most.target.perSecond },
      }),
    ),
  ]
}

/**
 * Rows of `Broken`: the ceilings that this scan would break now, beside all others under way. A scan counts from the write
 * that gives it its panel, which asks this in the same statement: of two that would break one together, the second is refused.
 *
 * Where several targets name one address, the least that their owners said it bears holds for all of them together; the sites of
 * one target share what it bears already (shareOf). One query over a list, because D1 takes five terms of a UNION at most.
 */
export function brokenBy(scan: Scan, ceilings: Ceilings, now: number): SQL {
  const holds = (column: 'addresses' | 'networks') =>
    sql`EXISTS (SELECT 1 FROM json_each(used.${sql.raw(column)}) one WHERE one.value = looks.what)`
  const counts = sql`CASE looks.scope WHEN 'fleet' THEN 1 WHEN 'tenant' THEN used.tenant_id = looks.what WHEN 'network' THEN ${holds('networks')}
    WHEN 'shared' THEN NOT used.is_own AND ${holds('addresses')} ELSE ${holds('addresses')} END`
  const own = sql`(SELECT max_connects_per_second FROM targets WHERE tenant_id = ${scan.tenantId} AND id = ${scan.targetId})`
  const shareOf = (column: 'addresses' | 'networks') =>
    sql`used.connects * (SELECT count(*) FROM json_each(used.${sql.raw(column)}) one WHERE one.value = looks.what) / max(1, json_array_length(used.${sql.raw(column)}))`
  return sql`WITH used AS MATERIALIZED (
      SELECT tenant_id, addresses, networks, (tenant_id = ${scan.tenantId} AND target_id = ${scan.targetId}) AS is_own,
        max_connects_per_second AS rate, connects,
        (SELECT max_connects_per_second FROM targets WHERE targets.tenant_id = scans.tenant_id AND targets.id = scans.target_id) AS bears
      FROM scans
      WHERE finished_at IS NULL AND scanner_probe_id <> '' AND control IS NULL AND is_public = ${number(scan.isPublic)} AND id <> ${scan.id}),
    looks AS MATERIALIZED (
      SELECT value ->> '$.scope' AS scope, value ->> '$.what' AS what, value ->> '$.unit' AS unit, value ->> '$.needs' AS needs, value ->> '$.most' AS most
      FROM json_each(${rows(looksFor(scan, ceilings))})),
    sums AS (
      SELECT scope, what, unit, needs,
        (SELECT coalesce(sum(CASE WHEN looks.unit = 'second' THEN used.rate WHEN looks.scope = 'target' THEN ${shareOf('addresses')}
          WHEN looks.scope = 'network' THEN ${shareOf('networks')} ELSE used.connects END), 0) FROM used WHERE ${counts})
        + CASE unit WHEN 'day' THEN (SELECT coalesce(sum(sent.connects), 0) FROM sent WHERE sent.is_public = ${number(scan.isPublic)}
          AND sent.scope = looks.scope AND sent.what = looks.what AND sent.at > ${number(now - DAY_MS)}) ELSE 0 END AS used,
        CASE scope WHEN 'shared' THEN min(most, coalesce((SELECT min(used.bears) FROM used WHERE ${counts}), most), coalesce(${own}, most)) ELSE most END AS most
      FROM looks)
    SELECT CASE scope WHEN 'shared' THEN 'target' ELSE scope END AS scope, what, unit, used, most FROM sums
    WHERE used + needs > most AND (scope <> 'shared' OR used > 0)`
}

/** True while it would break none. */
export const withinAll = (scan: Scan, ceilings: Ceilings, now: number): SQL =>
  sql`NOT EXISTS (SELECT 1 FROM (${brokenBy(scan, ceilings, now)}))`

export const readBroken = async (db: Db, scan: Scan, ceilings: Ceilings, now: number): Promise<Broken | null> =>
  (await db.get<Broken>(sql`SELECT * FROM (${brokenBy(scan, ceilings, now)}) LIMIT 1`)) ?? null

/** What an ended scan sent, where `guard` holds: in the batch that ends it. Nothing where it sent nothing. */
export const noteSent = (db: Db, scan: Scan, connects: number, guard: SQL, now: number): Statement[] =>
  connects === 0
    ? []
    : [
        db.run(sql`INSERT INTO sent (is_public, scope, what, at, connects)
          SELECT ${number(scan.isPublic)}, value ->> '$.scope', value ->> '$.what', ${number(now - (now % WINDOW_MS))}, value ->> '$.connects'
          FROM json_each(${rows(chargesOf(scan, connects))}) WHERE ${guard}
          ON CONFLICT (is_public, scope, what, at) DO UPDATE SET connects = sent.connects + excluded.connects`),
      ]

/** Forgets windows that count no more. It reads all that there are: once an hour is enough. */
export const forgetSent = async (db: Db, now: number): Promise<void> => {
  if (Math.floor(now / WINDOW_MS) % 60 !== SWEEP_MINUTE) return
  await db.delete(sent).where(lte(sent.at, now - DAY_MS))
}
/** Any will do. */
const SWEEP_MINUTE = 7
