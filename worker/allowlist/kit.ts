/** What a renderer is given, and what it gives. Everything here is pure: networks, names and times in, text out. */
import { type Address, addressAt, boundsOf, type Cidr, contains, type Family, parseCidr } from '../../schema/address.ts'
import { formatPorts } from '../../schema/ports.ts'
import type { Service } from '../../schema/words.ts'
import { label } from './label.ts'

/** One network that the scanner comes from. */
export interface Entry {
  cidr: Cidr
  site: string
  country: string | null
}

/** What is known of the issue that an allowlist is for. */
export interface Situation {
  issueId: string
  /** the target's name or address, as its owner wrote it */
  target: string
  /** where it was scanned */
  addresses: readonly Address[]
  /** those that were lost, ascending */
  ports: readonly number[]
  /** what answered there, each once */
  services: readonly Service[]
  /** the address that scanned it last, where the list has it */
  scanner: Address | null
  /** that address where nothing of ours comes from it any more: it is left out */
  gone: Address | null
  /**
   * A static rule shuts the ports, so that opening them is the whole cure. Otherwise something counts or bans, on any
   * port: an exemption for the lost ports alone would let the next scan trip it elsewhere.
   */
  isPolicy: boolean
}

export interface Kit {
  /** canonical, without one inside another, IPv4 first */
  entries: readonly Entry[]
  /** where the list is published, and how it is told from an older one; no version before the first change */
  list: { version: string | null; url: string }
  situation: Situation | null
  /** ms; null when nobody asked for an end */
  expiresAt: number | null
  /** ms: now */
  madeAt: number
}

/** How one defence is told. Each line is a sentence or a command, without line ends. */
export interface Notes {
  where: readonly string[]
  check: readonly string[]
  undo: readonly string[]
  traps: readonly string[]
}

/** One allowlist format. */
export interface Renderer {
  title: string
  file: string
  type: 'text/plain' | 'text/csv'
  /** what a line of comment begins with; null for what machines read and people do not */
  comment: '#' | null
  notes(kit: Kit): Notes
  /** the exemption: the scanner is let through, nothing changes for others. Never called without an entry. */
  body(kit: Kit): readonly string[]
  /** the scanner and nobody else; formats without it have no such form */
  exclusive?(kit: Kit): readonly string[]
  /** what is told otherwise of that form */
  exclusiveNotes?(kit: Kit): Partial<Notes>
}

/** Wider than this is no list of a scanner's addresses: a slip of the pen, or worse. */
const WIDEST: Record<Family, number> = { 4: 8, 6: 16 }

/**
 * Entries from texts: each canonical, none twice, none inside another; IPv4 first, ascending.
 * @throws on what is not canonical or absurdly wide
 */
export function entriesOf(rows: readonly { cidr: string; site: string; country: string | null }[]): Entry[] {
  const sorted = rows.map(read).sort((a, b) => {
    const [x, y] = [boundsOf(a.cidr), boundsOf(b.cidr)]
    return a.cidr.family - b.cidr.family || sign(x.first - y.first) || a.cidr.prefix - b.cidr.prefix
  })
  const kept: Entry[] = []
  for (const entry of sorted) {
    const last = kept.at(-1)
    if (!last || !contains(last.cidr, entry.cidr.address)) kept.push(entry)
  }
  return kept
}

function read({ cidr: text, site, country }: { cidr: string; site: string; country: string | null }): Entry {
  const cidr = parseCidr(text)
  if (!cidr || cidr.text !== text) throw new Error('a range is not a canonical network')
  if (cidr.prefix < WIDEST[cidr.family]) throw new Error(`${text} is too wide for an allowlist`)
  return { cidr, site, country }
}

const sign = (number: bigint): number => (number < 0n ? -1 : number > 0n ? 1 : 0)

export const ofFamily = ({ entries }: Kit, family: Family): Entry[] =>
  entries.filter(({ cidr }) => cidr.family === family)
export const textsOf = (entries: readonly Entry[]): string[] => entries.map(({ cidr }) => cidr.text)

/** Whose network it is, fit to be written anywhere: `fra-1, DE`. */
export const whoseOf = ({ site, country }: Entry): string => label(country === null ? site : `${site}, ${country}`)

/** An address of the list, to try a check with: the scanner's own where it is known. */
export const sampleOf = ({ situation, entries }: Kit): string =>
  situation?.scanner?.text ?? entries[0]?.cidr.address.text ?? 'ADDRESS'

/** A network in its smallest spelling: a single address without its prefix. */
export const briefOf = ({ address, prefix, family }: Cidr): string =>
  prefix === (family === 4 ? 32 : 128) ? address.text : `${address.text}/${prefix}`

/** The lost ports in nmap syntax, or null where the whole target is to be opened. */
export const portsOf = (kit: Kit): string | null => (kit.situation?.isPolicy ? lostOf(kit) : null)
/** The same as `22`, `80-90`, …; empty where the whole target is to be opened. */
export const portPartsOf = (kit: Kit): string[] => portsOf(kit)?.split(',') ?? []
/** The lost ports whatever shut them, for defences that know nothing but opening ports. */
export const lostPartsOf = (kit: Kit): string[] => lostOf(kit)?.split(',') ?? []
const lostOf = ({ situation }: Kit): string | null =>
  situation && situation.ports.length > 0 ? formatPorts(situation.ports) : null

/** Ports as iptables and ufw read them: `22,80:90`. */
export const spanned = (parts: readonly string[]): string => parts.join(',').replaceAll('-', ':')

/** Ports of an example; a longer list would hide what it shows. */
const EXAMPLE_PORTS = 7

/**
 * What a packet filter must say where it opens more than was lost. `narrowed` is how it opens the ports of an example alone:
 * the lost ones, as `22`, `80-90`, …, or some that are often lost.
 */
export function widthTrap(kit: Kit, narrowed: (parts: readonly string[]) => string): string[] {
  if (portsOf(kit) !== null) return []
  return [widthLine(kit, narrowed)]
}

/** The same for a filter whose form here knows no ports. */
export function widthLine(kit: Kit, narrowed: (parts: readonly string[]) => string): string {
  const lost = lostPartsOf(kit)
  const parts = lost.length === 0 || lost.length > EXAMPLE_PORTS ? ['22', '443'] : lost
  return `it opens every port to addresses from which everybody who uses this service scans; to open some alone: ${narrowed(parts)}; what counts or bans on the others can then shut out the scanner again`
}

/** Pieces of at most `size`. */
export const chunked = <T>(all: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size))

/** The networks of one of these lengths that make up a network; null when they would be more than `most`. */
export function cutTo(cidr: Cidr, prefixes: readonly number[], most: number): Cidr[] | null {
  const prefix = Math.min(...prefixes.filter((one) => one >= cidr.prefix))
  const width = cidr.family === 4 ? 32 : 128
  const count = 1n << BigInt(prefix - cidr.prefix)
  if (count > BigInt(most)) return null
  const { first } = boundsOf(cidr)
  return Array.from({ length: Number(count) }, (_, i) => {
    const address = addressAt(first + (BigInt(i) << BigInt(width - prefix)), cidr.family)
    return { text: `${address.text}/${prefix}`, address, prefix, family: cidr.family }
  })
}
