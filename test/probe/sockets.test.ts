import { connect } from 'node:net'
import { constants } from 'node:os'
import { expect, test } from 'vitest'
import {
  hasBareSockets,
  openBareSockets,
  plainSockets,
  REFUSED,
  type Sockets,
  type SocketsOptions,
} from '../../probe-node/sweep/sockets.ts'
import { freePort, resetting, silent, sshd } from '../support/listeners.ts'

const BACKENDS: [string, (options: SocketsOptions) => Sockets | null][] = [
  ['bare', openBareSockets],
  ['plain', plainSockets],
]

/** Tries the ports one after the other in the same slot, as a sweep does. */
async function answersOf(
  open: (options: SocketsOptions) => Sockets | null,
  ports: readonly number[],
  { onOpen, ...options }: Partial<SocketsOptions> & { onOpen?: (port: number) => Promise<void> } = {},
) {
  let answer: (status: number) => void = () => {}
  const sockets = open({
    address: '127.0.0.1',
    family: 4,
    source: '127.0.0.6',
    ...options,
    onAnswer: (_, status) => answer(status),
  })
  if (!sockets) throw new Error('this back-end is not there')
  const statuses: number[] = []
  for (const port of ports) {
    const status = await new Promise<number>((resolve) => {
      answer = resolve
      sockets.connect(0, port)
    })
    statuses.push(status)
    if (status === 0) await onOpen?.(port)
  }
  sockets.close()
  return statuses
}

/** Whether somebody listens: a dial from another address cannot meet itself. Servers of other stories may listen on
 * every address of this machine for a moment. */
const answersOthers = (address: string, port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect({ host: address, port, localAddress: '127.0.0.59' })
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })

test('this Node has the bare back-end', () => {
  expect(hasBareSockets()).toBe(true)
})

test.each(BACKENDS)('%s sockets tell open from refused, over and over in one slot', async (_, open) => {
  await using one = await silent()
  await using other = await sshd()
  const shut = await freePort()
  const ports = [shut, shut, one.port, shut, other.port, one.port, shut, shut]
  expect(await answersOf(open, ports)).toEqual(ports.map((port) => (port === shut ? REFUSED : 0)))
})

test.each(BACKENDS)('%s sockets speak IPv6', async (_, open) => {
  await using one = await silent('::1')
  const shut = await freePort('::1')
  expect(await answersOf(open, [shut, one.port, shut], { address: '::1', family: 6, source: null })).toEqual([
    REFUSED,
    0,
    REFUSED,
  ])
})

test.each(BACKENDS)('%s sockets call a port that hangs up at once accepted, or reset at connect', async (_, open) => {
  await using server = await resetting()
  for (const status of await answersOf(open, Array(20).fill(server.port)))
    expect([0, -constants.errno.ECONNRESET]).toContain(status)
})

test.each(BACKENDS)('%s sockets report a source that is not ours as our fault', async (_, open) => {
  expect(await answersOf(open, [80], { source: '198.51.100.1' })).toEqual([-constants.errno.EADDRNOTAVAIL])
})

test.each(BACKENDS)('%s sockets never take a connection to themselves for an open port', async (_, open) => {
  // Source and target are the same address, where nobody listens. Linux takes a bound socket's own port from the odd
  // half of its ephemeral range first, an unbound one's from the even half, some 14,000 each: in 30,000 dials it takes
  // the dialled one two times out of three.
  const alone = '127.0.0.58'
  const ports = Array.from({ length: 30_000 }, (_, i) => 40_000 + (i % 18_000))
  const met: number[] = []
  await answersOf(open, ports, {
    address: alone,
    source: alone,
    onOpen: async (port) => {
      if (!(await answersOthers(alone, port))) met.push(port)
    },
  })
  expect(met).toEqual([])
})

test.each(BACKENDS)('%s sockets say nothing more about a connect that was abandoned', async (_, open) => {
  const told: number[] = []
  const sockets = open({ address: '127.0.0.1', family: 4, source: null, onAnswer: (slot) => told.push(slot) })
  sockets?.connect(3, await freePort())
  sockets?.abandon(3)
  await new Promise((resolve) => setTimeout(resolve, 50))
  sockets?.close()
  expect(told).toEqual([])
})
