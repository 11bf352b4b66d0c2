/** The list of issues, the page of one, and both as files. */
import { type Context, Hono } from 'hono'
import { CAUSE_CLASSES, type CauseClass, FINDINGS, type Finding } from '../../schema/words.ts'
import type { AppEnv } from '../context.ts'
import { badField, Failure } from '../failure.ts'
import { tenant } from '../guards/tenant.ts'
import { occurrenceColumns } from '../portal/issue/occurrences.tsx'
import { DRAWN, IssuePage } from '../portal/issue/page.tsx'
import { IssuesPage, issueColumns, STANDINGS } from '../portal/issues.tsx'
import type { ListAsk } from '../portal/parts/listing.tsx'
import { type IssueAsk, issueLines, type StateAsk } from '../store/issue-lines.ts'
import { readOccurrencePage } from '../store/issue-page.ts'
import { readIssue } from '../store/issues.ts'
import { type PageRequest, readCursor } from '../store/page.ts'
import { allowlistOf } from './allowlists.ts'
import { OCCURRENCES, readIssuePage } from './issue-data.ts'
import { fileFormat, fileOf, listAsk } from './listing.ts'
import { frameOf, show } from './show.tsx'

const LIST = 50

const RULES = {
  sorts: ['seen', 'opened'],
  filters: { state: STANDINGS, finding: FINDINGS, cause: CAUSE_CLASSES, target: null, tag: null },
}

export const issuePageRoutes = new Hono<AppEnv>()
  .get('/issues', tenant, async (c) => {
    const { db, now } = c.var.world
    const { tenantId } = c.var.caller
    const ask = listAsk(c, RULES)
    const page = (cursor: string, limit: number) => issueLines(db, tenantId, asked(ask), requestOf(cursor, limit))
    const format = fileFormat(c)
    if (format)
      return fileOf('issues', format, issueColumns(now, ask), async (cursor, limit) => {
        const { items, nextCursor } = await page(cursor, limit)
        return { rows: items, next: nextCursor }
      })
    const [frame, { items, nextCursor }] = await Promise.all([frameOf(c), page(ask.cursor, LIST)])
    return show(c, <IssuesPage frame={frame} ask={ask} issues={items} next={nextCursor} />)
  })
  .get('/issues/:id', tenant, async (c) => {
    const id = c.req.param('id')
    const ask: ListAsk = { ...listAsk(c, {}), hash: 'occurrences' }
    const format = fileFormat(c)
    if (format) return occurrenceFile(c, id, format)
    const [frame, read] = await Promise.all([
      frameOf(c),
      readIssuePage(c, id, requestOf(ask.cursor, OCCURRENCES), DRAWN),
    ])
    if (!read) throw missing()
    const { state, targetRemovedAt } = read.view
    const allowlist = state === 'closed' || targetRemovedAt !== null ? null : allowlistOf(c, read)
    return show(c, <IssuePage frame={frame} issue={read.view} allowlist={allowlist} ask={ask} />)
  })

const missing = (): Failure => new Failure('not_found', 'There is no issue with that id.')

function requestOf(cursor: string, limit: number): PageRequest {
  const read = cursor === '' ? null : readCursor(cursor)
  if (cursor !== '' && read === null) throw badField('invalid', 'cursor', 'must be that of an earlier page')
  return { limit, cursor: read }
}

/** What the address asks, as the store reads it: the words were checked by `listAsk`. */
function asked({ q, sort, desc, filters }: ListAsk): IssueAsk {
  const of = (name: string): string | undefined => filters[name] || undefined
  return {
    state: (of('state') ?? 'unclosed') as StateAsk,
    finding: of('finding') as Finding | undefined,
    cause: of('cause') as CauseClass | undefined,
    targetId: of('target'),
    tag: of('tag'),
    q: q || undefined,
    by: sort === 'opened' ? 'opened' : 'seen',
    // Newest first where nothing is asked.
    desc: sort === '' || desc,
  }
}

async function occurrenceFile(c: Context<AppEnv>, id: string, format: 'csv' | 'jsonl'): Promise<Response> {
  const { db, now } = c.var.world
  const { tenantId } = c.var.caller
  if (!(await readIssue(db, tenantId, id))) throw missing()
  return fileOf(`occurrences-${id}`, format, occurrenceColumns(now), async (cursor, limit) => {
    const { items, nextCursor } = await readOccurrencePage(db, tenantId, id, requestOf(cursor, limit))
    return { rows: items, next: nextCursor }
  })
}
