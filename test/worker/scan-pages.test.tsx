import { applyD1Migrations, type D1Migration } from 'cloudflare:test'
import { env as bindings } from 'cloudflare:workers'
import { drizzle } from 'drizzle-orm/d1'
import { Hono } from 'hono'
import { beforeAll, describe, expect, test } from 'vitest'
import type { PortVerdict } from '../../schema/judgement.ts'
import { makeKey } from '../../schema/key.ts'
import { keys, facts as reports, runs, scans, targets, tenants } from '../../schema/tables.ts'
import type { Observation } from '../../schema/wire.ts'
import type { Purpose, Sight } from '../../schema/words.ts'
import type { AppEnv } from '../../worker/context.ts'
import type { Env } from '../../worker/env.ts'
import { Failure, problem } from '../../worker/failure.ts'
import { albumOf, asFile, chosenFrom, inPage, pictureIn } from '../../worker/portal/lanes/album.ts'
import { LanesFigure } from '../../worker/portal/lanes/figure.tsx'
import { type Picture, pictureOf } from '../../worker/portal/lanes/model.ts'
import { ObservationsPage } from '../../worker/portal/lanes/page.tsx'
import { portalRoutes } from '../../worker/routes/portal.tsx'
import { luck, sha256 } from '../../worker/secrets.ts'
import { worldOf } from '../../worker/world.ts'
import { ADDRESS, HTTP, HTTPS, PANEL, T0, tell } from '../support/facts.ts'
import { frame, HOSTILE, withoutOurScripts } from '../support/pages.ts'
import { countedD1 } from './support/counted-d1.ts'

const BASE = 'https://portwitness.example'
const BOOTSTRAP = makeKey(luck)
const OTHER = makeKey(luck)
const env = { ...(bindings as unknown as Env & { TEST_MIGRATIONS: D1Migration[] }), BOOTSTRAP_KEY: BOOTSTRAP }
const counted = countedD1(env.DB)
const db = drizzle(env.DB)
const NOW = T0 + 3_600_000
const TENANT = 'ten_default'
const SCAN = 'scn_story0000000000001'

/** The scanner loses port 80 after its engagement; all others keep it. */
const told = tell({
  ports: [HTTP, HTTPS],
  sees: ({ member, port, at }) =>
    member.role === 'scanner' && port === 80 && at > 8_000 ? { sight: 'closed', code: 'ECONNREFUSED' } : 'open',
})

/** As the store names runs: by their scan. */
const idOf = (i: number) => `run_${SCAN.slice(4)}${String(i).padStart(12, '0')}`
const judgement = JSON.parse(
  told.facts.runs.reduce(
    (text, { runId }, i) => text.replaceAll(`"${runId}.`, `"${idOf(i)}.`),
    JSON.stringify(told.judgement),
  ),
) as typeof told.judgement

const app = new Hono<AppEnv>()
  .use('*', async (c, next) => {
    c.set(
      'world',
      worldOf(c.env, NOW, () => undefined),
    )
    await next()
  })
  .route('/', portalRoutes)
  .onError((error) => problem(error instanceof Failure ? error : new Failure('internal', `${error}`)))

const visit = (path: string, key = BOOTSTRAP) =>
  app.request(`${BASE}${path}`, { headers: { authorization: `Bearer ${key}` } }, { ...env, DB: counted.d1 })

const bare = {
  tenantId: TENANT,
  targetId: 'tgt_story',
  site: 'fra-1',
  dueKey: '',
  profile: 'assertive' as const,
  addresses: [ADDRESS],
  networks: [],
  ports: told.facts.ports,
  portsAsked: told.facts.portsAsked,
  maxConnectsPerSecond: 300,
  scannerProbeId: PANEL[0]?.probeId ?? '',
  panel: [...PANEL],
  dueAt: T0,
  deadlineAt: NOW,
  alarms: [],
}

