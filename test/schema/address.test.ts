import { BlockList } from 'node:net'
import fc from 'fast-check'
import ipaddr from 'ipaddr.js'
import { describe, expect, test } from 'vitest'
import { type Address, contains, isPublic, networkOf, parseAddress, parseCidr, refusal } from '../../schema/address.ts'
import { BLOCK_ROWS } from '../../schema/address-blocks.ts'

const at = (text: string): Address => parseAddress(text) ?? expect.fail(`${text} did not parse`)
const net = (text: string) => parseCidr(text) ?? expect.fail(`${text} did not parse`)
const codeOf = (text: string, allowPrivate: boolean) => refusal(at(text), { allowPrivate })?.code ?? 'passes'

describe('one spelling in, one spelling out', () => {
  test.each([
    ['192.0.43.10', '192.0.43.10', 4],
    ['2606:4700:0000:0000:0000:0000:0000:1111', '2606:4700::1111', 6],
    ['2606:4700::0:1111', '2606:4700::1111', 6],
    ['2A00:1450:4001:82A::200E', '2a00:1450:4001:82a::200e', 6],
    ['::', '::', 6],
    ['0:0:0:0:0:0:0:1', '::1', 6],
    ['2001:0:0:1::1', '2001:0:0:1::1', 6],
    ['2001:0:0:1:0:0:1:1', '2001::1:0:0:1:1', 6],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1', 6],
    ['1::', '1::', 6],
    ['::ffff:10.0.0.1', '::ffff:a00:1', 6],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221', 6],
  ])('%s is %s', (text, canonical, family) => expect(parseAddress(text)).toEqual({ text: canonical, family }))
})

test.each([
  ['octal', '010.1.1.1'],
  ['octal in the last place', '10.1.1.01'],
  ['hex', '0x7f.0.0.1'],
  ['one number', '2130706433'],
  ['short', '127.1'],
  ['three parts', '10.0.1'],
  ['too big', '256.1.1.1'],
  ['five parts', '1.2.3.4.5'],
  ['trailing dot', '1.2.3.4.'],
  ['doubled dot', '1..2.3'],
  ['a port', '1.2.3.4:80'],
  ['a bracket', '[::1]'],
  ['a zone', 'fe80::1%eth0'],
  ['a prefix', '10.0.0.0/8'],
  ['a blank', ' 1.2.3.4'],
  ['a line end', '1.2.3.4\n'],
  ['a line end after v6', '::1\n'],
  ['full-width digits', '１.2.3.4'],
  ['Arabic digits', '١.2.3.4'],
  ['ideographic full stop', '1。2。3。4'],
  ['a NUL', '1.2.3.4\0'],
  ['a minus', '-1.2.3.4'],
  ['an exponent', '1e1.1.1.1'],
  ['nothing', ''],
  ['a name', 'localhost'],
  ['two gaps', '1::2::3'],
  ['three colons', ':::'],
  ['nine groups', '1:2:3:4:5:6:7:8:9'],
  ['seven groups', '1:2:3:4:5:6:7'],
  ['a gap for nothing', '1:2:3:4::5:6:7:8'],
  ['a long group', '2001:00db8::1'],
  ['a leading colon', ':1:2:3:4:5:6:7'],
  ['no hex', 'g::1'],
  ['octal tail', '::ffff:010.0.0.1'],
  ['short tail', '::ffff:127.1'],
  ['a tail in front', '1.2.3.4::'],
  ['a hex mark', '0x1::'],
  ['an underscore', '1_0::1'],
])('%s is no address: %j', (_, text) => expect(parseAddress(text)).toBeNull())

test('every address comes back as itself, spelled as browsers spell it', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
      const address = at(text)
      expect(parseAddress(address.text)).toEqual(address)
      // WHATWG URL writes RFC 5952 too. (ipaddr.js is no judge here: it reads ::1.2.3.4 as ::ffff:1.2.3.4.)
      const host = address.family === 4 ? text : `[${text}]`
      expect(new URL(`http://${host}/`).hostname.replace(/^\[|\]$/g, '')).toBe(address.text)
    }),
    { numRuns: 1_000 },
  )
})

