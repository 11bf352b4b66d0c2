import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addressAt, boundsOf, type Family, parseAddress, parseCidr } from '../../schema/address.ts'
import { cutTo, type Entry, entriesOf, type Kit } from '../../worker/allowlist/kit.ts'
import { label, plainUrl } from '../../worker/allowlist/label.ts'
import { canExclude, formatLine, renderAllowlist } from '../../worker/allowlist/render.ts'
import { FORMATS, type Format } from '../../worker/core/remedies/remedy.ts'
import { spansOf } from '../support/allowlists/grammar.ts'
import { cloudflareSwitches, hcl } from '../support/allowlists/hcl.ts'
import { AT, FLEET, kitOf, SITUATION } from '../support/allowlists/kits.ts'
import { READERS } from '../support/allowlists/readers.ts'

const network = (family: Family, bits: bigint, prefix: number): string => {
  const host = BigInt((family === 4 ? 32 : 128) - prefix)
  return `${addressAt((bits >> host) << host, family).text}/${prefix}`
}
const anyNetwork = fc.oneof(
  fc
    .tuple(fc.bigInt(0n, (1n << 32n) - 1n), fc.integer({ min: 8, max: 32 }))
    .map(([bits, prefix]) => network(4, bits, prefix)),
  fc
    .tuple(fc.bigInt(0n, (1n << 128n) - 1n), fc.integer({ min: 16, max: 128 }))
    .map(([bits, prefix]) => network(6, bits, prefix)),
  // Neighbours and networks inside others.
  fc
    .tuple(fc.bigInt(0n, 255n), fc.integer({ min: 20, max: 32 }))
    .map(([low, prefix]) => network(4, 0xc6336400n + low, prefix)),
)
/** What a name must not be able to do, in one format or another. */
const HOSTILE = [
  '\nallow all;',
  '\r\n0.0.0.0/0',
  '"; deny all; #',
  "' ; reboot '",
  '\\',
  '\\\n',
  '*/ x /*',
  '-->',
  '$' + '{file("/etc/passwd")}',
  '%{ if true }',
  '`id`',
  '$(id)',
  '=HYPERLINK("x")',
  '-1+1',
  '#',
  '}',
  '{',
  ']',
  ', 0.0.0.0/0',
  '; 0.0.0.0/0',
  ' 0.0.0.0/0',
  '\u2028x',
  '\0',
  '\u202e',
  '//',
  '<x>',
  '%n',
  '|',
  '&&',
  '- x',
  ': x',
  '\t',
]
const hostileName = fc.oneof(
  fc.constantFrom(...HOSTILE),
  fc.string({ unit: 'binary', maxLength: 100 }),
  fc
    .tuple(fc.constantFrom(...HOSTILE), fc.string({ maxLength: 20 }), fc.constantFrom(...HOSTILE))
    .map((all) => all.join('')),
)
const situations = fc.constantFrom(null, SITUATION, { ...SITUATION, isPolicy: true })

/** Names stay in the alphabet of labels, and no name adds a line. */
const plainText = /^[\x20-\x7e\t\n]*$/

