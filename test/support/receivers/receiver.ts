/**
 * A local HTTP server that takes what one platform takes and refuses what it refuses, in its own words. For tests of what
 * is rendered and of how it is sent.
 */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ChannelKind } from '../../../schema/words.ts'
import type { Destination } from '../../../worker/notify/channel.ts'
import type { Platform, Reply, Sent } from './platform.ts'
import { PLATFORMS } from './platforms.ts'

/** What a receiver does in place of its usual answer. */
export type Behaviour = Reply | 'hang' | 'reset'

export interface Receiver {
  kind: ChannelKind
  /** as a user would enter it, with a secret that this receiver knows */
  destination: Destination
  /** in the order of arrival */
  taken: { sent: Sent; reply: Reply; at: number }[]
  refused: { sent: Sent; reply: Reply; at: number }[]
  /** what the next requests meet, one each, before all is as usual again */
  next: Behaviour[]
  [Symbol.asyncDispose](): Promise<void>
}

const MAX_BODY = 2_000_000

export async function openReceiver(kind: ChannelKind): Promise<Receiver> {
  const platform: Platform = PLATFORMS[kind]()
  const server = createServer(async (request, response) => {
    const sent = await read(request)
    const behaviour = receiver.next.shift()
    if (behaviour === 'hang') return
    if (behaviour === 'reset') return void request.socket.resetAndDestroy()
    const reply = behaviour ?? platform.take(sent)
    const list = reply.status >= 200 && reply.status < 300 ? receiver.taken : receiver.refused
    list.push({ sent, reply, at: Date.now() })
    response.writeHead(reply.status, reply.headers).end(reply.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const receiver: Receiver = {
    kind,
    destination: { url: `http://127.0.0.1:${port}${platform.path}`, secrets: platform.secrets },
    taken: [],
    refused: [],
    next: [],
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return receiver
}

async function read(request: IncomingMessage): Promise<Sent> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request) {
    length += chunk.length
    if (length <= MAX_BODY) chunks.push(chunk)
  }
  return {
    method: request.method ?? '',
    url: new URL(request.url ?? '/', 'http://receiver'),
    headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)])),
    body: Buffer.concat(chunks),
  }
}
