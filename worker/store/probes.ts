/** The fleet. It belongs to the operator and serves all tenants: these functions take no other tenant. */
import { and, asc, desc, eq, gt, isNull, ne, type Placeholder, type SQL, sql } from 'drizzle-orm'
import { type Address, parseAddress } from '../../schema/address.ts'
import { keyOf } from '../../schema/cidr.ts'
import { probes, ranges, runs, scans } from '../../schema/tables.ts'
import type { Health, SignedDirectory } from '../../schema/wire.ts'
import type { ProbeFacts } from '../core/panel.ts'
import { type Source, standingOf } from '../core/ranges/standing.ts'
import { batch, type Db, listIn, once, partOf, read, rows, type Statement } from './db.ts'
import { OPERATOR } from './keys.ts'
import { addNotices, type Told } from './outbox.ts'

export type Probe = typeof probes.$inferSelect
/** A probe that asks, with the living range that holds its address; null when none does. */
export type Signer = Probe & { source: Source | null }

/** A probe's sign of life is written this seldom (a write costs a row), or when its fitness changes. */
const SEEN_NOTED_MS = 180_000
/** A probe polls every minute, so that one unseen for longer than this is not there. */
export const ONLINE_MS = SEEN_NOTED_MS + 90_000
export const isOnline = (probe: Pick<Probe, 'seenAt'>, now: number): boolean => probe.seenAt > now - ONLINE_MS

export const probeRow = once<{ id: string }, Probe>((db, { id }) =>
  db
    .select()
    .from(probes)
    .where(and(eq(probes.id, id), isNull(probes.revokedAt))),
)
export const readProbe = async (db: Db, id: string): Promise<Probe | null> =>
  (await read(db, probeRow(db, { id })))[0] ?? null

/** The living range that begins last at or before an address: that which holds it, if any does, since those that live never overlap. */
const nearest = (key: Placeholder): SQL =>
  sql`(SELECT id FROM ranges near WHERE near.tenant_id = ${OPERATOR} AND near.state <> 'retired' AND near.first_key <= ${key} ORDER BY near.first_key DESC LIMIT 1)`

type SignerRow = { probe: Probe; source: (Source & { lastKey: string }) | null }
/** A probe and its range in one query; no two of its columns have one name, as a batch wants it. */
export const signerRow = once<{ id: string; key: string }, SignerRow>((db, { id, key }) =>
  db
    .select({
      probe: probes,
      source: {
        cidr: ranges.cidr,
        purpose: ranges.purpose,
        state: ranges.state,
        activeFrom: ranges.activeFrom,
        retireAfter: ranges.retireAfter,
        lastKey: ranges.lastKey,
      },
    })
    .from(probes)
    .leftJoin(ranges, and(eq(ranges.tenantId, OPERATOR), sql`${ranges.id} = ${nearest(key)}`))
    .where(and(eq(probes.id, id), isNull(probes.revokedAt))),
)
/** What it answered for an address with this key. */
export function signerFrom(answer: unknown, key: string): Signer | null {
  const [row] = answer as SignerRow[]
  if (!row) return null
  const isHeld = row.source !== null && row.source.lastKey >= key
  return { ...row.probe, source: isHeld ? row.source : null }
}
export const readSigner = async (db: Db, id: string, address: Address): Promise<Signer | null> => {
  const key = keyOf(address)
  return signerFrom(await read(db, signerRow(db, { id, key })), key)
}

/** The keys of a probe that are believed now: its own, and for a while the one before. */
export const keysOf = (probe: Probe, now: number): string[] => [
  probe.publicKey,
  ...(probe.oldKey !== null && (probe.oldKeyUntil ?? 0) > now ? [probe.oldKey] : []),
]

