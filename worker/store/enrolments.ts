import { and, eq, gt, isNull, lt } from 'drizzle-orm'
import { enrolments, type probes } from '../../schema/tables.ts'
import { batch, changed, type Db, type Statement } from './db.ts'
import { OPERATOR } from './keys.ts'
import { addProbe } from './probes.ts'

export type Enrolment = typeof enrolments.$inferSelect
export const TOKEN_MS = 15 * 60_000

/** Keeps the hash of a one-use token and all that it stands for. A repeat changes nothing. */
export const addEnrolment = (db: Db, enrolment: Omit<typeof enrolments.$inferInsert, 'tenantId'>): Statement =>
  db
    .insert(enrolments)
    .values({ ...enrolment, tenantId: OPERATOR })
    .onConflictDoNothing()

/** The enrolment of an unused token; null when it is unknown, used or too old. */
export const readEnrolment = async (db: Db, hash: string, now: number): Promise<Enrolment | null> =>
  (await db
    .select()
    .from(enrolments)
    .where(and(eq(enrolments.hash, hash), isNull(enrolments.usedAt), gt(enrolments.expiresAt, now)))
    .get()) ?? null

/** The enrolment of a token, used or not, while it is remembered: a day beyond its life. */
export const readAnyEnrolment = async (db: Db, hash: string): Promise<Enrolment | null> =>
  (await db.select().from(enrolments).where(eq(enrolments.hash, hash)).get()) ?? null

/** Uses the token and registers the probe, both or neither. False when another took the token first. */
export async function enrol(db: Db, hash: string, probe: typeof probes.$inferInsert): Promise<boolean> {
  const [used] = await batch(db, [
    db
      .update(enrolments)
      .set({ usedAt: probe.enrolledAt, usedBy: probe.id })
      .where(and(eq(enrolments.hash, hash), isNull(enrolments.usedAt))),
    ...addProbe(db, probe, { hash }),
  ])
  return changed(used) > 0
}

export const forgetEnrolments = async (db: Db, before: number): Promise<void> => {
  await db.delete(enrolments).where(lt(enrolments.expiresAt, before))
}
