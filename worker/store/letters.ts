/** Letters by which holders of ranges let a tenant scan them. Entered by operators; never deleted, but revoked. */
import { and, desc, eq, gt, isNull, sql } from 'drizzle-orm'
import { type Address, contains, parseCidr } from '../../schema/address.ts'
import { letters, tenants } from '../../schema/tables.ts'
import { type Db, rows } from './db.ts'

export type Letter = typeof letters.$inferSelect

/** As many letters as hold for one tenant at once. */
export const MOST_LETTERS = 1_000

export const tenantExists = async (db: Db, id: string): Promise<boolean> =>
  (await db.select({ id: tenants.id }).from(tenants).where(eq(tenants.id, id)).get()) !== undefined

export const addLetter = async (db: Db, letter: Letter): Promise<void> => {
  await db.insert(letters).values(letter)
}

/** Of all tenants, the newest first; for the operator. */
export const listLetters = (db: Db): Promise<Letter[]> =>
  db.select().from(letters).orderBy(desc(letters.createdAt)).limit(10_000)

/** Null when there is none, or it was revoked before. */
export async function revokeLetter(db: Db, id: string, now: number): Promise<Letter | null> {
  const [row] = await db
    .update(letters)
    .set({ revokedAt: now })
    .where(and(eq(letters.id, id), isNull(letters.revokedAt)))
    .returning()
  return row ?? null
}

/** Which of the tenant's letters covers an address now: the one that holds longest. */
export async function readLetters(db: Db, tenantId: string, now: number): Promise<(address: Address) => Letter | null> {
  const letterFor = await readLettersOf(db, [tenantId], now)
  return (address) => letterFor(tenantId, address)
}

/** The same of several tenants. */
export async function readLettersOf(
  db: Db,
  tenantIds: readonly string[],
  now: number,
): Promise<(tenantId: string, address: Address) => Letter | null> {
  const held = await db
    .select()
    .from(letters)
    .where(
      and(
        sql`${letters.tenantId} IN (SELECT value FROM json_each(${rows(tenantIds)}))`,
        isNull(letters.revokedAt),
        gt(letters.expiresAt, now),
      ),
    )
    .orderBy(desc(letters.expiresAt))
    .limit(MOST_LETTERS * tenantIds.length)
  const coverFor = new Map(
    tenantIds.map((tenantId) => [tenantId, coverOf(held.filter((letter) => letter.tenantId === tenantId))]),
  )
  return (tenantId, address) => coverFor.get(tenantId)?.(address) ?? null
}

/** Of these letters, the one that covers an address: the first, when the one that holds longest comes first. */
export function coverOf<T extends Pick<Letter, 'cidr'>>(held: readonly T[]): (address: Address) => T | null {
  const networks = held.flatMap((letter) => {
    const cidr = parseCidr(letter.cidr)
    return cidr ? [{ letter, cidr }] : []
  })
  return (address) => networks.find(({ cidr }) => contains(cidr, address))?.letter ?? null
}