describe.each(FORMATS)('%s', { timeout: 60_000 }, (format) => {
  const read = READERS[format]
  // HashiCorp's parser takes its time.
  const [runs, most] = read === hcl ? [10, 8] : [40, 25]

  test('lets through the addresses it was given, and no other', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyNetwork, { minLength: 1, maxLength: most }),
        situations,
        async (cidrs, situation) => {
          const entries = entriesOf(cidrs.map((cidr) => ({ cidr, site: 'fra-1', country: 'DE' })))
          const { networks } = await read(renderAllowlist(format, kitOf(entries, { situation })).text)
          expect(spansOf(networks)).toEqual(spansOf(cidrs))
        },
      ),
      { numRuns: runs },
    )
  })

  test('keeps every name in its place, whatever it holds', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(hostileName, { minLength: 6, maxLength: 6 }), situations, async (names, situation) => {
        const [site = '', country = '', target = '', issueId = '', version = '', url = ''] = names
        const of = (entry: Entry): Entry => ({ ...entry, site, country })
        const hostile: Kit = kitOf(FLEET.map(of), {
          list: { version, url },
          situation: situation && { ...situation, target, issueId },
        })
        const tame = kitOf(FLEET, { situation })
        const [text, plain] = [renderAllowlist(format, hostile).text, renderAllowlist(format, tame).text]
        const [found, wanted] = [await read(text), await read(plain)]
        expect(found).toEqual(wanted)
        expect(text).toMatch(plainText)
        expect(text.split('\n')).toHaveLength(plain.split('\n').length)
      }),
      { numRuns: runs },
    )
  })

  test('says where it goes, how to check and undo it, when it ends; to machines it says nothing', () => {
    const { text, where, check, undo } = renderAllowlist(format, kitOf(FLEET, { expiresAt: AT, situation: SITUATION }))
    for (const lines of [where, check, undo]) expect(lines.length).toBeGreaterThan(0)
    if (['ipset', 'palo-alto-edl', 'fortigate', 'plain', 'csv'].includes(format))
      return expect(text).not.toMatch(/#|Portwitness/)
    for (const line of [...where, ...check, ...undo]) expect(text).toContain(line)
    expect(text).toContain('Expires: 2026-11-28T00:00:00.000Z')
    expect(text).toContain('target shop.example (192.0.2.9), lost ports 22, 443, 8443')
    expect(text).toContain('4 ranges of list version')
  })

  test('without any range lets nobody through and breaks nothing', async () => {
    const { text } = renderAllowlist(format, kitOf([]))
    expect(text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))).toEqual([])
    const first = renderAllowlist(format, kitOf([], { list: { version: null, url: 'https://s.example/r.json' } })).text
    if (text !== '') expect(first).toContain('0 ranges of a list without a version yet, from https://s.example/r.json')
    if (canExclude(format)) {
      const shut = renderAllowlist(format, kitOf([]), { exclusive: true }).text
      expect(shut.split('\n').filter((line) => line !== '' && !line.startsWith('#'))).toEqual([])
    }
  })
})

const EXCLUSIVE: Partial<Record<Format, RegExp>> = {
  'nginx-allow': /^deny all;$/m,
  apache: /^<Location "\/">\nAuthMerging And\n<RequireAny>$/m,
  haproxy: /connection reject unless portwitness$/m,
  caddy: /^\tabort @not_portwitness$/m,
  traefik: /^ {6}ipAllowList:$/m,
  squid: /^http_access deny !portwitness$/m,
  varnish: /synth\(403\)/,
}

/** What does something, without what is told. */
const codeOf = (text: string): string =>
  text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n')

test('nothing shuts out anybody unless it is asked to', () => {
  expect(FORMATS.filter(canExclude)).toEqual(FORMATS.filter((format) => EXCLUSIVE[format]))
  for (const format of FORMATS) {
    const form = EXCLUSIVE[format]
    const kit = kitOf(FLEET)
    if (form) {
      const text = renderAllowlist(format, kit, { exclusive: true }).text
      expect(text).toMatch(form)
      expect(text).toContain('EXCLUSIVE')
      expect(renderAllowlist(format, kit).text).not.toMatch(form)
    }
    const { text } = renderAllowlist(format, kit)
    expect(codeOf(text)).not.toMatch(/\bdeny\b|\breject\b|\bdrop\b|\babort\b|ipAllowList/i)
  }
})

test('where a rule shuts the ports only those are opened; where something counts or bans, the whole target is', () => {
  const [narrow, wide] = [true, false].map((isPolicy) => kitOf(FLEET, { situation: { ...SITUATION, isPolicy } })) as [
    Kit,
    Kit,
  ]
  const opens: [Format, RegExp][] = [
    ['nftables', /tcp dport \{ 22, 443, 8443 \}/],
    ['iptables', /--dports 22,443,8443/],
    ['ufw', /to any port 22,443,8443/],
    ['firewalld', /port port="8443" protocol="tcp" accept/],
    ['pf', /port \{ 22 443 8443 \}/],
  ]
  for (const [format, form] of opens) {
    expect(codeOf(renderAllowlist(format, narrow).text)).toMatch(form)
    expect(codeOf(renderAllowlist(format, wide).text)).not.toMatch(form)
  }
  for (const kit of [narrow, wide]) expect(renderAllowlist('azure-nsg', kit).text).toContain('["22", "443", "8443"]')
  expect(renderAllowlist('suricata', wide).text).toContain('any <> [192.0.2.9] any')
  expect(
    renderAllowlist('tcp-wrappers', kitOf(FLEET, { situation: { ...SITUATION, services: ['ssh'] } })).text,
  ).toContain('\nsshd: 198.51.100.16/255.255.255.240\n')
})