beforeAll(async () => {
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS)
  await db.insert(targets).values({
    tenantId: TENANT,
    id: 'tgt_story',
    address: ADDRESS,
    name: HOSTILE,
    ports: '80,443',
    timezone: 'UTC',
    sites: ['fra-1'],
    profile: 'assertive',
    anchors: [],
    tags: [],
    maxConnectsPerSecond: 300,
    createdAt: T0,
    scanners: {},
    lastKnown: {},
  })
  const stored: (typeof scans.$inferInsert)[] = [
    {
      ...bare,
      id: SCAN,
      state: 'finished',
      alarms: [...told.facts.alarms],
      createdAt: T0,
      startedAt: T0,
      finishedAt: T0 + (told.finishedMs ?? 300_000),
      judgement,
      verdict: judgement.verdict,
      coverageShare: judgement.coverage?.share ?? null,
    },
    { ...bare, id: 'scn_failed', state: 'failed', createdAt: T0 - 5_000, finishedAt: T0, judgement: null },
    {
      ...bare,
      id: 'scn_clear',
      state: 'finished',
      createdAt: T0 - 9_000,
      finishedAt: T0,
      judgement: { ...judgement, verdict: 'clear', ports: [] },
      verdict: 'clear',
      coverageShare: 1,
    },
    { ...bare, id: 'scn_now', lane: 'now', state: 'running', createdAt: T0 + 5_000, startedAt: T0 + 6_000 },
  ]
  for (const scan of stored) await db.insert(scans).values(scan)
  for (const [i, run] of told.facts.runs.entries()) {
    const id = idOf(i)
    await db.insert(runs).values({
      probeId: run.probeId,
      id,
      key: run.key,
      tenantId: TENANT,
      scanId: SCAN,
      role: run.role,
      kind: run.kind,
      state: run.state,
      epoch: 1,
      dueAt: T0,
      deadlineAt: NOW,
      needsPrivate: 0,
      plan: { kind: 'verify', targetId: 'tgt_story', name: null, steps: [], standing: false, beacons: [] },
      closing: run.closing,
      endedAt: NOW,
    })
    const { observations, spans, found } = run
    const hostile = observations.map((each) => ({ ...each, firstBytes: btoa(`\x1b[2J${HOSTILE}`) }))
    const body = JSON.stringify({ observations: hostile, spans, found })
    await db
      .insert(reports)
      .values({ tenantId: TENANT, scanId: SCAN, runId: id, epoch: 1, seq: 1, part: 0, at: T0, body })
  }
  await db.insert(tenants).values({ id: 'ten_other', name: 'Other Ltd', createdAt: NOW })
  await db.insert(keys).values({
    ...{ hash: await sha256(OTHER), tenantId: 'ten_other', id: 'key_other', name: 'k', hint: 'pw_' },
    ...{ scope: 'read', createdAt: NOW },
  })
})

