/** Proof of control from command to probe and back, with a real web server and a real name server. Private addresses need none, but may try. */
import { createServer, type Server } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CONTROL_PATH, type VerificationAnswer } from '../../schema/control.ts'
import { type NameServer, openNameServer } from '../support/name-server.ts'
import { type Stack, startStack } from '../support/stack.ts'

const ADDRESS = '127.0.0.26'
let stack: Stack
let dns: NameServer
let server: Server
let port = 0
let served: Record<string, string> = {}
const heard: string[] = []

beforeAll(async () => {
  dns = await openNameServer({})
  stack = await startStack('--dns-server', dns.address)
  server = createServer(({ url, socket, headers }, response) => {
    heard.push(`${socket.remoteAddress} ${headers.host}${url}`)
    const text = served[url ?? '']
    response.writeHead(text === undefined ? 404 : 200, { 'content-type': 'text/plain' }).end(text ?? 'nothing here')
  })
  await new Promise<void>((resolve) => server.listen(0, ADDRESS, resolve))
  port = (server.address() as { port: number }).port
})
afterAll(async () => {
  server?.close()
  await stack?.[Symbol.asyncDispose]()
  dns?.close()
})

const verify = (...args: string[]) => stack.portwitness('verify', ...args).ended
const asJson = async (...args: string[]) => {
  const { stdout, stderr } = await verify(...args, '--json')
  expect(stderr).toMatch(/^(\S+ is a target of yours now: tgt_\w+\.\n)?$/)
  return JSON.parse(stdout) as VerificationAnswer
}
/** A look is asked for no more often than this. */
const pause = () => new Promise((resolve) => setTimeout(resolve, 20_500))

test('a token that the address serves is fetched by probes of three sites, and proves it', async () => {
  const shown = await verify(ADDRESS, '--port', String(port))
  expect(shown.code).toBe(0)
  expect(shown.stdout).toContain(`http://${ADDRESS}:${port}${CONTROL_PATH}`)
  expect(heard).toEqual([])
  const without = await asJson(ADDRESS, '--check')
  expect(without).toMatchObject({ state: 'not_needed', checking: false, problem: { code: 'bad_status' } })
  const asked = heard.filter((line) => line.endsWith(` ${ADDRESS}:${port}${CONTROL_PATH}`))
  expect(asked.length).toBe(3)
  expect(new Set(asked.map((line) => line.split(' ')[0])).size).toBe(3)
  const token = without.addresses[0]?.task?.content ?? ''
  served = { [CONTROL_PATH]: `# ours\n${token}\n` }
  await pause()
  const proved = await verify(ADDRESS, '--check')
  expect(proved).toMatchObject({ code: 0, stderr: '' })
  expect(proved.stdout).toMatch(/control is proved by a token that it serves until \d{4}-\d{2}-\d{2}/)
  expect(heard.length).toBe(6)
})

test('a reverse name in a domain of one’s own, that leads back, proves the address', async () => {
  const shown = await asJson('127.0.0.27', '--domain', 'own.example')
  expect(shown.addresses[0]?.task).toMatchObject({
    method: 'reverse_dns',
    record: '_portwitness-challenge.own.example',
  })
  const token = shown.addresses[0]?.task?.content ?? ''
  dns.zone['_portwitness-challenge.own.example'] = { TXT: ['x'.repeat(300), token] }
  dns.zone['27.0.0.127.in-addr.arpa'] = { PTR: ['Host.Own.Example'] }
  const without = await asJson('127.0.0.27', '--check')
  expect(without).toMatchObject({ problem: { code: 'ptr_unconfirmed' } })
  dns.zone['host.own.example'] = { A: ['127.0.0.27'] }
  await pause()
  expect(await asJson('127.0.0.27', '--check')).toMatchObject({ state: 'proved', method: 'reverse_dns', problem: null })
  expect(dns.asked).toContain('PTR 27.0.0.127.in-addr.arpa')
})

test('a public address is told what to do, and is not scanned before', async () => {
  // Nothing is sent there: the look is not asked for, and the scan is refused.
  const shown = await verify('45.33.250.7')
  expect(shown.code).toBe(0)
  expect(shown.stderr).toMatch(/^45\.33\.250\.7 is a target of yours now: tgt_\w+\.\n$/)
  expect(shown.stdout).toContain('control is not proved: it is not scanned')
  expect(shown.stdout).toContain(`http://45.33.250.7${CONTROL_PATH}`)
  expect(shown.stdout).toContain('Then: portwitness verify 45.33.250.7 --check')
  expect(await verify('45.33.250.7', '--port', '8080')).toMatchObject({ code: 2 })
  const scan = await stack.portwitness('scan', '45.33.250.7').ended
  expect(scan.code).toBe(5)
  expect(scan.stderr).toContain('Nobody has proved control of 45.33.250.7')
})
