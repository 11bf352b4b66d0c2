/** Real listeners on loopback, each with one way to behave. Ports are free ones below the ephemeral range. */

import { once } from 'node:events'
import { createServer as createHttp, type RequestListener } from 'node:http'
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTls } from 'node:tls'
import { TEST_CERTIFICATE, TEST_KEY } from './certificate.ts'

export interface Listener {
  address: string
  port: number
  /** connections accepted so far */
  accepted(): number
  /** everything received so far, all connections together */
  received(): string
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

const LOW = 10_000
const HIGH = 32_000

/** A listener that does this with each connection. */
export async function listener(
  onSocket: (socket: Socket) => void,
  address = '127.0.0.1',
  wanted?: number,
): Promise<Listener> {
  return opened(createServer(onSocket), address, wanted)
}

async function opened(server: Server, address: string, wanted?: number): Promise<Listener> {
  const sockets = new Set<Socket>()
  let accepted = 0
  let received = ''
  server.on('connection', (socket: Socket) => {
    accepted += 1
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('data', (bytes) => {
      received += bytes.toString('latin1')
    })
    socket.on('close', () => sockets.delete(socket))
  })
  const port = await listen(server, address, wanted)
  const close = async () => {
    for (const socket of sockets) socket.destroy()
    if (!server.listening) return
    server.close()
    await once(server, 'close')
  }
  return { address, port, accepted: () => accepted, received: () => received, close, [Symbol.asyncDispose]: close }
}

async function listen(server: Server, address: string, wanted?: number): Promise<number> {
  for (let tries = 0; ; tries++) {
    const port = wanted ?? LOW + Math.floor(Math.random() * (HIGH - LOW))
    const isUp = await new Promise<boolean>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) =>
        error.code === 'EADDRINUSE' && !wanted && tries < 50 ? resolve(false) : reject(error),
      )
      server.listen({ host: address, port, backlog: 4_096 }, () => resolve(true))
    })
    if (isUp) return port
  }
}

/** A port on which nobody listens. */
export async function freePort(address = '127.0.0.1'): Promise<number> {
  const one = await listener(() => {}, address)
  await one.close()
  return one.port
}

/** Accepts and never says a word. */
export const silent = (address?: string, port?: number) => listener((socket) => socket.resume(), address, port)

/** Speaks first. */
export const greeter = (line: string, address?: string, port?: number) =>
  listener((socket) => socket.write(line), address, port)
export const SSH_BANNER = 'SSH-2.0-OpenSSH_9.6\r\n'
export const sshd = (address?: string, port?: number) => greeter(SSH_BANNER, address, port)
export const fullSshd = (address?: string) => listener((socket) => socket.end('Exceeded MaxStartups\r\n'), address)
export const refusingMail = (address?: string) =>
  listener((socket) => socket.end('421 4.7.0 Too many connections from you\r\n'), address)

/** Speaks, but takes its time. */
export const slow = (line: string, afterMs: number, address?: string) =>
  listener((socket) => void setTimeout(() => socket.write(line), afterMs), address)

/** Accepts, then resets before any byte. */
export const resetting = (address?: string, port?: number) =>
  listener((socket) => socket.resetAndDestroy(), address, port)

/** Accepts, then ends in peace before any byte. */
export const closing = (address?: string, port?: number) => listener((socket) => socket.end(), address, port)

export const web = (
  answer: RequestListener = (_, response) => response.setHeader('server', 'test').end('hello'),
  address?: string,
  port?: number,
) => opened(createHttp(answer), address ?? '127.0.0.1', port)

/** A web server whose answer can be changed while it runs. */
export async function changingWeb(address?: string) {
  let status = 200
  let headers: Record<string, string> = {}
  const one = await web((_, response) => response.writeHead(status, headers).end('body'), address)
  const answer = (nextStatus: number, nextHeaders: Record<string, string> = {}) => {
    status = nextStatus
    headers = nextHeaders
  }
  return Object.assign(one, { answer })
}

export const secure = (address?: string, port?: number) =>
  opened(
    createTls({ key: TEST_KEY, cert: TEST_CERTIFICATE }, (socket) => {
      socket.on('error', () => {})
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nServer: tls-test\r\nContent-Length: 0\r\n\r\n'))
    }) as unknown as Server,
    address ?? '127.0.0.1',
    port,
  )