describe('the page of a scan', () => {
  test('draws what each source saw of a lost port, and nothing that a target sent is more than text', async () => {
    const html = await (await visit(`/scans/${SCAN}`)).text()
    for (const words of ['<svg', 'scanner', 'sibling', 'witness 3', 'phases', 'verify', 'rounds', 'likely', 'lost'])
      expect(html).toContain(words)
    // Who saw it stands once, at its lane.
    expect(html).toContain(`data-who="scanner, ${PANEL[0]?.sourceAddress}, `)
    expect(html.match(/class="tick bad"/g)?.length).toBeGreaterThan(3)
    expect(html.match(/class="tick good filled"/g)?.length).toBeGreaterThan(10)
    expect(html).toContain('It sent: ')
    expect(withoutOurScripts(html)).not.toMatch(/<script|<img src=x|(?!\n)\p{Cc}|\sstyle=/iu)
    expect(html.replace(/"[^"]*"/g, '""')).not.toMatch(/<[^>]*(onerror|alert)/i)
  })

  test('leads from each piece of evidence to the marks that carry it', async () => {
    const html = await (await visit(`/scans/${SCAN}`)).text()
    const led = [...html.matchAll(/href="#(obs-[^"]+)"/g)].map(([, id]) => id)
    expect(led.length).toBeGreaterThan(5)
    for (const id of led) expect(html.split(`id="${id}"`)).toHaveLength(2)
  })

  test('asks the database five times at most, signing in included, and is small on its way', async () => {
    for (const path of ['/scans', `/scans?q=script&verdict=interference`, `/scans/${SCAN}`, '/scans/scn_now']) {
      counted.queries().length
      const answer = await visit(path)
      expect([path, answer.status]).toEqual([path, 200])
      const packed = await new Response(answer.body?.pipeThrough(new CompressionStream('gzip'))).arrayBuffer()
      expect(packed.byteLength).toBeLessThan(60_000)
      // This key is known without a query; a cookie or another key costs one.
      expect([path, counted.queries().length <= 4]).toEqual([path, true])
    }
  })

  test('while it runs says how far it is, can be stopped by who may, and is followed by its events', async () => {
    const html = await (await visit('/scans/scn_now')).text()
    expect(html).toContain('data-events="/api/v1/scans/scn_now/events"')
    expect(html).toContain('action="/api/v1/scans/scn_now/cancel"')
    expect(html).toContain('http-equiv="refresh"')
    expect(await (await visit(`/scans/${SCAN}`)).text()).not.toContain('/cancel"')
  })
})

describe('what is said of a scan that saw little', () => {
  const textAt = async (path: string) =>
    (await (await visit(path)).text()).replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ')

  test('one that never began observed nothing: nothing was looked for, lost or forgotten', async () => {
    const unbegun = { ...bare, id: 'scn_unbegun', lane: 'unbegun', scannerProbeId: '', panel: [], addresses: [] }
    await db
      .insert(scans)
      .values({ ...unbegun, state: 'failed', createdAt: T0, finishedAt: T0, failureCode: 'no_probe' })
    try {
      const page = await textAt('/scans/scn_unbegun')
      expect(page).toContain('Nothing was looked for: the scan never began.')
      expect(page).not.toMatch(/No open port was found|resolved when it starts|is chosen when the scan starts/)
      const report = await textAt('/scans/scn_unbegun/report')
      for (const words of [
        'Nothing was observed: the scan never began. Nothing can be said of any port.',
        'Not this report. Nothing was observed: the scan never began.',
        'none were made',
      ])
        expect(report).toContain(words)
      expect(report).not.toMatch(/kept no more|shows losses|No port was lost|all rested|reachable throughout/)
    } finally {
      await env.DB.prepare(`DELETE FROM scans WHERE id = 'scn_unbegun'`).run()
    }
  })

  test('one that ended before it tested a port, or found one, does not say that none is open', async () => {
    const coverage = { share: 0, statement: '', portsAsked: 9, portsTested: 0, untested: '1-9' }
    const cut = (portsTested: number) => ({
      ...judgement,
      ...{ verdict: 'incomplete' as const, coverage: { ...coverage, portsTested }, ports: [] },
    })
    for (const [tested, words] of [
      [0, 'It did not get to finding ports.'],
      [4, 'None was found before it ended.'],
    ] as const) {
      await db.insert(scans).values({
        ...{ ...bare, id: 'scn_cut', lane: 'cut', state: 'cancelled', createdAt: T0, startedAt: T0, finishedAt: T0 },
        judgement: cut(tested),
      })
      try {
        const page = await textAt('/scans/scn_cut')
        expect(page).toContain(words)
        expect(page).not.toContain('No open port was found')
        expect(await textAt('/scans/scn_cut/report')).toContain('Not this report: it shows no loss, but part of')
      } finally {
        await env.DB.prepare(`DELETE FROM scans WHERE id = 'scn_cut'`).run()
      }
    }
  })

  test('one whose observations had their time says so, and one that has them leads there', async () => {
    expect(await textAt('/scans/scn_clear/report')).toContain('have had their time and are kept no more')
    const report = await textAt(`/scans/${SCAN}/report`)
    expect(report).not.toContain('kept no more')
    expect(report).toContain(`GET /api/v1/scans/${SCAN}/observations`)
    expect(report).toContain('Counted of ports alone that an issue holds')
    expect(report).toContain('Not this report as it stands: it shows losses.')
  })

  test('a clear one that met no open port comforts nobody', async () => {
    const report = await textAt('/scans/scn_clear/report')
    for (const words of [
      'No open port was found, so nothing could be lost.',
      'it does not show that nothing stood in the way',
      'Not this report by itself: no open port was found',
    ])
      expect(report).toContain(words)
    expect(report).not.toMatch(
      /none was lost for longer|show that nothing was blocked while the scan ran|No port was lost/,
    )
  })
})

describe('a picture', () => {
  test('has a lane for the connection kept from the start: that it stands does not say that a new one is let in', () => {
    const touch = (purpose: Purpose, at: number, sight: Sight) => ({
      ...{ runId: 'run_1', probeId: PANEL[0]?.probeId ?? '' },
      touch: { n: at, purpose, check: 'tcp' as const, address: ADDRESS, port: 80, sight, at: T0 + at, afterMs: 1 },
    })
    const touches = [touch('discover', 100, 'open'), touch('canary', 40_000, 'open'), touch('recheck', 40_001, 'cut')]
    const picture = pictureOf({
      ...{ port: told.port(80), panel: PANEL, seen: { touches, spans: [], times: [], isCut: false } },
      scan: { from: T0, to: T0 + 50_000, alarmAt: null },
    })
    expect(picture?.lanes.map(({ name, ticks }) => [name, ticks.map(({ touch: { sight } }) => sight)])).toEqual([
      ['scanner', ['open', 'cut']],
      ['canary', ['open']],
      ...['sibling', 'witness 1', 'witness 2', 'witness 3'].map((name) => [name, []]),
    ])
  })

  /** Of port 80: what the scanner saw, and what it left out on purpose, in a picture for a page and in one for a file. */
  const drawn = (touches: readonly Partial<Observation>[], more: Partial<PortVerdict> = {}) => {
    const seen = touches.map((touch, n) => ({
      ...{ runId: 'run_1', probeId: PANEL[0]?.probeId ?? '' },
      touch: {
        ...{ n, purpose: 'recover' as const, check: 'greeting' as const, address: ADDRESS, port: 80, afterMs: 0 },
        ...{ sight: 'open' as const, at: T0 + 10_000 * n, ...touch },
      },
    }))
    const album = albumOf({
      ...{ scanId: SCAN, target: 'shop', panel: PANEL, from: T0, to: T0 + 60_000, alarmAt: {} },
      seen: { touches: seen, spans: [], times: [], isCut: false },
    })
    const picture = pictureIn(album, { ...told.port(80), ...more })
    if (!picture) throw new Error('there is nothing to draw')
    return { album, picture, page: inPage(album, picture), file: asFile(album, picture) }
  }
  const unmade = (code: string) => ({ sight: 'probe_fault' as const, code, fit: false })

  test('says of a touch that was left out on purpose that nobody looked, and accuses no probe', () => {
    const { album, page, file } = drawn([{ sight: 'cut' }, unmade('RATION'), unmade('LEASE'), {}])
    for (const svg of [page, file]) {
      expect(svg).toContain('>not looked: rationed</text>')
      expect(svg).toContain('<title>not looked: rationed\n')
      expect(svg).toContain('not looked: no lease\n')
      expect(svg).toContain('scanner: 1 cut, 1 not looked: rationed, 1 not looked: no lease, 1 open')
      expect(svg).not.toMatch(/own fault|probe fault|not fit|unfit|stroke-dasharray="1.5/)
    }
    const sightsOf = (sight: string) => chosenFrom(album, { role: '', sight }).seen.touches.map(({ touch }) => touch.n)
    expect([sightsOf('not_looked'), sightsOf('probe_fault'), sightsOf('cut')]).toEqual([[1, 2], [], [0]])
    const faulty = drawn([unmade('EMFILE'), {}])
    expect(faulty.page).toContain('the probe’s own fault')
    expect(faulty.page).toMatch(/tick mute unfit/)
    expect(chosenFrom(faulty.album, { role: '', sight: 'probe_fault' }).seen.touches).toHaveLength(1)
  })

  test('lists such a touch, and counts it apart from what was observed', () => {
    const of = (touches: readonly Partial<Observation>[]) =>
      String(
        <ObservationsPage
          {...{ frame, album: drawn(touches).album, ports: [80], from: 0 }}
          ask={{ path: '/', q: '', sort: '', desc: false, filters: {}, cursor: '' }}
        />,
      )
    const both = of([{ sight: 'cut' }, unmade('RATION'), unmade('LEASE'), {}])
    expect(both).toContain(
      '4 in order of time, those of the beacons with them. 2 of them are touches left out on purpose: nobody looked.',
    )
    expect(of([{}, unmade('LEASE')])).toContain('1 of them is a touch left out on purpose')
    expect(of([{}, unmade('EMFILE')])).not.toContain('left out')
  })

  test('a phase begins with the first touch that was made for it, and the words under the picture say what a mark is', () => {
    const { album, picture } = drawn([
      { sight: 'cut', at: T0 + 18_000, purpose: 'verify' },
      { ...unmade('RATION'), at: T0 + 27_000 },
      { at: T0 + 36_000 },
    ])
    expect(picture.phases.find(({ name }) => name === 'recover')?.from).toBe(T0 + 36_000)
    expect(picture.touches).toBe(2)
    const under = (of: Picture) => String(<LanesFigure album={album} picture={of} name="" />)
    expect(under(picture)).toContain('Each mark is one touch or one that was left out; the axis')
    expect(under(drawn([{}]).picture)).toContain('Each mark is one touch; the axis')
    const canary = { purpose: 'canary' as const }
    const many = Array.from({ length: 90 }, (_, i) => ({ at: T0 + 100 * i }))
    expect(under(drawn([...many, canary]).picture)).toContain(
      'Each mark is one touch or one look at the kept connection; of marks alike and close together not all are drawn; the',
    )
  })

  test('leaves open when a port came back between two looks: neither lost nor open, in words too', () => {
    const [failedAt, openAt] = [T0 + 20_000, T0 + 600_000]
    const { page, file, picture } = drawn([{}, { sight: 'cut' }, { sight: 'cut' }, { at: openAt }], {
      ...{ lostAt: T0 + 10_000, recoveredBetween: [failedAt, openAt] },
    })
    expect(picture.unknown).toMatchObject({ from: failedAt, to: openAt })
    for (const svg of [page, file]) {
      const bands = [...svg.matchAll(/<rect class="(lost|unknown)"[^>]* fill="([^"]+)"/g)]
      expect(bands.map(([, name, fill]) => [name, fill])).toEqual([
        ['lost', '#fcebea'],
        ['unknown', '#e3e6ec'],
        // In the legend.
        ['unknown', '#e3e6ec'],
      ])
      expect(svg).toContain(
        '<title>between two looks, 9 min 40 s apart: it came back at some moment of that time, nobody saw when</title>',
      )
      expect(svg).toContain('>not known: between two looks</text>')
    }
    expect(drawn([{}, { sight: 'cut' }], { recoveredBetween: null }).page).not.toContain('between two looks')
  })

  test('stands alone as an image that may do nothing', async () => {
    const answer = await visit(`/scans/${SCAN}/lanes/80.svg?address=${ADDRESS}`)
    expect(answer.headers.get('content-type')).toBe('image/svg+xml; charset=utf-8')
    expect(answer.headers.get('content-security-policy')).toContain('sandbox')
    const svg = await answer.text()
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"[^>]* width="960" height="\d+"/)
    expect(svg).toContain('<title>Port 80 (http) on')
    expect(svg).toContain('<desc>')
    expect(svg.replace(/"[^"]*"/g, '""')).not.toMatch(/<script|<image|<a |<[^>]*(href|\sstyle|\son\w+)=/i)
    // Every opened element is closed, in order.
    const open: string[] = []
    for (const [, slash, name, empty] of svg.matchAll(/<(\/?)([a-z]+)[^>]*?(\/?)>/g)) {
      if (slash) expect(open.pop()).toBe(name)
      else if (!empty && name) open.push(name)
    }
    expect(open).toEqual([])
  })

  test('is only there for ports that were lost, and for those whose scan it is', async () => {
    expect((await visit(`/scans/${SCAN}/lanes/443.svg`)).status).toBe(404)
    expect((await visit(`/scans/${SCAN}/lanes/80.svg`, OTHER)).status).toBe(404)
    expect((await visit(`/scans/${SCAN}`, OTHER)).status).toBe(404)
    expect((await visit(`/scans/${SCAN}/observations?port=80`, OTHER)).status).toBe(404)
  })

  test('gives its observations as files', async () => {
    const csv = await (await visit(`/scans/${SCAN}/observations?port=80&format=csv`)).text()
    const [head, ...lines] = csv.trimEnd().split('\r\n')
    expect(head).toMatch(/^id,at,afterStartMs,role,site/)
    expect(lines.length).toBeGreaterThan(20)
    const jsonl = await (await visit(`/scans/${SCAN}/observations?port=80&format=jsonl`)).text()
    const rows = jsonl
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(rows.length).toBe(lines.length)
    expect(rows.filter(({ sight }) => sight === 'closed').every(({ role }) => role === 'scanner')).toBe(true)
  })
})

describe('the list of its observations', () => {
  const pageOf = async (query: string) => (await visit(`/scans/${SCAN}/observations?${query}`)).text()
  const seenIn = (html: string) => [...html.matchAll(/<code>(run_[\w.]+)<\/code>/g)].map(([, id]) => id)
  /** page by page, as one who reads goes on */
  const all = async (query: string) => {
    const ids: (string | undefined)[] = []
    let path: string | undefined = `/scans/${SCAN}/observations?${query}`
    for (let i = 0; path !== undefined && i < 20; i++) {
      const html: string = await (await visit(path)).text()
      ids.push(...seenIn(html))
      path = /href="([^"]+)" rel="next"/.exec(html)?.[1]?.replaceAll('&amp;', '&')
    }
    return ids
  }
  const inFile = async (query: string) =>
    (await (await visit(`/scans/${SCAN}/observations?${query}&format=jsonl`)).text())
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: string; role: string; sight: string })

  test('has each of them once, as its files have, and leads to both', async () => {
    const ids = await all('port=80')
    expect(ids.length).toBeGreaterThan(40)
    expect(ids).toEqual((await inFile('port=80')).map(({ id }) => id))
    expect(await (await visit(`/scans/${SCAN}`)).text()).toContain(
      `href="/scans/${SCAN}/observations?port=80&amp;address=${ADDRESS}"`,
    )
    expect(await pageOf('port=80')).toContain('observations?port=80&amp;format=csv')
  })

  test('has its times to the millisecond, for many are of one second', async () => {
    const times = [...(await pageOf('port=80')).matchAll(/<time datetime="([^"]+)" data-exact="">([^<]+)<\/time>/g)]
    expect(times.length).toBeGreaterThan(20)
    for (const [, iso = '', text] of times) expect(text).toBe(`${iso.slice(0, -1).replace('T', ' ')} UTC`)
  })

  test('is chosen from by who saw and what was seen, and nothing that a target sent is more than text', async () => {
    const chosen = 'port=80&role=scanner&sight=closed'
    const rows = await inFile(chosen)
    expect(rows.length).toBeGreaterThan(0)
    expect(new Set(rows.map(({ role, sight }) => `${role} ${sight}`))).toEqual(new Set(['scanner closed']))
    expect(await all(chosen)).toEqual(rows.map(({ id }) => id))
    const html = await pageOf(chosen)
    expect(html).toContain('<input type="hidden" name="port" value="80"/>')
    expect(withoutOurScripts(await pageOf(''))).not.toMatch(/<script|<img src=x|(?!\n)\p{Cc}|\sstyle=/iu)
  })

  test('says what it cannot be asked, and shows nobody else’s', async () => {
    for (const query of ['sight=nonsense', 'role=nonsense', 'cursor=-1', 'cursor=x', 'format=xml'])
      expect([query, (await visit(`/scans/${SCAN}/observations?${query}`)).status]).toEqual([query, 422])
    expect(seenIn(await pageOf('port=443'))).toEqual([])
    expect((await visit(`/scans/${SCAN}/observations`, OTHER)).status).toBe(404)
  })
})

