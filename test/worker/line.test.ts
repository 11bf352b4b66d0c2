import * as v from 'valibot'
import { beforeAll, describe, expect, test } from 'vitest'
import type { IssueAnswer, OccurrenceAnswer, RejudgedAnswer, ScanAnswer } from '../../schema/api.ts'
import { AnyEvent, type EventOf } from '../../schema/events.ts'
import type { Judgement, PortVerdict } from '../../schema/judgement.ts'
import type { TouchTarget } from '../../schema/wire.ts'
import { RULES_VERSION } from '../../worker/core/rules.ts'
import { hasEnded, type Model, openFleet, openProcess, type Probe, play, readScan } from './support/probes.ts'
import { openStage, type Stage } from './support/stage.ts'

let stage: Stage
let fleet: Probe[]
const everythingOpen: Model = () => 'open'

const OPEN = (address: string): TouchTarget[] => [
  { address, port: 80, check: 'http', service: 'http' },
  { address, port: 3306, check: 'greeting', service: 'mysql' },
  { address, port: 8080, check: 'http', service: 'http' },
]

async function scanOf(address: string, model: Model, engageMs = 30_000) {
  const target = await stage.api<{ id: string }>('POST', '/targets', {
    address,
    ports: '80,3306,8080-8096',
    sites: ['fra-1'],
  })
  expect(target.status).toBe(201)
  const opened = await stage.api<ScanAnswer>('POST', '/scans', { targetId: target.body.id })
  expect(opened.status).toBe(202)
  const processes = fleet.map((probe) => openProcess(stage, probe, model, { engageMs, open: OPEN(address) }))
  return { targetId: target.body.id, scanId: opened.body.id, opened: opened.body, processes }
}

beforeAll(async () => {
  stage = await openStage()
  fleet = await openFleet(stage)
  for (const probe of fleet) await probe.lease()
})

describe('a clean scan', () => {
  test('ends clear with all ports open, within sixty written rows', async () => {
    stage.rows()
    const { scanId, processes, opened } = await scanOf('127.0.9.1', everythingOpen, 240_000)
    expect(opened).toMatchObject({
      state: 'queued',
      profile: 'standard',
      address: '127.0.9.1',
      scanner: { site: 'fra-1' },
      verdict: null,
      output: null,
    })
    expect(opened.panel.map((member) => member.role).sort()).toEqual(['sibling', 'witness', 'witness', 'witness'])
    const target = stage.rows()
    expect(target).toBeGreaterThan(0)
    const seconds = await play(stage, processes, hasEnded(stage, scanId))
    const written = stage.rows()
    console.info(`clean scan of ${seconds} s, five sources: ${target + written} rows written (opening ${target})`)
    expect(target + written).toBeLessThanOrEqual(60)
    const scan = await readScan(stage, scanId)
    expect(scan).toMatchObject({ state: 'finished', verdict: 'clear', failure: null, phase: null })
    expect(scan.ports.map((port) => [port.port, port.verdict])).toEqual([
      [80, 'open'],
      [3306, 'open'],
      [8080, 'open'],
    ])
    expect(scan.output?.bytes).toBeGreaterThan(50)
    expect(await stage.count('issues')).toBe(0)
    expect(await stage.count('runs', 'ended_at is null')).toBe(0)
  })
})

