import {
  Agent,
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request,
  type Server,
  type ServerResponse,
} from 'node:http'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream'

export interface Front {
  /** the port that was bound */
  port: number
  /** from now on requests go there; until then they are answered 503 */
  connectTo(upstream: URL): void
  close(): Promise<void>
}

/** For the last word of a bell of which one side has hung up. */
const FAREWELL_MS = 1_000

/** RFC 9110 7.6.1: these belong to one connection and are not passed on. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])
/** Who the client is we say ourselves; `cf-` and `mf-` headers speak to the runtime. A client's own are dropped. */
const OURS = /^(cf-|mf-|x-portwitness-front$|x-forwarded-|x-real-ip$|true-client-ip$|forwarded$)/

/**
 * The door of the embedded Worker: passes every request on to workerd and tells it, with a secret only the two know,
 * from which address it came. Bodies stream both ways unbuffered; WebSockets are piped.
 */
export async function openFront(options: { host: string; port: number; secret: string }): Promise<Front> {
  // workerd closes an idle connection after 5 s; leaving first avoids sending into one that is just closing.
  const agent = new Agent({ keepAlive: true, timeout: 4_000 })
  let upstream: URL | null = null
  const server = createServer({ maxHeaderSize: 32 * 1024, requestTimeout: 60_000, keepAliveTimeout: 30_000 })
  const onward = (incoming: IncomingMessage, to: URL, extra: OutgoingHttpHeaders = {}) => ({
    hostname: to.hostname,
    port: to.port,
    method: incoming.method,
    path: incoming.url,
    setHost: false,
    headers: {
      ...passed(incoming.headers),
      'cf-connecting-ip': clientAddress(incoming),
      'x-portwitness-front': options.secret,
      ...extra,
    },
  })

  server.on('request', (incoming, answer) => {
    if (!upstream) return void answer.writeHead(503, { 'retry-after': '1' }).end()
    if (!incoming.url?.startsWith('/')) return void answer.writeHead(400).end()
    pass(incoming, answer, upstream, keeps(incoming) ? agent : false)
  })

  function pass(incoming: IncomingMessage, answer: ServerResponse, to: URL, by: Agent | false): void {
    const call = request({ ...onward(incoming, to, bodyHeaders(incoming)), agent: by })
    call.on('response', (reply) => {
      answer.writeHead(reply.statusCode ?? 502, passed(reply.headers, false))
      answer.flushHeaders()
      pipeline(reply, answer, () => {})
    })
    call.on('error', () => {
      if (answer.headersSent || answer.destroyed) return void answer.destroy()
      // A kept connection that the runtime had just closed took nothing in: what changes nothing may be asked again.
      if (call.reusedSocket && isSafe(incoming)) return pass(incoming, answer, to, false)
      answer.writeHead(502, { 'content-type': 'application/problem+json', 'retry-after': '1' })
      answer.end('{"title":"The Worker did not answer","status":502,"code":"bad_gateway"}')
    })
    answer.on('close', () => call.destroy())
    if (isSafe(incoming)) call.end()
    else pipeline(incoming, call, () => {})
  }

  /** both ends of every bell that hangs: once upgraded, the server knows of them no more */
  const ends = new Set<Duplex>()
  /** Passes on what either says. One that hung up is gone for both, also where the other would keep its half open for good. */
  function join(socket: Duplex, inner: Duplex): void {
    const hangUp = () => {
      for (const end of [socket, inner]) {
        ends.delete(end)
        // Told as a reset: who has heard the end and does not let go would hear nothing more.
        if (end instanceof Socket && !end.destroyed) end.resetAndDestroy()
        else end.destroy()
      }
    }
    for (const end of [socket, inner]) {
      ends.add(end)
      end.once('end', () => setTimeout(hangUp, FAREWELL_MS))
    }
    pipeline(inner, socket, inner, (error) => error && hangUp())
  }

  server.on('upgrade', (incoming, socket, head) => {
    socket.on('error', () => socket.destroy())
    if (!upstream || !incoming.url?.startsWith('/')) return void refuse(socket, 503)
    const call = request({
      ...onward(incoming, upstream, { connection: 'Upgrade', upgrade: 'websocket' }),
      agent: false,
    })
    call.on('upgrade', (reply, inner, innerHead) => {
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${headerLines(reply)}\r\n`)
      socket.write(innerHead)
      inner.write(head)
      join(socket, inner)
    })
    call.on('response', (reply) => {
      reply.resume()
      refuse(socket, reply.statusCode ?? 502)
    })
    call.on('error', () => refuse(socket, 502))
    socket.on('close', () => call.destroy())
    call.end()
  })

  const port = await listen(server, options)
  return {
    port,
    connectTo: (url) => {
      upstream = url
    },
    close: () =>
      new Promise((resolve) => {
        agent.destroy()
        server.close(() => resolve())
        server.closeAllConnections()
        for (const end of ends) end.destroy()
      }),
  }
}

/** Without a body, and without effect (RFC 9110 9.2.1). */
const isSafe = ({ method, headers }: IncomingMessage): boolean =>
  (method === 'GET' || method === 'HEAD') &&
  headers['transfer-encoding'] === undefined &&
  (headers['content-length'] ?? '0') === '0'
/**
 * Who may go over a connection that was used before. What people change is not repeated when that one just closes, so it gets
 * a fresh one; probes are many, and repeat what was not answered themselves.
 */
const keeps = (incoming: IncomingMessage): boolean => isSafe(incoming) || (incoming.url ?? '').startsWith('/probe/')

function passed(headers: IncomingHttpHeaders, fromClient = true): OutgoingHttpHeaders {
  const named = new Set(`${headers.connection ?? ''}`.toLowerCase().split(/\s*,\s*/))
  const kept = Object.entries(headers).filter(
    ([name]) => !HOP_BY_HOP.has(name) && !named.has(name) && !(fromClient && OURS.test(name)),
  )
  return Object.fromEntries(kept)
}

/** Node frames the body anew: by its length where it is known, else in chunks. */
const bodyHeaders = (incoming: IncomingMessage): OutgoingHttpHeaders =>
  incoming.headers['transfer-encoding'] ? { 'transfer-encoding': 'chunked' } : {}

/** The peer's address; `::ffff:192.0.2.1` is what a dual-stack socket calls 192.0.2.1. */
const clientAddress = (incoming: IncomingMessage): string =>
  (incoming.socket.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '')

function headerLines(reply: IncomingMessage): string {
  let lines = ''
  for (let i = 0; i + 1 < reply.rawHeaders.length; i += 2)
    lines += `${reply.rawHeaders[i]}: ${reply.rawHeaders[i + 1]}\r\n`
  return lines
}

function refuse(socket: Duplex, status: number): void {
  if (socket.writable) socket.end(`HTTP/1.1 ${status} Refused\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
}

const listen = (server: Server, { host, port }: { host: string; port: number }): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      const address = server.address()
      resolve(typeof address === 'object' && address ? address.port : port)
    })
  })
