/** Proofs of control, by tenant and address (or domain), and the rows that carry the fetches for them. */
import { and, asc, eq, inArray, isNull, lte, type SQL, sql } from 'drizzle-orm'
import type { ControlAsk, ControlTrouble } from '../../schema/control.ts'
import { controls, issues, scans, targets } from '../../schema/tables.ts'
import type { FailureWord } from '../../schema/words.ts'
import { type Db, inParts, rows, rowWhere, type Statement } from './db.ts'
import type { Scan } from './scans.ts'

export type Control = typeof controls.$inferSelect
/** The row that carries the runs of a look. */
export type Look = Scan & { control: ControlAsk }

/** The site and lane of each carrier: no site is called so. One row of a target and lane may be under way. */
export const CONTROL_LANE = '/control'
export const isLook = (scan: Scan): scan is Look => scan.control !== null

/** The tenant's rows for these addresses and domains, by subject. */
export async function readControls(
  db: Db,
  tenantId: string,
  subjects: readonly string[],
): Promise<ReadonlyMap<string, Control>> {
  if (subjects.length === 0) return new Map()
  const found = new Map<string, Control>()
  for (const part of inParts([...new Set(subjects)])) {
    const known = await db
      .select()
      .from(controls)
      .where(
        and(eq(controls.tenantId, tenantId), sql`${controls.subject} IN (SELECT value FROM json_each(${rows(part)}))`),
      )
    for (const row of known) found.set(row.subject, row)
  }
  return found
}

/** Addresses and domains that one target may be asked about, those that it left behind among them. */
export const MOST_SUBJECTS = 200
/** What was not proved in so long is forgotten once the target asks for others. */
const UNPROVED_MS = 30 * 86_400_000

type Wish = Pick<Control, 'tenantId' | 'subject' | 'token' | 'method' | 'port' | 'domain' | 'targetId'>

const isAsBefore = ({ method, port, domain }: Wish): SQL =>
  sql`controls.method IS ${method} AND controls.port IS ${port} AND controls.domain IS ${domain}`

/**
 * What is wished of the subjects of one target: their rows are made, or changed; token and proof stay. All of them, or none where
 * they would be too many. The last answer says which.
 */
export function wishControls(
  db: Db,
  { tenantId, id: targetId }: { tenantId: string; id: string },
  wishes: readonly Wish[],
  now: number,
): Statement[] {
  const subjects = sql`(SELECT value FROM json_each(${rows(wishes.map(({ subject }) => subject))}))`
  const others = sql`tenant_id = ${tenantId} AND target_id = ${targetId} AND subject NOT IN ${subjects}`
  const isRoom = sql`(SELECT count(*) FROM controls WHERE ${others}) + ${wishes.length} <= ${MOST_SUBJECTS}`
  return [
    db.run(sql`DELETE FROM controls WHERE ${others} AND proved_at IS NULL
      AND max(created_at, coalesce(asked_at, 0)) < ${now - UNPROVED_MS}`),
    ...wishes.map((wish) =>
      db
        .insert(controls)
        .select(rowWhere(controls, { ...wish, createdAt: now }, isRoom))
        .onConflictDoUpdate({
          target: [controls.tenantId, controls.subject],
          set: {
            method: wish.method,
            port: wish.port,
            domain: wish.domain,
            targetId: wish.targetId,
            // The last look was at what was chosen before.
            problem: sql`CASE WHEN ${isAsBefore(wish)} THEN problem END`,
            checkedAt: sql`CASE WHEN ${isAsBefore(wish)} THEN checked_at END`,
          },
        }),
    ),
  ]
}

const those = (tenantId: string, subjects: readonly string[]) =>
  and(eq(controls.tenantId, tenantId), inArray(controls.subject, [...subjects]))

/** A look begins: cron has no need to begin another before `nextAt`. */
export const noteAsked = (
  db: Db,
  tenantId: string,
  subjects: readonly string[],
  nextAt: number,
  now: number,
  guard: SQL = sql`1`,
): Statement =>
  db
    .update(controls)
    .set({ askedAt: now, nextAt: sql`CASE WHEN next_at IS NULL THEN NULL ELSE ${nextAt} END` })
    .where(and(those(tenantId, subjects), guard))

/** What a look found of one subject. */
export interface Found {
  provedAt: number | null
  expiresAt: number | null
  problem: ControlTrouble | null
  nextAt: number | null
}

export const noteFound = (
  db: Db,
  tenantId: string,
  subject: string,
  found: Found,
  now: number,
  guard: SQL = sql`1`,
): Statement =>
  db
    .update(controls)
    .set({ ...found, checkedAt: now })
    .where(and(those(tenantId, [subject]), guard))

/** Cron looks no more by itself. */
export const letLapse = (db: Db, tenantId: string, subject: string): Statement =>
  db
    .update(controls)
    .set({ nextAt: null })
    .where(those(tenantId, [subject]))

/** So many addresses of one target are renewed together: a name has no more. */
const MOST_TOGETHER = 100

/**
 * Proofs that are to be looked at again, of the `limit` targets that are the longest due: all that are due of each together, for one look
 * at a time is under way at a target.
 */
