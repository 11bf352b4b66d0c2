/** Hosts that hold a probe up or lead it on: every port open, silence, a greeting that never ends. Each scan ends in its time and tells what was there. */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runAgent } from '../../../probe-node/agent.ts'
import { portsIn } from '../../../schema/ports.ts'
import { scanPlan } from '../../support/agent.ts'
import { fakeDesk } from '../../support/fake-desk.ts'
import { type Drill, plain, type Row } from '../drill.ts'

const SOURCE = '127.55.1.7'
/** Ports of ours, below those that the kernel gives away. */
const PORTS = { few: '21501-21510', many: '21501-21700' } as const
/** A scan of so few ports takes about 20 s of looking on; what a host does with its answers may not double that. */
const TIME_BOX_MS = 60_000
/** What of an answer a probe keeps (schema/wire.ts). */
const MOST_BYTES = 512

interface Stranger {
  fault: string
  address: string
  ports: string
  greets(socket: Socket): void
}

const everyMs = (socket: Socket, ms: number, say: () => string): void => {
  const timer = setInterval(() => socket.write(say()), ms)
  socket.on('close', () => clearInterval(timer))
}

const STRANGERS: readonly Stranger[] = [
  {
    fault: 'honeypot: every port open',
    address: '127.55.1.11',
    ports: PORTS.many,
    greets: (it) => it.write('login: '),
  },
  { fault: 'tarpit: accepts, says nothing', address: '127.55.1.12', ports: PORTS.few, greets: () => {} },
  {
    fault: 'slow drip: a byte a second, no end of line',
    address: '127.55.1.13',
    ports: PORTS.few,
    greets: (it) => everyMs(it, 1_000, () => 'x'),
  },
  {
    fault: 'endless tarpit of SSH: a line every 2 s before the banner',
    address: '127.55.1.14',
    ports: PORTS.few,
    greets: (it) => everyMs(it, 2_000, () => `${Math.random().toString(36).slice(2)}\r\n`),
  },
  {
    fault: 'flood: a greeting without end',
    address: '127.55.1.15',
    ports: PORTS.few,
    greets: (it) => everyMs(it, 5, () => '220 '.repeat(4_096)),
  },
]

async function openStranger({ address, ports, greets }: Stranger): Promise<() => void> {
  const servers: Server[] = []
  const sockets = new Set<Socket>()
  for (const port of portsIn(ports)) {
    const server = createServer((socket) => {
      sockets.add(socket)
      socket.on('error', () => socket.destroy())
      socket.on('close', () => sockets.delete(socket))
      greets(socket)
    })
    server.listen(port, address)
    await once(server, 'listening')
    servers.push(server)
  }
  return () => {
    for (const server of servers) server.close()
    for (const socket of sockets) socket.destroy()
  }
}

async function met(stranger: Stranger): Promise<Row> {
  const { fault, address, ports } = stranger
  const close = await openStranger(stranger)
  const data = mkdtempSync(join(tmpdir(), 'portwitness-strange-'))
  const desk = await fakeDesk()
  const controller = new AbortController()
  const agent = runAgent(
    { url: desk.url, token: 'one-use', dataDir: data, sourceAddress: SOURCE, allowPrivate: true, log: () => {} },
    controller.signal,
  ).catch(() => {})
  try {
    const began = performance.now()
    const run = desk.offer(scanPlan({ addresses: [address], ports, profile: 'standard' }))
    const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), 2 * TIME_BOX_MS).unref())
    const result = await Promise.race([desk.result(run), late])
    const tookMs = performance.now() - began
    const reports = [...desk.of('renew'), ...desk.of('alarm'), ...desk.of('result')].filter((one) => one.runId === run)
    const asked = new Set(portsIn(ports))
    const found = new Set(reports.flatMap((one) => one.found.map(({ port }) => port)))
    const untested = new Set(result?.ports?.untested ? portsIn(result.ports.untested) : [])
    const seen = reports.flatMap(({ observations }) => observations).filter(({ port }) => asked.has(port))
    const closed = seen.filter(({ sight, fit }) => fit !== false && (sight === 'closed' || sight === 'unresponsive'))
    const long = seen.filter(({ firstBytes }) => firstBytes !== undefined && atob(firstBytes).length > MOST_BYTES)
    const silent = [...asked].filter((port) => !found.has(port) && !untested.has(port))
    const sights = [...new Set(seen.map(({ sight }) => sight))].sort().join(', ')
    return plain(fault, 1, `${Math.round(tookMs / 1_000)} s, ${found.size} of ${asked.size} found, seen ${sights}`, [
      ...(result === null ? ['no result came'] : result.outcome === 'done' ? [] : [`ended as ${result.outcome}`]),
      ...(tookMs > TIME_BOX_MS ? [`took ${Math.round(tookMs / 1_000)} s`] : []),
      ...(closed.length > 0 ? [`${closed.length} looks call an open port lost: ${JSON.stringify(closed[0])}`] : []),
      ...(silent.length > 0
        ? [`open ports ${silent.slice(0, 5).join(', ')} are neither found nor among the untested`]
        : []),
      ...(long.length > 0 ? [`${long.length} answers are kept with more than ${MOST_BYTES} bytes`] : []),
    ])
  } finally {
    controller.abort()
    await agent
    await desk.close()
    close()
    rmSync(data, { recursive: true, force: true })
  }
}

export const strangeDrill: Drill = {
  name: 'strange',
  async run({ quick }) {
    const rows: Row[] = []
    for (const stranger of quick ? STRANGERS.slice(0, 3) : STRANGERS) rows.push(await met(stranger))
    return rows
  },
}
