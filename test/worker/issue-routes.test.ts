import { beforeAll, describe, expect, test } from 'vitest'
import { saidOf } from '../../schema/issue.ts'
import { facts, issues, occurrences, runs, scans, targets } from '../../schema/tables.ts'
import type { Observation } from '../../schema/wire.ts'
import { openDb } from '../../worker/store/db.ts'
import { around, filledIn, formOn } from '../support/forms.ts'
import { bannedPort, scanView } from '../support/pages.ts'
import { KEY, openStage, START, type Stage } from './support/stage.ts'

let stage: Stage
let cookie: string
const TENANT = 'ten_default'
const ISSUE = 'iss_0123456789abcdefghij'
const DAY = 86_400_000

beforeAll(async () => {
  stage = await openStage()
  const form = new URLSearchParams({ key: KEY })
  const answer = await stage.fetch('/signin', { method: 'POST', body: form, redirect: 'manual' })
  cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? ''
  await fill()
})

const page = async (path: string) => {
  stage.queries()
  const answer = await stage.fetch(path, { headers: { cookie } })
  const text = await answer.text()
  return { status: answer.status, text, queries: stage.queries(), type: answer.headers.get('content-type') }
}
const post = (path: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
  stage.fetch(path, {
    method: 'POST',
    body: new URLSearchParams(fields),
    headers: { cookie, 'sec-fetch-site': 'same-origin', ...headers },
    redirect: 'manual',
  })

/** One target with two scans that were interfered with, and more issues on others. */
async function fill() {
  const db = openDb(stage.env.DB)
  const target = (id: string, name: string, tags: string[]) => ({
    ...{ tenantId: TENANT, id, name, address: `${name}.example.com`, tags, ports: '22,80', schedule: null },
    ...{ timezone: 'UTC', sites: [], profile: 'standard' as const, anchors: [], maxConnectsPerSecond: 300 },
    ...{ scanners: {}, lastKnown: {}, createdAt: START },
  })
  await db.insert(targets).values([target(scanView.targetId, 'shop', ['pci']), target('tgt_other', 'mail', [])])
  const scan = (id: string, at: number) => ({
    ...{ ...scanView, id, tenantId: TENANT, dueKey: id, networks: [], addresses: [...scanView.addresses] },
    ...{ ports: '22,80', portsAsked: 2, maxConnectsPerSecond: 300, panel: [...scanView.panel], dueAt: at },
    ...{ deadlineAt: at, alarms: [], createdAt: at, startedAt: at, finishedAt: at + 120_000 },
  })
  for (const row of [
    scan('scn_first', START - 3 * DAY),
    { ...scan('scn_last', START - DAY), outputKey: `ten/scn/output/${'a1'.repeat(32)}` },
    { ...scan('scn_retest', START - DAY / 2), retestOf: ISSUE },
  ])
    await db.insert(scans).values(row)
  const issue = (id: string, more: Partial<typeof issues.$inferInsert>) => ({
    ...{ tenantId: TENANT, id, targetId: scanView.targetId, finding: 'interference' as const, state: 'open' as const },
    ...{ title: `${id} is lost`, openedAt: START - 3 * DAY, restatedAt: START - DAY, lastScanId: 'scn_last', ...more },
  })
  const cause = { mechanism: null, vendor: null, confidence: 0.7, strength: null, ports: [80], count: 1 }
  await db.insert(issues).values([
    issue(ISSUE, {
      title: 'shop: port 22 is lost',
      causes: [{ ...cause, class: 'ips', mechanism: 'fail2ban', strength: 'confirmed', ports: [22] }],
    }),
    issue('iss_waf', {
      targetId: 'tgt_other',
      restatedAt: START - 2 * DAY,
      openedAt: START - 5 * DAY,
      causes: [{ ...cause, class: 'waf' }],
    }),
    issue('iss_closed', { targetId: 'tgt_other', state: 'closed', closedAt: START - DAY, restatedAt: START }),
    issue('iss_part', { finding: 'incomplete', state: 'snoozed', snoozedUntil: START + DAY, restatedAt: START - 9 }),
  ])
  const seen = (id: string, scanId: string, port: number, at: number) => ({
    ...{ tenantId: TENANT, issueId: ISSUE, id, scanId, address: '203.0.113.9', port, seenAt: at },
    said: saidOf(bannedPort),
  })
  const older = Array.from({ length: 40 }, (_, i) => seen(`occ_${i}`, 'scn_first', 100 + i, START - 3 * DAY))
  // D1 takes at most 100 parameters in a statement.
  for (let i = 0; i < older.length; i += 10) await db.insert(occurrences).values(older.slice(i, i + 10))
  await db.insert(occurrences).values(seen('occ_a', 'scn_last', 22, START - DAY))
}

describe('the list of issues', () => {
  const idsIn = (text: string) => [...text.matchAll(/href="\/issues\/(iss_\w+)"/g)].map(([, id]) => id)

  test('begins with what is not closed, seen last first, in three queries at most', async () => {
    const { text, queries, status } = await page('/issues')
    expect(status).toBe(200)
    expect(idsIn(text)).toEqual(['iss_part', ISSUE, 'iss_waf'])
    expect(queries).toBeLessThanOrEqual(3)
  })

  test.each([
    ['state=closed', ['iss_closed']],
    ['state=any', ['iss_closed', 'iss_part', ISSUE, 'iss_waf']],
    ['state=snoozed', ['iss_part']],
    ['finding=incomplete', ['iss_part']],
    ['cause=waf', ['iss_waf']],
    ['tag=pci', ['iss_part', ISSUE]],
    ['target=tgt_other', ['iss_waf']],
    ['q=MAIL.example', ['iss_waf']],
    ['q=100%25', []],
    ['sort=opened', ['iss_waf', ISSUE, 'iss_part']],
    ['sort=-opened', ['iss_part', ISSUE, 'iss_waf']],
    ['sort=seen', ['iss_waf', ISSUE, 'iss_part']],
  ])('narrows and sorts by %s', async (query, ids) => {
    expect(idsIn((await page(`/issues?${query}`)).text)).toEqual(ids)
  })

  test('leaves as CSV and JSON Lines, whole and in the same order', async () => {
    const csv = await page('/issues?state=any&format=csv')
    expect(csv.type).toContain('text/csv')
    expect(csv.text.split('\r\n').slice(0, 2)).toEqual([
      'id,title,target,targetId,address,finding,state,cause,mechanism,confidence,seen,opened,answeredAt,closedAt,targetRemovedAt',
      expect.stringMatching(/^iss_closed,/),
    ])
    const lines = (await page('/issues?cause=ips&format=jsonl')).text.trim().split('\n')
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ id: ISSUE, cause: 'ips', mechanism: 'fail2ban' }])
  })

  test('refuses words that it does not know, and tells which it does', async () => {
    const { status, text } = await page('/issues?cause=magic')
    expect(status).toBe(422)
    expect(text).toContain('must be one of')
  })
})

