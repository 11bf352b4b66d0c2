/** Threat: scanning on the strength of a letter that does not cover it, was revoked, or has ended. */
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { ScanAnswer } from '../../schema/api.ts'
import type { LetterAnswer } from '../../schema/control.ts'
import { KEY } from '../worker/support/stage.ts'
import { beside } from './support/beside.ts'
import { type Country, controlOf, DAY, openCountry } from './support/control.ts'

let stage: Country['stage']
let mine: Country['mine']
let theirs: Country['theirs']
let fresh: Country['fresh']
let alive: Country['alive']

beforeAll(async () => {
  ;({ stage, mine, theirs, fresh, alive } = await openCountry())
}, 120_000)
beforeEach(async () => {
  stage.pass(60_000)
  await alive()
})

describe('a letter', () => {
  const letterFor = (tenantId: string, cidr: string, more: object = {}) => ({
    tenantId,
    cidr,
    signedBy: 'A. Holder, Example Carrier',
    signedAt: new Date(stage.now() - 5 * DAY).toISOString(),
    expiresAt: new Date(stage.now() + 90 * DAY).toISOString(),
    sha256: 'ab'.repeat(32),
    ...more,
  })
  const enter = (body: object, key?: string) => stage.api<LetterAnswer>('POST', '/letters', body, key)

  test('looks of a stranger take nothing from what the owner may scan', async () => {
    const address = fresh()
    const target = await mine.add(address)
    await enter(letterFor(mine.id, `${address}/32`))
    const same = await theirs.add(address, { maxConnectsPerSecond: 1 })
    await theirs.wish(same.id)
    expect((await theirs.check(same.id)).status).toBe(202)
    expect((await mine.scan(target.id)).status).toBe(202)
  })

  test('covers its range, for its tenant, to its end; revoked, it stops what runs on its strength', async () => {
    const address = fresh()
    const network = `${address.split('.').slice(0, 3).join('.')}.0/24`
    const target = await mine.add(address)
    const { status, body: letter } = await enter(letterFor(mine.id, network))
    expect({ status, letter }).toMatchObject({
      status: 201,
      letter: { cidr: network, revokedAt: null, enteredBy: 'key_bootstrap' },
    })
    expect(await controlOf(mine, target.id)).toMatchObject({
      state: 'proved',
      method: 'letter',
      expiresAt: letter.expiresAt,
    })
    const { status: begun, body: scan } = await mine.api<ScanAnswer>('POST', '/scans', { targetId: target.id })
    expect(begun).toBe(202)
    const same = await theirs.add(address)
    expect((await theirs.scan(same.id)).status).toBe(422)
    expect((await stage.api('DELETE', `/letters/${letter.id}`)).status).toBe(204)
    expect((await mine.api<ScanAnswer>('GET', `/scans/${scan.id}`)).body.state).toBe('cancelled')
    expect((await mine.scan(target.id)).status).toBe(422)
    expect((await stage.api('DELETE', `/letters/${letter.id}`)).status).toBe(404)
    const { body: list } = await stage.api<{ items: LetterAnswer[] }>('GET', '/letters')
    expect(list.items.find(({ id }) => id === letter.id)?.revokedAt).not.toBeNull()
  })

  test('revoked while a scan opens, at whichever moment, it opens none', async () => {
    const address = fresh()
    const target = await mine.add(address, { schedule: '* * * * *' })
    const { body: letter } = await enter(letterFor(mine.id, `${address}/32`))
    const plain = stage.env.DB
    const revoke = () => plain.prepare('UPDATE letters SET revoked_at = 1 WHERE id = ?').bind(letter.id).run()
    const restore = () => plain.prepare('UPDATE letters SET revoked_at = NULL WHERE id = ?').bind(letter.id).run()
    stage.env.DB = beside(plain, /insert into "?scans/i, revoke)
    const refused = await mine.scan(target.id)
    stage.env.DB = plain
    expect(refused).toMatchObject({ status: 422, body: { code: 'unproved_address' } })
    expect(await stage.count('scans', `target_id = '${target.id}'`)).toBe(0)
    // One that is due gets its panel in an update.
    await restore()
    stage.pass(61_000)
    await alive()
    stage.env.DB = beside(plain, /update "?scans"? set "?lane/i, revoke)
    await stage.tick()
    stage.env.DB = plain
    expect(await stage.count('scans', `target_id = '${target.id}'`)).toBe(1)
    expect(await stage.count('runs', `scan_id IN (SELECT id FROM scans WHERE target_id = '${target.id}')`)).toBe(0)
    await mine.api('DELETE', `/targets/${target.id}`)
  })

  test.each([
    [
      'an opt-out',
      (address: string) => `INSERT INTO opt_outs VALUES ('ten_default', 'opt_${address}', '${address}/32', NULL, 5)`,
      'opted_out',
    ],
    [
      'the kill switch',
      () => "INSERT INTO settings VALUES ('stopped', '1', 5) ON CONFLICT DO UPDATE SET value = '1'",
      'scanning_stopped',
    ],
  ] as const)('nor does a scan open beside %s, nor a look', async (_, sql, code) => {
    const address = fresh()
    const target = await mine.add(address)
    await mine.wish(target.id)
    await enter(letterFor(mine.id, `${address}/32`))
    const plain = stage.env.DB
    const undo = async () => {
      await plain.prepare('DELETE FROM opt_outs WHERE created_at = 5').run()
      await plain.prepare("DELETE FROM settings WHERE name = 'stopped'").run()
    }
    stage.env.DB = beside(plain, /insert into "?scans/i, () => plain.prepare(sql(address)).run())
    const scan = await mine.scan(target.id)
    stage.env.DB = plain
    await undo()
    stage.env.DB = beside(plain, /insert into "?scans/i, () => plain.prepare(sql(address)).run())
    const look = await mine.check(target.id)
    stage.env.DB = plain
    await undo()
    expect(scan.body.code).toBe(code)
    expect(look.status).toBe(409)
    expect(await stage.count('scans', `target_id = '${target.id}'`)).toBe(0)
    expect(await stage.count('controls', `subject = '${address}' AND asked_at IS NOT NULL`)).toBe(0)
  })

  test('that ends stops what runs on its strength, and nothing else', async () => {
    const [address, other] = [fresh(), fresh()]
    const [target, lasting] = [await mine.add(address), await mine.add(other)]
    await enter(letterFor(mine.id, `${address}/32`, { expiresAt: new Date(stage.now() + 600_000).toISOString() }))
    await enter(letterFor(mine.id, `${other}/32`))
    const begin = async (id: string) => (await mine.api<ScanAnswer>('POST', '/scans', { targetId: id })).body.id
    const [ends, goesOn] = [await begin(target.id), await begin(lasting.id)]
    const stateOf = async (id: string) => (await mine.api<ScanAnswer>('GET', `/scans/${id}`)).body.state
    await stage.tick()
    expect([await stateOf(ends), await stateOf(goesOn)]).toEqual(['queued', 'queued'])
    stage.pass(600_000)
    await alive()
    await stage.tick()
    expect([await stateOf(ends), await stateOf(goesOn)]).toEqual(['cancelled', 'queued'])
    await mine.api('POST', `/scans/${goesOn}/cancel`, {})
  })

  test('ends by itself', async () => {
    const address = fresh()
    const target = await mine.add(address)
    await enter(letterFor(mine.id, `${address}/32`, { expiresAt: new Date(stage.now() + DAY).toISOString() }))
    expect((await controlOf(mine, target.id)).state).toBe('proved')
    stage.pass(DAY)
    await alive()
    expect((await controlOf(mine, target.id)).state).toBe('unproved')
  })

  test('is entered by operators alone, within bounds', async () => {
    const { body: key } = await mine.api<{ key: string }>('POST', '/keys', { name: 'admin', scope: 'admin' })
    expect(await enter(letterFor(mine.id, '45.33.250.0/24'), key.key)).toMatchObject({ status: 403 })
    const bad: [string, object][] = [
      ['cidr', letterFor(mine.id, '0.0.0.0/0')],
      ['cidr', letterFor(mine.id, '::/0')],
      ['cidr', letterFor(mine.id, '45.33.250.1/24')],
      ['tenantId', letterFor('ten_nobody1234567', '45.33.250.0/24')],
      ['sha256', letterFor(mine.id, '45.33.250.0/24', { sha256: 'AB'.repeat(32) })],
      ['signedAt', letterFor(mine.id, '45.33.250.0/24', { signedAt: new Date(stage.now() + DAY).toISOString() })],
      [
        'expiresAt',
        letterFor(mine.id, '45.33.250.0/24', { expiresAt: new Date(stage.now() + 800 * DAY).toISOString() }),
      ],
      ['signedBy', letterFor(mine.id, '45.33.250.0/24', { signedBy: '\u202eevil' })],
    ]
    for (const [field, body] of bad)
      expect(await enter(body, KEY), JSON.stringify(body)).toMatchObject({ status: 422, body: { errors: [{ field }] } })
  })

  test('opens nothing that is special', async () => {
    const address = '192.0.2.1'
    await enter(letterFor(mine.id, '192.0.2.0/24'))
    expect(await mine.api('POST', '/targets', { address })).toMatchObject({ status: 422, body: { code: 'special' } })
  })
})
