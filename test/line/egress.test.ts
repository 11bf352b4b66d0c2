/** The way out of the embedded Worker: no name leads it inside, whenever it begins to. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeEgress } from '../../worker/embedded/egress.ts'
import { openUnruly, type Unruly } from '../support/unruly.ts'

let receiver: Unruly
beforeAll(async () => {
  receiver = await openUnruly()
})
afterAll(() => receiver?.close())

const asked = (url: string, body = '{}') => ({
  url,
  method: 'POST',
  headers: [
    ['content-type', 'application/json'],
    ['mf-inner', 'x'],
  ] as [string, string][],
  arrayBuffer: async () => new TextEncoder().encode(body).buffer as ArrayBuffer,
})
const faultOf = (answer: { headers: { get(name: string): string | null } }) => answer.headers.get('x-portwitness-fault')

test('reaches a receiver on this machine only where that is allowed', async () => {
  const url = `${receiver.url}/in/out`
  const open = makeEgress({ dnsServer: null, allowLocal: true })
  expect((await open(asked(url, '{"a":1}'))).status).toBe(200)
  expect(receiver.log('out')[0]).toMatchObject({ method: 'POST', body: '{"a":1}' })
  expect(receiver.log('out')[0]?.headers).not.toHaveProperty('mf-inner')
  const shut = makeEgress({ dnsServer: null, allowLocal: false })
  expect(faultOf(await shut(asked(url)))).toBe('its name leads to a private or special address')
  expect(faultOf(await open(asked('http://169.254.169.254/latest')))).toBe(
    'its name leads to a private or special address',
  )
  expect(receiver.log('out')).toHaveLength(1)
})

test('follows no redirect, and passes on no fault that a receiver makes up', async () => {
  const open = makeEgress({ dnsServer: null, allowLocal: true })
  const headers = { location: `${receiver.url}/in/other`, 'x-portwitness-fault': 'made up' }
  receiver.script('moved', [{ status: 302, headers }])
  const answer = await open(asked(`${receiver.url}/in/moved`))
  expect([answer.status, faultOf(answer)]).toEqual([302, null])
  expect(receiver.log('other')).toEqual([])
  receiver.script('moved', [{ resets: 'before' }])
  expect(faultOf(await open(asked(`${receiver.url}/in/moved`)))).toBe('the connection failed')
})

test('connects to none of a name’s addresses when one leads inside', async () => {
  await using server = await nameServer()
  const egress = makeEgress({ dnsServer: server.address, allowLocal: false })
  const { port } = new URL(receiver.url)
  expect(faultOf(await egress(asked(`http://inside.example:${port}/in/inside`)))).toBe(
    'its name leads to a private or special address',
  )
  expect(receiver.log('inside')).toEqual([])
})

/** Answers each question for an address with 127.0.0.1. */
async function nameServer() {
  const socket = createSocket('udp4')
  socket.on('message', (question, { address, port }) => {
    const isA = question.readUInt16BE(question.length - 4 - extra(question)) === 1
    const head = Buffer.from(question.subarray(0, question.length - extra(question)))
    head.writeUInt16BE(0x8180, 2)
    head.writeUInt16BE(isA ? 1 : 0, 6)
    head.writeUInt16BE(0, 10)
    const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1])
    socket.send(isA ? Buffer.concat([head, record]) : head, port, address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return { address: `127.0.0.1:${socket.address().port}`, [Symbol.asyncDispose]: async () => void socket.close() }
}

/** Bytes after the question: EDNS. */
function extra(question: Buffer): number {
  let at = 12
  while ((question[at] ?? 0) > 0) at += (question[at] ?? 0) + 1
  return question.length - (at + 5)
}
