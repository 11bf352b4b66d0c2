/** Facts of the whole stack, one row each: the kill switch, and one-time links until they are used. */
import { and, eq, gt, like, lt, lte, or, sql } from 'drizzle-orm'
import { settings } from '../../schema/tables.ts'
import { type Db, once, read } from './db.ts'

const STOPPED = 'stopped'

export const stoppedRow = once<Record<never, never>, { value: string }>((db) =>
  db.select({ value: settings.value }).from(settings).where(eq(settings.name, STOPPED)),
)

/** What it answered: all scanning is stopped. */
export const isOn = (answer: unknown): boolean => (answer as { value: string }[])[0]?.value === '1'

/** All scanning is stopped. */
export const isStopped = async (db: Db): Promise<boolean> => isOn(await read(db, stoppedRow(db, {})))

/** The kill switch, and since when it is as it is; null when nobody ever touched it. */
export async function readSwitch(db: Db): Promise<{ stopped: boolean; since: number | null }> {
  const row = await db.select().from(settings).where(eq(settings.name, STOPPED)).get()
  return { stopped: row?.value === '1', since: row?.changedAt ?? null }
}

/** The same as a sub-select, for queries that must know it anyway. */
export const stoppedFlag = sql<number>`EXISTS (SELECT 1 FROM settings WHERE name = 'stopped' AND value = '1')`

export async function setStopped(db: Db, stopped: boolean, now: number): Promise<void> {
  const row = { name: STOPPED, value: stopped ? '1' : '0', changedAt: now }
  await db
    .insert(settings)
    .values(row)
    .onConflictDoUpdate({ target: settings.name, set: row, setWhere: sql`value <> excluded.value` })
}

export interface OnceLink {
  tenantId: string
  keyId: string
  expiresAt: number
}

/** Keeps a one-time link under the hash of its token. */
export const keepOnce = async (db: Db, hash: string, link: OnceLink, now: number): Promise<void> => {
  await db.insert(settings).values({ name: `once:${hash}`, value: JSON.stringify(link), changedAt: now })
}

/** Takes a one-time link: the first caller gets it, everyone after gets null, as does one who comes too late. */
export async function takeOnce(db: Db, hash: string, now: number): Promise<OnceLink | null> {
  const [row] = await db
    .delete(settings)
    .where(eq(settings.name, `once:${hash}`))
    .returning()
  const link = row ? (JSON.parse(row.value) as OnceLink) : null
  return link && link.expiresAt > now ? link : null
}

/** Forgets links that nobody used, and who signed in. */
export const forgetOnce = async (db: Db, before: number): Promise<void> => {
  const isOurs = or(like(settings.name, 'once:%'), like(settings.name, 'signin:%'))
  await db.delete(settings).where(and(isOurs, lt(settings.changedAt, before)))
}

export const signInName = (tenantId: string, keyId: string): string => `signin:${tenantId}:${keyId}`

export const signedInSince = async (db: Db, name: string, since: number): Promise<boolean> =>
  (await db
    .select({ name: settings.name })
    .from(settings)
    .where(and(eq(settings.name, name), gt(settings.changedAt, since)))
    .get()) !== undefined

/** Takes the word of the first who signs in since then. */
export async function noteSignIn(
  db: Db,
  name: string,
  value: string,
  { now, since }: { now: number; since: number },
): Promise<void> {
  const row = { name, value, changedAt: now }
  await db
    .insert(settings)
    .values(row)
    .onConflictDoUpdate({ target: settings.name, set: row, setWhere: lte(settings.changedAt, since) })
}

/** Any other fact of the stack; null when it is not set. */
export const readSetting = async (db: Db, name: string): Promise<string | null> =>
  (await db.select({ value: settings.value }).from(settings).where(eq(settings.name, name)).get())?.value ?? null

/** Null forgets it. */
export async function writeSetting(db: Db, name: string, value: string | null, now: number): Promise<void> {
  if (value === null) await db.delete(settings).where(eq(settings.name, name))
  else {
    const row = { name, value, changedAt: now }
    await db
      .insert(settings)
      .values(row)
      .onConflictDoUpdate({ target: settings.name, set: row, setWhere: sql`value <> excluded.value` })
  }
}
