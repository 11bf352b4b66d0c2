/**
 * `attacks.ts SOURCE TARGET KIND PORT COUNT [SECONDS]`: what another scanner does from the same address, for defences that our
 * own scan does not set off. hold: COUNT connections kept open; hold-line: the same with a byte sent; logins: COUNT SSH log-in
 * attempts that break off; gets: COUNT requests shaped like attacks; site: the same over the paths that a web scanner tries,
 * for SECONDS at most. Prints what came of it.
 */
import { connect, type Socket } from 'node:net'

const [source = '', target = '', kind = '', portText = '', countText = '', secondsText = '0'] = process.argv.slice(2)
const port = Number(portText)
const count = Number(countText)
const seconds = Number(secondsText)
const rest = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const tally = new Map<string, number>()
const note = (word: string) => tally.set(word, (tally.get(word) ?? 0) + 1)

function dial(): Promise<Socket | null> {
  return new Promise((resolve) => {
    const socket = connect({ host: target, port, localAddress: source, timeout: 1_500 })
    const fail = (word: string) => {
      note(word)
      socket.destroy()
      resolve(null)
    }
    socket.once('connect', () => {
      note('connected')
      socket.removeAllListeners('timeout')
      socket.on('data', () => {})
      resolve(socket)
    })
    socket.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? 'error'))
    socket.once('timeout', () => fail('timeout'))
  })
}

async function hold(): Promise<void> {
  const held: Socket[] = []
  for (let i = 0; i < count; i++) {
    const socket = await dial()
    if (!socket) continue
    held.push(socket)
    if (kind === 'hold-line') socket.write('x')
  }
  await rest(seconds * 1_000)
  for (const socket of held) socket.destroy()
}

async function each(send: (i: number) => string, gapMs: number, limitMs = Number.POSITIVE_INFINITY): Promise<void> {
  const until = performance.now() + limitMs
  for (let i = 0; i < count && performance.now() < until; i++) {
    const socket = await dial()
    if (socket) {
      socket.write(send(i))
      await Promise.race([new Promise((resolve) => socket.once('data', resolve)), rest(800)])
      socket.destroy()
    }
    await rest(gapMs)
  }
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: ${target}\r\nUser-Agent: lab\r\nConnection: close\r\n\r\n`
const PATHS = [
  ...['/admin/', '/phpmyadmin/', '/wp-login.php', '/.git/config', '/.env', '/server-status', '/cgi-bin/test.cgi'],
  ...[
    '/backup.zip',
    '/config.php.bak',
    '/xmlrpc.php',
    '/manager/html',
    '/solr/admin/',
    '/actuator/env',
    '/.svn/entries',
  ],
]
const QUERIES = ['', '?id=1%27%20OR%201=1--', '?q=%3Cscript%3Ealert(1)%3C/script%3E', '?file=../../../../etc/passwd']
const path = (i: number) => `${PATHS[i % PATHS.length]}${QUERIES[Math.floor(i / PATHS.length) % QUERIES.length]}`
const KINDS: Record<string, () => Promise<void>> = {
  hold,
  'hold-line': hold,
  logins: () => each(() => 'SSH-2.0-lab_1.0\r\n', 150),
  gets: () => each((i) => get(`/?id=${i}%27%20OR%20%271%27=%271&file=../../etc/passwd`), 50),
  site: () => each((i) => get(path(i)), 50, seconds * 1_000),
}
const attack = KINDS[kind]
if (!attack) throw new Error(`no attack ${kind}`)
await attack()
console.log([...tally].map(([word, times]) => `${word} ${times}`).join(', '))
process.exit(0)
