/**
 * Networks as people write them down to be published: read strictly, with a reason for each refusal that tells what to write
 * instead. And how networks lie to each other, and to the special-purpose registries.
 */
import {
  type Address,
  bitsOf,
  type Cidr,
  contains,
  masked,
  parseAddress,
  specialBlocks,
  textOf,
  WIDTH,
} from './address.ts'

/** No wider network is published: nobody would, and nobody should, let a /7 in. A single zero too few in `/24` gives `/2`. */
export const WIDEST = { 4: 8, 6: 16 } as const
/** The longest text that can be a network: `ffff:` eight times, and `/128`. */
export const CIDR_LENGTH = 49

export type CidrReading = { cidr: Cidr } | { error: string }

/**
 * Reads a network that is to be listed. An address alone becomes a network of one; IPv6 comes out in its one spelling. All
 * else that two parsers might read differently is refused: host bits, octal, hex, short forms, masks, zones, mapped addresses.
 */
export function readCidr(text: string): CidrReading {
  if (text.length > 2 * CIDR_LENGTH) return { error: 'is too long to be a network' }
  const [left = '', right, ...more] = text.split('/')
  if (more.length > 0) return { error: 'has more than one slash' }
  const address = parseAddress(left)
  if (!address) return { error: whyNoAddress(left) }
  const inner = mappedIn(address)
  if (inner !== null) return { error: `carries an IPv4 address inside: write ${inner} as IPv4` }
  const prefix = right === undefined ? WIDTH[address.family] : prefixOf(right, address.family)
  return typeof prefix === 'string' ? { error: prefix } : networkAt(address, prefix)
}

function networkAt(address: Address, prefix: number): CidrReading {
  const { family } = address
  const bits = bitsOf(address)
  const start = masked(bits, family, prefix)
  if (start !== bits)
    return {
      error: `has bits set beyond /${prefix}: write ${textOf(start, family)}/${prefix} for the network, or ${address.text}/${WIDTH[family]} for the address`,
    }
  if (prefix < WIDEST[family]) return { error: `is wider than /${WIDEST[family]}, the widest that is published` }
  return { cidr: { text: `${address.text}/${prefix}`, address, prefix, family } }
}

function prefixOf(text: string, family: 4 | 6): number | string {
  if (/^\d+\.\d+\.\d+\.\d+$/.test(text)) return 'has a mask: write the prefix as a number of bits, such as /24'
  if (!/^(0|[1-9]\d{0,2})$/.test(text)) return 'must have a plain decimal number after the slash, such as /24'
  return Number(text) > WIDTH[family]
    ? `has a prefix longer than the ${WIDTH[family]} bits of IPv${family}`
    : Number(text)
}

function whyNoAddress(text: string): string {
  if (text.includes('%')) return 'has a zone: a zone means something on one machine alone'
  if (text.includes('[') || text.includes(']')) return 'must be written without brackets'
  if (text.includes(':')) return 'is not an IPv6 network such as 2001:db8:1::/48'
  const parts = text.split('.')
  if (!/^[0-9a-fx.]+$/i.test(text) || parts.includes('')) return 'is not a network such as 203.0.113.0/24'
  if (parts.some((part) => /[a-fx]/i.test(part))) return 'has a hexadecimal part: write decimal numbers'
  if (parts.some((part) => /^0\d/.test(part))) return 'has a part with a leading zero, which others read as octal'
  if (parts.length !== 4) return 'must have all four numbers, such as 203.0.113.0/24'
  return 'has a part above 255'
}

const MAPPED_START = 0xffffn

/** The IPv4 address in an IPv4-mapped one (`::ffff:0:0/96`); null when there is none. */
function mappedIn(address: Address): string | null {
  if (address.family === 4) return null
  const bits = bitsOf(address)
  return bits >> 32n === MAPPED_START ? textOf(bits & 0xffffffffn, 4) : null
}

/** One of the two holds the other; networks never overlap otherwise. */
export const overlaps = (a: Cidr, b: Cidr): boolean => contains(a, b.address) || contains(b, a.address)

/**
 * An address as text that sorts as addresses do, IPv4 before IPv6: the family, and its bits in hex of fixed width. With the
 * first and last of a network as such keys, a database finds who holds an address by comparing text.
 */
export const keyOf = (address: Address): string => keyText(bitsOf(address), address.family)
export function spanOf(cidr: Cidr): { firstKey: string; lastKey: string } {
  const first = bitsOf(cidr.address)
  const last = first + (1n << BigInt(WIDTH[cidr.family] - cidr.prefix)) - 1n
  return { firstKey: keyText(first, cidr.family), lastKey: keyText(last, cidr.family) }
}
const keyText = (bits: bigint, family: 4 | 6): string => family + bits.toString(16).padStart(WIDTH[family] / 4, '0')

/** Where a network lies: all on the public internet, all in a private block, or where no network of ours can be. */
export type Place = { kind: 'public' } | { kind: 'private' } | { kind: 'refused'; detail: string }

export function placeOf(cidr: Cidr): Place {
  const bits = bitsOf(cidr.address)
  const blocks = specialBlocks().filter(({ family }) => family === cidr.family)
  const around = blocks.find(({ prefix, host, start }) => prefix <= cidr.prefix && bits >> host === start)
  if (around?.kind === 'private') return { kind: 'private' }
  if (around && around.kind !== 'global')
    return { kind: 'refused', detail: `lies in ${around.text}: ${around.name} (${around.source})` }
  const hostBits = BigInt(WIDTH[cidr.family] - cidr.prefix)
  const inside = blocks.find(
    ({ prefix, host, start, kind }) =>
      kind !== 'global' && prefix > cidr.prefix && (start << host) >> hostBits === bits >> hostBits,
  )
  return inside
    ? { kind: 'refused', detail: `holds ${inside.text}, which is not public: ${inside.name} (${inside.source})` }
    : { kind: 'public' }
}
