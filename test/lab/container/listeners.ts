/**
 * `listeners.ts [--delay MS] PORT[=GREETING]…`: well-behaved plain services in one process. A port with a greeting speaks
 * first; the others answer HTTP. `--delay`: a slow host, which waits that long before it says anything.
 */
import { createServer } from 'node:net'

const GREETING: Record<number, string> = {
  21: '220 FTP ready',
  22: 'SSH-2.0-OpenSSH_9.2p1 Debian-2',
  25: '220 target.lab.test ESMTP',
  110: '+OK POP3 ready',
  143: '* OK IMAP4 ready',
}
const PAGE = '<!doctype html><html><head><title>Lab</title></head><body><h1>It works</h1></body></html>\n'
const HTTP = `HTTP/1.1 200 OK\r\nServer: plain\r\nContent-Type: text/html\r\nContent-Length: ${PAGE.length}\r\nConnection: close\r\n\r\n${PAGE}`
const LONGEST_MS = 10_000

const args = process.argv.slice(2)
const delayMs = args[0] === '--delay' ? Number(args.splice(0, 2)[1]) : 0

for (const arg of args) {
  const [port = '', words] = arg.split('=')
  const greeting = words ?? GREETING[Number(port)]
  createServer({ pauseOnConnect: delayMs > 0 }, (socket) => {
    socket.setTimeout(LONGEST_MS + delayMs, () => socket.destroy())
    socket.on('error', () => {})
    const serve = () => {
      if (greeting) socket.write(`${greeting}\r\n`)
      socket.once('data', () => (greeting ? socket.end() : socket.end(HTTP)))
      socket.resume()
    }
    if (delayMs > 0) setTimeout(serve, delayMs)
    else serve()
  }).listen({ port: Number(port), host: '0.0.0.0', backlog: 128 })
}
