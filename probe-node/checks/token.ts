import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { CONTROL_BYTES, CONTROL_PATH, TLS_PORT } from '../../schema/control.ts'
import type { Fetched } from '../../schema/wire.ts'
import { codeOf } from '../fault.ts'
import { http } from '../http.ts'
import type { TouchOptions } from './check.ts'
import { dial } from './exchange.ts'
import { authorityOf } from './http.ts'
import { secureConnection } from './tls.ts'

const HEAD_BYTES = 16_384

/** What one GET of the token's path brought. Always resolves, within about twice the timeout. */
export async function fetchToken(
  options: TouchOptions,
  isTls = options.port === TLS_PORT,
): Promise<Omit<Fetched, 'address' | 'port'>> {
  const started = performance.now()
  const afterMs = () => Math.min(120_000, Math.round(performance.now() - started))
  const connected = await connect(options, isTls)
  if ('code' in connected) return { afterMs: afterMs(), code: connected.code }
  const said = await ask(connected.socket, options)
  return { afterMs: afterMs(), ...said }
}

/** A connection to that very address: `dial` looks at the peer, and connects to literals alone. TLS where its port wants it. */
async function connect(options: TouchOptions, isTls: boolean): Promise<{ socket: Socket } | { code: string }> {
  if (isTls) {
    const secured = await secureConnection(options)
    return 'socket' in secured ? secured : { code: secured.touched.code ?? 'TIMEOUT' }
  }
  const dialled = await dial(options)
  return 'socket' in dialled ? dialled : { code: dialled.code ?? 'TIMEOUT' }
}

/** Reads the head and the first bytes of the body by Node's own parser, and hangs up. */
const ask = (socket: Socket, options: TouchOptions): Promise<Pick<Fetched, 'status' | 'body' | 'code'>> =>
  new Promise((resolve) => {
    let over = false
    const authority = authorityOf(options)
    const end = (said: Pick<Fetched, 'status' | 'body' | 'code'>) => {
      if (over) return
      over = true
      clearTimeout(timer)
      request.destroy()
      socket.destroy()
      resolve(said)
    }
    let heard: { status: number; body: Buffer } | null = null
    const tell = (code: string) =>
      end(heard ? { status: heard.status, body: heard.body.subarray(0, CONTROL_BYTES).toString('base64') } : { code })
    const timer = setTimeout(() => tell('TIMEOUT'), options.timeoutMs)
    const request = http.request({
      createConnection: () => socket,
      method: 'GET',
      path: CONTROL_PATH,
      setHost: false,
      maxHeaderSize: HEAD_BYTES,
      headers: {
        Host: authority,
        'User-Agent': options.userAgent,
        Accept: 'text/plain',
        'Accept-Encoding': 'identity',
        Connection: 'close',
        ...headersOf(options.knock?.(authority) ?? []),
      },
    })
    request.on('error', (error) => tell(codeOf(error).code))
    socket.on('error', (error) => tell(codeOf(error).code))
    request.on('response', (answer: IncomingMessage) => {
      heard = { status: answer.statusCode ?? 0, body: Buffer.alloc(0) }
      answer.on('data', (chunk: Buffer) => {
        if (!heard || over) return
        heard.body = Buffer.concat([heard.body, chunk])
        if (heard.body.length >= CONTROL_BYTES) tell('')
      })
      answer.on('end', () => tell(''))
      answer.on('error', () => tell(''))
    })
    // It was paused for whoever reads it: from here on that is the parser.
    request.on('socket', () => socket.resume())
    request.end()
  })

const headersOf = (lines: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf(':')
      return [line.slice(0, at), line.slice(at + 1).trim()]
    }),
  )
