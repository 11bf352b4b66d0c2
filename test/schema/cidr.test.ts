import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Address, type Cidr, contains, isPublic, parseAddress, parseCidr } from '../../schema/address.ts'
import { keyOf, overlaps, placeOf, readCidr, spanOf, WIDEST } from '../../schema/cidr.ts'

const cidr = (text: string): Cidr => {
  const read = readCidr(text)
  if ('error' in read) throw new Error(`${text} ${read.error}`)
  return read.cidr
}
const address = (text: string): Address => parseAddress(text) as Address

/** Networks that may be published, of both families. */
const networks = fc
  .oneof(
    fc.record({ text: fc.ipV4(), prefix: fc.integer({ min: WIDEST[4], max: 32 }) }),
    fc.record({ text: fc.ipV6(), prefix: fc.integer({ min: WIDEST[6], max: 128 }) }),
  )
  .map(({ text, prefix }) => networkOf(text, prefix))
  .filter((one): one is Cidr => one !== null)

/** The network around an address, found by asking for what the refusal says to write; null for a mapped one. */
function networkOf(text: string, prefix: number): Cidr | null {
  const read = readCidr(`${text}/${prefix}`)
  if ('cidr' in read) return read.cidr
  const [, meant] = /write (\S+) for the network/.exec(read.error) ?? []
  return meant === undefined ? null : cidr(meant)
}

describe('a network that is to be published', () => {
  test.each([
    ['203.0.113.0/24', '203.0.113.0/24'],
    ['203.0.113.7', '203.0.113.7/32'],
    ['2001:DB8:0:0:0:0:0:0/32', '2001:db8::/32'],
    ['2001:db8::7', '2001:db8::7/128'],
  ])('%s is read as %s', (text, canonical) => expect(cidr(text).text).toBe(canonical))

  test.each([
    ['203.0.113.7/24', 'write 203.0.113.0/24 for the network, or 203.0.113.7/32'],
    ['2001:db8::1/64', 'write 2001:db8::/64 for the network'],
    ['010.0.0.0/8', 'octal'],
    ['0x0a.0.0.0/8', 'hexadecimal'],
    ['0xcb007100/24', 'hexadecimal'],
    ['10/8', 'all four numbers'],
    ['10.0.0/24', 'all four numbers'],
    ['256.0.0.0/24', 'above 255'],
    ['203.0.113.0/255.255.255.0', 'number of bits'],
    ['203.0.113.0/024', 'plain decimal'],
    ['203.0.113.0/+24', 'plain decimal'],
    ['203.0.113.0/', 'plain decimal'],
    ['203.0.113.0/33', 'longer than the 32 bits'],
    ['2001:db8::/129', 'longer than the 128 bits'],
    ['203.0.113.0/24/24', 'more than one slash'],
    ['fe80::1%eth0/128', 'zone'],
    ['[2001:db8::]/32', 'brackets'],
    ['::ffff:203.0.113.0/120', 'carries an IPv4 address inside: write 203.0.113.0 as IPv4'],
    ['::ffff:cb00:7107', 'write 203.0.113.7 as IPv4'],
    ['8.0.0.0/7', 'wider than /8'],
    ['0.0.0.0/0', 'wider than /8'],
    ['2000::/15', 'wider than /16'],
    ['::/0', 'wider than /16'],
    ['example.com', 'is not a network'],
    ['', 'is not a network'],
    ['２０３.0.113.0/24', 'is not a network'],
    ['203.0.113.0/24\n', 'plain decimal'],
    ['1'.repeat(200), 'too long'],
  ])('%j is refused, and it is said why', (text, why) => {
    const read = readCidr(text)
    expect('error' in read ? read.error : '').toContain(why)
  })

  test('comes out in the one spelling that reads as itself, or with a reason, whatever was written', () => {
    const near = fc.string({ unit: fc.constantFrom(...'0123456789abcdefx:.%/[] ') })
    fc.assert(
      fc.property(fc.oneof(near, fc.string({ unit: 'grapheme-ascii' }), fc.string()), (text) => {
        const read = readCidr(text)
        expect('cidr' in read || read.error.length > 5).toBe(true)
        if ('error' in read) return
        expect(cidr(read.cidr.text)).toEqual(read.cidr)
        expect(parseCidr(read.cidr.text)).toEqual(read.cidr)
      }),
      { numRuns: 500 },
    )
  })

  test('what a refusal for host bits says to write is accepted, and holds the address', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.integer({ min: 8, max: 32 }), (text, prefix) => {
        const network = networkOf(text, prefix) as Cidr
        expect(network.prefix).toBe(prefix)
        expect(contains(network, address(text))).toBe(true)
      }),
    )
  })
})

