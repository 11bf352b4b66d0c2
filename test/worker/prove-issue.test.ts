import { beforeAll, expect, test } from 'vitest'
import type { IssueAnswer, ScanAnswer, TargetAnswer } from '../../schema/api.ts'
import type { ProofAnswer } from '../../schema/proofApi.ts'
import type { TouchTarget } from '../../schema/wire.ts'
import { hasEnded, type Model, openFleet, openProcess, type Probe, play } from './support/probes.ts'
import { openStage, type Stage } from './support/stage.ts'

let stage: Stage
let fleet: Probe[]
let targetId: string
let issueId: string
/** of the first scan, which has a sibling */
let scanner: string
const address = '127.0.9.43'
const OPEN: TouchTarget[] = [
  { address, port: 80, check: 'http', service: 'http' },
  { address, port: 3306, check: 'greeting', service: 'mysql' },
]
/** `source address port` that the target's defence turns away */
const banned = new Set<string>()
const model: Model = ({ sourceAddress }, { address: to, port }) =>
  to === address && banned.has(`${sourceAddress} ${port}`) ? 'unresponsive' : 'open'

const issueNow = async (): Promise<IssueAnswer> =>
  (await stage.api<{ items: IssueAnswer[] }>('GET', `/issues?targetId=${targetId}`)).body.items[0] as IssueAnswer
const readProof = async (id: string) => (await stage.api<ProofAnswer>('GET', `/proofs/${id}`)).body

/** A scan whose scanner loses this port on the way; answers its id and the scanner's address. */
async function scanThatLoses(site: string, port: number): Promise<{ id: string; scanner: string }> {
  const opened = await stage.api<ScanAnswer>('POST', '/scans', { targetId, site })
  expect(opened.status).toBe(202)
  const scanner = opened.body.scanner?.sourceAddress ?? ''
  const from = stage.now() + 12_000
  const late: Model = (probe, endpoint, now) => {
    const isHit = probe.sourceAddress === scanner && endpoint.address === address && endpoint.port === port
    return isHit && now > from ? 'unresponsive' : model(probe, endpoint, now)
  }
  const all = fleet.map((probe) => openProcess(stage, probe, late, { engageMs: 30_000, open: OPEN }))
  await play(stage, all, hasEnded(stage, opened.body.id))
  banned.add(`${scanner} ${port}`)
  return { id: opened.body.id, scanner }
}

async function proved(body: object): Promise<ProofAnswer> {
  const opened = await stage.api<ProofAnswer>('POST', `/targets/${targetId}/prove`, body)
  expect(opened.status).toBe(202)
  const all = fleet.map((probe) => openProcess(stage, probe, model, { engageMs: 20_000, open: OPEN }))
  await play(stage, all, async () => (await readProof(opened.body.id)).state !== 'running', 1_200)
  return readProof(opened.body.id)
}

beforeAll(async () => {
  stage = await openStage()
  fleet = await openFleet(stage)
  for (const probe of fleet) await probe.lease()
  const target = { address, ports: '80,3306,8000-8010', profile: 'assertive' }
  targetId = (await stage.api<TargetAnswer>('POST', '/targets', target)).body.id
})

test('two sites lose two ports of one target: that is one issue', async () => {
  scanner = (await scanThatLoses('fra-1', 3306)).scanner
  issueId = (await issueNow()).id
  const second = await scanThatLoses('nyc-1', 80)
  expect(await issueNow()).toMatchObject({ id: issueId, state: 'open', lastScanId: second.id })
})

test('a retest while the ban lasts speaks of the lost port alone', async () => {
  const retest = await stage.api<ScanAnswer>('POST', `/issues/${issueId}/retest`, {})
  expect(retest.body.ports).toEqual([])
  const all = fleet.map((probe) => openProcess(stage, probe, model, { engageMs: 30_000, open: OPEN }))
  await play(stage, all, hasEnded(stage, retest.body.id))
  expect(await issueNow()).toMatchObject({ state: 'open', lastScanId: retest.body.id })
})

test('a proof from the site that lost one of them does not close it, and it repeats the whole scan, not the retest', async () => {
  banned.clear()
  const proof = await proved({ sites: ['nyc-1'], stimulus: true })
  expect(proof).toMatchObject({ verdict: 'proved', issueIds: [issueId], closedIssueIds: [] })
  expect(proof.endpoints.map(({ port, lost }) => [port, lost]).toSorted()).toEqual([
    [3306, true],
    [80, true],
  ])
  expect(proof.stimulus).toMatchObject({ profile: 'assertive', portsAsked: 13, portsRepeated: 11 })
  expect(await issueNow()).toMatchObject({ state: 'open', lastProofId: proof.id })
})

test('a proof without the address that was shut out does not close it: its sibling is another', async () => {
  const shut = fleet.find(({ sourceAddress }) => sourceAddress === scanner) as Probe
  await stage.api('PATCH', `/probes/${shut.id}`, { drained: true })
  const proof = await proved({ stimulus: true })
  expect(proof).toMatchObject({ verdict: 'incomplete', closedIssueIds: [] })
  expect(proof.sources.filter(({ state }) => state === 'offline').map(({ probeId }) => probeId)).toEqual([shut.id])
  await stage.api('PATCH', `/probes/${shut.id}`, { drained: false })
  for (const probe of fleet) await probe.lease()
})

test('a proof from all of them, with what each of them did, closes it', async () => {
  const proof = await proved({ stimulus: true })
  expect(proof).toMatchObject({ verdict: 'proved', closedIssueIds: [issueId] })
  expect(await issueNow()).toMatchObject({ state: 'closed', closedBy: proof.id })
})

test('of a scan and a proof that are asked for at the same moment one is refused', async () => {
  for (let i = 0; i < 3; i++) {
    const [scan, proof] = await Promise.all([
      stage.api<ScanAnswer>('POST', '/scans', { targetId, site: 'fra-1' }),
      stage.api<ProofAnswer>('POST', `/targets/${targetId}/prove`, {}),
    ])
    expect([scan.status, proof.status].toSorted()).toEqual([202, 409])
    const refused = scan.status === 409 ? scan : proof
    expect(refused.body).toMatchObject({ code: 'scan_running' })
    expect(await stage.count('scans', 'finished_at IS NULL')).toBe(1)
    expect(await stage.count('runs', `ended_at IS NULL AND kind = '${scan.status === 202 ? 'prove' : 'scan'}'`)).toBe(0)
    if (scan.status === 202) await stage.api('POST', `/scans/${scan.body.id}/cancel`, {})
    else {
      await stage.api('PUT', '/kill-switch', { stopped: true })
      await stage.api('PUT', '/kill-switch', { stopped: false })
    }
    stage.pass(60_000)
    await stage.tick()
    for (const probe of fleet) await probe.lease()
  }
})
