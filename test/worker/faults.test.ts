/** A database or a bucket that cannot serve just now: who asked is told to come back, and finds everything as it should be. */
import { beforeAll, expect, test } from 'vitest'
import type { ScanAnswer } from '../../schema/api.ts'
import { type Ailments, D1_FAULTS, type D1Fault } from './support/ailments.ts'
import { faultyD1, faultyR2 } from './support/faulty-d1.ts'
import { openFleet, type Probe } from './support/probes.ts'
import { openStage, type Stage } from './support/stage.ts'

let stage: Stage
let fleet: Probe[]
let ails: Ailments = { db: null, raw: null }

beforeAll(async () => {
  stage = await openStage()
  fleet = await openFleet(stage)
  const { DB, RAW } = stage.env
  stage.env.DB = faultyD1(
    DB,
    () => ails.db,
    () => {},
  )
  stage.env.RAW = faultyR2(
    RAW,
    () => ails.raw,
    () => {},
  )
})

test.each(Object.keys(D1_FAULTS) as D1Fault[])('D1 that is %s: 503 and when to come back', async (says) => {
  ails = { db: { share: 1, when: 'before', says }, raw: null }
  const answer = await stage.api('GET', '/targets')
  ails = { db: null, raw: null }
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '2'])
})

async function resultOf(address: string) {
  const { body: target } = await stage.api<{ id: string }>('POST', '/targets', { address, ports: '22' })
  const { body: scan } = await stage.api<ScanAnswer>('POST', '/scans', { targetId: target.id, site: 'fra-1' })
  for (const probe of fleet)
    for (const run of (await probe.lease()).runs)
      if (run.kind === 'scan') {
        const result = {
          ...{ runId: run.runId, epoch: run.epoch, seq: 1, observations: [], spans: [], found: [], outcome: 'done' },
          ...{ ports: { asked: 1, tested: 1, untested: '' }, recheck: [], engagement: [], output: 'the log' },
        }
        return { scan, say: () => probe.say<{ outcome: string }>('result', result) }
      }
  throw new Error('no run was leased')
}

test.each(['before', 'after'] as const)(
  'R2 that fails %s the put: the result waits, and no key points to nothing',
  async (when) => {
    const { scan, say } = await resultOf(when === 'before' ? '127.0.44.1' : '127.0.44.2')
    ails = { db: null, raw: { share: 1, when } }
    const refused = await say()
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '2'])
    expect(await stage.count('runs', `scan_id = '${scan.id}' AND result_digest IS NOT NULL`)).toBe(0)
    ails = { db: null, raw: null }
    expect(await say()).toMatchObject({ status: 200, body: { outcome: 'applied' } })
    const output = await stage.api<string>('GET', `/scans/${scan.id}/output`)
    expect([output.status, output.body]).toEqual([200, expect.stringContaining('the log')])
  },
)

test('a commit whose answer was lost has one effect', async () => {
  const { scan, say } = await resultOf('127.0.44.3')
  ails = { db: { share: 1, when: 'after', says: 'lost' }, raw: null }
  for (let i = 0; i < 3; i++) expect((await say()).status).toBe(503)
  ails = { db: null, raw: null }
  expect(await say()).toMatchObject({ status: 200 })
  expect(await stage.count('scans', `id = '${scan.id}' AND state = 'finished'`)).toBe(1)
  expect(await stage.count('outbox', `body LIKE '%${scan.id}%' AND name = 'scan.finished'`)).toBe(1)
})
