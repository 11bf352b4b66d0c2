import { expect, test } from 'vitest'
import type { TouchOptions } from '../../probe-node/checks/check.ts'
import { CHECK_BY_NAME } from '../../probe-node/checks/index.ts'
import { createMemory, isPage } from '../../probe-node/memory.ts'
import {
  changingWeb,
  closing,
  freePort,
  fullSshd,
  listener,
  refusingMail,
  resetting,
  secure,
  silent,
  slow,
  sshd,
  web,
} from '../support/listeners.ts'

const at = (port: number, more: Partial<TouchOptions> = {}): TouchOptions => ({
  address: '127.0.0.1',
  family: 4,
  port,
  source: '127.0.0.5',
  name: null,
  service: 'unknown',
  timeoutMs: 600,
  userAgent: 'Portwitness/test',
  ...more,
})
const { tcp, greeting, tls, http, https } = CHECK_BY_NAME

test('a port on which nobody listens is closed, whatever it is asked', async () => {
  const port = await freePort()
  for (const check of Object.values(CHECK_BY_NAME))
    expect(await check(at(port))).toMatchObject({ sight: 'closed', code: 'ECONNREFUSED', syscall: 'connect' })
})

test('a port that accepts and says nothing is open to a bare connect', async () => {
  await using server = await silent()
  expect(await tcp(at(server.port))).toMatchObject({ sight: 'open', check: 'tcp' })
})

test('a port that accepts and says nothing is mute where bytes are expected, not open', async () => {
  await using server = await silent()
  for (const check of [greeting, tls, http, https])
    expect(await check(at(server.port))).toMatchObject({ sight: 'mute' })
})

test('a greeting is open, with its first bytes and a name for who spoke', async () => {
  await using server = await sshd()
  const touched = await greeting(at(server.port, { service: 'ssh' }))
  expect(touched).toMatchObject({ sight: 'open', identity: expect.stringMatching(/^[0-9a-f]{16}$/) })
  expect(Buffer.from(touched.firstBytes ?? []).toString()).toBe('SSH-2.0-OpenSSH_9.6\r\n')
  expect(server.received(), 'we must not speak first').toBe('')
})

test('a slow greeting is waited for', async () => {
  await using server = await slow('220 mail.example.test ESMTP\r\n', 300)
  expect(await greeting(at(server.port, { service: 'smtp' }))).toMatchObject({ sight: 'open' })
})

test('the identity of a mail server does not change with its clock', async () => {
  await using one = await slow('220 mx ESMTP ready 14:03:07\r\n', 0)
  await using other = await slow('220 mx ESMTP ready 15:44:59\r\n', 0)
  const [a, b] = [
    await greeting(at(one.port, { service: 'smtp' })),
    await greeting(at(other.port, { service: 'smtp' })),
  ]
  expect(a.identity).toBe(b.identity)
})

test('a greeting that turns us away is a notice', async () => {
  await using ssh = await fullSshd()
  await using mail = await refusingMail()
  expect(await greeting(at(ssh.port, { service: 'ssh' }))).toMatchObject({ sight: 'notice' })
  expect(await greeting(at(mail.port, { service: 'smtp' }))).toMatchObject({ sight: 'notice' })
})

test('accepted and reset before any byte is cut, for every check', async () => {
  await using server = await resetting()
  for (const check of Object.values(CHECK_BY_NAME)) expect(await check(at(server.port))).toMatchObject({ sight: 'cut' })
})

test('accepted and ended in peace before any byte is cut as well', async () => {
  await using server = await closing()
  for (const check of Object.values(CHECK_BY_NAME)) expect(await check(at(server.port))).toMatchObject({ sight: 'cut' })
})

test('a bare connect that is hung up on only after a while was open', async () => {
  await using server = await listener((socket) => void setTimeout(() => socket.end(), 500))
  expect(await tcp(at(server.port))).toMatchObject({ sight: 'open' })
})