describe('the list of scans', () => {
  const idsOf = async (path: string) =>
    [...(await (await visit(path)).text()).matchAll(/<a href="\/scans\/(scn_\w+)"/g)].map(([, id]) => id)

  test('is filtered, searched and turned round', async () => {
    expect(await idsOf('/scans')).toEqual(['scn_now', SCAN, 'scn_failed', 'scn_clear'])
    expect(await idsOf('/scans?sort=createdAt')).toEqual(['scn_clear', 'scn_failed', SCAN, 'scn_now'])
    expect(await idsOf('/scans?verdict=interference')).toEqual([SCAN])
    expect(await idsOf('/scans?verdict=clear&state=finished')).toEqual(['scn_clear'])
    expect(await idsOf('/scans?state=failed')).toEqual(['scn_failed'])
    expect(await idsOf('/scans?state=running')).toEqual(['scn_now'])
    expect(await idsOf('/scans?q=192.0.2')).toHaveLength(4)
    expect(await idsOf('/scans?q=100%25_')).toEqual([])
    expect((await visit('/scans?verdict=nonsense')).status).toBe(422)
    expect((await visit('/scans?cursor=nonsense')).status).toBe(422)
    expect(
      await idsOf('/scans?q=192.0.2')
        .then(() => visit('/scans', OTHER))
        .then((answer) => answer.text()),
    ).not.toContain('scn_')
  })

  test('leaves as a file, all of it', async () => {
    const csv = await (await visit('/scans?format=csv')).text()
    expect(csv.trimEnd().split('\r\n')).toHaveLength(5)
    const lines = (await (await visit('/scans?format=jsonl&verdict=interference')).text()).trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { id: SCAN, verdict: 'interference', target: HOSTILE },
    ])
  })

  test('of one target says whose they are, in every page and file of it', async () => {
    await db
      .insert(scans)
      .values({ ...bare, id: 'scn_else', targetId: 'tgt_else', lane: 'else', state: 'failed', createdAt: T0 })
    try {
      expect(await idsOf('/scans?target=tgt_story')).toEqual(['scn_now', SCAN, 'scn_failed', 'scn_clear'])
      expect(await idsOf('/scans?targetId=tgt_else')).toEqual(['scn_else'])
      expect(await idsOf('/scans?target=tgt_story&verdict=clear')).toEqual(['scn_clear'])
      expect(await idsOf('/scans?target=tgt_story&q=192.0.2&sort=createdAt')).toHaveLength(4)
      expect(await idsOf('/scans?target=tgt_else&q=192.0.2')).toEqual([])
      expect(await (await visit('/scans?target=tgt_story', OTHER)).text()).not.toContain('scn_')
      const html = await (await visit('/scans?target=tgt_story&verdict=clear')).text()
      expect(html).toMatch(/<h1>Scans of [^<]*&lt;/)
      expect(html).toContain('<input type="hidden" name="target" value="tgt_story"/>')
      expect(html).toContain('href="/scans?verdict=clear"')
      expect(html).toContain('href="/scans?verdict=clear&amp;target=tgt_story&amp;format=csv"')
      for (const [query, ids] of [
        ['target=tgt_else', ['scn_else']],
        ['targetId=tgt_story&state=failed', ['scn_failed']],
      ] as const) {
        const lines = (await (await visit(`/scans?format=jsonl&${query}`)).text()).trimEnd().split('\n')
        expect(lines.map((line) => JSON.parse(line).id)).toEqual(ids)
        const csv = (await (await visit(`/scans?format=csv&${query}`)).text()).trimEnd().split('\r\n')
        expect(csv).toHaveLength(ids.length + 1)
      }
    } finally {
      await env.DB.prepare(`DELETE FROM scans WHERE id = 'scn_else'`).run()
    }
  })

  test.each(['', '&verdict=clear', '&state=failed', '&state=running', '&state=finished', '&sort=createdAt'])(
    'of one target%s goes by the index of the target, and reads no others',
    async (query) => {
      counted.queries()
      expect((await visit(`/scans?target=tgt_story${query}`)).status).toBe(200)
      const asked = counted.queries().flat()
      const list = asked.find(({ sql }) => /occurrences o/.test(sql))
      const plan = await env.DB.prepare(`EXPLAIN QUERY PLAN ${list?.sql}`)
        .bind(...(list?.values ?? []))
        .all<{ detail: string }>()
      const steps = plan.results.map(({ detail }) => detail)
      expect(steps.filter((step) => /^(SCAN|SEARCH) scans\b/.test(step))).toEqual([
        expect.stringContaining('USING INDEX scans_by_target (tenant_id=? AND target_id=?'),
      ])
      expect(steps).not.toContain('USE TEMP B-TREE FOR ORDER BY')
    },
  )

  test('has its form apart from the rows that are renewed while a scan runs', async () => {
    const html = await (await visit('/scans')).text()
    expect(html).toContain('data-every="5"')
    expect(html.indexOf('</form>', html.indexOf('<form class="bar"'))).toBeLessThan(html.indexOf('id="live-list"'))
  })

  test.each([
    [
      'verdict',
      `verdict = 'clear' AND finished_at IS NOT NULL AND proof IS NULL AND control IS NULL`,
      'created_at',
      'scans_by_verdict',
    ],
    ['bad end', `state in ('failed', 'cancelled') AND state = 'failed'`, 'created_at', 'scans_by_bad_end'],
    ['time', '1', 'created_at', 'scans_by_time'],
    [
      'target',
      `id IN (SELECT one.id FROM scans one INDEXED BY scans_by_target WHERE one.tenant_id = 'a' AND one.target_id IN (SELECT value FROM json_each('["a"]')) AND one.proof IS NULL AND one.control IS NULL)`,
      '+created_at',
      'scans_by_target',
    ],
  ])('by %s has its index', async (_, where, by, index) => {
    const plan = await env.DB.prepare(
      `EXPLAIN QUERY PLAN SELECT id FROM scans WHERE tenant_id = 'a' AND ${where} ORDER BY ${by} DESC, id DESC LIMIT 51`,
    ).all<{ detail: string }>()
    expect(plan.results.map(({ detail }) => detail).join('\n')).toContain(index)
  })
})
