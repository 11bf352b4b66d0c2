import { beforeAll, describe, expect, test } from 'vitest'
import type { ScanAnswer, TargetAnswer } from '../../schema/api.ts'
import type { ProofTokenAnswer } from '../../schema/proofApi.ts'
import { openFleet, type Probe } from './support/probes.ts'
import { openStage, type Stage } from './support/stage.ts'

const PUBLIC = 'https://scanner.example.net'
const DAY = 86_400_000
let stage: Stage
let fleet: Probe[]
let other: string

beforeAll(async () => {
  stage = await openStage({ PUBLIC_URL: PUBLIC })
  fleet = await openFleet(stage)
  for (const probe of fleet) await probe.lease()
  other = (await stage.api<{ key: string }>('POST', '/tenants', { name: 'Others' })).body.key
})

const targetAt = async (address: string, more: object = {}, key?: string) =>
  (await stage.api<TargetAnswer>('POST', '/targets', { address, ports: '80', sites: ['nyc-1'], ...more }, key)).body
const token = async (path = '/proof-token', key?: string) =>
  (await stage.api<ProofTokenAnswer>('GET', path, undefined, key)).body
/** what the run of a new scan of this target is given to carry */
async function carried(target: TargetAnswer, key?: string): Promise<string | undefined> {
  const scan = await stage.api<ScanAnswer>('POST', '/scans', { targetId: target.id }, key)
  const probe = fleet.find(({ site }) => site === 'nyc-1') as Probe
  const { runs } = await probe.lease()
  await stage.api('POST', `/scans/${scan.body.id}/cancel`, {}, key)
  for (const { runId, epoch } of runs)
    await probe.say('result', { runId, epoch, seq: 1, observations: [], spans: [], found: [], outcome: 'stopped' })
  return runs.find(({ scanId }) => scanId === scan.body.id)?.proofToken
}

describe('proof tokens', () => {
  test('a tenant that never asked for one has none to carry', async () => {
    expect(await carried(await targetAt('127.0.9.60'))).toBeUndefined()
  })

  test('each tenant has its own, always the same, for those who may write', async () => {
    const mine = await token()
    expect(mine).toMatchObject({
      header: 'Portwitness-Proof',
      token: expect.stringMatching(/^pwp_[0-9a-f]{40}$/),
      next: null,
    })
    expect((await token()).token).toBe(mine.token)
    expect((await token('/proof-token', other)).token).not.toBe(mine.token)
    const reader = await stage.api<{ key: string }>('POST', '/keys', { name: 'reader', scope: 'read' })
    expect((await stage.api('GET', '/proof-token', undefined, reader.body.key)).status).toBe(403)
    expect((await stage.api('GET', '/proof-token')).headers.get('cache-control')).toBe('no-store')
  })

  test('a target may have its own, and one may carry none; what its host learns opens no other', async () => {
    const [plain, own, none] = await Promise.all([
      targetAt('127.0.9.61'),
      targetAt('127.0.9.62', { proofHeader: 'target' }),
      targetAt('127.0.9.63', { proofHeader: 'none' }),
    ])
    const tenants = (await token()).token
    expect(await carried(plain)).toBe(tenants)
    const its = (await token(`/targets/${own.id}/proof-token`)).token
    expect(await carried(own)).toBe(its)
    expect(its).not.toBe(tenants)
    expect((await token(`/targets/${plain.id}/proof-token`)).token).not.toBe(its)
    expect(await carried(none)).toBeUndefined()
    expect((await stage.api('GET', `/targets/${own.id}/proof-token`, undefined, other)).status).toBe(404)
    const theirs = await targetAt('127.0.9.61', {}, other)
    expect(await carried(theirs, other)).toBe((await token('/proof-token', other)).token)
  })

  test('a new one is shown before it is carried, so that both may be allowed', async () => {
    const target = await targetAt('127.0.9.64')
    const before = await token()
    const rotated = await stage.api<ProofTokenAnswer>('POST', '/proof-token/rotate', { overlapSeconds: 3_600 })
    expect(rotated.body).toMatchObject({
      token: before.token,
      next: { usedFrom: new Date(stage.now() + 3_600_000).toISOString() },
    })
    const next = rotated.body.next?.token
    expect(next).not.toBe(before.token)
    expect(await carried(target)).toBe(before.token)
    stage.pass(3_600_000)
    for (const probe of fleet) await probe.lease()
    expect(await token()).toMatchObject({ token: next, next: null })
    expect(await carried(target)).toBe(next)
    // Made twice before its time, the first of them is dropped.
    await stage.api('POST', '/proof-token/rotate', { overlapSeconds: 60 })
    const last = await stage.api<ProofTokenAnswer>('POST', '/proof-token/rotate', { overlapSeconds: 0 })
    expect(last.body.token).not.toBe(next)
    expect(last.body.next).toBeNull()
    expect((await stage.api('POST', '/proof-token/rotate', { overlapSeconds: -1 })).status).toBe(422)
    expect((await token('/proof-token', other)).token).toMatch(/^pwp_/)
  })
})