describe('the page of an issue', () => {
  test('shows the last scan, the older ones and what was asked, in five queries at most', async () => {
    const { status, text, queries } = await page(`/issues/${ISSUE}`)
    expect(status).toBe(200)
    for (const words of ['Ban on the source: fail2ban', 'scn_last', 'scn_first', 'scn_retest', 'shop', 'Rules</dt>'])
      expect(text).toContain(words)
    expect(queries).toBeLessThanOrEqual(5)
  })

  test('leads to the output of those occurrences alone whose scan still has it', async () => {
    const { text } = await page(`/issues/${ISSUE}`)
    expect(text.match(/\/api\/v1\/occurrences\/\w+\/output/g)).toEqual(['/api/v1/occurrences/occ_a/output'])
    expect(text.match(/its output is kept no more/g)).toHaveLength(24)
  })

  test('pages through its occurrences, ports in order within a scan, and gives all of them as a file', async () => {
    const first = (await page(`/issues/${ISSUE}`)).text
    const next = /href="(\/issues\/[^"]*cursor=[^"]*)" rel="next"/.exec(first)?.[1]?.replaceAll('&amp;', '&') ?? ''
    expect(next).toContain('#occurrences')
    const second = (await page(next.split('#')[0] ?? '')).text
    expect(second).toMatch(/>139 /)
    expect(first).not.toMatch(/>139 /)
    const csv = (await page(`/issues/${ISSUE}?format=csv`)).text.trim().split('\r\n')
    expect(csv).toHaveLength(42)
    expect(csv.slice(1, 4).map((line) => line.split(',')[0])).toEqual(['22', '100', '101'])
  })

  test('is snoozed and woken by its forms, and its time line says so', async () => {
    const until = new Date(START + 7 * DAY).toISOString()
    const snoozed = await post(`/api/v1/issues/${ISSUE}/snooze`, {
      ...{ reason: 'mitigated', days: '7', date: '', note: 'moved, ä' },
    })
    expect([snoozed.status, snoozed.headers.get('location')]).toEqual([303, `/issues/${ISSUE}?done=snoozed`])
    const read = await stage.api<{ snooze: unknown }>('GET', `/issues/${ISSUE}`)
    expect(read.body.snooze).toEqual({ until, reason: 'mitigated', note: 'moved, ä' })
    expect((await page(`/issues/${ISSUE}?done=snoozed`)).text).toContain('nobody is told of it until then')
    const woken = await post(`/api/v1/issues/${ISSUE}/snooze?method=DELETE`, {})
    expect([woken.status, woken.headers.get('location')]).toEqual([303, `/issues/${ISSUE}?done=woken`])
    const { text } = await page(`/issues/${ISSUE}`)
    expect(text).toContain('<strong>Snoozed</strong>')
    expect(text).toContain('<strong>Unsnoozed</strong>')
    expect(text).toContain('type="submit">Retest now')
  })

  test('a day long past is refused where it was typed, with the rest of the page as it was', async () => {
    const path = `/issues/${ISSUE}`
    const { text } = await page(path)
    const form = formOn(text, 'snooze-form')
    const typed = { reason: 'accepted_risk', days: '30', date: '2020-01-01', note: `\n<b>kept</b>` }
    const send = (body: string) => post(form.action, Object.fromEntries(new URLSearchParams(body)))
    const answer = await send(filledIn(form, typed))
    const html = await answer.text()
    expect([answer.status, around(html, 'snooze-form') === around(text, 'snooze-form')]).toEqual([422, true])
    expect(html).toContain('<details id="snooze" open="">')
    expect(html).toMatch(/id="snooze-date-fault">must be in the future, within a year</)
    expect(html).not.toMatch(/<b>kept|portal\/fresh\.js|http-equiv="refresh"/)
    const again = formOn(html, 'snooze-form')
    expect(Object.fromEntries(again.fields)).toMatchObject(typed)
    const mended = await send(filledIn(again, { date: '' }))
    expect([mended.status, mended.headers.get('location')]).toEqual([303, `/issues/${ISSUE}?done=snoozed`])
    await post(`/api/v1/issues/${ISSUE}/snooze?method=DELETE`, {})
  })

  test('a day counts before a number of days, and a day long past is refused on a page', async () => {
    await post(`/api/v1/issues/${ISSUE}/snooze`, { reason: 'accepted_risk', days: '7', date: '2026-12-24' })
    const read = await stage.api<{ snooze: { until: string } }>('GET', `/issues/${ISSUE}`)
    expect(read.body.snooze.until).toBe('2026-12-24T00:00:00.000Z')
    const wrong: Record<string, string>[] = [{ date: '2020-01-01' }, { date: 'soon' }, { days: '1e9' }, { days: '' }]
    for (const fields of wrong) {
      const answer = await post(`/api/v1/issues/${ISSUE}/snooze`, { reason: 'mitigated', ...fields })
      expect([fields, answer.status]).toEqual([fields, 422])
      expect(answer.headers.get('content-type')).toContain('text/html')
    }
    expect((await stage.api('DELETE', `/issues/${ISSUE}/snooze`)).status).toBe(200)
  })

  test('its forms are refused from another site', async () => {
    const answer = await post(
      `/api/v1/issues/${ISSUE}/snooze`,
      { reason: 'mitigated' },
      { 'sec-fetch-site': 'cross-site' },
    )
    expect(answer.status).toBe(403)
  })
})

