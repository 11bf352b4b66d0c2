/** Which addresses a scan touches: the panel's family, and anchors that might be targets themselves. */
import { beforeAll, expect, test } from 'vitest'
import type { ScanAnswer, TargetAnswer } from '../../schema/api.ts'
import { openFleet, type Probe, readScan } from './support/probes.ts'
import { openStage, type Stage } from './support/stage.ts'

let stage: Stage
let fleet: Probe[]

beforeAll(async () => {
  stage = await openStage()
  fleet = await openFleet(stage)
})

const resolves = (...addresses: string[]) => {
  stage.env.RESOLVER = { fetch: async () => Response.json({ addresses }) } as unknown as Fetcher
}
const anchored = (address: string, anchor: string) =>
  stage.api<TargetAnswer & { code: string; errors: { field: string }[] }>('POST', '/targets', {
    address,
    ports: '22',
    anchors: [{ address: anchor, port: 443 }],
  })
const rowOf = (id: string) =>
  stage.env.DB.prepare('SELECT addresses, left_out, anchors FROM scans WHERE id = ?')
    .bind(id)
    .first<{ addresses: string; left_out: string; anchors: string }>()

test('of a name with addresses of both families those of the panel’s are scanned, and the rest is said', async () => {
  resolves('127.0.24.1', '::1')
  const { body: target } = await stage.api<TargetAnswer>('POST', '/targets', {
    address: 'both.example',
    ports: '22,80',
  })
  const { body: scan } = await stage.api<ScanAnswer>('POST', '/scans', { targetId: target.id, site: 'fra-1' })
  expect(await rowOf(scan.id)).toMatchObject({ addresses: '["127.0.24.1"]', left_out: '["::1"]' })
  const plans = await stage.env.DB.prepare('SELECT plan FROM runs WHERE scan_id = ?')
    .bind(scan.id)
    .all<{ plan: string }>()
  expect(plans.results.length).toBe(5)
  for (const { plan } of plans.results) expect(plan).not.toContain('::1')
  const scanner = fleet.find((probe) => probe.id === scan.scanner?.probeId) as Probe
  const run = (await scanner.lease()).runs.find((one) => one.scanId === scan.id && one.kind === 'scan')
  await scanner.say('result', {
    runId: run?.runId,
    epoch: run?.epoch,
    seq: 1,
    observations: [],
    spans: [],
    found: [],
    outcome: 'done',
    ports: { asked: 2, tested: 2, untested: '' },
  })
  const ended = await readScan(stage, scan.id)
  expect(ended.verdict).toBe('clear')
  expect(ended.coverage?.statement).toContain('::1 was not scanned')
})

test.each([
  ['8.8.8.8', 'unproved_address'],
  ['169.254.169.254', 'special'],
  ['127.0.26.7', 'opted_out'],
  ['127.0.27.1', 'invalid'],
  ['FD00::0001', 'invalid'],
])('an anchor at %s is refused: %s', async (anchor, code) => {
  if (code === 'opted_out') await stage.api('POST', '/opt-outs', { cidr: '127.0.26.0/29' })
  const target = code === 'opted_out' ? '127.0.26.100' : '127.0.25.1'
  expect(await anchored(target, anchor)).toMatchObject({
    status: 422,
    body: { code, errors: [{ field: 'anchors.0.address' }] },
  })
})

test('an anchor is kept in its one spelling, also when it is changed', async () => {
  const { status, body } = await anchored('fd00::2', 'FD00::0001')
  expect(status).toBe(201)
  expect(body.anchors).toEqual([{ address: 'fd00::1', port: 443 }])
  const change = (address: string) =>
    stage.api<TargetAnswer>('PATCH', `/targets/${body.id}`, { anchors: [{ address, port: 80 }] })
  expect((await change('FD00:0::0003')).body.anchors).toEqual([{ address: 'fd00::3', port: 80 }])
  expect((await change('8.8.8.8')).status).toBe(422)
})

test('what became of an anchor is asked again when a scan begins', async () => {
  const { body: target } = await anchored('127.0.28.100', '127.0.28.1')
  const scanned = async () => {
    const { body: scan } = await stage.api<ScanAnswer>('POST', '/scans', { targetId: target.id, site: 'fra-1' })
    await stage.api('POST', `/scans/${scan.id}/cancel`, {})
    return JSON.parse((await rowOf(scan.id))?.anchors ?? '')
  }
  expect(await scanned()).toEqual([{ address: '127.0.28.1', port: 443 }])
  await stage.api('POST', '/opt-outs', { cidr: '127.0.28.0/29' })
  expect(await scanned()).toEqual([])
  resolves('127.0.29.1')
  const { body: named } = await anchored('far.example', '127.0.30.1')
  const { body: scan } = await stage.api<ScanAnswer>('POST', '/scans', { targetId: named.id, site: 'fra-1' })
  expect((await rowOf(scan.id))?.anchors).toBe('[]')
})

test('a target without anchors borrows a calm port of its owner’s next target', async () => {
  const make = async (address: string) =>
    (await stage.api<{ id: string }>('POST', '/targets', { address, ports: '80', sites: ['fra-1'] })).body.id
  const anchorsOf = async (targetId: string) => {
    const { body: scan } = await stage.api<ScanAnswer>('POST', '/scans', { targetId, site: 'fra-1' })
    await stage.api('POST', `/scans/${scan.id}/cancel`, {})
    return JSON.parse((await rowOf(scan.id))?.anchors ?? '')
  }
  const neighbour = await make('127.0.31.7')
  const target = await make('127.0.31.8')
  await make('127.0.32.9')
  expect(await anchorsOf(target)).toEqual([])
  const port = (port: number, service: string, verdict: string) => ({
    address: '127.0.31.7',
    port,
    check: 'http',
    service,
    verdict,
  })
  const known = {
    'fra-1': {
      at: 1,
      scanId: 'scn_x',
      ports: [port(22, 'ssh', 'open'), port(81, 'http', 'interfered'), port(80, 'http', 'open')],
    },
  }
  await stage.env.DB.prepare('UPDATE targets SET last_known = ? WHERE id = ?')
    .bind(JSON.stringify(known), neighbour)
    .run()
  expect(await anchorsOf(target)).toEqual([{ address: '127.0.31.7', port: 80 }])
})

test('a probe’s page says who it is, with an ETag', async () => {
  const answer = await stage.fetch('/.well-known/probing.txt')
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-type')).toContain('text/plain')
  const text = await answer.text()
  for (const field of ['Canonical', 'Contact', 'Expires', 'Description'])
    expect(text).toMatch(new RegExp(`^${field}: \\S`, 'm'))
  expect(Date.parse(/^Expires: (.*)$/m.exec(text)?.[1] ?? '')).toBeGreaterThan(stage.now())
  const known = { 'if-none-match': answer.headers.get('etag') ?? '' }
  expect((await stage.fetch('/.well-known/probing.txt', { headers: known })).status).toBe(304)
})
