/** A retest speaks for an issue only when it looked at all that the issue's scans lost, from where they lost it. */
import { beforeAll, describe, expect, test } from 'vitest'
import type { IssueAnswer, ScanAnswer, TargetAnswer } from '../../schema/api.ts'
import type { TouchTarget } from '../../schema/wire.ts'
import { openDb } from '../../worker/store/db.ts'
import { type TargetAsk, targetRows } from '../../worker/store/targetList.ts'
import { readTarget } from '../../worker/store/targets.ts'
import { hasEnded, type Model, openFleet, openProcess, type Probe, play, readScan } from './support/probes.ts'
import { openStage, type Stage } from './support/stage.ts'

let stage: Stage
let fleet: Probe[]
const address = '127.0.9.44'
const OPEN: TouchTarget[] = [
  { address, port: 80, check: 'http', service: 'http' },
  { address, port: 3306, check: 'greeting', service: 'mysql' },
]
const ALL_TARGETS: TargetAsk = {
  ...{ q: '', tag: '', cursor: '', sort: 'name', desc: false },
  ...{ issues: '', schedule: '', control: '', allowlist: '' },
}
/** `source address port` that the target's defence turns away */
const banned = new Set<string>()
const model: Model = ({ sourceAddress }, { address: to, port }) =>
  to === address && banned.has(`${sourceAddress} ${port}`) ? 'unresponsive' : 'open'

const newTarget = async (profile: string): Promise<string> =>
  (await stage.api<TargetAnswer>('POST', '/targets', { address, ports: '80,3306,8000-8010', profile })).body.id
const issueOf = async (targetId: string): Promise<IssueAnswer> =>
  (await stage.api<{ items: IssueAnswer[] }>('GET', `/issues?targetId=${targetId}`)).body.items[0] as IssueAnswer
const played = (id: string, seen: Model = model) =>
  play(
    stage,
    fleet.map((probe) => openProcess(stage, probe, seen, { engageMs: 30_000, open: OPEN })),
    hasEnded(stage, id),
  )

/** A scan whose scanner loses this port on the way; answers the scanner's address. */
async function scanThatLoses(targetId: string, site: string, port: number): Promise<string> {
  const { body: opened } = await stage.api<ScanAnswer>('POST', '/scans', { targetId, site })
  const scanner = opened.scanner?.sourceAddress ?? ''
  const from = stage.now() + 12_000
  await played(opened.id, (probe, endpoint, now) => {
    const isHit = probe.sourceAddress === scanner && endpoint.address === address && endpoint.port === port
    return isHit && now > from ? 'unresponsive' : model(probe, endpoint, now)
  })
  return scanner
}

async function retested(issueId: string): Promise<ScanAnswer> {
  const opened = await stage.api<ScanAnswer>('POST', `/issues/${issueId}/retest`, {})
  expect(opened.status).toBe(202)
  await played(opened.body.id)
  return readScan(stage, opened.body.id)
}
const lastOf = async (targetId: string): Promise<string | null> =>
  (
    await stage.env.DB.prepare('SELECT last_scan_id AS id FROM targets WHERE id = ?')
      .bind(targetId)
      .first<{ id: string | null }>()
  )?.id ?? null
/** What the list of targets says of this one. */
const rowOf = async (targetId: string) =>
  (await targetRows(openDb(stage.env.DB), 'ten_default', ALL_TARGETS, 100, stage.now())).find(
    ({ id }) => id === targetId,
  )
const touched = async (scanId: string): Promise<number[]> => {
  const row = await stage.env.DB.prepare('SELECT "only" AS list FROM scans WHERE id = ?')
    .bind(scanId)
    .first<{ list: string }>()
  return (JSON.parse(row?.list ?? '[]') as TouchTarget[]).map(({ port }) => port).toSorted((a, b) => a - b)
}

beforeAll(async () => {
  stage = await openStage()
  fleet = await openFleet(stage)
  for (const probe of fleet) await probe.lease()
})