describe('the key directory', () => {
  const directory = async () => {
    const answer = await stage.fetch('/.well-known/http-message-signatures-directory')
    return { answer, body: (await answer.json()) as { keys: Record<string, string>[] } }
  }

  test('lists the key of each probe, for everyone, and no address', async () => {
    const { answer, body } = await directory()
    expect(answer.headers.get('content-type')).toBe('application/http-message-signatures-directory+json')
    expect(answer.headers.get('cache-control')).toContain('max-age')
    expect(body.keys).toHaveLength(5)
    for (const key of body.keys)
      expect(key).toEqual({
        ...{ kty: 'OKP', crv: 'Ed25519', use: 'sig' },
        x: expect.stringMatching(/^[\w-]{43}$/),
        kid: expect.stringMatching(/^[\w-]{43}$/),
      })
    expect(JSON.stringify(body)).not.toContain('127.')
  })

  test('asks each probe for its signature, tells it the public address, and takes no signature that does not hold', async () => {
    const [probe] = fleet as [Probe]
    const asked = await probe.lease()
    expect(asked).toMatchObject({ publicUrl: PUBLIC, signFor: 'scanner.example.net' })
    const [created, expires] = [Math.floor(stage.now() / 1_000), Math.floor(stage.now() / 1_000) + 86_400]
    const { body } = await directory()
    const forged = {
      authority: 'scanner.example.net',
      input: `("@authority";req);created=${created};keyid="${body.keys[0]?.kid}";alg="ed25519";expires=${expires};tag="http-message-signatures-directory"`,
      signature: `${'A'.repeat(86)}==`,
      expires: expires * 1_000,
    }
    expect(await probe.lease({ directory: forged })).toMatchObject({ signFor: 'scanner.example.net' })
    const { answer } = await directory()
    expect(answer.headers.get('signature')).toBeNull()
  })

  test('leaves out a probe that is drained, and one that was revoked', async () => {
    await stage.api('PATCH', `/probes/${fleet[3]?.id}`, { drained: true })
    expect((await directory()).body.keys).toHaveLength(4)
    await stage.api('PATCH', `/probes/${fleet[3]?.id}`, { drained: false })
  })
})

describe('the drift watch', () => {
  const outdated = () => stage.count('outbox', "name = 'allowlist.outdated'")
  let target: TargetAnswer
  let provedAt: number

  test('says nothing of a target whose allowlist was never known to be whole', async () => {
    target = await targetAt('127.0.9.70', { sites: ['nyc-1', 'lon-1'] })
    provedAt = stage.now()
    stage.pass(1_000)
    await stage.api('POST', '/probes/enrolments', { site: 'lon-1', sourceAddress: '127.0.5.1' })
    stage.pass(DAY)
    await stage.tick()
    expect(await outdated()).toBe(0)
  })

  test('tells the owner once of a range that its allowlist predates, and shows it on the target', async () => {
    await stage.env.DB.prepare('UPDATE targets SET proved_at = ? WHERE id = ?').bind(provedAt, target.id).run()
    stage.pass(DAY)
    await stage.tick()
    expect(await outdated()).toBe(1)
    const { body } = await stage.api<TargetAnswer>('GET', `/targets/${target.id}`)
    expect(body.allowlistOutdatedBy).toEqual([{ cidr: '127.0.5.1/32', site: 'lon-1', from: expect.any(String) }])
    const row = await stage.env.DB.prepare("SELECT body FROM outbox WHERE name = 'allowlist.outdated'").first<{
      body: string
    }>()
    expect(row?.body).toContain('your allowlist predates prefix 127.0.5.1/32')
    for (let day = 0; day < 3; day++) {
      stage.pass(DAY)
      await stage.tick()
      await stage.tick()
    }
    expect(await outdated()).toBe(1)
  })

  test('writes nothing on the days on which nothing is new, but that it has looked', async () => {
    stage.pass(DAY)
    await stage.tick()
    stage.rows()
    await stage.tick()
    expect(stage.rows()).toBe(0)
  })

  test('keeps it while a proof left the range out, and stays silent once a proof from it has cleared it', async () => {
    const proved = (more: string) =>
      stage.env.DB.prepare(`UPDATE targets SET proved_at = ?${more} WHERE id = ?`).bind(stage.now(), target.id).run()
    await proved('')
    stage.pass(DAY)
    await stage.tick()
    expect((await stage.api<TargetAnswer>('GET', `/targets/${target.id}`)).body.allowlistOutdatedBy).toHaveLength(1)
    await proved(", outdated_by = '[]'")
    stage.pass(DAY)
    await stage.tick()
    expect((await stage.api<TargetAnswer>('GET', `/targets/${target.id}`)).body.allowlistOutdatedBy).toEqual([])
    expect(await outdated()).toBe(1)
  })
})