describe('a packet filter that opens more than what was lost', () => {
  const FILTERS = ['nftables', 'iptables', 'ipset', 'ufw', 'firewalld', 'pf', 'csf'] as const
  const WARNING = 'it opens every port to addresses from which everybody who uses this service scans'
  const trapOf = (format: Format, kit: Kit) => formatLine(format, kit).traps.find((line) => line.startsWith(WARNING))

  test.each(FILTERS)('says so, and how to open some ports alone: %s', (format) => {
    for (const situation of [null, SITUATION]) expect(trapOf(format, kitOf(FLEET, { situation }))).toBeDefined()
    const many = { ...SITUATION, ports: Array.from({ length: 500 }, (_, i) => 1 + 2 * i) }
    const lines = [SITUATION, many].map((situation) => trapOf(format, kitOf(FLEET, { situation })) ?? '')
    expect(lines[0]).toMatch(/22[, ]+(?:443[, ]+8443|and so on)/)
    expect(lines[1]?.length).toBeLessThan(500)
  })

  test.each(FILTERS)('and only then: %s', (format) => {
    const narrow = kitOf(FLEET, { situation: { ...SITUATION, isPolicy: true } })
    // Sets of addresses and csf.allow know no ports of their own.
    const isNarrow = !['ipset', 'csf'].includes(format)
    expect(trapOf(format, narrow) === undefined).toBe(isNarrow)
  })
})

test('the address that scanned and is ours no more is named, and is not in the list', () => {
  const gone = parseAddress('203.0.113.200')
  const kit = kitOf(FLEET, { situation: { ...SITUATION, scanner: null, gone } })
  for (const format of FORMATS) {
    const { text } = renderAllowlist(format, kit)
    expect(codeOf(text)).not.toContain('203.0.113.200')
    if (text.startsWith('#'))
      expect(text).toContain('# Left out: 203.0.113.200 scanned this target, and is in none of our')
  }
})

test('Apache, shut to all others, takes nothing back that is shut already, and says what could open it again', () => {
  const kit = kitOf(FLEET)
  const shut = renderAllowlist('apache', kit, { exclusive: true })
  expect(shut.text).toContain('<Location "/">\nAuthMerging And\n<RequireAny>\n')
  expect(shut.undo.join(' ')).toContain('a2disconf portwitness')
  expect(shut.traps.join(' ')).toMatch(/AuthMerging/)
  expect(shut.traps.join(' ')).not.toContain('without your own lines')
  expect(renderAllowlist('apache', kit).undo.join(' ')).not.toContain('a2disconf')
})

