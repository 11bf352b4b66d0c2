/**
 * `knock.ts SOURCE TARGET PORT KIND COUNT PAUSE_MS SETTLE_MS [TEXT]`: so many touches from this address, one after the other;
 * then, after the settling time, one more, and what it saw as the only line. KIND: connect, greeting (TEXT is the answer), http (TEXT is the path),
 * imap (two sessions at once).
 */
import { connect, type Socket } from 'node:net'

const [source = '', target = '', port = '0', kind = 'connect', count = '1', pause = '0', settle = '0', text = ''] =
  process.argv.slice(2)
const PATIENCE_MS = 5_000
/** A connect within namespaces of one machine takes no millisecond. */
const SILENT_MS = 1_200

const rest = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

function open(): Promise<Socket | string> {
  return new Promise((resolve) => {
    const socket = connect({ host: target, port: Number(port), localAddress: source })
    const timer = setTimeout(() => {
      socket.destroy()
      resolve('silent')
    }, SILENT_MS)
    socket.once('connect', () => {
      clearTimeout(timer)
      resolve(socket)
    })
    socket.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer)
      resolve(error.code ?? 'error')
    })
    socket.on('error', () => undefined)
  })
}

/** What comes until it matches, ends, or takes too long. */
function hear(socket: Socket, until: RegExp): Promise<string> {
  return new Promise((resolve) => {
    let said = ''
    const done = (word: string) => {
      clearTimeout(timer)
      socket.off('data', take)
      resolve(word)
    }
    const take = (chunk: Buffer) => {
      said += chunk.toString('latin1')
      if (until.test(said)) done(said)
    }
    const timer = setTimeout(() => done(said || 'mute'), PATIENCE_MS)
    socket.on('data', take)
    socket.once('close', () => done(said || 'cut'))
  })
}

async function once(): Promise<string> {
  const socket = await open()
  if (typeof socket === 'string') return socket
  try {
    switch (kind) {
      case 'greeting': {
        const said = await hear(socket, /\n/)
        if (text === '') return said
        socket.end(`${text}\r\n`)
        await rest(200)
        return said
      }
      case 'http':
        // A random path is another one each time.
        socket.write(
          `GET ${text === 'random' ? `/${Math.random().toString(36).slice(2)}` : text || '/'} HTTP/1.1\r\nHost: target.lab.test\r\nUser-Agent: knock\r\nAccept: */*\r\nConnection: close\r\n\r\n`,
        )
        return await hear(socket, /^HTTP\/\S+ \d+[^\n]*\n/)
      case 'imap':
        return await imapTwice(socket)
      default: {
        const ended = await Promise.race([hear(socket, /$^/), rest(200).then(() => 'open')])
        return ended === 'open' ? 'open' : 'cut'
      }
    }
  } finally {
    socket.destroy()
  }
}

async function imapTwice(first: Socket): Promise<string> {
  const login = async (socket: Socket) => {
    await hear(socket, /\n/)
    socket.write('a login lab labpassword\r\n')
    return hear(socket, /^a .*\n/m)
  }
  const one = await login(first)
  const second = await open()
  if (typeof second === 'string') return second
  const two = await login(second)
  second.destroy()
  return `${one.trim().split('\n').at(-1)} | ${two.trim().split('\n').at(-1)}`
}

for (let i = 0; i < Number(count); i++) {
  await once()
  await rest(Number(pause))
}
await rest(Number(settle))
console.log((await once()).split('\n')[0]?.trim() ?? '')
