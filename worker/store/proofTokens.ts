/** Proof tokens: what a tenant's scans carry in HTTP, so that on a shared range its own may be told from those of others. */
import { and, asc, eq, gt, lt, sql } from 'drizzle-orm'
import { newId } from '../../schema/ids.ts'
import { proofSecrets } from '../../schema/tables.ts'
import type { ProofHeader } from '../../schema/words.ts'
import { batch, type Db, rows } from './db.ts'

export interface ProofSecret {
  tenantId: string
  secret: string
  usedFrom: number
  createdAt: number
}

/** The secret in use, and the one that follows it, if one was made. Makes the first. */
export async function readSecrets(
  db: Db,
  tenantId: string,
  now: number,
  fresh: () => string,
): Promise<{ current: ProofSecret; next: ProofSecret | null }> {
  const found = await secretsOf(db, tenantId)
  if (currentOf(found, now) === null) {
    // Two who ask first at once make one: the id says that it is the first.
    await db
      .insert(proofSecrets)
      .values({ tenantId, id: 'first', secret: fresh(), createdAt: now, usedFrom: now })
      .onConflictDoNothing()
    found.push(...(await secretsOf(db, tenantId)))
  }
  const current = currentOf(found, now)
  if (!current) throw new Error('no proof secret is in use')
  return { current, next: found.find((one) => one.usedFrom > now) ?? null }
}

const secretsOf = (db: Db, tenantId: string): Promise<ProofSecret[]> =>
  db
    .select({
      tenantId: proofSecrets.tenantId,
      secret: proofSecrets.secret,
      usedFrom: proofSecrets.usedFrom,
      createdAt: proofSecrets.createdAt,
    })
    .from(proofSecrets)
    .where(eq(proofSecrets.tenantId, tenantId))
    .orderBy(asc(proofSecrets.usedFrom))

/** The latest whose time has come. */
const currentOf = (list: readonly ProofSecret[], now: number): ProofSecret | null =>
  list
    .filter(({ usedFrom }) => usedFrom <= now)
    .toSorted((a, b) => b.usedFrom - a.usedFrom || b.createdAt - a.createdAt)[0] ?? null

/** A new secret, used from then on; one that was to follow is dropped, and so are those long out of use. */
export async function rotate(db: Db, tenantId: string, secret: string, usedFrom: number, now: number): Promise<void> {
  const mine = eq(proofSecrets.tenantId, tenantId)
  await batch(db, [
    db.delete(proofSecrets).where(and(mine, gt(proofSecrets.usedFrom, now))),
    db.insert(proofSecrets).values({ tenantId, id: newId('key'), secret, createdAt: now, usedFrom }),
    db
      .delete(proofSecrets)
      .where(
        and(
          mine,
          lt(
            proofSecrets.usedFrom,
            sql`(SELECT max(used_from) FROM proof_secrets kept WHERE kept.tenant_id = ${tenantId} AND kept.used_from <= ${now})`,
          ),
        ),
      ),
  ])
}

/** For each of these runs: the secret of its tenant, if there is one, and what its target wants to be shown. */
export async function tokensWanted(
  db: Db,
  runs: readonly { tenantId: string; scanId: string }[],
  now: number,
): Promise<Map<string, { tenantId: string; targetId: string; secret: string; proofHeader: ProofHeader }>> {
  if (runs.length === 0) return new Map()
  const wanted = runs.map(({ tenantId, scanId }) => ({ tenantId, scanId }))
  const found = await db.all<{
    scanId: string
    tenantId: string
    targetId: string
    secret: string
    proofHeader: ProofHeader
  }>(sql`SELECT s.id AS scanId, s.tenant_id AS tenantId, t.id AS targetId, t.proof_header AS proofHeader,
      (SELECT secret FROM proof_secrets p WHERE p.tenant_id = s.tenant_id AND p.used_from <= ${now} ORDER BY p.used_from DESC, p.created_at DESC LIMIT 1) AS secret
    FROM json_each(${rows(wanted)}) w
      JOIN scans s ON s.tenant_id = w.value ->> '$.tenantId' AND s.id = w.value ->> '$.scanId'
      JOIN targets t ON t.tenant_id = s.tenant_id AND t.id = s.target_id`)
  return new Map(found.filter(({ secret }) => secret !== null).map((row) => [row.scanId, row]))
}
