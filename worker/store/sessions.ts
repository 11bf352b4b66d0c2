/** Sessions of the portal that were ended before their time. One that nobody ended is stored nowhere: its cookie says it all. */
import { lte, type Placeholder, type SQL, sql } from 'drizzle-orm'
import { endedSessions } from '../../schema/tables.ts'
import { type Db, once, read, type Statement } from './db.ts'
import { forgetLinksOf } from './settings.ts'

export interface Session {
  tenantId: string
  keyId: string
  /** SHA-256 of its cookie, hex */
  hash: string
  expiresAt: number
}
/** The same as a record of parameters. */
type OfSession = Pick<Session, keyof Session>
type OfKey = Pick<Session, 'tenantId' | 'keyId'>

/**
 * Sessions of one key that are ended one by one. Beyond it who signs out ends those of the key with it that began earlier: who
 * may only sign in and out fills no table.
 */
export const MOST_ENDED = 1_000

/** Nobody ended it: a condition of the query that finds its key. Both rows that could say so are found by their whole key. */
export const goesOn = ({ tenantId, keyId, hash, expiresAt }: { readonly [Name in keyof Session]: Placeholder }): SQL =>
  sql`NOT EXISTS (SELECT 1 FROM ended_sessions ended WHERE ended.tenant_id = ${tenantId} AND ended.key_id = ${keyId}
    AND ended.session IN (${hash}, '') AND ended.until >= ${expiresAt})`

const going = once<OfSession, { goes: number }>((db, at) => db.all<{ goes: number }>(sql`SELECT ${goesOn(at)} AS goes`))

/** The same, where there is no key to be found. */
export const isGoingOn = async (db: Db, { tenantId, keyId, hash, expiresAt }: Session): Promise<boolean> =>
  (await read(db, going(db, { tenantId, keyId, hash, expiresAt })))[0]?.goes === 1

/** Ends this one. Twice is once. */
export const endSession = (db: Db, { tenantId, keyId, hash, expiresAt }: Session): Statement[] => [
  db.run(sql`INSERT INTO ended_sessions (tenant_id, key_id, session, until)
    SELECT ${tenantId}, ${keyId}, CASE WHEN count(*) < ${MOST_ENDED} THEN ${hash} ELSE '' END, ${expiresAt}
    FROM ended_sessions WHERE tenant_id = ${tenantId} AND key_id = ${keyId}
    ON CONFLICT (tenant_id, key_id, session) DO UPDATE SET until = max(until, excluded.until)`),
  forgetCovered(db, { tenantId, keyId }),
]

/** Ends all of a key that end by themselves by then, and its one-time links, which would begin further ones. */
export const endSessions = (db: Db, { tenantId, keyId }: OfKey, until: number): Statement[] => [
  db
    .insert(endedSessions)
    .values({ tenantId, keyId, session: '', until })
    .onConflictDoUpdate({
      target: [endedSessions.tenantId, endedSessions.keyId, endedSessions.session],
      set: { until: sql`max(until, excluded.until)` },
    }),
  forgetCovered(db, { tenantId, keyId }),
  forgetLinksOf(db, tenantId, keyId),
]

/** Those for which the row of all speaks. */
const forgetCovered = (db: Db, { tenantId, keyId }: OfKey): Statement =>
  db.run(sql`DELETE FROM ended_sessions WHERE tenant_id = ${tenantId} AND key_id = ${keyId} AND session <> ''
    AND until <= (SELECT until FROM ended_sessions WHERE tenant_id = ${tenantId} AND key_id = ${keyId} AND session = '')`)

/** Those that would be over by now. */
export const forgetEnded = async (db: Db, now: number): Promise<void> => {
  await db.delete(endedSessions).where(lte(endedSessions.until, now))
}