test('no text makes the readers throw', () => {
  const near = fc.string({ unit: fc.constantFrom(...'0123456789abcdefx:.%/[] ') })
  fc.assert(
    fc.property(fc.oneof(near, fc.string({ unit: 'binary' })), (text) => void [parseAddress(text), parseCidr(text)]),
  )
})

describe('networks', () => {
  test.each([
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['192.0.43.10/32', '192.0.43.10/32'],
    ['2606:4700:0::/32', '2606:4700::/32'],
    ['::/0', '::/0'],
  ])('%s', (text, canonical) => expect(parseCidr(text)?.text).toBe(canonical))

  test.each([
    '10.0.0.1/8',
    '2606:4700::1/32',
    '10.0.0.0/33',
    '::/129',
    '10.0.0.0/08',
    '10.0.0.0/-1',
    '10.0.0.0/',
    '10.0.0.0',
    '10.0.0.0/8/8',
    '/8',
    '10.0.0.0/8 ',
    '010.0.0.0/8',
  ])('%j is refused', (text) => expect(parseCidr(text)).toBeNull())

  test('hold their own addresses and no others', () => {
    expect(contains(net('10.0.0.0/8'), at('10.255.255.255'))).toBe(true)
    expect(contains(net('10.0.0.0/8'), at('11.0.0.0'))).toBe(false)
    expect(contains(net('0.0.0.0/0'), at('::1'))).toBe(false)
    expect(contains(net('::/0'), at('1.2.3.4'))).toBe(false)
    expect(contains(net('2606:4700::/32'), at('2606:4700:ffff::1'))).toBe(true)
  })

  test('the network for shared ceilings is the /24 or the /48', () => {
    expect(networkOf(at('198.41.0.4'))).toBe('198.41.0.0/24')
    expect(networkOf(at('2606:4700:10:20::1'))).toBe('2606:4700:10::/48')
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
        expect(contains(net(networkOf(at(text))), at(text))).toBe(true)
      }),
    )
  })

  test("agree with Node's own BlockList", () => {
    const prefix = fc.integer({ min: 0, max: 32 })
    fc.assert(
      fc.property(fc.ipV4(), fc.ipV4(), prefix, (inside, other, bits) => {
        const mask = bits === 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0
        const number = inside.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0)
        const start = [24, 16, 8, 0].map((shift) => (((number & mask) >>> 0) >>> shift) & 255).join('.')
        const list = new BlockList()
        list.addSubnet(start, bits, 'ipv4')
        expect(contains(net(`${start}/${bits}`), at(other))).toBe(list.check(other, 'ipv4'))
        expect(contains(net(`${start}/${bits}`), at(inside))).toBe(true)
      }),
    )
  })
})

