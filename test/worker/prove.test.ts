import { beforeAll, describe, expect, test } from 'vitest'
import type { IssueAnswer, ScanAnswer, TargetAnswer } from '../../schema/api.ts'
import type { ProofAnswer } from '../../schema/proofApi.ts'
import { hasEnded, type Model, openProcess, type Probe, play } from './support/probes.ts'
import { address, OPEN, openProving, type Proving } from './support/proving.ts'
import type { Stage } from './support/stage.ts'

let on: Proving
let stage: Stage
let fleet: Probe[]
let targetId: string
let scanId: string

const issueNow = async (): Promise<IssueAnswer> =>
  (await stage.api<{ items: IssueAnswer[] }>('GET', `/issues?targetId=${targetId}`)).body.items[0] as IssueAnswer
const wordsOf = (proof: ProofAnswer) =>
  proof.sources.map(({ sourceAddress, verdict, cells }) => [sourceAddress, verdict, cells.map(({ word }) => word)])
const bySite = (a: unknown[], b: unknown[]) => {
  const order = ['127.0.1.1', '127.0.1.2', '127.0.2.1', '127.0.4.1', '127.0.3.1']
  return order.indexOf(String(a[0])) - order.indexOf(String(b[0]))
}

beforeAll(async () => {
  on = await openProving()
  ;({ stage, fleet, targetId } = on)
}, 60_000)

describe('a proof is refused', () => {
  test('while nothing of the target is known', async () => {
    expect(await on.prove()).toMatchObject({ status: 409, body: { code: 'conflict' } })
  })

  test('for a target of nobody, and with a body that is none', async () => {
    expect((await on.prove({}, 'tgt_0000000000000000000')).status).toBe(404)
    expect(await on.prove({ stimulus: 'yes' })).toMatchObject({
      status: 422,
      body: { errors: [{ field: 'stimulus' }] },
    })
    expect(await on.prove({ sites: [] })).toMatchObject({ status: 422, body: { errors: [{ field: 'sites' }] } })
  })
})

