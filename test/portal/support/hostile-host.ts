/** A host whose every service greets with something nasty, behind a guard that shuts out who connects too often. */
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { makeGuard } from '../../../demo/guard.ts'
import { quietWindow } from '../../../demo/loopback.ts'
import { CORPUS } from './corpus.ts'

export interface HostileHost {
  address: string
  /** ports to be scanned, as the API takes them */
  window: string
  close(): void
}

const PARTS = 3

export async function openHostileHost(address: string): Promise<HostileHost> {
  const guard = makeGuard({ limit: 30, windowMs: 10_000 })
  const { from, to } = await quietWindow(address, 300)
  const texts = Object.values(CORPUS)
  const part = (i: number) => texts.filter((_, n) => n % PARTS === i).join(' | ')
  const servers: Server[] = []
  let port = from + 7
  const listen = async (serve: (socket: Socket) => void, refuse: (socket: Socket) => void) => {
    const server = createServer((socket) => {
      socket.on('error', () => socket.destroy())
      if (guard.admits(socket.remoteAddress ?? '', Date.now())) serve(socket)
      else refuse(socket)
    })
    server.listen(port, address)
    port += 23
    await once(server, 'listening')
    servers.push(server)
  }
  const reset = (socket: Socket) => void socket.resetAndDestroy()
  const page = (status: string, text: string) => (socket: Socket) => {
    const body = `<!doctype html><title>${text}</title><h1>${text}</h1>`
    const head = `HTTP/1.1 ${status}\r\nServer: ${oneLine(text)}\r\nX-Powered-By: ${oneLine(text)}\r\n`
    socket.once('data', () =>
      socket.end(
        `${head}Content-Type: text/html\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
      ),
    )
  }
  for (let i = 0; i < PARTS; i++) {
    await listen((socket) => void socket.write(`SSH-2.0-${part(i)}\r\n`), reset)
    await listen(
      (socket) => void socket.write(`220 ${part(i)} ESMTP\r\n`),
      (socket) => socket.end(`421 ${part(i)}\r\n`),
    )
    await listen(page('200 OK', part(i)), page('403 Forbidden', part(i)))
  }
  return {
    address,
    window: `${from}-${to}`,
    close: () => {
      for (const server of servers) server.close()
    },
  }
}

const oneLine = (text: string) => text.replace(/[\r\n\0]/g, ' ').slice(0, 400)
