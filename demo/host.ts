/**
 * The demo host: a machine with three services behind a guard. A process of its own that speaks to nobody but over TCP.
 * `node demo/host.ts --address 127.0.0.10 [--from N --to N] [--no-guard] [--stop-service] [--web-only] [--allow FILE]`
 * prints `{"address":…,"ports":{…}}` on one line. With --web-only nothing on it counts connections as SSH and mail do.
 * FILE holds whom the guard lets through, a network a line; it is read again when it changes.
 */
import { randomInt } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { parseArgs } from 'node:util'
import { makeGuard, noGuard, readAllowlist } from './guard.ts'

const WINDOW_MS = 10_000

const { values } = parseArgs({
  options: {
    address: { type: 'string', default: '127.0.0.10' },
    from: { type: 'string', default: '10000' },
    to: { type: 'string', default: '32000' },
    'no-guard': { type: 'boolean', default: false },
    'stop-service': { type: 'boolean', default: false },
    'web-only': { type: 'boolean', default: false },
    allow: { type: 'string' },
  },
})

const guarded = !values['no-guard'] && !values['stop-service']
const guard = guarded
  ? makeGuard({ limit: randomInt(25, 46), windowMs: WINDOW_MS, isAllowed: allowedBy(values.allow) })
  : noGuard
/** With --stop-service: connections one source may make before the web server falls over, for everyone. */
const stopAfter = values['stop-service'] ? randomInt(12, 21) : Number.POSITIVE_INFINITY

const httpConnects = new Map<string, number>()
const http = web()
const ssh = service((socket) => {
  socket.write('SSH-2.0-OpenSSH_9.7\r\n')
  socket.on('data', () => socket.end())
})
const smtp = service((socket) => {
  socket.write('220 mail.demo.invalid ESMTP\r\n')
  socket.on('data', (bytes) => {
    if (/^quit/i.test(bytes.toString('latin1'))) socket.end('221 2.0.0 Bye\r\n')
    else socket.write('250 mail.demo.invalid\r\n')
  })
})

const further: Record<string, Server> = values['web-only'] ? { shop: web(), help: web() } : { ssh, smtp }
const ports: Record<string, number> = { http: await listen(http) }
for (const [name, server] of Object.entries(further)) ports[name] = await listen(server)
process.stdout.write(`${JSON.stringify({ address: values.address, ports })}\n`)

function web(): Server {
  const server = service((socket) => {
    const source = socket.remoteAddress ?? ''
    httpConnects.set(source, (httpConnects.get(source) ?? 0) + 1)
    if ((httpConnects.get(source) ?? 0) > stopAfter) return stop(server)
    socket.once('data', (bytes) => socket.end(page(bytes.toString('latin1').split(' ', 1)[0] ?? '')))
  })
  return server
}

/** A listener behind the guard. Whom the guard shuts out gets a reset, as from a firewall rule that rejects. */
function service(serve: (socket: Socket) => void): Server {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.setTimeout(60_000, () => socket.destroy())
    if (!guard.admits(socket.remoteAddress ?? '', Date.now())) return void socket.resetAndDestroy()
    open.add(socket)
    socket.on('close', () => open.delete(socket))
    serve(socket)
  })
  const open = new Set<Socket>()
  server.on('close', () => {
    for (const socket of open) socket.destroy()
  })
  return server
}

/** Nobody, as long as there is no such file. */
function allowedBy(file: string | undefined): (source: string) => boolean {
  let changedAt = 0
  let isListed = (_source: string) => false
  return (source) => {
    const now = file === undefined ? 0 : (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0)
    if (file !== undefined && now !== changedAt)
      isListed = now === 0 ? () => false : readAllowlist(readFileSync(file, 'utf8'))
    changedAt = now
    return isListed(source)
  }
}

function page(method: string): string {
  const known = /^(GET|HEAD|POST|OPTIONS)$/.test(method)
  const body = known ? '<!doctype html><title>Demo</title><h1>It works</h1>\n' : 'Bad request\n'
  const head = `HTTP/1.1 ${known ? '200 OK' : '400 Bad Request'}\r\nServer: demo\r\nContent-Type: text/html\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`
  return method === 'HEAD' ? head : head + body
}

/** The process behind the port is gone: connections end, the port is closed. */
function stop(server: Server): void {
  server.close()
  server.emit('close')
}

/** Listens on a free port of the window: by default below the range from which the system picks source ports. */
async function listen(server: Server): Promise<number> {
  for (;;) {
    const port = randomInt(Number(values.from), Number(values.to) + 1)
    const bound = await new Promise<boolean>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) =>
        error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
      )
      server.listen(port, values.address, () => resolve(true))
    })
    if (bound) return port
  }
}