describe('a target that bans its scanner', () => {
  test('has an issue', async () => {
    const opened = await stage.api<ScanAnswer>('POST', '/scans', { targetId, site: 'fra-1' })
    scanId = opened.body.id
    const start = stage.now()
    const scanner = opened.body.scanner?.sourceAddress ?? ''
    const late: Model = (probe, endpoint, now) =>
      probe.sourceAddress === scanner && endpoint.address === address && now > start + 12_000 ? 'unresponsive' : 'open'
    const all = fleet.map((probe) => openProcess(stage, probe, late, { engageMs: 30_000, open: OPEN }))
    await play(stage, all, hasEnded(stage, scanId))
    on.banned.add(scanner)
    expect(await issueNow()).toMatchObject({ state: 'open', finding: 'interference', lastProofId: null })
  })

  test('is proved shut from that one address, which restates the issue and names it', async () => {
    const [scanner = ''] = on.banned
    const proof = await on.proved()
    expect(proof).toMatchObject({
      state: 'finished',
      verdict: 'not_proved',
      stimulus: null,
      closedIssueIds: [],
      failure: null,
    })
    expect(proof.sources).toHaveLength(5)
    for (const source of proof.sources) {
      const isShut = source.sourceAddress === scanner
      expect(source).toMatchObject({ state: 'done', verdict: isShut ? 'not_proved' : 'proved' })
      for (const cell of source.cells) {
        expect(cell).toMatchObject(isShut ? { word: 'shut', sight: 'unresponsive' } : { word: 'passed', sight: 'open' })
        expect(cell.at).toMatch(/^2026-/)
      }
    }
    expect(proof.failing).toHaveLength(2)
    expect(proof.failing[0]).toContain(`${scanner} (fra-1): ${address} 80/tcp unresponsive`)
    expect(proof.statement).toContain('1 of 5 addresses does not get through')
    const issue = await issueNow()
    expect(issue).toMatchObject({ state: 'open', lastProofId: proof.id, lastScanId: scanId, answeredAt: null })
    expect(issue.title).toContain(`still shut out: ${scanner}`)
    expect(await stage.count('outbox', "name = 'issue.updated'")).toBe(1)
  })

  test('is one proof at a time, seen by its tenant alone', async () => {
    const opened = await on.prove()
    expect(opened.body).toMatchObject({ state: 'running', verdict: null })
    expect(await on.prove({ stimulus: true })).toMatchObject({ status: 409, body: { code: 'proof_running' } })
    // What one provokes would pass for what the other sees.
    const scanned = await stage.api('POST', '/scans', { targetId, site: 'fra-1' })
    expect(scanned).toMatchObject({ status: 409, body: { code: 'scan_running' } })
    const { body: other } = await stage.api<{ key: string }>('POST', '/tenants', { name: 'Others' })
    for (const path of [`/proofs/${opened.body.id}`, `/proofs/${opened.body.id}/output`])
      expect((await stage.api('GET', path, undefined, other.key)).status).toBe(404)
    expect((await stage.api('POST', `/targets/${targetId}/prove`, {}, other.key)).status).toBe(404)
    expect((await stage.api<{ items: [] }>('GET', '/proofs', undefined, other.key)).body.items).toEqual([])
    // The row that carries a proof is no scan.
    const carrier = opened.body.id.replace('prf_', 'scn_')
    for (const path of [`/scans/${carrier}`, `/scans/${carrier}/observations`, `/scans/${carrier}/events`])
      expect((await stage.api('GET', path)).status).toBe(404)
    const { body: scans } = await stage.api<{ items: ScanAnswer[] }>('GET', `/scans?targetId=${targetId}`)
    expect(scans.items.map(({ id }) => id)).toEqual([scanId])
    await play(stage, on.processes(), on.isOver(opened.body.id))
  })

  test('that answers all again is restated, and stays open: bans run out by themselves', async () => {
    on.banned.clear()
    const proof = await on.proved()
    expect(proof).toMatchObject({ verdict: 'proved', closedIssueIds: [] })
    expect(wordsOf(proof)).toEqual(
      fleet.map(({ sourceAddress }) => [sourceAddress, 'proved', ['passed', 'passed']]).sort(bySite),
    )
    const issue = await issueNow()
    expect(issue).toMatchObject({ state: 'open', lastProofId: proof.id })
    expect(issue.answeredAt).not.toBeNull()
    expect(issue.title).toContain('without the stimulus; not yet proved fixed')
    const target = await stage.api<TargetAnswer>('GET', `/targets/${targetId}`)
    expect(target.body.provedAt).toBe(proof.createdAt)
  })

  test('whose defence falls only on what a scan does is shut with the stimulus', async () => {
    const victim = fleet[2] as Probe
    const opened = await on.prove({ stimulus: true })
    expect(opened.body.stimulus).toEqual({
      profile: 'assertive',
      portsAsked: 13,
      portsRepeated: 11,
      maxConnectsPerSecond: 300,
      scanId,
    })
    const began = new Map<string, number>()
    const onlyWhenProvoked: Model = (probe, endpoint, now) => {
      if (!began.has(probe.id)) began.set(probe.id, now)
      const isProvoked = now > (began.get(probe.id) ?? 0) + 9_000
      return probe.id === victim.id && isProvoked && endpoint.address === address ? 'closed' : 'open'
    }
    const all = fleet.map((probe) => openProcess(stage, probe, onlyWhenProvoked, { engageMs: 20_000, open: OPEN }))
    await play(stage, all, on.isOver(opened.body.id))
    const proof = await on.readProof(opened.body.id)
    expect(proof).toMatchObject({ verdict: 'not_proved', closedIssueIds: [] })
    expect(proof.sources.filter(({ verdict }) => verdict === 'not_proved').map(({ probeId }) => probeId)).toEqual([
      victim.id,
    ])
    expect(proof.failing[0]).toContain('closed (ECONNREFUSED)')
    expect(await issueNow()).toMatchObject({ state: 'open', answeredAt: null })
  })

  test('is not swept faster than its owner allows by now, though the scan was', async () => {
    await stage.api('PATCH', `/targets/${targetId}`, { maxConnectsPerSecond: 50 })
    const opened = await on.prove({ stimulus: true })
    expect(opened.body.stimulus).toMatchObject({ scanId, maxConnectsPerSecond: 50 })
    await stage.api('POST', `/proofs/${opened.body.id}/cancel`, {})
    await stage.api('PATCH', `/targets/${targetId}`, { maxConnectsPerSecond: 300 })
  })

  test('that lets every address through with the stimulus has its issue closed by the proof', async () => {
    const proof = await on.proved({ stimulus: true })
    const issue = await issueNow()
    expect(proof).toMatchObject({ verdict: 'proved', closedIssueIds: [issue.id], issueIds: [issue.id] })
    expect(issue).toMatchObject({ state: 'closed', closedBy: proof.id, lastProofId: proof.id })
    expect(await stage.count('outbox', "name = 'issue.resolved'")).toBe(1)
    const output = await stage.api<string>('GET', `/proofs/${proof.id}/output`)
    expect(output.headers.get('content-disposition')).toContain(`${proof.id}.txt`)
    for (const words of ['Portwitness proof', '== Matrix', '127.0.2.1 (nyc-1)', '+ passes', 'Open Port Re-check'])
      expect(output.body).toContain(words)
    expect(output.headers.get('x-content-type-options')).toBe('nosniff')
  })

  test('its addresses are not rested any more: each of them has scanned', async () => {
    const opened = await stage.api<ScanAnswer>('POST', '/scans', { targetId, site: 'fra-1' })
    expect(opened.body.panel.map(({ rested }) => rested)).toEqual([false, false, false, false])
    expect(await on.prove()).toMatchObject({ status: 409, body: { code: 'scan_running' } })
    await stage.api('POST', `/scans/${opened.body.id}/cancel`, {})
    await stage.tick()
    await play(stage, on.processes(), hasEnded(stage, opened.body.id))
  })
})
