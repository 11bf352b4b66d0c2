/**
 * What is set aside and what was sent, summed over the scans themselves: each row holds its rate and its connects, so that a
 * scan costs no row more, what it did not use is free as it ends, and nothing is left behind by a crash.
 */
import { eq, type SQL, sql } from 'drizzle-orm'
import type { CeilingScope, Ceilings, CeilingsBody } from '../../schema/ceilings.ts'
import { CEILING_SCOPES, ceilingsWith } from '../../schema/ceilings.ts'
import { settings } from '../../schema/tables.ts'
import { type Db, rows } from './db.ts'
import type { Scan } from './scans.ts'

const NAME = 'ceilings'
const DAY_MS = 24 * 3_600_000

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

function looksFor(scan: Scan, ceilings: Ceilings): Look[] {
  const most = ceilings[scan.isPublic === 1 ? 'public' : 'private']
  // Each address of a name gets its share of what is sent.
  const share = Math.ceil(scan.connects / Math.max(1, scan.addresses.length))
  const whats = { target: scan.addresses, network: scan.networks, tenant: [scan.tenantId], fleet: [''] }
  const at = (scope: CeilingScope, what: string): Look[] => {
    const { perSecond, perDay } = most[scope]
    const second: Look = { scope, what, unit: 'second', needs: scan.maxConnectsPerSecond, most: perSecond }
    return perDay === null
      ? [second]
      : [second, { scope, what, unit: 'day', needs: scope === 'target' ? share : scan.connects, most: perDay }]
  }
  return [
    ...CEILING_SCOPES.flatMap((scope) => whats[scope].flatMap((what) => at(scope, what))),
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
  return sql`WITH used AS MATERIALIZED (
      SELECT tenant_id, addresses, networks, (tenant_id = ${scan.tenantId} AND target_id = ${scan.targetId}) AS is_own,
        CASE WHEN finished_at IS NULL THEN max_connects_per_second ELSE 0 END AS rate,
        CASE WHEN coalesce(started_at, due_at) > ${number(now - DAY_MS)} THEN connects ELSE 0 END AS connects,
        CASE WHEN finished_at IS NULL THEN (SELECT max_connects_per_second FROM targets WHERE targets.tenant_id = scans.tenant_id AND targets.id = scans.target_id) END AS bears
      FROM scans
      WHERE tenant_id IN (SELECT id FROM tenants UNION SELECT tenant_id FROM keys) AND created_at > ${number(now - 3 * DAY_MS)}
        AND scanner_probe_id <> '' AND control IS NULL AND is_public = ${number(scan.isPublic)} AND id <> ${scan.id}),
    looks AS MATERIALIZED (
      SELECT value ->> '$.scope' AS scope, value ->> '$.what' AS what, value ->> '$.unit' AS unit, value ->> '$.needs' AS needs, value ->> '$.most' AS most
      FROM json_each(${rows(looksFor(scan, ceilings))})),
    sums AS (
      SELECT scope, what, unit, needs,
        (SELECT coalesce(sum(CASE WHEN looks.unit = 'second' THEN used.rate WHEN looks.scope = 'target' THEN used.connects / max(1, json_array_length(used.addresses)) ELSE used.connects END), 0) FROM used WHERE ${counts}) AS used,
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