export async function dueControls(db: Db, now: number, limit: number): Promise<Control[][]> {
  const first = await db
    .select({ tenantId: controls.tenantId, targetId: controls.targetId })
    .from(controls)
    .where(lte(controls.nextAt, now))
    .groupBy(controls.tenantId, controls.targetId)
    .orderBy(sql`min(next_at)`)
    .limit(limit)
  if (first.length === 0) return []
  const due = await db
    .select()
    .from(controls)
    .where(
      and(
        lte(controls.nextAt, now),
        sql`(tenant_id, target_id) IN (SELECT value ->> '$.tenantId', value ->> '$.targetId' FROM json_each(${rows(first)}))`,
      ),
    )
    .orderBy(asc(controls.nextAt))
    .limit(limit * MOST_TOGETHER)
  return first.map((one) => due.filter((row) => row.tenantId === one.tenantId && row.targetId === one.targetId))
}

/** Cron looks later: what kept it from looking now keeps no other waiting. */
export const putOff = (db: Db, tenantId: string, subjects: readonly string[], nextAt: number): Statement =>
  db
    .update(controls)
    .set({ nextAt: sql`CASE WHEN next_at IS NULL THEN NULL ELSE ${nextAt} END` })
    .where(those(tenantId, subjects))

/** Where a name led when control was last asked for. */
export const noteResolved = (db: Db, tenantId: string, targetId: string, addresses: readonly string[]): Statement =>
  db
    .update(targets)
    .set({ resolved: [...addresses] })
    .where(and(eq(targets.tenantId, tenantId), eq(targets.id, targetId), sql`resolved <> ${JSON.stringify(addresses)}`))

/** The tenant's target of this very address, if the one that asked is gone. */
export const targetAt = async (db: Db, tenantId: string, address: string): Promise<string | null> =>
  (
    await db
      .select({ id: targets.id })
      .from(targets)
      .where(and(eq(targets.tenantId, tenantId), eq(targets.address, address), isNull(targets.deletedAt)))
      .limit(1)
      .get()
  )?.id ?? null

// ---------------------------------------------------------------- looks

/** Which of these targets have a look under way. */
export async function lookingNow(db: Db, tenantId: string, targetIds: readonly string[]): Promise<ReadonlySet<string>> {
  if (targetIds.length === 0) return new Set()
  const found = await db
    .select({ id: scans.targetId })
    .from(scans)
    .where(
      and(
        eq(scans.tenantId, tenantId),
        eq(scans.lane, CONTROL_LANE),
        isNull(scans.finishedAt),
        sql`${scans.targetId} IN (SELECT value FROM json_each(${rows(targetIds)}))`,
      ),
    )
  return new Set(found.map(({ id }) => id))
}

/** Ends a look for the one judge who comes first. */
export const endLook = (
  db: Db,
  look: Look,
  ending: { state: 'finished' | 'cancelled'; token: string; failure: { code: FailureWord; detail: string } | null },
  now: number,
): Statement =>
  db
    .update(scans)
    .set({
      state: ending.state,
      finishedAt: now,
      finishToken: ending.token,
      failureCode: ending.failure?.code ?? null,
      failureDetail: ending.failure?.detail ?? null,
    })
    .where(and(eq(scans.tenantId, look.tenantId), eq(scans.id, look.id), isNull(scans.finishedAt)))

/** Addresses that a tenant had looked at since then, in looks that have ended too. */
const lookedAt = (tenantId: string, since: number): SQL =>
  sql`(SELECT coalesce(sum(json_array_length(addresses)), 0) FROM scans WHERE tenant_id = ${tenantId} AND control IS NOT NULL AND created_at > ${since})`

/** With so many more they are at most so many: a condition of the write that begins a look. */
export const looksLeft = (tenantId: string, since: number, more: number, most: number): SQL =>
  sql`${lookedAt(tenantId, since)} + ${more} <= ${most}`

/** The same before anything is written. */
export const hasLooksLeft = async (db: Db, ...asked: Parameters<typeof looksLeft>): Promise<boolean> =>
  (await db.get<{ left: number }>(sql`SELECT ${looksLeft(...asked)} AS left`))?.left === 1

// ---------------------------------------------------------------- issues

/** A target that is not scanned because control is not proved: opens its issue, or states it anew. */
export const raiseUnproved = (
  db: Db,
  scan: Pick<Scan, 'tenantId' | 'targetId' | 'id'>,
  { issueId, title }: { issueId: string; title: string },
  guard: SQL,
  now: number,
): Statement =>
  db.run(sql`INSERT INTO issues (tenant_id, id, target_id, finding, state, title, opened_at, restated_at, last_scan_id)
    SELECT ${scan.tenantId}, ${issueId}, ${scan.targetId}, 'unproved', 'open', ${title}, ${now}, ${now}, ${scan.id} WHERE ${guard}
    ON CONFLICT (tenant_id, target_id, finding) WHERE closed_at IS NULL
    DO UPDATE SET title = excluded.title, restated_at = excluded.restated_at, last_scan_id = excluded.last_scan_id,
      state = CASE WHEN snoozed_until > ${now} THEN state ELSE 'open' END`)

/** Control is proved: that is the proof on which such an issue closes. */
export const closeUnproved = (
  db: Db,
  tenantId: string,
  targetId: string,
  by: string,
  now: number,
  guard: SQL = sql`1`,
) =>
  db
    .update(issues)
    .set({ state: 'closed', closedAt: now, closedBy: by })
    .where(
      and(
        eq(issues.tenantId, tenantId),
        eq(issues.targetId, targetId),
        eq(issues.finding, 'unproved'),
        isNull(issues.closedAt),
        guard,
      ),
    )
