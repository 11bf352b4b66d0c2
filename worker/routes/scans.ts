import type { Context } from 'hono'
import { Hono } from 'hono'
import { EmptyBody, pageOf, RejudgedAnswer, ScanAnswer, ScanBody } from '../../schema/api.ts'
import { SCAN_STATES } from '../../schema/words.ts'
import { liveOf } from '../bell.ts'
import { cancelScan } from '../cancel.ts'
import type { AppEnv } from '../context.ts'
import { badField, Failure } from '../failure.ts'
import { bodyOrForm } from '../guards/limit.ts'
import { allow } from '../guards/tenant.ts'
import { judgementNow } from '../live.ts'
import { openScan, whyItWaits } from '../open.ts'
import { rejudge } from '../rejudge.ts'
import { readScanFacts } from '../store/facts.ts'
import { occurrencesOfScan } from '../store/issues.ts'
import { readProbe } from '../store/probes.ts'
import { openText } from '../store/raw.ts'
import { listScans } from '../store/scanLines.ts'
import { readScan, type Scan } from '../store/scans.ts'
import { readTarget } from '../store/targets.ts'
import { describe, PAGE_QUERY } from './describe.ts'
import { eventStream } from './events.ts'
import { plainText } from './plain.ts'
import { pageRequest, textIn, wordIn } from './query.ts'
import { lineAnswer, observationLines, outputHref, scanAnswer } from './shape.ts'
import { noTarget } from './targets.ts'

const TAG = 'Scans'

export const scanRoutes = new Hono<AppEnv>()
  .post(
    '/',
    describe({ tag: TAG, does: 'Scan a target now', body: ScanBody, answer: ScanAnswer, status: 202 }),
    allow('write'),
    async (c) => {
      const { world, caller } = c.var
      const body = await bodyOrForm(c, ScanBody, (form) => ({
        targetId: form.get('targetId'),
        ...(form.get('site') ? { site: form.get('site') } : {}),
      }))
      const target = await readTarget(world.db, caller.tenantId, body.targetId)
      if (!target) throw noTarget()
      const profile = body.profile ?? (body.accompanySeconds === undefined ? target.profile : 'accompany')
      if (profile === 'accompany' && body.accompanySeconds === undefined)
        throw badField('invalid', 'accompanySeconds', 'is missing: how long shall the probe watch?')
      if (profile !== 'accompany' && body.accompanySeconds !== undefined)
        throw badField('invalid', 'accompanySeconds', 'goes with the profile accompany only')
      const probe = body.scannerProbeId ? await readProbe(world.db, body.scannerProbeId) : null
      if (body.scannerProbeId && !probe) throw badField('invalid', 'scannerProbeId', 'there is no such probe')
      const scan = await openScan(world, caller.tenantId, target, {
        site: probe?.site ?? body.site ?? target.sites[0] ?? '',
        scannerProbeId: probe?.id ?? null,
        ports: body.ports ?? target.ports,
        profile,
        accompanySeconds: body.accompanySeconds ?? null,
        dueKey: '',
        dueAt: world.now,
        retestOf: null,
        fills: null,
        only: null,
      })
      return c.json(scanAnswer(scan, target.address, [], null), 202)
    },
  )
  .get(
    '/',
    describe({
      tag: TAG,
      does: 'List scans, newest first; `ports` is empty here, read the scan for them',
      answer: pageOf(ScanAnswer),
      query: { ...PAGE_QUERY, targetId: 'of this target', state: 'in this state' },
    }),
    async (c) => {
      const filter = { targetId: textIn(c, 'targetId', 60), state: wordIn(c, 'state', SCAN_STATES) }
      const page = await listScans(c.var.world.db, c.var.caller.tenantId, filter, pageRequest(c))
      return c.json({ ...page, items: page.items.map((scan) => lineAnswer(scan)) })
    },
  )
  .get('/:id', describe({ tag: TAG, does: 'Read a scan', answer: ScanAnswer }), async (c) =>
    c.json(await answered(c, await found(c))),
  )
  .post(
    '/:id/cancel',
    describe({ tag: TAG, does: 'Cancel a scan', body: EmptyBody, answer: ScanAnswer, status: 202 }),
    allow('write'),
    async (c) => {
      await found(c)
      await cancelScan(c.var.world, c.var.caller.tenantId, c.req.param('id'))
      return c.json(await answered(c, await found(c)), 202)
    },
  )
  .post(
    '/:id/rejudge',
    describe({
      tag: TAG,
      does: 'Judge an ended scan again, by the rules of today, and tell the difference',
      body: EmptyBody,
      answer: RejudgedAnswer,
    }),
    allow('write'),
    async (c) => {
      const scan = await found(c)
      if (scan.finishedAt === null) throw new Failure('conflict', 'The scan has not ended.')
      const rejudged = await rejudge(c.var.world, c.var.caller.tenantId, scan.id)
      return c.json({ ...(await answered(c, await found(c))), rejudged })
    },
  )
  .get(
    '/:id/events',
    describe({
      tag: TAG,
      does: 'Follow a scan as server-sent events; `Last-Event-ID` resumes',
      type: 'text/event-stream',
    }),
    async (c) => {
      const scan = await found(c)
      return eventStream(c, scan)
    },
  )
  .get(
    '/:id/output',
    describe({
      tag: TAG,
      does: 'The raw scanner output',
      type: 'text/plain',
      query: { view: '`cut` shows a part in place, with a link to the whole' },
    }),
    async (c) => {
      const scan = await found(c)
      const text = scan.outputKey ? await openText(c.var.world.raw, scan.outputKey) : null
      if (!text) throw new Failure('not_found', 'This scan has no output, or none yet.')
      return plainText(text, {
        name: `${scan.id}.txt`,
        cut: c.req.query('view') === 'cut' ? outputHref(scan.id) : null,
      })
    },
  )
  .get(
    '/:id/observations',
    describe({ tag: TAG, does: 'The facts as JSON lines', type: 'application/x-ndjson' }),
    async (c) => {
      const facts = await readScanFacts(c.var.world.db, c.var.caller.tenantId, (await found(c)).id)
      if (!facts) throw noScan()
      const lines = observationLines(facts)
      const encoder = new TextEncoder()
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          const { done, value } = lines.next()
          if (done) controller.close()
          else controller.enqueue(encoder.encode(value))
        },
      })
      return new Response(body, {
        headers: { 'content-type': 'application/x-ndjson', 'x-content-type-options': 'nosniff' },
      })
    },
  )

export const noScan = (): Failure => new Failure('not_found', 'There is no scan with that id.')

async function found(c: Context<AppEnv>): Promise<Scan> {
  const scan = await readScan(c.var.world.db, c.var.caller.tenantId, c.req.param('id') ?? '')
  if (!scan) throw noScan()
  return scan
}

async function answered(c: Context<AppEnv>, scan: Scan): Promise<ScanAnswer> {
  const [judgement, seen, live, target] = await Promise.all([
    judgementNow(c.var.world, scan),
    occurrencesOfScan(c.var.world.db, scan.tenantId, scan.id),
    scan.finishedAt === null ? liveOf(c.env, scan.id) : null,
    scan.addresses.length > 0 ? null : readTarget(c.var.world.db, scan.tenantId, scan.targetId),
  ])
  return { ...scanAnswer({ ...scan, judgement }, target?.address ?? '', seen, live), waitsFor: whyItWaits(scan) }
}
