/** Linux's list of TCP connections (`/proc/net/tcp`, `tcp6`), which any user may read: who has got through to whom. */
import { readFile } from 'node:fs/promises'
import { endianness } from 'node:os'
import { parseAddress } from '../schema/address.ts'

/** A connection whose handshake was completed, by whichever process. */
export interface Made {
  source: string
  sourcePort: number
  address: string
  port: number
}

/** include/net/tcp_states.h: all states after a completed handshake, to the end of TIME_WAIT; not SYN_SENT, SYN_RECV, CLOSE, LISTEN. */
const MADE = new Set(['01', '04', '05', '06', '08', '09', '0B'])
const TABLES = ['/proc/net/tcp', '/proc/net/tcp6'] as const
const ROW = /^\s*\d+: ([0-9A-F]+):([0-9A-F]{4}) ([0-9A-F]+):([0-9A-F]{4}) ([0-9A-F]{2}) /
const MAPPED = /^0{20}ffff/

/** The connections in the text of such a table; IPv4 in IPv6 sockets is told as IPv4. */
export function madeIn(table: string): Made[] {
  const made: Made[] = []
  for (const line of table.split('\n')) {
    const [, source = '', sourcePort = '', address = '', port = '', state = ''] = ROW.exec(line) ?? []
    if (!MADE.has(state)) continue
    const [from, to] = [addressOf(source), addressOf(address)]
    if (from && to)
      made.push({
        source: from,
        sourcePort: Number.parseInt(sourcePort, 16),
        address: to,
        port: Number.parseInt(port, 16),
      })
  }
  return made
}

/** The connections that this network namespace has made; null where there is no such list. */
export async function madeConnections(): Promise<Made[] | null> {
  const texts = await Promise.all(TABLES.map((file) => readFile(file, 'latin1').catch(() => null)))
  if (texts.every((text) => text === null)) return null
  return texts.flatMap((text) => madeIn(text ?? ''))
}

/** Words of 32 bits in the machine's own order. */
function addressOf(hex: string): string | null {
  const words = hex.match(/.{8}/g) ?? []
  const bytes = words
    .flatMap((word) => (endianness() === 'LE' ? (word.match(/../g) ?? []).toReversed() : [word]))
    .join('')
    .toLowerCase()
  if (bytes.length === 8) return dotted(bytes)
  if (bytes.length !== 32) return null
  if (MAPPED.test(bytes)) return dotted(bytes.slice(24))
  return parseAddress((bytes.match(/.{4}/g) ?? []).join(':'))?.text ?? null
}

const dotted = (hex: string): string => (hex.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16)).join('.')
