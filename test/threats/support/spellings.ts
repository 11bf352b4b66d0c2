/** Ways to write addresses that some parser somewhere takes for another: shared by the Worker's stories and the probe's. */

/** Of 127.0.0.1, or of something else inside. */
export const ODD_SPELLINGS = [
  '0x7f.1',
  '0x7f000001',
  '0x7f.0.0.1',
  '2130706433',
  '127.1',
  '127.0.1',
  '0177.0.0.1',
  '017700000001',
  '00000177.0.0.1',
  '127.0.0.01',
  '127.0.0.1.',
  '127.0.0.1..',
  '.127.0.0.1',
  '127..0.0.1',
  '127.0.0.1:80',
  '127.0.0.1/32',
  '127.0.0.1 ',
  ' 127.0.0.1',
  '127.0.0.1\n',
  '127.0.0.1\u0000',
  '127.0.0.1%00',
  '127.0.0.1#',
  '127.0.0.1@evil.example',
  '１２７.０.０.１',
  '127。0。0。1',
  '127.0.0.①',
  '١٢٧.٠.٠.١',
  '1e2.0.0.1',
  '+127.0.0.1',
  '-127.0.0.1',
  '127.0.0.1_',
  '4294967297',
  '256.256.256.256',
  '127.0.0.256',
  '[::1]',
  '[::1]:80',
  '::1%lo',
  '::1%25lo',
  'fe80::1%eth0',
  '0::0::1',
  ':::1',
  '::127.1',
  '::0x7f000001',
  '::ffff:0x7f.0.0.1',
  '::ffff:0177.0.0.1',
  '::ffff:127.1',
  '00000::1',
  '0:0:0:0:0:0:0:0:1',
  '::1/128',
  '：：1',
] as const

/** Names that lead inside by themselves, or are read as numbers by some. */
export const ODD_NAMES = [
  'localhost',
  'LOCALHOST',
  'localhost.',
  'ip6-localhost',
  'metadata',
  '127.0.0.1.',
  '0x7f.0x1',
  '1.2.3.4.5',
  'a..example',
  '.example',
  'example.',
  '-a.example',
  'a-.example',
  'ex ample.net',
  'ex\u200bample.net',
  'ｅxample.net',
  'xn--.example.0x7f',
  'example.net/path',
  'example.net:80',
  'user@example.net',
  'a'.repeat(64).concat('.example'),
  `${'a.'.repeat(130)}example`,
] as const

const hexOf = (text: string): [string, string] => {
  const [a = 0, b = 0, c = 0, d = 0] = text.split('.').map(Number)
  return [(a * 256 + b).toString(16), (c * 256 + d).toString(16)]
}
const invert = (group: string): string => (Number.parseInt(group, 16) ^ 0xffff).toString(16)

/** An IPv4 address inside an IPv6 one, in every way that some stack, gateway or tunnel unpacks. */
export function embeddings(text: string): Record<string, string> {
  const [high, low] = hexOf(text)
  const [a, b] = [invert(high), invert(low)]
  const bytes = [high, low].map((group) => group.padStart(4, '0')).join('')
  const [one, two, three] = [bytes.slice(0, 4), bytes.slice(4, 6), bytes.slice(6, 8)]
  return {
    mapped: `::ffff:${text}`,
    'mapped in hex': `::ffff:${high}:${low}`,
    compatible: `::${text}`,
    'compatible in hex': `::${high}:${low}`,
    translated: `::ffff:0:${high}:${low}`,
    nat64: `64:ff9b::${high}:${low}`,
    'nat64, dotted': `64:ff9b::${text}`,
    'local nat64 /96': `64:ff9b:1::${high}:${low}`,
    // RFC 6052 2.2: behind a /48 the address is split around the byte of zeros.
    'local nat64 /48': `64:ff9b:1:${one}:${two}:${three}00::`,
    '6to4': `2002:${high}:${low}::1`,
    '6to4, any subnet': `2002:${high}:${low}:ffff:1:2:3:4`,
    'teredo server': `2001:0:${high}:${low}:0:ffff:ffff:ffff`,
    // RFC 4380 4: the client's port and address are stored with every bit turned over.
    'teredo client': `2001:0:4136:e378:8000:63bf:${a}:${b}`,
    'site-local': `fec0::${high}:${low}`,
  }
}