/** Gives a probe a new key, if it still has the one with which it asked. A repeat of the same finds it done. */
export async function rotateKey(
  db: Db,
  id: string,
  keys: { old: string; next: string; oldUntil: number },
): Promise<Probe | null> {
  const [row] = await db
    .update(probes)

    // The signed directory lists a key that is going.
    .set({ publicKey: keys.next, oldKey: keys.old, oldKeyUntil: keys.oldUntil, directory: null })
    .where(and(eq(probes.id, id), eq(probes.publicKey, keys.old), isNull(probes.revokedAt)))
    .returning()
  if (row) return row
  const now = await readProbe(db, id)
  return now?.publicKey === keys.next && now.oldKey === keys.old ? now : null
}

/** The probe that has this source address now; null when none has. */
export const readProbeAt = async (db: Db, sourceAddress: string): Promise<Probe | null> =>
  (await db
    .select()
    .from(probes)
    .where(and(eq(probes.tenantId, OPERATOR), eq(probes.sourceAddress, sourceAddress), isNull(probes.revokedAt)))
    .get()) ?? null

export const listProbes = (db: Db): Promise<Probe[]> =>
  db
    .select()
    .from(probes)
    .where(and(eq(probes.tenantId, OPERATOR), isNull(probes.revokedAt)))
    .orderBy(desc(probes.enrolledAt))
    .limit(1_000)

/** Replaces the probe that had this source address before: one address, one probe. */
export const addProbe = (db: Db, probe: typeof probes.$inferInsert, guard: { hash: string }): Statement[] => [
  db.run(sql`UPDATE probes SET revoked_at = ${probe.enrolledAt} WHERE tenant_id = ${OPERATOR} AND source_address = ${probe.sourceAddress}
    AND revoked_at IS NULL AND EXISTS (SELECT 1 FROM enrolments WHERE hash = ${guard.hash} AND used_by = ${probe.id})`),
  db.run(sql`INSERT INTO probes (tenant_id, id, site, source_address, country, provider, asn, public_key, agent, allow_private, enrolled_at, seen_at)
    SELECT ${OPERATOR}, ${probe.id}, ${probe.site}, ${probe.sourceAddress}, ${probe.country ?? null}, ${probe.provider ?? null}, ${probe.asn ?? null},
      ${probe.publicKey}, ${probe.agent}, ${probe.allowPrivate}, ${probe.enrolledAt}, ${probe.seenAt}
    WHERE EXISTS (SELECT 1 FROM enrolments WHERE hash = ${guard.hash} AND used_by = ${probe.id})`),
]

/** Notes that a probe was heard of, seldom enough. */
export async function noteSeen(
  db: Db,
  probe: Probe,
  said: { health: Health; allowPrivate: boolean; directory: SignedDirectory | null },
  now: number,
): Promise<void> {
  const { directory } = said
  const news =
    directory !== null || probe.health?.fit !== said.health.fit || (probe.allowPrivate === 1) !== said.allowPrivate
  if (!news && probe.seenAt > now - SEEN_NOTED_MS) return
  await db
    .update(probes)
    .set({
      seenAt: now,
      health: said.health,
      agent: said.health.agent,
      allowPrivate: said.allowPrivate ? 1 : 0,
      ...(directory ? { directory } : {}),
    })
    .where(eq(probes.id, probe.id))
}

/** `drained`: goes on with what it has, gets nothing new. Null when there is no such probe. */
export async function changeProbe(
  db: Db,
  id: string,
  change: {
    drainedAt?: number | null
    site?: string
    country?: string | null
    provider?: string | null
    asn?: number | null
  },
): Promise<Probe | null> {
  if (Object.keys(change).length === 0) return readProbe(db, id)
  const [changed] = await db.batch([
    db
      .update(probes)
      .set(change)
      .where(and(eq(probes.id, id), isNull(probes.revokedAt)))
      .returning(),
    ...(change.drainedAt ? [endProofsDue(db, id, change.drainedAt)] : []),
  ])
  return changed[0] ?? null
}

