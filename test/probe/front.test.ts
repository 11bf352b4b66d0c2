/** The door of the embedded Worker, before a runtime that closes connections when it likes. */
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Front, openFront } from '../../worker/embedded/front.ts'

let runtime: Server
let front: Front
let asked: string[]
/** the runtime's side of each bell; it never closes one by itself */
let bells: Duplex[]
const ask = async (path: string, method: string) => {
  const answer = await fetch(`http://127.0.0.1:${front.port}${path}`, {
    ...{ method, headers: { connection: 'close' } },
    ...(method === 'POST' ? { body: 'x' } : {}),
  })
  return { status: answer.status, text: await answer.text() }
}

beforeEach(async () => {
  asked = []
  bells = []
  const used = new WeakSet<object>()
  // It answers once on each connection, and closes it on the next request: the moment that is else met by chance.
  runtime = createServer((incoming, answer) => {
    if (used.has(incoming.socket)) return void incoming.socket.destroy()
    used.add(incoming.socket)
    asked.push(`${incoming.method} ${incoming.url}`)
    incoming.resume().on('end', () => answer.end('here'))
  })
    .on('upgrade', (_, socket: Duplex) => {
      bells.push(socket.on('error', () => undefined).resume())
      socket.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n')
    })
    .listen(0, '127.0.0.1')
  await new Promise((resolve) => runtime.once('listening', resolve))
  front = await openFront({ host: '127.0.0.1', port: 0, secret: 's' })
  front.connectTo(new URL(`http://127.0.0.1:${(runtime.address() as AddressInfo).port}`))
})
afterEach(async () => {
  await front.close()
  for (const bell of bells) bell.destroy()
  runtime.close()
})

test('what only reads is asked again when a kept connection just closes', async () => {
  for (let i = 0; i < 4; i++) expect(await ask('/targets', 'GET')).toEqual({ status: 200, text: 'here' })
  expect(asked).toHaveLength(4)
})

test('what changes something goes over a connection of its own, and once', async () => {
  await ask('/targets', 'GET')
  for (let i = 0; i < 3; i++) expect((await ask('/api/v1/targets', 'POST')).status).toBe(200)
  expect(asked).toEqual(['GET /targets', ...Array(3).fill('POST /api/v1/targets')])
})

test('a probe hears that its message was not answered, and repeats it itself', async () => {
  await ask('/probe/v1/renew', 'POST')
  const { status, text } = await ask('/probe/v1/renew', 'POST')
  expect(status).toBe(502)
  expect(JSON.parse(text)).toMatchObject({ code: 'bad_gateway' })
  expect((await ask('/probe/v1/renew', 'POST')).status).toBe(200)
})

/** A bell that has been answered. */
async function dialled(): Promise<Socket> {
  const client = connect({ host: '127.0.0.1', port: front.port, allowHalfOpen: true }).on('error', () => undefined)
  client.write('GET /probe/v1/doorbell HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n')
  await new Promise((resolve) => client.once('data', resolve))
  return client
}
/** Its peer is there no more: what is said to it comes back as a reset. */
async function gone(end: Duplex): Promise<void> {
  while (!end.destroyed) {
    end.write('.')
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

test('a bell that either side hangs up is gone on both, though the other side keeps its half open', async () => {
  const byProbe = await dialled()
  byProbe.end()
  await gone(bells[0] as Duplex)
  const byRuntime = await dialled()
  bells[1]?.end()
  await gone(byRuntime)
})

test('the front closes while bells hang on it', async () => {
  const client = await dialled()
  await front.close()
  await gone(client)
  await gone(bells[0] as Duplex)
})