describe('Cloudflare', { timeout: 60_000 }, () => {
  test('gets both switches, its access rules only in lengths that it takes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyNetwork, { minLength: 1, maxLength: 5 }), async (cidrs) => {
        const entries = entriesOf(cidrs.map((cidr) => ({ cidr, site: 'fra-1', country: null })))
        const { text } = renderAllowlist('cloudflare', kitOf(entries))
        const { access, list, skip } = await cloudflareSwitches(text)
        expect(spansOf(list)).toEqual(spansOf(cidrs))
        expect(skip).toBe('skip (ip.src in $portwitness_scanner)')
        for (const one of access) expect([16, 24, 32, 48, 64, 128]).toContain(parseCidr(one)?.prefix)
        for (const one of access.filter((cidr) => !cidr.includes(':')))
          expect([16, 24, 32]).toContain(parseCidr(one)?.prefix)
        // What would need too many rules is named, and left to the second switch.
        const left = /left to the skip rule alone: (.*)/.exec(text)?.[1]?.split(', ') ?? []
        expect(spansOf([...access, ...left])).toEqual(spansOf(cidrs))
      }),
      { numRuns: 20 },
    )
  })

  test.each([
    ['198.51.100.16/28', 16, '198.51.100.16/32'],
    ['198.51.100.0/23', 2, '198.51.100.0/24'],
    ['10.0.0.0/15', 2, '10.0.0.0/16'],
    ['2001:db8::/47', 2, '2001:db8::/48'],
    ['2001:db8::/31', 2, '2001:db8::/32'],
    ['2001:db8::/126', 4, '2001:db8::/128'],
  ])('%s becomes %d rules', (text, count, first) => {
    const cidr = parseCidr(text)
    if (!cidr) throw new Error(text)
    const cut = cutTo(cidr, cidr.family === 4 ? [16, 24, 32] : [32, 48, 64, 128], 256)
    expect([cut?.length, cut?.[0]?.text]).toEqual([count, first])
  })

  test('of a range too wide for rules says that the list alone has it', () => {
    const entries = entriesOf([{ cidr: '2001:db8::/65', site: 'x', country: null }])
    expect(renderAllowlist('cloudflare', kitOf(entries)).text).toMatch(/left to the skip rule alone: 2001:db8::\/65/)
  })
})

test('Cloud Armor gets ten ranges in a rule, prefix lists room for them all', () => {
  const entries = entriesOf(
    Array.from({ length: 23 }, (_, i) => ({ cidr: `203.0.113.${2 * i}/32`, site: 'x', country: null })),
  )
  const armor = renderAllowlist('google-cloud-armor', kitOf(entries)).text
  expect(armor.match(/src_ip_ranges = \[\n(?: +"[^"]+",\n)+/g)?.map((one) => one.split('\n').length - 2)).toEqual([
    10, 10, 3,
  ])
  expect(renderAllowlist('aws-prefix-list', kitOf(entries)).text).toMatch(/max_entries +=\s35/)
})

describe('what goes in', () => {
  test('is put in order: none twice, none inside another', () => {
    const rows = ['2001:db8::/48', '10.1.2.0/24', '10.1.0.0/16', '10.1.0.0/16', '9.0.0.1/32'].map((cidr) => ({
      cidr,
      site: 'x',
      country: null,
    }))
    expect(entriesOf(rows).map(({ cidr }) => cidr.text)).toEqual(['9.0.0.1/32', '10.1.0.0/16', '2001:db8::/48'])
  })

  test.each([
    '10.0.0.1/8',
    '010.0.0.0/24',
    '10.0.0.0',
    '0.0.0.0/0',
    '10.0.0.0/7',
    '2001::/15',
    '2001:DB8::/32',
    '::ffff:10.0.0.0/104',
    'x',
  ])('is refused when it is no canonical network of a scanner: %s', (cidr) => {
    const wrong = () => entriesOf([{ cidr, site: 'x', country: null }])
    // A mapped network has another canonical text.
    expect(wrong).toThrow()
  })

  test('has names that are made plain', () => {
    expect(label('Zürich "A"\n')).toBe('Zurich _A_')
    expect(label('')).toBe('unnamed')
    expect(label('--x//y--')).toBe('x/y')
    expect(label('x'.repeat(1_000))).toHaveLength(60)
    expect(plainUrl(`https://a.example/"'\`$(x)\n`)).toBe('https://a.example/x')
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(label(text)).toMatch(/^[A-Za-z0-9 .,:()/_-]{1,60}$/)
        expect(label(text)).not.toMatch(/\/\/|--|^[ /-]|[ /-]$/)
      }),
    )
  })

  test('is turned to numbers and back', () => {
    fc.assert(
      fc.property(anyNetwork, (text) => {
        const cidr = parseCidr(text)
        if (!cidr) throw new Error(text)
        const { first, last } = boundsOf(cidr)
        expect(addressAt(first, cidr.family)).toEqual(cidr.address)
        expect(last - first + 1n).toBe(1n << BigInt((cidr.family === 4 ? 32 : 128) - cidr.prefix))
        expect(parseAddress(addressAt(last, cidr.family).text)).toEqual(addressAt(last, cidr.family))
      }),
    )
  })
})