export async function revokeProbe(db: Db, id: string, now: number): Promise<boolean> {
  const [revoked] = await db.batch([
    db
      .update(probes)
      .set({ revokedAt: now })
      .where(and(eq(probes.id, id), isNull(probes.revokedAt)))
      .returning({ id: probes.id }),
    endProofsDue(db, id, now),
  ])
  return revoked[0] !== undefined
}

/** Why a proof does not hear from a probe that goes. */
export const DRAINED = { code: 'stopped', detail: 'Its probe was drained or revoked before its turn.' } as const

/** What a probe that goes was yet to do for proofs, which may be hours away: it is told to be stopped now, and nobody waits for it. */
const endProofsDue = (db: Db, probeId: string, now: number) =>
  db
    .update(runs)
    .set({
      state: 'ended',
      endedAt: now,
      closing: { outcome: 'failed', failure: DRAINED },
    })
    .where(and(eq(runs.probeId, probeId), eq(runs.kind, 'prove'), eq(runs.state, 'due'), isNull(runs.endedAt)))

const restoredName = (tenantId: string | SQL): SQL => sql`'restored:' || ${tenantId}`
/** Scans of a tenant up to this time are from a backup: what they say of who scanned an address is that of whoever had the file. */
export const noteRestored = async (db: Db, tenantId: string, upTo: number, now: number): Promise<void> => {
  await db.run(sql`INSERT INTO settings (name, value, changed_at) VALUES (${restoredName(tenantId)}, ${String(upTo)}, ${now})
    ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at`)
}
const isRestored = sql`EXISTS (SELECT 1 FROM settings WHERE name = ${restoredName(sql`${scans.tenantId}`)} AND CAST(value AS INTEGER) >= ${scans.createdAt})`

/**
 * What the choice of a panel must know of each probe, for a target at these addresses. Who scanned them counts under the
 * source address, whatever the target was called and whichever tenant asked: that is what a defence remembers. Drained probes
 * are left out, or, where they matter, not online: nothing new is asked of them.
 */
export async function readPanelFacts(
  db: Db,
  addresses: readonly string[],
  now: number,
  restedMs: number,
  { drained = false }: { drained?: boolean } = {},
): Promise<ProbeFacts[]> {
  const [fleet, spans, scanned] = await db.batch([
    db
      .select()
      .from(probes)
      .where(
        and(
          eq(probes.tenantId, OPERATOR),
          isNull(probes.revokedAt),
          isNull(probes.quarantinedAt),
          drained ? undefined : isNull(probes.drainedAt),
        ),
      )
      .limit(2_000),
    db
      .select()
      .from(ranges)
      .where(and(eq(ranges.tenantId, OPERATOR), ne(ranges.state, 'retired')))
      .orderBy(asc(ranges.firstKey))
      .limit(2_000),
    // Tenant by tenant, which the index of scans by time serves.
    db
      .select({
        source: sql<string>`${partOf('member', 'sourceAddress')}`,
        at: sql<number>`max(${scans.createdAt})`,
      })
      .from(scans)
      // Of a proof each address is one that scanned.
      .innerJoin(sql`${listIn(scans.panel)} member`, sql`${partOf('member', 'role')} = 'scanner'`)
      .where(
        and(
          sql`${scans.tenantId} IN (SELECT id FROM tenants)`,
          gt(scans.createdAt, now - restedMs),
          sql`NOT ${isRestored}`,
          sql`EXISTS (SELECT 1 FROM ${listIn(scans.addresses)} a WHERE a.value IN (SELECT value FROM json_each(${rows(addresses)})))`,
        ),
      )
      .groupBy(sql`1`),
  ])
  const lastScanned = new Map(scanned.map((row) => [row.source, row.at]))
  return fleet.map((probe) => ({
    probeId: probe.id,
    site: probe.site,
    provider: probe.provider,
    country: probe.country,
    asn: probe.asn,
    sourceAddress: probe.sourceAddress,
    allowPrivate: probe.allowPrivate === 1,
    online: probe.drainedAt === null && isOnline(probe, now),
    fit: probe.health?.fit ?? true,
    standing: standingOf(probe.sourceAddress, holderOf(spans, probe.sourceAddress), now),
    lastScannedAt: lastScanned.get(probe.sourceAddress) ?? null,
  }))
}