describe('a scan whose scanner is banned', () => {
  const address = '127.0.9.2'
  let banned = true
  let scanId: string
  let targetId: string
  let start: number

  test('is proved by the panel, and makes one issue, its occurrences and its notices', async () => {
    start = stage.now()
    const model: Model = (probe, endpoint, now) =>
      banned && endpoint.address === address && now > start + 12_000 && probe.sourceAddress === fleetScanner
        ? 'unresponsive'
        : 'open'
    let fleetScanner = ''
    const opened = await scanOf(address, model)
    ;({ scanId, targetId } = opened)
    fleetScanner = opened.opened.scanner?.sourceAddress ?? ''
    await play(stage, opened.processes, hasEnded(stage, scanId))
    const scan = await readScan(stage, scanId)
    expect(scan.verdict).toBe('interference')
    for (const port of scan.ports) {
      expect(port).toMatchObject({
        verdict: 'interfered',
        issueId: expect.stringMatching(/^iss_/),
        occurrenceId: expect.stringMatching(/^occ_/),
      })
      expect(port.cause?.class).toBeTruthy()
    }
    expect(scan.ports).toHaveLength(3)
    expect(await stage.count('issues', `last_scan_id = '${scanId}'`)).toBe(1)
    expect(await stage.count('occurrences', `scan_id = '${scanId}'`)).toBe(3)
    expect(await stage.count('outbox', "name = 'issue.opened'")).toBe(1)
    // What waits is an event as its published schema has it, whole.
    const { results } = await stage.env.DB.prepare('SELECT name, body FROM outbox WHERE body LIKE ?')
      .bind(`%${scanId}%`)
      .all<{ name: string; body: string }>()
    const told = results.map(({ name, body }) => ({ name, read: v.safeParse(AnyEvent, JSON.parse(body)) }))
    expect(told.map(({ name }) => name).sort()).toEqual(['issue.opened', 'scan.finished'])
    for (const { name, read } of told) expect(read.issues, name).toBeUndefined()
    const event = told.find(({ name }) => name === 'issue.opened')?.read.output as EventOf<'issue.opened'>
    expect(event.data).toMatchObject({
      target: { id: targetId, address },
      scan: { id: scanId, scanner: { site: 'fra-1' } },
      portsTotal: 3,
      losses: [{ verdict: 'interfered', portsTotal: 3 }],
      links: { scan: `/scans/${scanId}`, output: `/scans/${scanId}/output` },
    })
    expect(event.data.ports.every(({ occurrenceId }) => occurrenceId?.startsWith('occ_'))).toBe(true)
    expect(event.data.remedies[0]?.steps.length).toBeGreaterThan(0)
    await stage.tick()
    // Nobody was told, so nothing says that anybody was.
    expect(await stage.count('outbox', "name = 'issue.opened' AND sent_at is null")).toBe(1)
  })

  test('shows its occurrences with cause, remediation and their part of the output', async () => {
    const { body: list } = await stage.api<{ items: IssueAnswer[] }>('GET', `/issues?targetId=${targetId}&state=open`)
    expect(list.items).toHaveLength(1)
    const issue = list.items[0] as IssueAnswer
    const { body } = await stage.api<{ items: OccurrenceAnswer[] }>('GET', `/issues/${issue.id}/occurrences`)
    expect(body.items.map((one) => one.port).sort((a, b) => a - b)).toEqual([80, 3306, 8080])
    expect(body.items[0]).toMatchObject({
      issueId: issue.id,
      scanId,
      verdict: 'interfered',
      remediation: { title: expect.any(String) },
    })
    const part = await stage.api<string>('GET', `/occurrences/${body.items[0]?.id}/output`)
    expect(part.body).toContain(String(body.items[0]?.port))
  })

  test('gives its raw output as a download that no browser runs, and its facts as lines', async () => {
    const output = await stage.api<string>('GET', `/scans/${scanId}/output`)
    expect(output.body).toContain('Open Port Re-check')
    expect(output.headers.get('content-disposition')).toContain('attachment')
    expect(output.headers.get('content-security-policy')).toContain('sandbox')
    expect(output.headers.get('x-content-type-options')).toBe('nosniff')
    const lines = (await stage.api<string>('GET', `/scans/${scanId}/observations`)).body
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.length).toBeGreaterThan(20)
    expect(lines[0]).toMatchObject({
      id: expect.stringContaining('.'),
      runId: expect.any(String),
      role: expect.any(String),
      sight: expect.any(String),
    })
  })

  test('tells its story as events, which end with the scan and resume after the last one', async () => {
    const text = await (
      await stage.fetch(`/api/v1/scans/${scanId}/events`, {
        headers: { authorization: `Bearer ${stage.env.BOOTSTRAP_KEY}` },
      })
    ).text()
    expect(text).toMatch(/^retry: \d+/)
    for (const name of ['port', 'alarm', 'verdict', 'ended']) expect(text).toContain(`event: ${name}\n`)
    const lastId = [...text.matchAll(/^id: (.*)$/gm)].at(-1)?.[1] ?? ''
    const again = await (
      await stage.fetch(`/api/v1/scans/${scanId}/events`, {
        headers: { authorization: `Bearer ${stage.env.BOOTSTRAP_KEY}`, 'last-event-id': lastId },
      })
    ).text()
    expect(again).not.toContain('event: alarm')
    expect(again).toContain('event: ended')
  })

  test('may be judged again, which changes neither the verdict nor the issue', async () => {
    const { status, body } = await stage.api<RejudgedAnswer>('POST', `/scans/${scanId}/rejudge`, {})
    expect(status).toBe(200)
    expect(body.verdict).toBe('interference')
    expect(body.rejudged).toEqual({
      rules: { before: RULES_VERSION, after: RULES_VERSION },
      verdict: { before: 'interference', after: 'interference' },
      changes: [],
    })
  })

  test('judged again by other rules tells what is said otherwise', async () => {
    const row = await stage.env.DB.prepare('SELECT judgement FROM scans WHERE id = ?')
      .bind(scanId)
      .first<{ judgement: string }>()
    const older = JSON.parse(row?.judgement ?? '') as Judgement
    const port = older.ports.find((one) => one.cause !== null) as PortVerdict
    const was = { ...port, verdict: 'transient', strength: null, cause: null }
    const stored = { ...older, rules: '0', ports: older.ports.map((one) => (one === port ? was : one)) }
    await stage.env.DB.prepare('UPDATE scans SET judgement = ? WHERE id = ?').bind(JSON.stringify(stored), scanId).run()
    const { body } = await stage.api<RejudgedAnswer>('POST', `/scans/${scanId}/rejudge`, {})
    expect(body.rejudged.rules).toEqual({ before: '0', after: RULES_VERSION })
    expect(body.rejudged.changes).toMatchObject([
      {
        address: port.address,
        port: port.port,
        before: { verdict: 'transient', strength: null, cause: null },
        after: { verdict: port.verdict, cause: { class: port.cause?.class } },
      },
    ])
    const after = await stage.env.DB.prepare('SELECT judgement FROM scans WHERE id = ?')
      .bind(scanId)
      .first<{ judgement: string }>()
    expect((JSON.parse(after?.judgement ?? '') as Judgement).rules).toBe(RULES_VERSION)
    expect(await stage.count('issues', `target_id = '${targetId}'`)).toBe(1)
  })

  test('looks for its recovery after its end', async () => {
    expect(await stage.count('runs', `kind = 'recover' AND scan_id = '${scanId}'`)).toBeGreaterThan(0)
  })

  test('can be snoozed with a reason and an end in the future', async () => {
    const { body: list } = await stage.api<{ items: IssueAnswer[] }>('GET', `/issues?targetId=${targetId}`)
    const id = list.items[0]?.id
    const past = await stage.api('POST', `/issues/${id}/snooze`, { until: '2020-01-01T00:00:00Z', reason: 'mitigated' })
    expect(past.status).toBe(422)
    const done = await stage.api<IssueAnswer>('POST', `/issues/${id}/snooze`, {
      until: '2026-12-24T00:00:00Z',
      reason: 'accepted_risk',
      note: 'known',
    })
    expect(done.body).toMatchObject({
      state: 'snoozed',
      snooze: { reason: 'accepted_risk', note: 'known', until: '2026-12-24T00:00:00.000Z' },
    })
  })

  test('is closed by a retest that ends clear, from the same address and on the lost ports alone', async () => {
    banned = false
    const { body: list } = await stage.api<{ items: IssueAnswer[] }>('GET', `/issues?targetId=${targetId}`)
    const first = await readScan(stage, scanId)
    const retest = await stage.api<ScanAnswer>('POST', `/issues/${list.items[0]?.id}/retest`, {})
    expect(retest.status).toBe(202)
    expect(retest.body).toMatchObject({
      scanner: { sourceAddress: first.scanner?.sourceAddress },
      profile: first.profile,
      retestOf: list.items[0]?.id,
    })
    const processes = fleet.map((probe) =>
      openProcess(stage, probe, everythingOpen, { engageMs: 20_000, open: OPEN(address) }),
    )
    await play(stage, processes, hasEnded(stage, retest.body.id))
    expect(await readScan(stage, retest.body.id)).toMatchObject({ state: 'finished', verdict: 'clear' })
    const { body: issue } = await stage.api<IssueAnswer>('GET', `/issues/${list.items[0]?.id}`)
    expect(issue).toMatchObject({ state: 'closed', closedBy: retest.body.id })
    expect(await stage.count('outbox', "name = 'issue.resolved'")).toBe(1)
  })
})
