/** API keys and tenants. A key is shown once and stored as its SHA-256: the hash is what is looked up. */
import { and, desc, eq, isNull, ne, type Placeholder, type SQL, sql } from 'drizzle-orm'
import { newId } from '../../schema/ids.ts'
import { channels, deliveries, keys, stories, targets, tenants } from '../../schema/tables.ts'
import type { Scope } from '../../schema/words.ts'
import { batch, type Db, once, read, rowWhere } from './db.ts'
import { type Page, type PageRequest, pageOf } from './page.ts'
import { goesOn, type Session } from './sessions.ts'

/** The tenant of the operator: the fleet and its switches are his. */
export const OPERATOR = 'ten_default'

export interface Key {
  id: string
  tenantId: string
  hash: string
  name: string
  hint: string
  scope: Scope
  createdAt: number
  expiresAt: number | null
  lastUsedAt: number | null
  /** an actor of the audit log; null where it was not noted */
  madeBy: string | null
}
/** A key's use is noted this seldom, so that reading costs no write. */
const USE_NOTED_MS = 3_600_000

const toKey = (row: typeof keys.$inferSelect): Key => ({ ...row, scope: row.scope as Scope })
const isLive = (now: number | Placeholder) =>
  and(
    isNull(keys.revokedAt),
    sql`(${keys.expiresAt} IS NULL OR ${keys.expiresAt} > ${now})`,
    isThere(sql`${keys.tenantId}`),
  )

/** True while the tenant is: asked in the write that gives it something, as it may be removed while that is under way. */
export const isThere = (tenantId: string | SQL): SQL =>
  sql`EXISTS (SELECT 1 FROM tenants WHERE tenants.id = ${tenantId})`

/** The live key with this hash; null when unknown, revoked or expired. */
export async function findKey(db: Db, hash: string, now: number): Promise<Key | null> {
  const row = await db
    .select()
    .from(keys)
    .where(and(eq(keys.hash, hash), isLive(now)))
    .get()
  if (row && (row.lastUsedAt ?? 0) < now - USE_NOTED_MS)
    await db.update(keys).set({ lastUsedAt: now }).where(eq(keys.hash, hash))
  return row ? toKey(row) : null
}

type Row = typeof keys.$inferSelect
const withId = ({ tenantId, id, now }: Record<'tenantId' | 'id' | 'now', Placeholder>) =>
  and(eq(keys.tenantId, tenantId), eq(keys.id, id), isLive(now))
const keyOf = once<{ tenantId: string; id: string; now: number }, Row>((db, at) =>
  db.select().from(keys).where(withId(at)),
)
const keyOfSession = once<{ tenantId: string; id: string; now: number; hash: string; expiresAt: number }, Row>(
  (db, at) =>
    db
      .select()
      .from(keys)
      .where(and(withId(at), goesOn({ tenantId: at.tenantId, keyId: at.id, hash: at.hash, expiresAt: at.expiresAt }))),
)

/** The live key with this id: a session names its key so, and must not have been ended. */
export async function findKeyById(
  db: Db,
  tenantId: string,
  id: string,
  now: number,
  session: Session | null,
): Promise<Key | null> {
  const of = { tenantId, id, now }
  const query = session ? keyOfSession(db, { ...of, hash: session.hash, expiresAt: session.expiresAt }) : keyOf(db, of)
  const [row] = await read(db, query)
  return row ? toKey(row) : null
}

const unrevoked = (tenantId: string) => and(eq(keys.tenantId, tenantId), isNull(keys.revokedAt))
const newestFirst = [desc(keys.createdAt), desc(keys.id)]

export async function listKeys(db: Db, tenantId: string, { limit, cursor }: PageRequest): Promise<Page<Key>> {
  const before = cursor ? sql`(${keys.createdAt}, ${keys.id}) < (${cursor.at}, ${cursor.id})` : undefined
  const found = await db
    .select()
    .from(keys)
    .where(and(unrevoked(tenantId), before))
    .orderBy(...newestFirst)
    .limit(limit + 1)
  return pageOf(found, limit, (row) => row.createdAt, toKey)
}

/** All of them: none that opens something is to be overlooked. */
export const allKeys = async (db: Db, tenantId: string): Promise<Key[]> =>
  (
    await db
      .select()
      .from(keys)
      .where(unrevoked(tenantId))
      .orderBy(...newestFirst)
  ).map(toKey)

/** Null when the tenant was removed. */
export async function addKey(
  db: Db,
  tenantId: string,
  key: { hash: string; name: string; hint: string; scope: Scope; expiresAt: number | null; madeBy: string },
  now: number,
): Promise<Key | null> {
  const row = { ...key, tenantId, id: newId('key'), createdAt: now, lastUsedAt: null }
  const [added] = await db
    .insert(keys)
    .select(rowWhere(keys, row, isThere(tenantId)))
    .returning({ id: keys.id })
  return added ? row : null
}

/** False when there is no such live key. */
export async function revokeKey(db: Db, tenantId: string, id: string, now: number): Promise<boolean> {
  const [row] = await db
    .update(keys)
    .set({ revokedAt: now })
    .where(and(eq(keys.tenantId, tenantId), eq(keys.id, id), isNull(keys.revokedAt)))
    .returning({ id: keys.id })
  return row !== undefined
}

export type Tenant = typeof tenants.$inferSelect
export const readTenant = async (db: Db, id: string): Promise<Tenant | null> =>
  (await db.select().from(tenants).where(eq(tenants.id, id)).get()) ?? null

/** Null when there is no such tenant. */
export async function renameTenant(db: Db, id: string, name: string): Promise<Tenant | null> {
  const [row] = await db.update(tenants).set({ name }).where(eq(tenants.id, id)).returning()
  return row ?? null
}
export const listTenants = (db: Db): Promise<Tenant[]> =>
  db.select().from(tenants).orderBy(desc(tenants.createdAt)).limit(500)

/** A tenant and its first admin key, of which the caller has the text. */
export async function addTenant(
  db: Db,
  name: string,
  key: { hash: string; hint: string; madeBy: string },
  now: number,
): Promise<{ tenant: Tenant; key: Key }> {
  const tenant = { id: newId('ten'), name, createdAt: now }
  const first = {
    ...key,
    tenantId: tenant.id,
    id: newId('key'),
    name: 'first',
    scope: 'admin' as const,
    createdAt: now,
    expiresAt: null,
    lastUsedAt: null,
  }
  await batch(db, [db.insert(tenants).values(tenant), db.insert(keys).values(first)])
  return { tenant, key: first }
}

/** Takes away a tenant's keys, schedules and channels. What it found stays until it is purged. The operator's own cannot go. */
export async function removeTenant(db: Db, id: string, now: number): Promise<boolean> {
  const [gone] = await batch(db, [
    db
      .delete(tenants)
      .where(and(eq(tenants.id, id), ne(tenants.id, OPERATOR)))
      .returning({ id: tenants.id }),
    db
      .update(keys)
      .set({ revokedAt: now })
      .where(and(eq(keys.tenantId, id), ne(keys.tenantId, OPERATOR), isNull(keys.revokedAt))),
    db
      .update(targets)
      .set({ deletedAt: now, nextDueAt: null })
      .where(and(eq(targets.tenantId, id), ne(targets.tenantId, OPERATOR), isNull(targets.deletedAt))),
    // Nobody of theirs is told any more, and their secrets go.
    ...[channels, deliveries, stories].map((table) =>
      db.delete(table).where(and(eq(table.tenantId, id), ne(table.tenantId, OPERATOR))),
    ),
  ])
  return (gone as unknown[]).length > 0
}