/** Of ranges that do not overlap, in the order of their first addresses, the one that holds this address. */
export function holderOf<R extends { firstKey: string; lastKey: string }>(
  ordered: readonly R[],
  address: string,
): R | null {
  const parsed = parseAddress(address)
  const key = parsed ? keyOf(parsed) : ''
  let [low, high] = [0, ordered.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((ordered[middle]?.firstKey ?? '') <= key) low = middle + 1
    else high = middle
  }
  const nearest = ordered[low - 1]
  return nearest && nearest.lastKey >= key ? nearest : null
}

/** The network of one address. */
export const hostRange = (sourceAddress: string): string => `${sourceAddress}/${sourceAddress.includes(':') ? 128 : 32}`

// ---------------------------------------------------------------- who is away

const expected = and(eq(probes.tenantId, OPERATOR), isNull(probes.revokedAt), isNull(probes.drainedAt))

/** Probes that should be there and are not, and are not told to be offline yet. */
export const awayProbes = (db: Db, now: number, limit: number): Promise<Probe[]> =>
  db
    .select()
    .from(probes)
    .where(and(expected, isNull(probes.offlineAt), sql`seen_at <= ${now - ONLINE_MS}`))
    .limit(limit)

/** Probes that were missed and are there again. */
export const backProbes = (db: Db, now: number, limit: number): Promise<Probe[]> =>
  db
    .select()
    .from(probes)
    .where(
      and(
        isNull(probes.revokedAt),
        sql`missed_at IS NOT NULL AND seen_at > ${now - ONLINE_MS} AND seen_at > missed_at`,
      ),
    )
    .limit(limit)

export const noteMiss = async (db: Db, id: string, now: number): Promise<void> => {
  await db.update(probes).set({ missedAt: now }).where(eq(probes.id, id))
}
export const forgetMiss = async (db: Db, id: string): Promise<void> => {
  await db
    .update(probes)
    .set({ missedAt: null })
    .where(and(eq(probes.id, id), isNull(probes.offlineAt)))
}

/** Marks a probe as offline and tells it, in one batch, unless it was heard of meanwhile. */
export async function tellOffline(db: Db, probe: Probe, notice: (scans: number) => Told, now: number): Promise<void> {
  const row = await db.get<{ scans: number }>(sql`SELECT count(*) AS scans FROM scans WHERE finished_at IS NULL
    AND EXISTS (SELECT 1 FROM json_each(panel) WHERE value ->> '$.probeId' = ${probe.id})`)
  await batch(db, [
    db
      .update(probes)
      .set({ offlineAt: now })
      .where(and(eq(probes.id, probe.id), isNull(probes.offlineAt), eq(probes.seenAt, probe.seenAt))),
    addNotices(
      db,
      OPERATOR,
      [notice(row?.scans ?? 0)],
      sql`EXISTS (SELECT 1 FROM probes WHERE id = ${probe.id} AND offline_at = ${now})`,
      now,
    ),
  ])
}

export const tellBack = async (db: Db, probe: Probe, notice: Told, now: number): Promise<void> => {
  await batch(db, [
    addNotices(
      db,
      OPERATOR,
      [notice],
      sql`EXISTS (SELECT 1 FROM probes WHERE id = ${probe.id} AND offline_at = ${probe.offlineAt})`,
      now,
    ),
    db
      .update(probes)
      .set({ offlineAt: null, missedAt: null })
      .where(and(eq(probes.id, probe.id), eq(probes.offlineAt, probe.offlineAt ?? 0))),
  ])
}