test('an HTTP answer is open with its status, and the server names itself', async () => {
  await using server = await web()
  expect(await http(at(server.port))).toMatchObject({ sight: 'open', httpStatus: 200, identity: expect.any(String) })
  expect(server.received()).toMatch(/^HEAD \/ HTTP\/1.1\r\nHost: 127\.0\.0\.1:\d+\r\nUser-Agent: Portwitness\/test\r\n/)
})

test('a block status is a page only where the first answer was another', async () => {
  await using server = await changingWeb()
  const memory = createMemory()
  const look = async (scanId: string) => {
    const touched = await http(at(server.port))
    return isPage(touched, memory.first(scanId, server, touched))
  }
  expect(await look('one')).toBe(false)
  server.answer(403)
  expect(await look('one')).toBe(true)
  expect(await look('two'), 'it was so from the start').toBe(false)
  server.answer(200, { 'cf-mitigated': 'challenge' })
  expect(await look('one')).toBe(true)
  server.answer(302, { location: '/denied' })
  expect(await look('one'), 'sent away, where it was served at first').toBe(true)
  expect(await look('two'), 'refused at first: whatever comes now is no loss').toBe(false)
})

test('an answer with success is a page where somebody else gives it', async () => {
  await using server = await changingWeb()
  const memory = createMemory()
  const look = async () => {
    const touched = await http(at(server.port))
    return isPage(touched, memory.first('one', server, touched))
  }
  const own = { server: 'nginx', 'content-type': 'text/html; charset=utf-8', etag: '"1"', 'accept-ranges': 'bytes' }
  const other = { ...own, server: 'nginx/1.27', 'x-frame-options': 'DENY' }
  server.answer(200, own)
  expect(await look()).toBe(false)
  server.answer(200, { ...own, etag: '"2"', age: '5', 'set-cookie': 'a=b', 'x-cache': 'HIT' })
  expect(await look(), 'what caches and sessions add says nothing').toBe(false)
  server.answer(200, { server: 'nginx', 'content-type': 'text/html' })
  expect(await look(), 'a page put up in the place of the file').toBe(true)
  server.answer(200, own)
  expect(await look()).toBe(false)
  memory.relearn('one', server)
  server.answer(200, other)
  expect(await look(), 'a second server behind a balancer, as the Worker found').toBe(false)
  server.answer(200, own)
  expect(await look(), 'the first is still known').toBe(false)
  server.answer(200, { server: 'caddy', 'content-type': 'text/html' })
  expect(await look()).toBe(true)
})

test('a TLS hello that is answered is open, with the certificate as identity', async () => {
  await using server = await secure()
  const [first, again] = [await tls(at(server.port)), await tls(at(server.port))]
  expect(first).toMatchObject({ sight: 'open', identity: expect.stringMatching(/^[0-9a-f]{16}$/) })
  expect(again.identity).toBe(first.identity)
  expect(await https(at(server.port))).toMatchObject({ sight: 'open', httpStatus: 200, identity: first.identity })
})

test('bytes that are not TLS are an answer all the same', async () => {
  await using server = await sshd()
  expect(await tls(at(server.port))).toMatchObject({ sight: 'open', code: expect.stringMatching(/^ERR_SSL/) })
})

test('touches leave from the source address they are told', async () => {
  let from = ''
  await using server = await listener((socket) => {
    from = socket.remoteAddress ?? ''
    socket.end('hello\n')
  })
  await greeting(at(server.port, { source: '127.0.0.77' }))
  expect(from).toBe('127.0.0.77')
})

test('a source address that is not ours is our own fault, not the target’s', async () => {
  await using server = await silent()
  expect(await tcp(at(server.port, { source: '198.51.100.1' }))).toMatchObject({
    sight: 'probe_fault',
    code: 'EADDRNOTAVAIL',
  })
})

test('IPv6 is touched the same way', async () => {
  await using server = await sshd('::1')
  const options = at(server.port, { address: '::1', family: 6, source: null, service: 'ssh' })
  expect(await greeting(options)).toMatchObject({ sight: 'open' })
  expect(await tcp({ ...options, port: await freePort('::1') })).toMatchObject({ sight: 'closed' })
})
