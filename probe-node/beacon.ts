import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'

export interface BeaconOptions {
  host: string
  ports: readonly number[]
  signal: AbortSignal
  /** told when every port listens */
  onReady?: () => void
}

const GREETING = '220 portwitness beacon\r\n'
const MOST_CONNECTIONS = 200
const LONGEST_MS = 15_000

/**
 * Listens on these ports until the signal aborts. Each visitor gets one line; the connection ends when the visitor
 * ends it, or after 15 s. Rejects when a port cannot be had.
 */
export async function runBeacon({ host, ports, signal, onReady }: BeaconOptions): Promise<void> {
  const visitors = new Set<Socket>()
  const greet = (socket: Socket) => {
    if (visitors.size >= MOST_CONNECTIONS) return void socket.destroy()
    visitors.add(socket)
    socket.setTimeout(LONGEST_MS, () => socket.destroy())
    socket.on('error', () => socket.destroy())
    socket.on('close', () => visitors.delete(socket))
    socket.resume()
    socket.write(GREETING)
  }
  const servers = ports.map(() => createServer(greet))
  const close = () => {
    for (const server of servers) server.close(() => {})
    for (const socket of visitors) socket.destroy()
  }
  try {
    await Promise.all(servers.map((server, i) => listening(server, host, ports[i] as number)))
    onReady?.()
    if (!signal.aborted) await once(signal, 'abort')
  } finally {
    close()
  }
}

async function listening(server: Server, host: string, port: number): Promise<void> {
  server.listen({ host, port, exclusive: true })
  await once(server, 'listening')
}
