/**
 * A receiver that does what it is told: takes messages, or answers 429, 500, 3xx, 410, hangs, resets, lies, talks without
 * end. `POST /script/NAME` with a list of answers, each used once and the last for ever; messages go to `/in/NAME`, on any
 * path below it; `GET /log/NAME` says what came.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Received, Reply } from './reply.ts'

export interface Unruly {
  url: string
  script(name: string, replies: readonly Reply[]): void
  log(name: string): Received[]
  close(): Promise<void>
}

const OK: Reply = { status: 200, body: 'ok' }

export async function openUnruly(options: { unref?: boolean } = {}): Promise<Unruly> {
  const scripts = new Map<string, Reply[]>()
  const logs = new Map<string, Received[]>()
  const logOf = (name: string): Received[] => {
    const log = logs.get(name) ?? []
    logs.set(name, log)
    return log
  }
  const nextOf = (name: string): Reply => {
    const script = scripts.get(name) ?? [OK]
    return (script.length > 1 ? script.shift() : script[0]) ?? OK
  }
  const server = createServer(async (request, response) => {
    const path = request.url ?? '/'
    const [, door = '', name = ''] = /^\/(\w+)\/([\w-]+)/.exec(path) ?? []
    const body = await bodyOf(request).catch(() => null)
    if (body === null) return
    if (door === 'script') {
      scripts.set(name, JSON.parse(body) as Reply[])
      return void response.end('{}')
    }
    if (door === 'log') return void response.end(JSON.stringify(logOf(name)))
    const reply = nextOf(name)
    const status = reply.status ?? 200
    const isSilent = reply.hangs === true || reply.resets !== undefined
    logOf(name).push({
      at: Date.now(),
      method: request.method ?? '',
      path,
      headers: Object.fromEntries(Object.entries(request.headers).map(([key, value]) => [key, String(value)])),
      body,
      taken:
        reply.lies === true ||
        reply.resets === 'after' ||
        (!isSilent && reply.refuses !== true && status >= 200 && status < 300),
      status: isSilent ? null : status,
    })
    if (reply.hangs) return
    if (reply.resets) return void request.socket.resetAndDestroy()
    setTimeout(() => answer(response, reply, status), reply.afterMs ?? 0)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  if (options.unref) server.unref()
  const { port } = server.address() as { port: number }
  return {
    url: `http://127.0.0.1:${port}`,
    script: (name, replies) => void scripts.set(name, [...replies]),
    log: (name) => logOf(name),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function answer(response: ServerResponse, reply: Reply, status: number): void {
  response.writeHead(status, { 'content-type': 'text/plain', ...reply.headers })
  if (!reply.floods) return void response.end(reply.body ?? 'ok')
  const flood = () => {
    while (!response.destroyed && response.write('x'.repeat(65_536)));
    if (!response.destroyed) response.once('drain', flood)
  }
  flood()
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}