describe('two ports that two scans from one address lost', () => {
  let targetId: string
  let issueId: string
  let scanner: string
  let whole: string | null

  test('are one issue', async () => {
    targetId = await newTarget('assertive')
    scanner = await scanThatLoses(targetId, 'fra-1', 3306)
    issueId = (await issueOf(targetId)).id
    expect(await scanThatLoses(targetId, 'fra-1', 80)).toBe(scanner)
    whole = await lastOf(targetId)
    expect(whole).toMatch(/^scn_/)
    expect(await issueOf(targetId)).toMatchObject({ id: issueId, state: 'open' })
  })

  test('are both retested, and it stays open while the first is lost', async () => {
    banned.add(`${scanner} 3306`)
    const retest = await retested(issueId)
    expect(await touched(retest.id)).toEqual([80, 3306])
    expect(retest.verdict).not.toBe('clear')
    expect(await issueOf(targetId)).toMatchObject({ id: issueId, state: 'open' })
  })

  test('close it when both are clear', async () => {
    banned.clear()
    const retest = await retested(issueId)
    expect(retest).toMatchObject({ verdict: 'clear', scanner: { sourceAddress: scanner } })
    expect(await touched(retest.id)).toEqual([80, 3306])
    expect(await issueOf(targetId)).toMatchObject({ id: issueId, state: 'closed', closedBy: retest.id })
    expect(await lastOf(targetId)).toBe(whole)
  })

  test('are open as their site last saw them, and the list tells the retest beside the last whole scan', async () => {
    const target = await readTarget(openDb(stage.env.DB), 'ten_default', targetId)
    const known = target?.lastKnown['fra-1']
    const { closedBy } = await issueOf(targetId)
    expect(known).toMatchObject({ scanId: whole, retest: { scanId: closedBy } })
    expect(known?.ports.map(({ port, verdict }) => [port, verdict]).toSorted()).toEqual([
      [3306, 'open'],
      [80, 'open'],
    ])
    expect(await rowOf(targetId)).toMatchObject({
      lastScanId: whole,
      lastVerdict: 'interference',
      retest: { id: closedBy, verdict: 'clear', share: 1 },
    })
  })
})

describe('two ports that two addresses lost', () => {
  let targetId: string
  let issueId: string
  /** who lost something first, and who last */
  let elsewhere: string
  let scanner: string

  test('are one issue', async () => {
    targetId = await newTarget('standard')
    elsewhere = await scanThatLoses(targetId, 'fra-1', 3306)
    issueId = (await issueOf(targetId)).id
  })

  test('from wherever they were lost', async () => {
    scanner = await scanThatLoses(targetId, 'nyc-1', 80)
    expect(await issueOf(targetId)).toMatchObject({ id: issueId, state: 'open' })
  })

  test('are not proved by a retest from one of them: the issue says who else lost one', async () => {
    const retest = await retested(issueId)
    expect(retest).toMatchObject({ verdict: 'clear', scanner: { sourceAddress: scanner } })
    expect(await touched(retest.id)).toEqual([80, 3306])
    const issue = await issueOf(targetId)
    expect(issue).toMatchObject({ id: issueId, state: 'open', closedBy: null })
    expect(issue.answeredAt).not.toBeNull()
    expect(issue.title).toContain(`a retest does not speak for what ${elsewhere} lost`)
  })
})

test('what the list and the badge tell of a target is its last whole scan: one of other ports changes nothing', async () => {
  const targetId = await newTarget('standard')
  const scanned = async (body: object) => {
    const { body: opened } = await stage.api<ScanAnswer>('POST', '/scans', { targetId, site: 'fra-1', ...body })
    await played(opened.id)
    return opened.id
  }
  const whole = await scanned({})
  await scanned({ ports: '80,3306' })
  expect(await lastOf(targetId)).toBe(whole)
  expect(await rowOf(targetId)).toMatchObject({ lastScanId: whole, retest: null })
})
