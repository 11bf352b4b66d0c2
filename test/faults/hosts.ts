/** Small hosts to scan: three services of which the third may go away. */
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'

export const OPEN_PORTS = [21_001, 21_004, 21_007]
/** What is scanned of a host: nothing else on this machine listens there. */
export const WINDOW = '21001-21010'

/** More than a probe that is short of descriptors can look at together. */
export const MANY_PORTS = [...OPEN_PORTS, ...Array.from({ length: 37 }, (_, i) => 20_810 + 3 * i)]

export interface Host {
  address: string
  /** connections so far */
  accepted(): number
  close(): Promise<void>
}

/** Listens on the address; with `losesAfterMs` its last service goes away so long after it was first looked at. */
export async function openHost(
  address: string,
  losesAfterMs: number | null = null,
  ports: readonly number[] = OPEN_PORTS,
): Promise<Host> {
  const servers: Server[] = []
  const sockets = new Set<Socket>()
  let accepted = 0
  for (const port of ports) {
    const server = createServer((socket) => {
      accepted += 1
      sockets.add(socket)
      socket.on('error', () => socket.destroy())
      socket.on('close', () => sockets.delete(socket))
      socket.write('220 ready and waiting\r\n')
    })
    if (losesAfterMs !== null && port === ports.at(-1))
      server.once('connection', () => setTimeout(() => server.close(), losesAfterMs).unref())
    server.listen(port, address)
    await once(server, 'listening')
    servers.push(server)
  }
  return {
    address,
    accepted: () => accepted,
    async close() {
      for (const server of servers) server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