describe('the reports', () => {
  test.each([
    [`/issues/${ISSUE}/report`, ['Report on an issue', 'shop: port 22 is lost', ISSUE]],
    ['/scans/scn_last/report', ['Report on a scan', 'Scan of shop']],
  ])('%s holds what an auditor asks for, in five queries at most', async (path, own) => {
    const { status, text, queries } = await page(path)
    expect(status).toBe(200)
    for (const words of [
      ...own,
      'a1'.repeat(32),
      'Who looked',
      'What could not be excluded',
      'Coverage ledger',
      'No proof of this target has been made',
      'section 7.6',
      'run_a.1, run_a.2',
      'Signature',
    ])
      expect(text).toContain(words)
    expect(queries).toBeLessThanOrEqual(5)
  })

  test('and the page of an issue say what the colours of a port’s strip mean', async () => {
    for (const path of ['/scans/scn_last/report', `/issues/${ISSUE}`])
      expect((await page(path)).text).toContain('<ul class="legend" aria-label="What the colours mean">')
  })

  describe('count of what was observed', () => {
    /** What the scanner and its sibling did at the lost port. */
    const seen = (role: 'scanner' | 'sibling', touches: readonly Partial<Observation>[]) => {
      const id = `run_last${role.padEnd(12, '0')}`
      const at = START - DAY
      const probeId = scanView.panel.find((member) => member.role === role)?.probeId ?? ''
      const plan = { kind: 'verify', targetId: scanView.targetId, name: null, steps: [], standing: false, beacons: [] }
      const observations = touches.map((touch, n) => ({
        ...{ n, purpose: 'recover', check: 'greeting', address: '203.0.113.9', port: 22, at, afterMs: 1 },
        ...{ sight: 'cut', ...touch },
      }))
      return {
        run: {
          ...{
            tenantId: TENANT,
            scanId: 'scn_last',
            id,
            probeId,
            key: role,
            role,
            epoch: 1,
            dueAt: at,
            deadlineAt: at,
          },
          ...{ kind: 'verify' as const, state: 'done' as const, needsPrivate: 0, plan: plan as never, endedAt: at },
        },
        report: {
          ...{ tenantId: TENANT, scanId: 'scn_last', runId: id, epoch: 1, seq: 1, part: 0, at },
          body: JSON.stringify({ observations, spans: [], found: [] }),
        },
      }
    }
    const unmade = { sight: 'probe_fault', code: 'RATION', fit: false } as const
    const reportOf = async (...those: ReturnType<typeof seen>[]) => {
      const db = openDb(stage.env.DB)
      for (const { run, report } of those) {
        await db.insert(runs).values(run)
        await db.insert(facts).values(report)
      }
      try {
        return (await page('/scans/scn_last/report')).text.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ')
      } finally {
        await stage.env.DB.batch([
          stage.env.DB.prepare(`DELETE FROM runs WHERE scan_id = 'scn_last'`),
          stage.env.DB.prepare(`DELETE FROM facts WHERE scan_id = 'scn_last'`),
        ])
      }
    }

    test('what was left out on purpose is no touch, nor made in a moment of unfitness', async () => {
      const faulty = { sight: 'probe_fault', code: 'EMFILE', fit: false } as const
      const text = await reportOf(
        seen('scanner', [{ purpose: 'verify' }, { ...unmade, purpose: 'verify' }, unmade, unmade, faulty]),
        seen('sibling', [
          { ...unmade, purpose: 'baseline' },
          { ...unmade, purpose: 'verify', code: 'LEASE' },
        ]),
      )
      expect(text).toContain('1 touch was made in moments of unfitness')
      expect(text).toMatch(/scanner fra-1 \S+ \S+( \S+)? 0 of 1 cut 1/)
      expect(text).not.toMatch(/sibling fra-1 \S+ not open/)
    })

    test('the scanner had looked before the loss, when it found the port', async () => {
      const found = await reportOf(
        seen('scanner', [{ purpose: 'identify', sight: 'open' }, { purpose: 'verify' }]),
        seen('sibling', [{ purpose: 'verify', sight: 'open' }]),
      )
      expect(found).toMatch(/scanner fra-1 \S+ open 0 of 1 cut 1/)
      expect(found).toMatch(/sibling fra-1 \S+ not looked 1 of 1 never lost/)
      const unlooked = await reportOf(seen('scanner', [{ purpose: 'identify', sight: 'open' }]))
      expect(unlooked).toMatch(/scanner fra-1 \S+ open not looked not looked/)
    })
  })

  test('of a scan that is not there is not found', async () => {
    expect((await page('/scans/scn_nope/report')).status).toBe(404)
    expect((await page('/issues/iss_nope/report')).status).toBe(404)
  })
})

