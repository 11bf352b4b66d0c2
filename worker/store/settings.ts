/** Facts of the whole stack, one row each: the kill switch, and one-time links until they are used. */
import { and, eq, gt, inArray, like, lt, lte, or, sql } from 'drizzle-orm'
import { settings } from '../../schema/tables.ts'
import { type Db, once, read, type Statement } from './db.ts'

const STOPPED = 'stopped'

export const stoppedRow = once<Record<never, never>, { value: string }>((db) =>
  db.select({ value: settings.value }).from(settings).where(eq(settings.name, STOPPED)),
)

/** What it answered: all scanning is stopped. */
export const isOn = (answer: unknown): boolean => (answer as { value: string }[])[0]?.value === '1'

/** All scanning is stopped. */
export const isStopped = async (db: Db): Promise<boolean> => isOn(await read(db, stoppedRow(db, {})))

const STOPPED_BY = 'stopped:by'
export interface Switch {
  stopped: boolean
  /** since when it is as it is; null when nobody ever touched it */
  since: number | null
  /** who moved it then, as the audit log names him; null where that was not noted */
  by: string | null
}

/** The kill switch, who moved it and when. */
export const readSwitch = async (db: Db): Promise<Switch> => (await readSettings(db, [])).switch

/** The kill switch, and these other facts of the stack, in one query; null where one is not set. */
export async function readSettings<Name extends string>(
  db: Db,
  names: readonly Name[],
): Promise<{ switch: Switch; values: Record<Name, string | null> }> {
  const found = await db
    .select()
    .from(settings)
    .where(inArray(settings.name, [STOPPED, STOPPED_BY, ...names]))
  const named = (name: string) => found.find((one) => one.name === name)
  const [row, by] = [named(STOPPED), named(STOPPED_BY)]
  // A restore moves it too, and is nobody.
  const isHis = row !== undefined && by !== undefined && by.changedAt === row.changedAt
  return {
    switch: { stopped: row?.value === '1', since: row?.changedAt ?? null, by: isHis ? by.value : null },
    values: Object.fromEntries(names.map((name) => [name, named(name)?.value ?? null])) as Record<Name, string | null>,
  }
}

/** Notes who moved the switch, if it was moved at this moment. */
export const noteSwitcher = async (db: Db, actor: string, now: number): Promise<void> => {
  await db.run(sql`INSERT INTO settings (name, value, changed_at)
    SELECT ${STOPPED_BY}, ${actor}, ${now} WHERE EXISTS (SELECT 1 FROM settings WHERE name = ${STOPPED} AND changed_at = ${now})
    ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at`)
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

const isLink = like(settings.name, 'once:%')

/** Links of a key that nobody used yet. What is no link holds no JSON that could be asked. */
export const forgetLinksOf = (db: Db, tenantId: string, keyId: string): Statement => {
  const says = (field: 'tenantId' | 'keyId') => sql`CASE WHEN ${isLink} THEN ${settings.value} ->> ${`$.${field}`} END`
  return db
    .delete(settings)
    .where(and(isLink, sql`${says('tenantId')} = ${tenantId}`, sql`${says('keyId')} = ${keyId}`))
}

/** Forgets links that nobody used, and who passed the door. */
export const forgetOnce = async (db: Db, before: number): Promise<void> => {
  const isOurs = or(isLink, ...DOOR_WAYS.map((way) => like(settings.name, `${way}:%`)))
  await db.delete(settings).where(and(isOurs, lt(settings.changedAt, before)))
}

/** In by key or link; out with one session, or with all of a key. */
export const DOOR_WAYS = ['signin', 'signout', 'signout-all'] as const
export type DoorWay = (typeof DOOR_WAYS)[number]

export const doorName = (way: DoorWay, tenantId: string, keyId: string): string => `${way}:${tenantId}:${keyId}`

export const passedSince = async (db: Db, name: string, since: number): Promise<boolean> =>
  (await db
    .select({ name: settings.name })
    .from(settings)
    .where(and(eq(settings.name, name), gt(settings.changedAt, since)))
    .get()) !== undefined

/** Takes the word of the first who passes since then. */
export function notePassing(
  db: Db,
  name: string,
  value: string,
  { now, since }: { now: number; since: number },
): Statement {
  const row = { name, value, changedAt: now }
  return db
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