test('keys of addresses sort as addresses do, and a network holds exactly what lies between its keys', () => {
  fc.assert(
    fc.property(networks, fc.oneof(fc.ipV4(), fc.ipV6()), (network, text) => {
      const { firstKey, lastKey } = spanOf(network)
      const one = address(text)
      expect(firstKey <= keyOf(one) && keyOf(one) <= lastKey).toBe(contains(network, one))
      expect(contains(network, network.address)).toBe(true)
      expect(firstKey).toBe(keyOf(network.address))
    }),
    { numRuns: 400 },
  )
})

test('two networks overlap exactly when their keys do', () => {
  const close = fc
    .tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 20, max: 32 }))
    .map(([low, prefix]) => networkOf(`203.0.113.${low}`, prefix) as Cidr)
  fc.assert(
    fc.property(close, close, (a, b) => {
      const [x, y] = [spanOf(a), spanOf(b)]
      expect(overlaps(a, b)).toBe(x.firstKey <= y.lastKey && y.firstKey <= x.lastKey)
      expect(overlaps(a, b)).toBe(overlaps(b, a))
    }),
  )
})

describe('where a network lies', () => {
  test.each([
    ['9.9.9.0/24', 'public'],
    ['2a01:4f8::/32', 'public'],
    ['10.1.0.0/16', 'private'],
    ['127.0.0.0/8', 'private'],
    ['fd00::/16', 'private'],
    ['224.0.0.0/8', 'refused'],
    ['203.0.113.0/24', 'refused'],
    ['2002:7f00::/32', 'refused'],
    // 192.168.0.0/16 and more lie inside
    ['192.0.0.0/8', 'refused'],
    ['172.0.0.0/8', 'refused'],
    ['2001::/16', 'refused'],
    // the platform address of Azure's machines
    ['168.63.129.0/24', 'refused'],
  ])('%s: %s', (text, kind) => expect(placeOf(cidr(text)).kind).toBe(kind))

  test('a refusal names the block that is in the way, and where it is written', () => {
    expect(placeOf(cidr('192.0.0.0/8'))).toMatchObject({ detail: expect.stringMatching(/^holds .* \(.+\)$/) })
    expect(placeOf(cidr('224.1.0.0/16'))).toMatchObject({ detail: 'lies in 224.0.0.0/4: multicast (RFC 5771)' })
  })

  test('no address of a public network is anything but public', () => {
    fc.assert(
      fc.property(networks, fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }), (network, luck) => {
        if (placeOf(network).kind !== 'public') return
        const { firstKey, lastKey } = spanOf(network)
        const [first, last] = [firstKey, lastKey].map((key) => BigInt(`0x${key.slice(1)}`)) as [bigint, bigint]
        for (const bits of [first, last, first + (luck % (last - first + 1n))])
          expect(isPublic(fromBits(bits, network.family))).toBe(true)
      }),
      { numRuns: 500 },
    )
  })
})

function fromBits(bits: bigint, family: 4 | 6): Address {
  const hex = bits.toString(16).padStart(family === 4 ? 8 : 32, '0')
  if (family === 6) return address((hex.match(/.{4}/g) ?? []).join(':'))
  return address((hex.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16)).join('.'))
}
