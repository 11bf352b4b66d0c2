import { beforeAll, describe, expect, test } from 'vitest'
import { LIMITS } from '../../schema/wire.ts'
import { API_BYTES, RESTORE_BYTES } from '../../worker/guards/limit.ts'
import { enrolProbe, type Probe } from '../worker/support/probes.ts'
import { KEY, openStage, type Stage } from '../worker/support/stage.ts'
import { changes, isApi, nameOf, ROUTES } from './support/routes.ts'

let stage: Stage
let probe: Probe
beforeAll(async () => {
  stage = await openStage()
  probe = await enrolProbe(stage, { site: 'fra-1', sourceAddress: '127.0.1.80' })
})

const WITH_BODY = ROUTES.filter((one) => isApi(one) && changes(one) && one.method !== 'DELETE')
const send = (path: string, body: BodyInit, headers: Record<string, string> = {}) =>
  stage.fetch(path.replace(/:id/g, 'tgt_00000000000000000000'), {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json', ...headers },
    body,
  })
async function gzipped(bytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const zeros = new Uint8Array(1024 * 1024)
  let left = bytes
  const source = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.enqueue(zeros.subarray(0, Math.min(left, zeros.length)))
      left -= zeros.length
      if (left <= 0) controller.close()
    },
  })
  return new Uint8Array(await new Response(source.pipeThrough(new CompressionStream('gzip'))).arrayBuffer())
}

test('a body beyond the bound is refused on every route that takes one, by its header or as it streams', async () => {
  const beyond = (bytes: number) => new TextEncoder().encode(`{"x":"${'a'.repeat(bytes)}"}`)
  // Rows and raw texts of a backup come in larger pieces.
  const [large, larger] = [beyond(API_BYTES), beyond(RESTORE_BYTES)]
  for (const { method, path, ...rest } of WITH_BODY) {
    const answer = await stage.fetch(path.replace(/:id/g, 'tgt_00000000000000000000'), {
      method,
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      body: path.startsWith('/api/v1/restore/') ? larger : large,
    })
    expect(
      [answer.status, ((await answer.json()) as { code: string }).code],
      nameOf({ method, path, ...rest }),
    ).toEqual([413, 'too_large'])
  }
  // Without a length, as it is sent in pieces.
  let sent = 0
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      sent += 65_536
      controller.enqueue(new Uint8Array(65_536).fill(97))
    },
  })
  const answer = await send('/api/v1/targets', endless)
  expect(answer.status).toBe(413)
  expect(sent).toBeLessThan(API_BYTES + 5 * 65_536)
})

test('50 MB of zeros in 49 KB are not unpacked', async () => {
  const bomb = await gzipped(50 * 1024 * 1024)
  expect(bomb.length).toBeLessThan(60_000)
  for (const path of ['/api/v1/targets', '/api/v1/scans', '/api/v1/channels'])
    expect((await send(path, bomb, { 'content-encoding': 'gzip' })).status).toBe(415)
  const answer = await probe.say('renew', null, { raw: bomb, headers: { 'content-encoding': 'gzip' } })
  expect(answer.status).toBe(415)
})

describe('JSON', () => {
  test.each([
    ['arrays in arrays', (depth: number) => '['.repeat(depth) + ']'.repeat(depth)],
    ['objects in objects', (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`],
    ['never closed', (depth: number) => '[{"a":'.repeat(depth)],
  ])('of %s is refused before it is parsed', async (_, deep) => {
    for (const depth of [40, 40_000]) expect((await send('/api/v1/targets', deep(depth))).status).toBe(400)
    const { status } = await probe.say('renew', null, { raw: deep(400_000) })
    expect(status).toBe(400)
  })
  test('brackets in a text are no depth, and names of the language are no fields', async () => {
    expect(
      (await send('/api/v1/targets', JSON.stringify({ address: '127.0.0.1', name: '['.repeat(150) }))).status,
    ).toBe(201)
    for (const name of ['__proto__', 'constructor', 'prototype'])
      expect((await send('/api/v1/targets', `{"address":"127.0.0.1","${name}":{"x":1}}`)).status).toBe(422)
    expect(({} as { x?: number }).x).toBeUndefined()
  })
})

test('lists in a probe’s report have their bounds', async () => {
  const { body: target } = await stage.api<{ id: string }>('POST', '/targets', { address: '127.0.72.1', ports: '22' })
  await probe.lease()
  await stage.api('POST', '/scans', { targetId: target.id })
  const run = (await probe.lease()).runs[0]
  const spans = Array.from({ length: LIMITS.spansPerMessage + 1 }, () => ({
    ...{ address: '127.0.72.1', port: 22, from: stage.now(), to: stage.now(), touches: 1 },
  }))
  const answer = await probe.say<{ errors: { field: string }[] }>('renew', {
    ...{ runId: run?.runId, epoch: run?.epoch, seq: 1, observations: [], found: [], spans },
  })
  expect(answer).toMatchObject({ status: 422, body: { errors: [{ field: 'spans' }] } })
})
