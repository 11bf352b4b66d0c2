/**
 * What is set aside and what was sent, summed over the scans themselves: each row holds its rate and its connects, so that a
 * scan costs no row more, what it did not use is free as it ends, and nothing is left behind by a crash.
 */
import { eq, type SQL, sql } from 'drizzle-orm'
import type { CeilingScope, Ceilings, CeilingsBody } from '../../schema/ceilings.ts'
import { ceilingsWith } from '../../schema/ceilings.ts'
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

/**
 * Rows of `Broken`: the ceilings that this scan would break now, beside all others under way. A scan counts from the write
 * that gives it its panel, which asks this in the same statement: of two that would break one together, the second is refused.
 */
export function brokenBy(scan: Scan, ceilings: Ceilings, now: number): SQL {
  const most = ceilings[scan.isPublic === 1 ? 'public' : 'private']
  const [rate, connects] = [number(scan.maxConnectsPerSecond), number(scan.connects)]
  const over = (scope: CeilingScope, what: SQL, from: SQL, perSecond: SQL = number(most[scope].perSecond)) => {
    const day = most[scope].perDay
    const perDay =
      day === null
        ? sql``
        : sql` UNION ALL SELECT ${sql.raw(`'${scope}'`)}, ${what}, 'day', coalesce(sum(connects), 0), ${number(day)} ${from}
            HAVING coalesce(sum(connects), 0) + ${connects} > ${number(day)}`
    return sql`SELECT ${sql.raw(`'${scope}'`)} AS scope, ${what} AS what, 'second' AS unit, coalesce(sum(rate), 0) AS used, ${perSecond} AS most ${from}
      HAVING coalesce(sum(rate), 0) + ${rate} > ${perSecond}${perDay}`
  }
  /** of each of these, what the used ones that hold it too add up to */
  const each = (list: readonly string[], column: 'addresses' | 'networks', which: SQL = sql`1`) =>
    sql`FROM json_each(${rows(list)}) mine LEFT JOIN used ON ${which} AND EXISTS (SELECT 1 FROM json_each(used.${sql.raw(column)}) theirs WHERE theirs.value = mine.value)
      GROUP BY mine.value`
  const top = number(most.target.perSecond)
  // Where several targets name one address, the least that their owners said it bears holds for all of them together. The sites
  // of one target share what it bears already (shareOf).
  const borne = sql`min(${top}, coalesce(min(used.bears), ${top}),
    coalesce((SELECT max_connects_per_second FROM targets WHERE tenant_id = ${scan.tenantId} AND id = ${scan.targetId}), ${top}))`
  return sql`WITH used AS MATERIALIZED (
      SELECT tenant_id, addresses, networks, (tenant_id = ${scan.tenantId} AND target_id = ${scan.targetId}) AS is_own,
        CASE WHEN finished_at IS NULL THEN max_connects_per_second ELSE 0 END AS rate,
        CASE WHEN coalesce(started_at, due_at) > ${number(now - DAY_MS)} THEN connects ELSE 0 END AS connects,
        CASE WHEN finished_at IS NULL THEN (SELECT max_connects_per_second FROM targets WHERE targets.tenant_id = scans.tenant_id AND targets.id = scans.target_id) END AS bears
      FROM scans
      WHERE tenant_id IN (SELECT id FROM tenants UNION SELECT tenant_id FROM keys) AND created_at > ${number(now - 3 * DAY_MS)}
        AND scanner_probe_id <> '' AND is_public = ${number(scan.isPublic)} AND id <> ${scan.id})
    ${over('target', sql`mine.value`, each(scan.addresses, 'addresses'))}
    UNION ALL ${over('target', sql`mine.value`, each(scan.addresses, 'addresses', sql`NOT used.is_own`), borne)}
    UNION ALL ${over('network', sql`mine.value`, each(scan.networks, 'networks'))}
    UNION ALL ${over('tenant', sql`''`, sql`FROM used WHERE tenant_id = ${scan.tenantId}`)}
    UNION ALL ${over('fleet', sql`''`, sql`FROM used`)}`
}

/** True while it would break none. */
export const withinAll = (scan: Scan, ceilings: Ceilings, now: number): SQL =>
  sql`NOT EXISTS (SELECT 1 FROM (${brokenBy(scan, ceilings, now)}))`

export const readBroken = async (db: Db, scan: Scan, ceilings: Ceilings, now: number): Promise<Broken | null> =>
  (await db.get<Broken>(sql`SELECT * FROM (${brokenBy(scan, ceilings, now)}) LIMIT 1`)) ?? null
