import { Hono } from 'hono'
import { EmptyBody, IssueAnswer, OccurrenceAnswer, pageOf, ScanAnswer, SnoozeBody } from '../../schema/api.ts'
import { ISSUE_STATES } from '../../schema/words.ts'
import type { AppEnv } from '../context.ts'
import { portSection } from '../core/output.ts'
import { badField, Failure } from '../failure.ts'
import { bodyOrForm } from '../guards/limit.ts'
import { allow } from '../guards/tenant.ts'
import { openRetest } from '../retest.ts'
import {
  type Issue,
  listIssues,
  listOccurrences,
  type OccurrenceRow,
  readIssue,
  readOccurrence,
  snoozeIssue,
  wakeIssue,
} from '../store/issues.ts'
import { readText } from '../store/raw.ts'
import { readVerdicts } from '../store/scanLines.ts'
import { readScan } from '../store/scans.ts'
import type { World } from '../world.ts'
import { describe, PAGE_QUERY } from './describe.ts'
import { plainText } from './plain.ts'
import { pageRequest, textIn, wordIn } from './query.ts'
import { issueAnswer, occurrenceAnswer, scanAnswer } from './shape.ts'

const TAG = 'Issues'
const YEAR_MS = 366 * 24 * 3_600_000

export const issueRoutes = new Hono<AppEnv>()
  .get(
    '/',
    describe({
      tag: TAG,
      does: 'List issues, newest first',
      answer: pageOf(IssueAnswer),
      query: { ...PAGE_QUERY, state: 'in this state', targetId: 'of this target' },
    }),
    async (c) => {
      const filter = { state: wordIn(c, 'state', ISSUE_STATES), targetId: textIn(c, 'targetId', 60) }
      const page = await listIssues(c.var.world.db, c.var.caller.tenantId, filter, pageRequest(c))
      return c.json({ ...page, items: page.items.map(issueAnswer) })
    },
  )
  .get('/:id', describe({ tag: TAG, does: 'Read an issue', answer: IssueAnswer }), async (c) =>
    c.json(issueAnswer(await found(c.var.world, c.var.caller.tenantId, c.req.param('id')))),
  )
  .get(
    '/:id/occurrences',
    describe({
      tag: TAG,
      does: 'Each endpoint of each scan in which it was seen, newest first',
      answer: pageOf(OccurrenceAnswer),
      query: PAGE_QUERY,
    }),
    async (c) => {
      const { world, caller } = c.var
      await found(world, caller.tenantId, c.req.param('id'))
      const page = await listOccurrences(world.db, caller.tenantId, c.req.param('id'), pageRequest(c))
      const verdicts = await readVerdicts(world.db, caller.tenantId, page.items)
      const said = ({ scanId, address, port }: OccurrenceRow) => verdicts.get(`${scanId} ${address} ${port}`)
      return c.json({ ...page, items: page.items.map((row) => occurrenceAnswer(row, said(row))) })
    },
  )
  .post(
    '/:id/snooze',
    describe({ tag: TAG, does: 'Be told nothing of it until then', body: SnoozeBody, answer: IssueAnswer }),
    allow('write'),
    async (c) => {
      const { world, caller } = c.var
      const { until, reason, note } = await bodyOrForm(c, SnoozeBody, (form) => snoozeAsked(form, world.now))
      const at = Date.parse(until)
      if (!(at > world.now && at < world.now + YEAR_MS))
        throw badField('invalid', 'until', 'must be in the future, within a year')
      await found(world, caller.tenantId, c.req.param('id'))
      const issue = await snoozeIssue(world.db, caller.tenantId, c.req.param('id'), {
        until: at,
        reason,
        note: note ?? null,
      })
      if (!issue) throw new Failure('conflict', 'The issue is closed.')
      return c.json(issueAnswer(issue))
    },
  )
  .delete(
    '/:id/snooze',
    describe({ tag: TAG, does: 'Wake a snoozed issue: its channels are told again', answer: IssueAnswer }),
    allow('write'),
    async (c) => {
      const { world, caller } = c.var
      const issue = await found(world, caller.tenantId, c.req.param('id'))
      if (issue.closedAt !== null) throw new Failure('conflict', 'The issue is closed.')
      return c.json(issueAnswer((await wakeIssue(world.db, caller.tenantId, issue.id)) ?? issue))
    },
  )
  .post(
    '/:id/retest',
    describe({
      tag: TAG,
      does: 'Scan every endpoint that was lost again, and the ports that could not be tested, from the address that lost one last with the same profile: clear is proof, unless another address lost one too',
      body: EmptyBody,
      answer: ScanAnswer,
      status: 202,
    }),
    allow('write'),
    async (c) => {
      const { world, caller } = c.var
      const issue = await found(world, caller.tenantId, c.req.param('id'))
      if (issue.closedAt !== null) throw new Failure('conflict', 'The issue is closed.')
      if (issue.finding === 'unproved')
        throw new Failure(
          'conflict',
          'It closes when control of the address is proved: POST /targets/{id}/verification.',
        )
      const { scan, target } = await openRetest(world, issue)
      return c.json(scanAnswer(scan, target.address, [], null), 202)
    },
  )

export const occurrenceRoutes = new Hono<AppEnv>().get(
  '/:id/output',
  describe({ tag: TAG, does: 'That endpoint’s part of the raw output', type: 'text/plain' }),
  async (c) => {
    const { world, caller } = c.var
    const row = await readOccurrence(world.db, caller.tenantId, c.req.param('id'))
    const scan = row && (await readScan(world.db, caller.tenantId, row.scanId))
    if (!row || !scan?.outputKey) throw new Failure('not_found', 'There is no output for that occurrence.')
    const text = portSection(await readText(world.raw, scan.outputKey), row.address, row.port)
    return plainText(new Response(text).body as ReadableStream<Uint8Array>, { name: `${row.id}.txt`, cut: null })
  },
)

const DAY_MS = 86_400_000
/** The last time that a Date can tell (ECMA-262, 21.4.1.1). */
const LATEST_MS = 8.64e15

/** What the form of a snooze asks: a day counts before a number of days; it begins at midnight UTC. */
function snoozeAsked(form: URLSearchParams, now: number): unknown {
  const date = form.get('date') ?? ''
  const days = Number(form.get('days'))
  const at = date === '' ? now + days * DAY_MS : Date.parse(`${date}T00:00:00Z`)
  const note = form.get('note')?.trim()
  return {
    until: Math.abs(at) <= LATEST_MS ? new Date(at).toISOString() : '',
    reason: form.get('reason') ?? '',
    ...(note ? { note } : {}),
  }
}

async function found({ db }: World, tenantId: string, id: string): Promise<Issue> {
  const issue = await readIssue(db, tenantId, id)
  if (!issue) throw new Failure('not_found', 'There is no issue with that id.')
  return issue
}
