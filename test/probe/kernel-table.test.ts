import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { madeConnections, madeIn } from '../../probe-node/kernel-table.ts'
import { silent } from '../support/listeners.ts'

const HEAD =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode                    '
const row = (local: string, remote: string, state: string) =>
  `   0: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000     0        0 12345 1 0000000000000000 20 4 30 10 -1`

test('connections that were made are told from those that wait, listen or failed', () => {
  const table = [
    HEAD,
    row('0A01CB0A:C001', '1400CB0A:0050', '01'),
    row('0A01CB0A:C002', '1400CB0A:0050', '06'),
    row('0A01CB0A:C003', '1400CB0A:0050', '02'),
    row('00000000:1F90', '00000000:0000', '0A'),
    '',
  ].join('\n')
  expect(madeIn(table)).toEqual([
    { source: '10.203.1.10', sourcePort: 49_153, address: '10.203.0.20', port: 80 },
    { source: '10.203.1.10', sourcePort: 49_154, address: '10.203.0.20', port: 80 },
  ])
})

test('IPv6 is told in its canonical spelling, and IPv4 in an IPv6 socket as IPv4', () => {
  const table = [
    row('B80D0120000000000000000001000000:C001', 'B80D0120000000000000000002000000:01BB', '01'),
    row('0000000000000000FFFF00000A01CB0A:C002', '0000000000000000FFFF00001400CB0A:01BB', '01'),
  ].join('\n')
  expect(madeIn(table)).toEqual([
    { source: '2001:db8::1', sourcePort: 49_153, address: '2001:db8::2', port: 443 },
    { source: '10.203.1.10', sourcePort: 49_154, address: '10.203.0.20', port: 443 },
  ])
})

test('the kernel lists a connection as soon as it is made', async () => {
  await using server = await silent('127.0.0.9')
  const socket = connect({ host: '127.0.0.9', port: server.port, localAddress: '127.0.0.8' })
  await new Promise((resolve) => socket.once('connect', resolve))
  expect(await madeConnections()).toContainEqual({
    source: '127.0.0.8',
    sourcePort: socket.localPort,
    address: '127.0.0.9',
    port: server.port,
  })
  socket.destroy()
})
