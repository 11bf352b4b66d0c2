import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { isKey } from '../../schema/key.ts'
import { channelKey } from '../../worker/embedded/admin-key.ts'
import { COMPATIBILITY, type Host, startHost } from '../../worker/embedded/host.ts'
import { echoRoot } from '../support/echo-worker.ts'

let echo: Awaited<ReturnType<typeof echoRoot>>
let data: string
let host: Host
let dns: Awaited<ReturnType<typeof nameServer>>

const options = () => ({
  host: '127.0.0.1',
  port: 0,
  data,
  root: echo.root,
  allowPrivate: true,
  allowLocalReceivers: false,
  dnsServer: `127.0.0.1:${dns.port}`,
})

beforeAll(async () => {
  echo = await echoRoot()
  dns = await nameServer({ 'host.example': '198.51.100.7' })
  data = await mkdtemp(join(tmpdir(), 'portwitness-host-'))
  host = await startHost(options())
})
afterAll(async () => {
  await host.stop()
  dns.close()
  await rm(data, { recursive: true, force: true })
  await echo[Symbol.asyncDispose]()
})

describe('the front of the embedded host', () => {
  test('says itself from which address a request came, and drops what the client says of it', async () => {
    const told = await ask('/who?am=i', {
      localAddress: '127.0.0.9',
      headers: {
        'cf-connecting-ip': '203.0.113.1',
        'x-portwitness-front': 'guessed',
        'x-forwarded-for': '203.0.113.2',
        'mf-route-override': 'elsewhere',
        'x-kept': 'yes',
      },
    })
    expect(told).toMatchObject({ path: '/who?am=i', headers: { 'cf-connecting-ip': '127.0.0.9', 'x-kept': 'yes' } })
    expect(told.headers['x-portwitness-front']).toMatch(/^[\w-]{32}$/)
    expect(told.headers['x-forwarded-for']).toBeUndefined()
    expect(told.headers['mf-route-override']).toBeUndefined()
  })

  test('passes on no header that belongs to one connection', async () => {
    const told = await ask('/', { headers: { connection: 'keep-alive, x-hop', 'x-hop': 'mine', te: 'trailers' } })
    expect(told.headers).not.toHaveProperty('x-hop')
    expect(told.headers).not.toHaveProperty('te')
  })

  test('streams a large body without changing it', async () => {
    const body = randomBytes(5_000_000)
    const answer = await fetch(`${host.url}/digest`, { method: 'POST', body })
    expect(await answer.text()).toBe(createHash('sha256').update(body).digest('hex'))
  })

  test('lets events through one by one as they are sent', async () => {
    const { body } = await fetch(`${host.url}/stream`)
    const reader = body?.getReader()
    const first = await reader?.read()
    const firstAt = performance.now()
    const second = await reader?.read()
    expect([first, second].map((it) => new TextDecoder().decode(it?.value))).toEqual(['data: one\n\n', 'data: two\n\n'])
    expect(performance.now() - firstAt).toBeGreaterThan(1_000)
  })

  test('pipes WebSockets both ways', async () => {
    const socket = new WebSocket(`${host.url.replace('http', 'ws')}/bell`)
    await once(socket, 'open')
    socket.send('hello')
    const [message] = await once(socket, 'message')
    expect(String(message)).toBe('heard hello')
    socket.close()
    await once(socket, 'close')
  })

  test('shows no path of the development tools beneath it', async () => {
    const told = await ask('/cdn-cgi/handler/scheduled', {})
    expect(told.path).toBe('/cdn-cgi/handler/scheduled') // it is the Worker that answers
  })
})

describe('the embedded host', () => {
  test('runs the Worker as wrangler.toml says', async () => {
    const toml = await readFile('wrangler.toml', 'utf8')
    expect(toml).toContain(`compatibility_date = "${COMPATIBILITY.date}"`)
    for (const flag of COMPATIBILITY.flags) expect(toml).toContain(`"${flag}"`)
  })

  test('writes an admin key that only its owner can read', async () => {
    const path = join(data, 'admin.key')
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(isKey((await readFile(path, 'utf8')).trim())).toBe(true)
  })

  test('writes a key that seals the secrets of channels, for its owner alone, and keeps it', async () => {
    const path = join(data, 'channel.key')
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    const key = await readFile(path, 'utf8')
    expect(key).toMatch(/^k1:[A-Za-z0-9+/]{43}=\n$/)
    expect(await channelKey(data)).toBe(key.trim())
  })

  test('resolves names with the server it was given', async () => {
    const answer = await fetch(`${host.url}/resolve?name=host.example`)
    expect(await answer.json()).toEqual({ addresses: ['198.51.100.7'] })
    const none = await fetch(`${host.url}/resolve?name=other.example`)
    expect(await none.json()).toEqual({ addresses: [] })
  })

  test('ticks once at the start, at a whole minute', async () => {
    const { ticks } = await read()
    expect(ticks.length).toBeGreaterThanOrEqual(1)
    for (const at of ticks) expect(at % 60_000).toBe(0)
  })

  test('refuses a folder that another Worker uses', async () => {
    const other = spawn('node', ['worker/embedded/main.ts', '--port', '0', '--data', data], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const [said] = await once(other.stderr, 'data')
    expect(String(said)).toContain(`in use by another Worker (process ${process.pid})`)
    expect((await once(other, 'exit'))[0]).toBe(1)
  })

  test('keeps rows and objects over a restart, and applies no migration twice', async () => {
    await fetch(`${host.url}/write?text=kept`)
    await host.stop()
    host = await startHost(options())
    expect(await read()).toMatchObject({ notes: ['kept'], raw: 'kept', migrations: ['0000_first.sql'] })
  })
})

const read = async () =>
  (await (await fetch(`${host.url}/read`)).json()) as { notes: string[]; ticks: number[]; migrations: string[] }

interface Told {
  path: string
  headers: Record<string, string>
}
/** fetch would not let us set these headers. */
const ask = (path: string, extra: object): Promise<Told> =>
  new Promise((resolve, reject) => {
    const call = request(`${host.url}${path}`, extra, async (answer) => {
      let text = ''
      for await (const chunk of answer) text += chunk
      resolve(JSON.parse(text))
    })
    call.on('error', reject)
    call.end()
  })

/** A name server that knows these names, A records only (RFC 1035). */
async function nameServer(names: Record<string, string>): Promise<{ port: number; close(): void }> {
  const socket = createSocket('udp4')
  socket.on('message', (query, from) => {
    const labels: string[] = []
    let at = 12
    for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
      labels.push(query.toString('latin1', at + 1, at + 1 + length))
      at += 1 + length
    }
    const question = query.subarray(12, at + 5)
    const address = query.readUInt16BE(at + 1) === 1 ? names[labels.join('.')] : undefined
    const known = labels.join('.') in names
    const head = Buffer.from(query.subarray(0, 12))
    head.writeUInt16BE(known ? 0x8180 : 0x8183, 2)
    head.writeUInt16BE(address ? 1 : 0, 6)
    head.writeUInt32BE(0, 8)
    const record = address
      ? Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...address.split('.').map(Number)])
      : Buffer.alloc(0)
    socket.send(Buffer.concat([head, question, record]), from.port, from.address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return { port: socket.address().port, close: () => socket.close() }
}
