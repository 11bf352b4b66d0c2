/**
 * Addresses, networks, and which of them may be touched at all. One strict spelling per address: what another parser
 * would read differently (octal, hex, `127.1`, zone ids) is refused, so that no check can be slipped past.
 */
import { BLOCK_ROWS, IPV6_GLOBAL } from './address-blocks.ts'

export type Family = 4 | 6
/** `text` is canonical (RFC 5952 for IPv6, always in hex groups): equal addresses have equal texts. */
export interface Address {
  text: string
  family: Family
}
export interface Cidr {
  text: string
  address: Address
  prefix: number
  family: Family
}
/** Why an address may not be touched. `private` may be lifted by `--allow-private`; `special` never. */
export interface Refusal {
  code: 'special' | 'private'
  detail: string
}

/** Bits of an address. */
export const WIDTH = { 4: 32, 6: 128 } as const
const BYTE = '(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])'
const IPV4 = new RegExp(`^${BYTE}(?:\\.${BYTE}){3}$`)
const GROUP = /^[0-9A-Fa-f]{1,4}$/

/** Reads one address; null for anything but four plain decimals or RFC 4291 text. No brackets, ports, zones or blanks. */
export function parseAddress(text: string): Address | null {
  if (text.length > 45) return null
  if (IPV4.test(text)) return { text, family: 4 }
  const bits = text.includes(':') ? bitsOfIpv6(text) : null
  return bits === null ? null : { text: textOf(bits, 6), family: 6 }
}

/** Reads `address/prefix`; null when the address has bits set beyond the prefix (`10.0.0.1/8`). */
export function parseCidr(text: string): Cidr | null {
  const [left = '', right = '', ...more] = text.split('/')
  const address = parseAddress(left)
  if (!address || more.length > 0 || !/^(0|[1-9][0-9]{0,2})$/.test(right)) return null
  const prefix = Number(right)
  if (prefix > WIDTH[address.family] || masked(bitsOf(address), address.family, prefix) !== bitsOf(address)) return null
  return { text: `${address.text}/${prefix}`, address, prefix, family: address.family }
}

export const contains = (cidr: Cidr, address: Address): boolean =>
  cidr.family === address.family && masked(bitsOf(address), cidr.family, cidr.prefix) === bitsOf(cidr.address)

/** The first and the last address of a network, as numbers. */
export function boundsOf({ address, family, prefix }: Cidr): { first: bigint; last: bigint } {
  const first = bitsOf(address)
  return { first, last: first | ((1n << BigInt(WIDTH[family] - prefix)) - 1n) }
}

/** The address with this number: 0 is `0.0.0.0` or `::`. */
export const addressAt = (bits: bigint, family: Family): Address => ({ text: textOf(bits, family), family })

/** The /24 (IPv4) or /48 (IPv6) around an address, as canonical CIDR text: the unit of shared rate ceilings. */
export function networkOf(address: Address): string {
  const prefix = address.family === 4 ? 24 : 48
  return `${textOf(masked(bitsOf(address), address.family, prefix), address.family)}/${prefix}`
}

function narrowest(address: Address) {
  const bits = bitsOf(address)
  return specialBlocks().find(({ family, host, start }) => family === address.family && bits >> host === start)
}

/** Null when the address may be touched. Of all blocks that hold it, the narrowest decides. */
export function refusal(address: Address, { allowPrivate }: { allowPrivate: boolean }): Refusal | null {
  const block = narrowest(address)
  if (!block || block.kind === 'global' || (block.kind === 'private' && allowPrivate)) return null
  const code = block.kind === 'private' ? 'private' : 'special'
  return { code, detail: `${address.text} is ${block.name} (${block.source})` }
}

/** Carries another address inside. What is meant for the inner one does not meet it so spelled. */
export const isEmbedding = (address: Address): boolean => narrowest(address)?.kind === 'embedding'

/** On the public internet: outside every special-purpose block. */
export const isPublic = (address: Address): boolean => refusal(address, { allowPrivate: false }) === null

/** The address as a number. */
export function bitsOf(address: Address): bigint {
  const bits = address.family === 4 ? bitsOfIpv4(address.text) : bitsOfIpv6(address.text)
  if (bits === null) throw new Error('an Address was not made by parseAddress')
  return bits
}

const bitsOfIpv4 = (text: string): bigint => text.split('.').reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)

function bitsOfIpv6(text: string): bigint | null {
  const tail = text.slice(text.lastIndexOf(':') + 1)
  let hex = text
  if (tail.includes('.')) {
    if (!IPV4.test(tail)) return null
    const low = bitsOfIpv4(tail)
    hex = `${text.slice(0, -tail.length)}${(low >> 16n).toString(16)}:${(low & 0xffffn).toString(16)}`
  }
  const halves = hex.split('::')
  const [head = [], back = []] = halves.map((half) => (half === '' ? [] : half.split(':')))
  const missing = 8 - head.length - back.length
  // "::" stands for at least one group of zeros (RFC 4291, 2.2)
  if (halves.length > 2 || (halves.length === 2 ? missing < 1 : missing !== 0)) return null
  const groups = [...head, ...Array<string>(missing).fill('0'), ...back]
  if (!groups.every((group) => GROUP.test(group))) return null
  return groups.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n)
}

export function masked(bits: bigint, family: Family, prefix: number): bigint {
  const host = BigInt(WIDTH[family] - prefix)
  return (bits >> host) << host
}

/** RFC 5952: lower case, no leading zeros, the longest run of two or more zero groups (the first of equals) as `::`. */
export function textOf(bits: bigint, family: Family): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => (bits >> shift) & 0xffn).join('.')
  const groups = Array.from({ length: 8 }, (_, i) => ((bits >> BigInt(112 - 16 * i)) & 0xffffn).toString(16)).join(':')
  const runs = [...groups.matchAll(/(?<=^|:)0(?::0)+(?=:|$)/g)]
  const longest = runs.reduce((best, run) => (run[0].length > best.length ? run[0] : best), '')
  if (longest === '') return groups
  const at = runs.find((run) => run[0] === longest)?.index ?? 0
  return `${groups.slice(0, at).replace(/:$/, '')}::${groups.slice(at + longest.length).replace(/^:/, '')}`
}

/** Read when first asked for: a command that only spells addresses starts 10 ms sooner without. */
let blocks: ReturnType<typeof readBlocks> | null = null

/** Every block that is not plain public internet, and `2000::/3`, narrowest first. */
export function specialBlocks() {
  blocks ??= readBlocks()
  return blocks
}

/** The rows as numbers, narrowest first: an address is in a block when `bits >> host === start`. */
function readBlocks() {
  return [...BLOCK_ROWS, [IPV6_GLOBAL, 'global', '', ''] as const]
    .map(([block, kind, name, source]) => {
      const cidr = parseCidr(block)
      if (!cidr) throw new Error(`${block} is not a network`)
      const host = BigInt(WIDTH[cidr.family] - cidr.prefix)
      const { family, prefix } = cidr
      return { text: block, family, prefix, host, start: bitsOf(cidr.address) >> host, kind, name, source }
    })
    .sort((a, b) => b.prefix - a.prefix)
}
