/** Sets of TCP ports, written as nmap writes them. A set of all 65,535 costs 8 KiB. */
import { printable } from './terminal.ts'
import { TOP_PORTS } from './top-ports.ts'

const LAST = 65_535
/** Every second port of the whole range, spelled out, is just below this. */
const TEXT_MAX = 200_000

export interface PortSet extends Iterable<number> {
  readonly size: number
  has(port: number): boolean
  /** ascending */
  [Symbol.iterator](): Iterator<number>
  /** the same as numbers in a row: 128 KiB for all ports, where an iteration makes an object for each */
  toArray(): Uint16Array
  /** canonical: ascending, runs joined, `22,80,8000-8100`; reads back as the same set */
  readonly text: string
}

/**
 * Reads nmap's port syntax: `22,80,1000-2000`, open ends (`-1024`, `60000-`), `-` for all, and `top-1` to `top-1000` of
 * our own list. Blanks around parts and repeated ports are fine. The error names the bad part and may be shown to users.
 */
export function parsePorts(text: string): PortSet | { error: string } {
  if (text.length > TEXT_MAX) return { error: `the port list is longer than ${TEXT_MAX} characters` }
  if (text.trim() === '') return { error: 'the port list is empty' }
  const bits = new Uint8Array((LAST >> 3) + 1)
  for (const part of text.split(',')) {
    const error = add(bits, part.trim())
    if (error) return { error }
  }
  return setOver(bits)
}

/** The set of these ports, in any order. Throws a RangeError on what is no port: that is a fault of the caller. */
export function portSetOf(ports: Iterable<number>): PortSet {
  const bits = new Uint8Array((LAST >> 3) + 1)
  for (const port of ports) {
    if (!Number.isInteger(port) || port < 1 || port > LAST) throw new RangeError(`${port} is not a port`)
    mark(bits, port)
  }
  return setOver(bits)
}

/** `22,80,8000-8100`; the empty text for no ports. */
export const formatPorts = (ports: Iterable<number>): string => portSetOf(ports).text

/** What `formatPorts` wrote, read back. Anything else has no ports. */
export function portsIn(text: string): PortSet {
  const ports = parsePorts(text)
  return 'error' in ports ? portSetOf([]) : ports
}

/** Marks the ports of one part; answers what is wrong with it, or null. */
function add(bits: Uint8Array, part: string): string | null {
  const shown = `"${printable(part, 40)}"`
  if (part === '') return 'the port list has an empty part between two commas'
  const top = /^top-([0-9]{1,4})$/.exec(part)
  if (top) {
    const count = Number(top[1])
    if (count < 1 || count > TOP_PORTS.length) return `${shown}: the list has top-1 to top-${TOP_PORTS.length}`
    for (const port of TOP_PORTS.slice(0, count)) mark(bits, port)
    return null
  }
  const match = /^(?:([0-9]{1,5})|([0-9]{0,5})-([0-9]{0,5}))$/.exec(part)
  if (!match) return `${shown} is not a port or a range of ports, such as 22 or 8000-8100`
  const [, single, left, right] = match
  const first = Number(single || left || 1)
  const last = Number(single || right || LAST)
  if (first < 1 || last < 1 || first > LAST || last > LAST) return `${shown}: ports go from 1 to ${LAST}`
  if (first > last) return `${shown}: the range runs backwards`
  markAll(bits, first, last)
  return null
}

const marked = (bits: Uint8Array, port: number): boolean => (((bits[port >> 3] ?? 0) >> (port & 7)) & 1) === 1

function mark(bits: Uint8Array, port: number): void {
  bits[port >> 3] = (bits[port >> 3] ?? 0) | (1 << (port & 7))
}

/** Marks a range, whole bytes at once: the whole range is read anew with each report of a scan. */
function markAll(bits: Uint8Array, first: number, last: number): void {
  let port = first
  while (port <= last && (port & 7) !== 0) mark(bits, port++)
  const whole = (last + 1) >> 3
  if (port >> 3 < whole) {
    bits.fill(255, port >> 3, whole)
    port = whole << 3
  }
  while (port <= last) mark(bits, port++)
}

function* portsOf(bits: Uint8Array): Generator<number> {
  for (let byte = 0; byte < bits.length; byte++) {
    if (bits[byte] === 0) continue
    for (let port = byte << 3; port < (byte + 1) << 3; port++) if (marked(bits, port)) yield port
  }
}

function arrayOf(bits: Uint8Array): Uint16Array {
  const ports = new Uint16Array(LAST)
  let count = 0
  for (let port = 1; port <= LAST; port++) if (marked(bits, port)) ports[count++] = port
  return ports.slice(0, count)
}

function setOver(bits: Uint8Array): PortSet {
  let size: number | null = null
  let text: string | null = null
  return {
    get size() {
      size ??= bits.reduce((sum, byte) => sum + (ONES[byte & 15] ?? 0) + (ONES[byte >> 4] ?? 0), 0)
      return size
    },
    has: (port) => Number.isInteger(port) && port >= 1 && port <= LAST && marked(bits, port),
    [Symbol.iterator]: () => portsOf(bits),
    toArray: () => arrayOf(bits),
    get text() {
      text ??= write(bits)
      return text
    },
  }
}

/** How many bits are set in each half byte. */
const ONES = [0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4]

// A plain loop over the bits: an iteration would make an object for each port.
function write(bits: Uint8Array): string {
  const runs: string[] = []
  for (let port = 1; port <= LAST; port++) {
    if (!marked(bits, port)) continue
    const first = port
    while (port < LAST && marked(bits, port + 1)) port++
    runs.push(first === port ? `${first}` : `${first}-${port}`)
  }
  return runs.join(',')
}
