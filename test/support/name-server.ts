/** A real name server on loopback: A, PTR and TXT records out of a map that a story may change. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'

const TYPES = { A: 1, PTR: 12, TXT: 16 } as const
export type Zone = Record<string, Partial<Record<keyof typeof TYPES, string[]>>>

export interface NameServer {
  /** as `--dns-server` takes it */
  address: string
  zone: Zone
  /** `PTR 27.0.0.127.in-addr.arpa`, in the order in which they were asked */
  asked: string[]
  close(): void
}

export async function openNameServer(zone: Zone): Promise<NameServer> {
  const socket = createSocket('udp4')
  const asked: string[] = []
  socket.on('message', (query, from) => {
    const { name, end } = nameAt(query, 12)
    const number = query.readUInt16BE(end)
    const type = (Object.keys(TYPES) as (keyof typeof TYPES)[]).find((one) => TYPES[one] === number)
    asked.push(`${type ?? number} ${name}`)
    const known = zone[name.toLowerCase()]
    const answers = (type && known?.[type] ? known[type] : []).map((data) => {
      const bytes = encoded(type as keyof typeof TYPES, data)
      const head = Buffer.from([0xc0, 12, 0, number, 0, 1, 0, 0, 0, 60, 0, 0])
      head.writeUInt16BE(bytes.length, 10)
      return Buffer.concat([head, bytes])
    })
    const header = Buffer.from(query.subarray(0, 12))
    header.writeUInt16BE(known ? 0x8180 : 0x8183, 2)
    header.writeUInt16BE(answers.length, 6)
    header.writeUInt32BE(0, 8)
    socket.send(Buffer.concat([header, query.subarray(12, end + 4), ...answers]), from.port, from.address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return { address: `127.0.0.1:${socket.address().port}`, zone, asked, close: () => socket.close() }
}

function nameAt(query: Buffer, start: number): { name: string; end: number } {
  const labels: string[] = []
  let at = start
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  return { name: labels.join('.'), end: at + 1 }
}

function encoded(type: keyof typeof TYPES, data: string): Buffer {
  if (type === 'A') return Buffer.from(data.split('.').map(Number))
  // Strings of a TXT record hold 255 bytes each: a longer text comes in parts.
  const parts = type === 'TXT' ? (data.match(/.{1,255}/gs) ?? ['']) : data.split('.')
  const bytes = parts.flatMap((part) => [Buffer.from([part.length]), Buffer.from(part, 'latin1')])
  return Buffer.concat(type === 'TXT' ? bytes : [...bytes, Buffer.from([0])])
}
