/**
 * The wire between probes and a Worker: every message and answer passes here, is written into the journal, and may be held up.
 * It dials on from the address it was dialled from, so that the Worker sees who asks. It outlives the Worker.
 */
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Journal } from './audit/journal.ts'

/** Which direction is cut. What is cut hangs, as a packet that is dropped does; nobody is refused. */
export type Cut = 'nothing' | 'requests' | 'answers'

export interface Wire {
  url: string
  cut(what: Cut): void
  /** closes every connection at once */
  drop(): void
  /** when a doorbell was dialled (performance.now()) */
  dials: number[]
  close(): Promise<void>
}

export async function openWire(upstream: () => string, journal: Journal): Promise<Wire> {
  const agents = new Map<string, Agent>()
  const agentOf = (address: string): Agent => {
    const agent = agents.get(address) ?? new Agent({ keepAlive: true, timeout: 4_000 })
    agents.set(address, agent)
    return agent
  }
  let cut: Cut = 'nothing'
  let isClosing = false
  const dials: number[] = []
  const tunnels = new Set<Duplex>()

  async function pass(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk)
    const body = Buffer.concat(chunks)
    const [, kind] = /^\/probe\/v1\/(\w+)/.exec(incoming.url ?? '') ?? []
    if (cut === 'requests') return
    const close = kind ? journal.ask(kind, body.toString()) : () => {}
    const from = incoming.socket.remoteAddress ?? ''
    const to = new URL(incoming.url ?? '/', upstream())
    const call = request(to, {
      method: incoming.method,
      headers: { ...incoming.headers, host: to.host },
      agent: agentOf(from),
      localAddress: from,
    })
    call.on('error', () => {
      close(null, '')
      answer.destroy()
    })
    call.on('response', (reply) => {
      const parts: Buffer[] = []
      reply.on('data', (part: Buffer) => parts.push(part))
      reply.on('close', () => {
        const text = Buffer.concat(parts)
        close(reply.complete ? (reply.statusCode ?? null) : null, text.toString())
        if (cut === 'answers') return
        if (!reply.complete) return void answer.destroy()
        answer.writeHead(reply.statusCode ?? 502, reply.headers).end(text)
      })
    })
    call.end(body)
  }

  const server = createServer((incoming, answer) => void pass(incoming, answer).catch(() => answer.destroy()))
  server.on('upgrade', (incoming, socket, head) => {
    dials.push(performance.now())
    // One that was dialled while the wire was closed would keep it open for good.
    if (isClosing) return void socket.destroy()
    if (cut !== 'nothing') return void tunnels.add(socket)
    const to = new URL(upstream())
    const onward = connect({
      host: to.hostname,
      port: Number(to.port),
      localAddress: incoming.socket.remoteAddress ?? '',
    })
    for (const end of [socket, onward]) {
      tunnels.add(end)
      end.on('error', () => end.destroy())
      end.on('close', () => {
        tunnels.delete(end)
        socket.destroy()
        onward.destroy()
      })
    }
    const lines = [`${incoming.method} ${incoming.url} HTTP/1.1`]
    for (let i = 0; i + 1 < incoming.rawHeaders.length; i += 2)
      lines.push(`${incoming.rawHeaders[i]}: ${incoming.rawHeaders[i + 1]}`)
    onward.write(`${lines.join('\r\n')}\r\n\r\n`)
    onward.write(head)
    socket.pipe(onward)
    onward.pipe(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const drop = () => {
    for (const tunnel of tunnels) tunnel.destroy()
    server.closeAllConnections()
  }
  return {
    url: `http://127.0.0.1:${port}`,
    cut: (what) => {
      cut = what
    },
    drop,
    dials,
    close: () =>
      new Promise((resolve) => {
        isClosing = true
        for (const agent of agents.values()) agent.destroy()
        server.close(() => resolve())
        drop()
      }),
  }
}
