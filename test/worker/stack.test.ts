/** What the operator and his monitoring see of the whole stack. */
import { beforeAll, expect, test } from 'vitest'
import { NEWEST_MIGRATION, type StackAnswer } from '../../schema/stack.ts'
import { openFleet, type Probe } from './support/probes.ts'
import { KEY, openStage, type Stage } from './support/stage.ts'

let stage: Stage
let fleet: Probe[]
beforeAll(async () => {
  stage = await openStage()
  fleet = await openFleet(stage)
})
const stack = async () => (await stage.api<StackAnswer>('GET', '/stack')).body
const metrics = async (key = KEY) => {
  const answer = await stage.fetch('/metrics', { headers: { authorization: `Bearer ${key}` } })
  return { status: answer.status, type: answer.headers.get('content-type'), text: await answer.text() }
}

test('a stack is told as it is: schema, secrets, switch, fleet', async () => {
  for (const probe of fleet) await probe.lease({ capacity: { scan: 0, short: 0, baseline: 0 } })
  expect(await stack()).toMatchObject({
    migrations: { newest: NEWEST_MIGRATION, applied: NEWEST_MIGRATION },
    setup: { channelKey: true, rangeSigningKey: false, publicUrl: true, contact: false },
    bootstrapKey: true,
    stopped: false,
    cron: { lastTickAt: null, ageSeconds: null },
    probes: { online: fleet.length, fit: fleet.length, offline: 0 },
  })
  await stage.api('PUT', '/kill-switch', { stopped: true })
  expect((await stack()).stopped).toBe(true)
  await stage.api('PUT', '/kill-switch', { stopped: false })
})

test('cron leaves its mark every five minutes', async () => {
  await stage.tick()
  expect((await stack()).cron.ageSeconds).toBe(0)
  stage.pass(60_000)
  await stage.tick()
  expect((await stack()).cron.ageSeconds).toBe(60)
  stage.pass(240_000)
  await stage.tick()
  expect((await stack()).cron.ageSeconds).toBe(0)
})

test('what waits is counted, and how long', async () => {
  for (const probe of fleet) await probe.lease({ capacity: { scan: 0, short: 0, baseline: 0 } })
  const { body: target } = await stage.api<{ id: string }>('POST', '/targets', { address: '127.0.41.1', ports: '22' })
  expect((await stage.api('POST', '/scans', { targetId: target.id })).status).toBe(202)
  stage.pass(30_000)
  expect(await stack()).toMatchObject({
    scans: { waiting: 0, running: 1 },
    runs: { leased: 0, oldestDueSeconds: expect.any(Number) },
  })
  expect((await stack()).runs.oldestDueSeconds).toBeGreaterThanOrEqual(29)
})

test('the metrics are the same in three queries, with help and type for each, and for the operator alone', async () => {
  stage.queries()
  const { status, type, text } = await metrics()
  expect(stage.queries()).toBeLessThanOrEqual(3)
  expect({ status, type }).toEqual({ status: 200, type: 'text/plain; version=0.0.4; charset=utf-8' })
  expect(text).toContain('\nportwitness_scans{state="running"} 1\n')
  expect(text).toContain(`portwitness_info{migration="${NEWEST_MIGRATION}",current="true"} 1\n`)
  for (const [, name] of text.matchAll(/^(\w+)(?:\{.*\})? \S+$/gm)) {
    expect(text).toContain(`# HELP ${name} `)
    expect(text).toContain(`# TYPE ${name} gauge\n`)
  }
  const { body: other } = await stage.api<{ key: string }>('POST', '/tenants', { name: 'Other' })
  expect((await metrics(other.key)).status).toBe(403)
  expect((await stage.api('GET', '/stack', undefined, other.key)).status).toBe(403)
  expect((await metrics('pw_nobody')).status).toBe(401)
})