describe('what may be touched', () => {
  test.each([
    '1.1.1.1',
    '8.8.8.8',
    '9.255.255.255',
    '11.0.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '128.0.0.1',
    '172.15.255.255',
    '172.32.0.0',
    '191.255.255.255',
    '192.0.1.0',
    '192.167.255.255',
    '198.17.255.255',
    '198.20.0.0',
    '223.255.255.255',
    '2606:4700::1111',
    '2a00:1450::1',
    '2001:200::1',
    '2001:4860:4860::8888',
    '2620:4f:8001::',
    '3ffe:ffff::1',
  ])('%s is public', (text) => {
    expect(isPublic(at(text))).toBe(true)
    expect(codeOf(text, true)).toBe('passes')
  })

  test.each([
    '127.0.0.1',
    '127.255.255.254',
    '::1',
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '169.254.1.1',
    '100.64.0.1',
    'fc00::1',
    'fdff::1',
    'fe80::1',
    'febf::1',
  ])('%s passes only where the operator allowed private targets', (text) => {
    expect(codeOf(text, false)).toBe('private')
    expect(codeOf(text, true)).toBe('passes')
  })

  test.each([
    ['this network', '0.0.0.0'],
    ['this network', '0.1.2.3'],
    ['metadata', '169.254.169.254'],
    ['metadata', 'fd00:ec2::254'],
    ['metadata', '100.100.100.200'],
    ['metadata', '168.63.129.16'],
    ['multicast', '224.0.0.1'],
    ['multicast', '239.255.255.255'],
    ['multicast', 'ff02::1'],
    ['class E', '240.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['documentation', '192.0.2.1'],
    ['documentation', '198.51.100.1'],
    ['documentation', '203.0.113.1'],
    ['documentation', '2001:db8::1'],
    ['documentation', '3fff:fff::1'],
    ['benchmarking', '198.19.255.255'],
    ['unspecified', '::'],
    ['mapped loopback', '::ffff:127.0.0.1'],
    ['mapped public', '::ffff:8.8.8.8'],
    ['compatible', '::7f00:1'],
    ['compatible', '::2'],
    ['translated', '::ffff:0:10.0.0.1'],
    ['NAT64', '64:ff9b::7f00:1'],
    ['local NAT64', '64:ff9b:1::a00:1'],
    ['local NAT64', '64:ff9b:1:fffe:a00:1::'],
    ['6to4', '2002:7f00:1::1'],
    ['Teredo', '2001:0:4136:e378:8000:63bf:3fff:fdd2'],
    ['site-local', 'fec0::1'],
    ['ORCHID', '2001:20::1'],
    ['segment routing', '5f00::1'],
    ['discard', '100::1'],
    ['not assigned', '4000::1'],
    ['not assigned', '64:ff9c::1'],
  ])('%s is refused whatever the operator allowed: %s', (_, text) => {
    expect(codeOf(text, false)).toBe('special')
    expect(codeOf(text, true)).toBe('special')
  })

  test('a refusal says what the address is and where that is written', () => {
    expect(refusal(at('10.0.0.1'), { allowPrivate: false })?.detail).toBe('10.0.0.1 is private-use (RFC 1918)')
    expect(refusal(at('64:ff9b::a00:1'), { allowPrivate: true })?.detail).toBe(
      '64:ff9b::a00:1 is a NAT64 address (RFC 6052)',
    )
  })
})

describe('the table of blocks', () => {
  test('every row is a canonical network with a name and a source, and none is there twice', () => {
    for (const [block, , name, source] of BLOCK_ROWS) {
      expect(parseCidr(block)?.text).toBe(block)
      expect(name && source).toBeTruthy()
    }
    expect(new Set(BLOCK_ROWS.map(([block]) => block)).size).toBe(BLOCK_ROWS.length)
  })

  test('every row refuses its first and its last address', () => {
    for (const [block] of BLOCK_ROWS) {
      const cidr = net(block)
      const last =
        cidr.family === 4 ? ipaddr.IPv4.broadcastAddressFromCIDR(block) : ipaddr.IPv6.broadcastAddressFromCIDR(block)
      for (const text of [cidr.address.text, last.toNormalizedString()]) expect(isPublic(at(text)), text).toBe(false)
    }
  })

  test('an address inside another address never passes, whichever way it is wrapped', () => {
    const hex = (text: string) => {
      const [a = 0, b = 0, c = 0, d = 0] = text.split('.').map(Number)
      return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
    }
    fc.assert(
      fc.property(fc.ipV4(), (text) => {
        const wrapped = [
          `::ffff:${text}`,
          `64:ff9b::${text}`,
          `64:ff9b:1::${text}`,
          `2002:${hex(text)}::1`,
          `2001:0:${hex(text)}::1`,
          `::ffff:0:${text}`,
        ]
        for (const outer of wrapped) expect(codeOf(outer, true)).toBe('special')
      }),
    )
  })

  test('nothing that an older library calls special is public to us', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
        if (isPublic(at(text))) expect(ipaddr.parse(at(text).text).range()).toBe('unicast')
      }),
      { numRuns: 2_000 },
    )
  })
})
