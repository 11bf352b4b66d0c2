/** Issues as a list shows them: from their own rows, without opening a judgement. */
import { and, asc, desc, eq, isNotNull, isNull, type SQL, sql } from 'drizzle-orm'
import { issues, targets } from '../../schema/tables.ts'
import type { CauseClass, Finding, IssueState } from '../../schema/words.ts'
import type { Db } from './db.ts'
import { type Page, type PageRequest, pageOf } from './page.ts'
import { targetName } from './portal.ts'

/** What one may ask of the list besides words; `unclosed` are the open and the snoozed ones. */
export type StateAsk = IssueState | 'unclosed' | 'any'

export interface IssueAsk {
  state: StateAsk
  finding?: Finding | undefined
  cause?: CauseClass | undefined
  targetId?: string | undefined
  tag?: string | undefined
  /** looked for in title, name and address of the target */
  q?: string | undefined
  /** by when it was last seen, or opened */
  by: 'seen' | 'opened'
  desc: boolean
}

const inState = (state: StateAsk): SQL | undefined => {
  switch (state) {
    case 'any':
      return undefined
    case 'unclosed':
      return isNull(issues.closedAt)
    case 'closed':
      return isNotNull(issues.closedAt)
    case 'open':
    case 'snoozed':
      return and(isNull(issues.closedAt), eq(issues.state, state))
  }
}

const COLUMNS = {
  id: issues.id,
  targetId: issues.targetId,
  target: targetName,
  targetRemovedAt: targets.deletedAt,
  address: sql<string>`coalesce(${targets.address}, '')`,
  tags: sql<string>`coalesce(${targets.tags}, '[]')`,
  finding: issues.finding,
  state: issues.state,
  title: issues.title,
  openedAt: issues.openedAt,
  restatedAt: issues.restatedAt,
  answeredAt: issues.answeredAt,
  closedAt: issues.closedAt,
  snoozedUntil: issues.snoozedUntil,
  causes: issues.causes,
}

/** One page of the tenant's issues. */
export async function issueLines(db: Db, tenantId: string, ask: IssueAsk, { limit, cursor }: PageRequest) {
  const at = ask.by === 'seen' ? issues.restatedAt : issues.openedAt
  const after = ask.desc ? sql.raw('<') : sql.raw('>')
  const order = ask.desc ? desc : asc
  const word = ask.q?.toLowerCase()
  const found = await db
    .select(COLUMNS)
    .from(issues)
    .leftJoin(targets, and(eq(targets.tenantId, issues.tenantId), eq(targets.id, issues.targetId)))
    .where(
      and(
        eq(issues.tenantId, tenantId),
        inState(ask.state),
        ask.finding && eq(issues.finding, ask.finding),
        ask.cause &&
          sql`EXISTS (SELECT 1 FROM json_each(${issues.causes}) cause WHERE cause.value ->> '$.class' = ${ask.cause})`,
        ask.targetId ? eq(issues.targetId, ask.targetId) : undefined,
        ask.tag ? sql`EXISTS (SELECT 1 FROM json_each(${targets.tags}) tag WHERE tag.value = ${ask.tag})` : undefined,
        word
          ? sql`instr(lower(${issues.title} || char(10) || coalesce(${targets.name}, '') || char(10) || coalesce(${targets.address}, '')), ${word}) > 0`
          : undefined,
        cursor ? sql`(${at}, ${issues.id}) ${after} (${cursor.at}, ${cursor.id})` : undefined,
      ),
    )
    .orderBy(order(at), order(issues.id))
    .limit(limit + 1)
  const page = pageOf(
    found,
    limit,
    (row) => (ask.by === 'seen' ? row.restatedAt : row.openedAt),
    (row) => ({ ...row, tags: JSON.parse(row.tags) as string[] }),
  )
  return page satisfies Page<unknown>
}
export type IssueLine = Awaited<ReturnType<typeof issueLines>>['items'][number]
