/** What a probe's doctor asks the Worker. */
import { beforeAll, expect, test } from 'vitest'
import type { CheckAnswer, HelloAnswer } from '../../schema/checkup.ts'
import { VERSION } from '../../schema/version.ts'
import { openFleet, type Probe } from './support/probes.ts'
import { openStage, type Stage } from './support/stage.ts'

let stage: Stage
let fleet: Probe[]
beforeAll(async () => {
  stage = await openStage()
  fleet = await openFleet(stage)
})
async function check(body: object, from = '203.0.113.9'): Promise<CheckAnswer> {
  const answer = await stage.fetch('/probe/v1/check', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'cf-connecting-ip': from },
    body: JSON.stringify(body),
  })
  return answer.json()
}

test('whoever asks is told from where, the time and the version', async () => {
  expect(await check({})).toEqual({ now: stage.now(), version: VERSION, wire: 1, address: '203.0.113.9', token: null })
})

test('who holds a token is told what became of it', async () => {
  const body = { site: 'fra-1', sourceAddress: '127.0.0.91' }
  const { token } = (await stage.api<{ token: string }>('POST', '/probes/enrolments', body)).body
  expect((await check({ token })).token).toEqual({ state: 'usable', sourceAddress: '127.0.0.91' })
  stage.pass(15 * 60_000)
  expect((await check({ token })).token?.state).toBe('expired')
  expect((await check({ token: 'pwe_guessed' })).token).toEqual({ state: 'unknown', sourceAddress: null })
})

test('a hello gives a probe its standing, takes no work and writes nothing', async () => {
  const [probe] = fleet as [Probe]
  stage.rows()
  const { status, body } = (await probe.say('hello', {})) as { status: number; body: HelloAnswer }
  expect({ status, body }).toMatchObject({
    status: 200,
    body: { site: 'fra-1', stopped: false, drained: false, standing: { scans: true } },
  })
  expect(stage.rows()).toBe(0)
})

test('a request in the name of a probe, from elsewhere, does not take its range from it', async () => {
  const [probe] = fleet as [Probe]
  stage.pass(20_000)
  expect((await probe.say('hello', {}, { from: '127.9.9.9' })).status).toBe(401)
  const { standing } = await probe.lease({ capacity: { scan: 0, short: 0, baseline: 0 } })
  expect(standing.scans).toBe(true)
})