test('an issue leads to the last one of its finding that was closed at its target before it was opened', async () => {
  const db = openDb(stage.env.DB)
  const closed = (id: string, days: number, more: Partial<typeof issues.$inferInsert> = {}) => ({
    ...{ tenantId: TENANT, id, targetId: scanView.targetId, finding: 'interference' as const, title: id },
    ...{ state: 'closed' as const, openedAt: START - 9 * DAY, restatedAt: START - days * DAY, lastScanId: 'scn_x' },
    ...{ closedAt: START - days * DAY, ...more },
  })
  const rows = [
    closed('iss_long_ago', 8),
    closed('iss_before', 4),
    closed('iss_other_finding', 3.5, { finding: 'incomplete' }),
    closed('iss_other_target', 3.5, { targetId: 'tgt_other' }),
    closed('iss_later', 1),
  ]
  await db.insert(issues).values(rows)
  try {
    const { text, queries } = await page(`/issues/${ISSUE}`)
    expect([...text.matchAll(/href="\/issues\/(iss_[a-z_]+)"/g)].map(([, id]) => id)).toEqual([
      'iss_before',
      'iss_before',
    ])
    expect(queries).toBeLessThanOrEqual(5)
  } finally {
    for (const { id } of rows) await stage.env.DB.prepare('DELETE FROM issues WHERE id = ?').bind(id).run()
  }
})
