import { beforeAll, describe, expect, test } from 'vitest'
import { ROTATION_MS, rotationText } from '../../schema/rotation.ts'
import { canonicalRequest, SIGNATURE_HEADERS } from '../../schema/signed.ts'
import { enrolProbe, type Probe } from '../worker/support/probes.ts'
import { openStage, type Stage } from '../worker/support/stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})

const base64 = (bytes: ArrayBuffer): string => btoa(String.fromCharCode(...new Uint8Array(bytes)))
async function newKey() {
  const pair = (await crypto.subtle.generateKey({ name: 'Ed25519' }, true, ['sign', 'verify'])) as CryptoKeyPair
  const publicKey = base64((await crypto.subtle.exportKey('raw', pair.publicKey)) as ArrayBuffer)
  const sign = async (text: string) =>
    base64(await crypto.subtle.sign('Ed25519', pair.privateKey, new TextEncoder().encode(text)))
  return { publicKey, sign }
}
const LEASE = {
  ...{ wire: 1, capacity: { scan: 1, short: 8, baseline: 6 }, holding: [], allowPrivate: true },
  health: { agent: 'test', fit: true, reasons: [], lagMs: 0, spooled: 0 },
}
/** A request of this probe signed with whichever key. */
async function say(probe: Probe, key: { sign: (text: string) => Promise<string> }, path: string, body: object) {
  const text = JSON.stringify(body)
  const [time, nonce] = [String(stage.now()), crypto.randomUUID()]
  const digest = [...new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)))]
  const hex = digest.map((byte) => byte.toString(16).padStart(2, '0')).join('')
  const signature = await key.sign(canonicalRequest('POST', `/probe/v1/${path}`, probe.id, time, nonce, hex))
  const answer = await stage.fetch(`/probe/v1/${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'cf-connecting-ip': probe.sourceAddress,
      [SIGNATURE_HEADERS.probe]: probe.id,
      [SIGNATURE_HEADERS.time]: time,
      [SIGNATURE_HEADERS.nonce]: nonce,
      [SIGNATURE_HEADERS.signature]: signature,
    },
    body: text,
  })
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
}

describe('a stolen or changed request', () => {
  let probe: Probe
  beforeAll(async () => {
    probe = await enrolProbe(stage, { site: 'fra-1', sourceAddress: '127.0.1.50' })
  })
  test.each([
    ['another address', { from: '127.0.1.51' }],
    ['a time past', { time: Date.UTC(2026, 10, 22, 11, 58) }],
    [
      'a signature with one bit changed',
      { sign: (text: string) => (text.startsWith('A') ? 'B' : 'A') + text.slice(1) },
    ],
    ['another nonce', { headers: { [SIGNATURE_HEADERS.nonce]: 'other' } }],
    ['another probe’s name', { headers: { [SIGNATURE_HEADERS.probe]: 'prb_00000000000000000000' } }],
  ])('with %s is not believed', async (_, tweak) => {
    expect((await probe.say('lease', LEASE)).status).toBe(200)
    expect((await probe.say('lease', LEASE, tweak)).status).toBe(401)
  })
  test('of a probe that was revoked is not believed, at once', async () => {
    expect((await stage.api('DELETE', `/probes/${probe.id}`)).status).toBe(204)
    expect((await probe.say('lease', LEASE)).status).toBe(401)
  })
})

describe('a probe that changes its key', () => {
  let probe: Probe
  const rotate = async (key: Awaited<ReturnType<typeof newKey>>, proofBy = key, name = key) =>
    probe.say('rotate', {
      wire: 1,
      publicKey: name.publicKey,
      proof: await proofBy.sign(rotationText(probe.id, name.publicKey)),
    })
  beforeAll(async () => {
    probe = await enrolProbe(stage, { site: 'fra-1', sourceAddress: '127.0.1.60' })
  })

  test('must have the new one: nobody gives it a key of theirs', async () => {
    const [mine, other] = [await newKey(), await newKey()]
    expect(await rotate(other, mine)).toMatchObject({ status: 422, body: { errors: [{ field: 'proof' }] } })
    expect((await say(probe, other, 'lease', LEASE)).status).toBe(401)
    // Signed by the new key alone: whoever has not the old one changes nothing.
    const body = {
      wire: 1,
      publicKey: other.publicKey,
      proof: await other.sign(rotationText(probe.id, other.publicKey)),
    }
    expect((await say(probe, other, 'rotate', body)).status).toBe(401)
  })

  test('is believed with both for a day, then with the new one alone; a repeat is no harm', async () => {
    const next = await newKey()
    expect(await rotate(next)).toMatchObject({ status: 200, body: { oldKeyUntil: stage.now() + ROTATION_MS } })
    expect((await rotate(next)).status).toBe(200)
    expect((await probe.say('lease', LEASE)).status).toBe(200)
    expect((await say(probe, next, 'lease', LEASE)).status).toBe(200)
    stage.pass(ROTATION_MS + 1)
    expect((await probe.say('lease', LEASE)).status).toBe(401)
    expect((await say(probe, next, 'lease', LEASE)).status).toBe(200)
    const { body } = await stage.api<{ items: { actor: string; deed: string }[] }>('GET', '/audit?limit=5')
    expect(body.items).toContainEqual(
      expect.objectContaining({ actor: `probe:${probe.id}`, deed: 'POST /probe/v1/rotate' }),
    )
  })
})

test('a drained probe gets nothing new, and a lease says which version is the newest', async () => {
  const probe = await enrolProbe(stage, { site: 'fra-1', sourceAddress: '127.0.1.70' })
  expect((await probe.say<{ newest: string }>('lease', LEASE)).body.newest).toMatch(/^portwitness\/\d/)
  const old = { ...LEASE, health: { ...LEASE.health, agent: 'portwitness/0.0.9', fit: false } }
  await probe.say('lease', old)
  const drained = await stage.api<{ drained: boolean; outdated: boolean }>('PATCH', `/probes/${probe.id}`, {
    drained: true,
  })
  expect(drained.body).toMatchObject({ drained: true, outdated: true })
})
