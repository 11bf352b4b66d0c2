import { Hono } from 'hono'
import { EmptyBody, IssueAnswer, OccurrenceAnswer, pageOf, ScanAnswer, SnoozeBody } from '../../schema/api.ts'
import { formatPorts, portsIn } from '../../schema/ports.ts'
import { checkOf } from '../../schema/service.ts'
import type { TouchTarget } from '../../schema/wire.ts'
import { HARMLESS_VERDICTS, ISSUE_STATES } from '../../schema/words.ts'
import type { AppEnv } from '../context.ts'
import { portSection } from '../core/output.ts'
import { badField, Failure } from '../failure.ts'
import { bodyAs } from '../guards/limit.ts'
import { allow } from '../guards/tenant.ts'
import { openScan } from '../open.ts'
import {
  type Issue,
  listIssues,
  listOccurrences,
  type OccurrenceRow,
  readIssue,
  readOccurrence,
  snoozeIssue,
} from '../store/issues.ts'
import { readProbeAt } from '../store/probes.ts'
import { readText } from '../store/raw.ts'
import { readVerdicts } from '../store/scanLines.ts'
import { readScan } from '../store/scans.ts'
import { readTarget } from '../store/targets.ts'
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
      const { until, reason, note } = await bodyAs(c, SnoozeBody)
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
  .post(
    '/:id/retest',
    describe({
      tag: TAG,
      does: 'Scan the lost endpoints again, and the ports that could not be tested, from the same address with the same profile: clear is proof',
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
      const [target, last] = await Promise.all([
        readTarget(world.db, caller.tenantId, issue.targetId),
        readScan(world.db, caller.tenantId, issue.lastScanId),
      ])
      if (!target || !last) throw new Failure('conflict', 'The target of this issue is gone.')
      const lost = (last.judgement?.ports ?? []).filter((port) => !HARMLESS_VERDICTS.includes(port.verdict))
      const untested = portsIn(last.judgement?.coverage?.untested ?? '')
      const isLost = (one: TouchTarget) =>
        lost.some(({ address, port }) => address === one.address && port === one.port)
      const only = [
        ...lost.map(({ address, port, service }) => ({ address, port, service, check: checkOf(service) })),
        // A retest that was decided without them: still lost, as far as anybody knows.
        ...(last.only ?? []).filter((one) => untested.has(one.port) && !isLost(one)),
      ]
      // The same source address is what makes it proof: whichever probe has it by now.
      const scanner = last.panel.find((member) => member.role === 'scanner')
      const probe = scanner ? await readProbeAt(world.db, scanner.sourceAddress) : null
      const scan = await openScan(world, caller.tenantId, target, {
        site: probe?.site ?? last.site,
        scannerProbeId: probe?.id ?? last.scannerProbeId,
        // Where nothing was lost, all ports again.
        ports: only.length === 0 ? last.ports : formatPorts([...only.map(({ port }) => port), ...untested]),
        profile: last.profile,
        accompanySeconds: last.accompanySeconds,
        dueKey: '',
        dueAt: world.now,
        retestOf: issue.id,
        only: only.length > 0 ? only : null,
        fills: last.fills ?? last.id,
      })
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

async function found({ db }: World, tenantId: string, id: string): Promise<Issue> {
  const issue = await readIssue(db, tenantId, id)
  if (!issue) throw new Failure('not_found', 'There is no issue with that id.')
  return issue
}
