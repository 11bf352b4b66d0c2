/** Threats: forbidden addresses, parser tricks. What is not the public internet gets no packet, however it is written. */
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { addressAt, boundsOf, parseAddress, parseCidr } from '../../schema/address.ts'
import { BLOCK_ROWS } from '../../schema/address-blocks.ts'
import { touchableNow } from '../../worker/touchable.ts'
import { worldOf } from '../../worker/world.ts'
import { openStage, type Stage } from '../worker/support/stage.ts'
import { type Names, openNames, openTenant, type Tenant } from './support/control.ts'
import { embeddings, ODD_NAMES, ODD_SPELLINGS } from './support/spellings.ts'

let stage: Stage
let names: Names
let mine: Tenant

beforeAll(async () => {
  stage = await openStage({ ALLOW_PRIVATE: '' })
  names = openNames(stage)
  mine = await openTenant(stage, 'mine')
  // A letter for everything: special addresses are not anybody's to give.
  for (const cidr of [
    '0.0.0.0/8',
    '10.0.0.0/8',
    '100.0.0.0/8',
    '127.0.0.0/8',
    '192.0.0.0/8',
    '224.0.0.0/8',
    '2001::/16',
    '2002::/16',
    'fd00::/16',
  ])
    await stage.api('POST', '/letters', {
      ...{ tenantId: mine.id, cidr, signedBy: 'Nobody', sha256: '0'.repeat(64) },
      ...{ signedAt: new Date(stage.now()).toISOString(), expiresAt: new Date(stage.now() + 86_400_000).toISOString() },
    })
})

/** The first, the last and one address between, of each row of the registries. */
const rows = BLOCK_ROWS.flatMap(([block, kind, name]) => {
  const cidr = parseCidr(block)
  if (!cidr || block === '::/0') return []
  const { first, last } = boundsOf(cidr)
  const texts = [first, last, first + (last - first) / 3n].map((bits) => addressAt(bits, cidr.family).text)
  return [...new Set(texts)].map((text) => [text, kind, name] as const)
})

const add = (address: string) => mine.api('POST', '/targets', { address, ports: '80' })
const refused = { status: 422, body: { code: expect.stringMatching(/^(private|special)$/) } }

describe('every row of the registries', () => {
  test.each(rows)('%s is no target (%s: %s)', async (address) => {
    expect(await add(address)).toMatchObject(refused)
  })

  test('nor where a name leads, at proof and at scan; nor an anchor', async () => {
    const bad: string[] = []
    const target = await mine.add('special.example')
    for (const [address] of rows) {
      names.addresses['special.example'] = [address]
      const { status, body } = await mine.scan(target.id)
      const proof = await mine.wish(target.id)
      if (status !== 422 || !/^(private|special)$/.test(body.code) || proof.status !== 422) bad.push(address)
    }
    expect(bad).toEqual([])
    const anchor = (address: string) =>
      mine.api('POST', '/targets', { address: '66.220.200.7', anchors: [{ address, port: 80 }] })
    for (const [address] of rows.slice(0, 20)) expect(await anchor(address)).toMatchObject(refused)
    expect(await stage.count('runs')).toBe(0)
  }, 400_000)
})

test('an address inside an address never passes, whatever is inside', async () => {
  const world = worldOf(stage.env, stage.now(), () => undefined)
  const strict = await touchableNow(world, mine.id, [])
  const lenient = await touchableNow({ ...world, allowPrivate: true }, mine.id, [])
  fc.assert(
    fc.property(fc.ipV4(), (inner) => {
      for (const [way, text] of Object.entries(embeddings(inner))) {
        const address = parseAddress(text) ?? expect.fail(`${text} did not parse`)
        // `::1` is written like a compatible address, and is loopback.
        if (address.text === '::1') continue
        expect(strict(address)?.code, `${way} ${text}`).toBe('special')
        expect(lenient(address)?.code, `${way} ${text}`).toBe('special')
      }
    }),
    { numRuns: 500 },
  )
})

test('embeddings of well-known insides are no targets', async () => {
  for (const inner of ['127.0.0.1', '10.0.0.1', '169.254.169.254', '8.8.8.8', '192.168.1.1', '0.0.0.1'])
    for (const [way, text] of Object.entries(embeddings(inner)))
      expect(await add(text), `${way} ${text}`).toMatchObject(refused)
})

describe('odd spellings', () => {
  test.each(ODD_SPELLINGS)('%j is no target and no anchor of ours', async (text) => {
    const { status, body } = await add(text)
    expect({ text, status }).toEqual({ text, status: 422 })
    expect(body.code).toBe('invalid')
    const anchored = await mine.api('POST', '/targets', {
      address: '66.220.201.7',
      anchors: [{ address: text, port: 80 }],
    })
    expect(anchored).toMatchObject({ status: 422, body: { code: 'invalid' } })
  })

  test.each(ODD_NAMES)('%j is no name of ours', async (text) => {
    expect(await add(text)).toMatchObject({ status: 422, body: { code: 'invalid' } })
  })

  test('an opt-out that would meet nothing is refused, and not silently kept', async () => {
    const optOut = async (cidr: string) => (await stage.api('POST', '/opt-outs', { cidr })).status
    for (const cidr of ['::ffff:8.8.8.0/120', '64:ff9b::808:808', '2002:808:808::/48'])
      expect(await optOut(cidr)).toBe(422)
    for (const text of ODD_SPELLINGS.filter((one) => one !== '127.0.0.1/32' && one !== '::1/128'))
      expect({ text, status: await optOut(text) }).toEqual({ text, status: 422 })
    expect(await stage.count('opt_outs')).toBe(0)
    for (const cidr of ['8.8.8.0/24', '2a01:4f8::/32', '45.33.1.7', '::/0']) expect(await optOut(cidr)).toBe(201)
    await stage.env.DB.prepare('DELETE FROM opt_outs').run()
  })

  test('one address has one spelling, so that a proof and an opt-out meet what they speak of', async () => {
    const { body } = await mine.api<{ address: string }>('POST', '/targets', {
      address: '2A01:04F8:0:0:0::7',
      ports: '80',
    })
    expect(body.address).toBe('2a01:4f8::7')
  })
})
