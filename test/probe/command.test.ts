/** The command line against a Worker that is played by a script, as another process: what it prints, and how it exits. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { FORMATS } from '../../schema/formats.ts'

const MAIN = fileURLToPath(new URL('../../probe-node/main.ts', import.meta.url))
const COMMAND = fileURLToPath(new URL('../../bin/portwitness.mjs', import.meta.url))
const SCAN_ID = 'scn_ABCDEFGHIJ0123456789'
const scanIn = (state: string, more: object = {}) => ({ id: SCAN_ID, state, verdict: null, ports: [], ...more })

/** Answers `METHOD /path` as the script says; anything it does not name is 404. */
async function played(script: Record<string, (response: ServerResponse) => unknown>) {
  const asked: string[] = []
  const server = createServer((request, response) => {
    const key = `${request.method} ${request.url}`
    asked.push(key)
    request.resume()
    const answer = script[key]
    if (!answer) return void response.writeHead(404).end('{}')
    const body = answer(response)
    if (body !== undefined) response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    [Symbol.dispose]() {
      server.closeAllConnections()
      server.close()
    },
  }
}
async function run(...args: string[]) {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  return { code, out, err }
}
const SCRIPT = {
  'GET /api/v1/targets?address=127.0.0.9': () => ({ items: [{ id: 'tgt_x', maxConnectsPerSecond: 300 }] }),
  'POST /api/v1/scans': () => scanIn('queued'),
  [`GET /api/v1/scans/${SCAN_ID}`]: () => scanIn('running'),
  [`GET /api/v1/scans/${SCAN_ID}/events`]: (response: ServerResponse) =>
    void response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders(),
}
const CANCEL = `POST /api/v1/scans/${SCAN_ID}/cancel`
const scanWords = (url: string) => ['scan', '127.0.0.9', '--url', url, '--key', 'pw_x', '--timeout', '1', '--json']
const scan = (url: string) => run(...scanWords(url))

test('a scan that took too long is cancelled, and --json prints it all the same', async () => {
  using worker = await played({ ...SCRIPT, [CANCEL]: () => scanIn('cancelled') })
  const { code, out, err } = await scan(worker.url)
  expect(code).toBe(6)
  expect(JSON.parse(out)).toMatchObject({ id: SCAN_ID, state: 'cancelled' })
  expect(err).toContain('took too long and is cancelled')
})

test('what is printed is whole, however long it is and however slowly it is read', async () => {
  const ports = Array.from({ length: 20_000 }, (_, i) => ({ port: i + 1, verdict: 'open' }))
  using worker = await played({ ...SCRIPT, [CANCEL]: () => scanIn('cancelled', { ports }) })
  const child = spawn(process.execPath, [MAIN, ...scanWords(worker.url)], { stdio: ['ignore', 'pipe', 'ignore'] })
  const ended = once(child, 'exit')
  await once(child.stdout, 'readable')
  await setTimeout(500)
  const [out, [code]] = await Promise.all([text(child.stdout), ended])
  expect(code).toBe(6)
  expect(JSON.parse(out)).toMatchObject({ id: SCAN_ID, ports })
})

test('a scan that could not be cancelled is not called cancelled', async () => {
  using worker = await played({
    ...SCRIPT,
    [CANCEL]: (response) => void response.writeHead(503, { 'content-type': 'application/problem+json' }).end('{}'),
  })
  const { code, out, err } = await scan(worker.url)
  expect(code).toBe(6)
  expect(out).toBe('')
  expect(err).toContain('could not be cancelled, and may still be running')
  expect(err).not.toContain('is cancelled')
})

test('a scan that ended while it was being cancelled is told as it ended', async () => {
  using worker = await played({ ...SCRIPT, [CANCEL]: () => scanIn('finished', { verdict: 'clear' }) })
  const { code, out } = await scan(worker.url)
  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject({ state: 'finished', verdict: 'clear' })
})

test('the published ranges come in the formats that there are, and in no other', async () => {
  using worker = await played({ 'GET /ip-ranges.txt': (response) => void response.end('192.0.2.0/24\n') })
  const asked = await run('ranges', '--url', worker.url, '--format', 'text')
  expect(asked).toMatchObject({ code: 0, out: '192.0.2.0/24\n' })
  const other = await run('ranges', '--url', worker.url, '--format', 'cisco-ios')
  expect(other).toMatchObject({
    code: 2,
    err: "portwitness: --format: there is no 'cisco-ios'. See: portwitness help ranges\n",
  })
  const help = (await run('help', 'ranges')).out
  for (const name of ['json-feed', ...FORMATS]) expect(help).toMatch(new RegExp(`(^| )${name}(,|$| )`, 'm'))
  expect(worker.asked).toEqual(['GET /ip-ranges.txt'])
})

test('where there are no ranges it is said so, and why', async () => {
  using worker = await played({
    'GET /ip-ranges.txt': (response) => void response.end(''),
    'GET /api/v1/ranges': () => ({ items: [], nextCursor: null }),
  })
  const published = await run('ranges', '--url', worker.url, '--format', 'text')
  expect(published).toMatchObject({ code: 0, out: '', err: 'No ranges. Private ranges are never published.\n' })
  const own = await run('ranges', '--url', worker.url, '--key', 'pw_x')
  expect(own).toMatchObject({ code: 0, out: 'No ranges.\n', err: 'Private ranges are never published.\n' })
})

test('the tenant that was there from the start was not added in 1970', async () => {
  const items = [
    { id: 'ten_b', name: 'B', createdAt: '2026-03-01T00:00:00.000Z' },
    { id: 'ten_default', name: 'Default', createdAt: '1970-01-01T00:00:00.000Z' },
  ]
  using worker = await played({ 'GET /api/v1/tenants': () => ({ items, nextCursor: null }) })
  const { out } = await run('tenants', '--url', worker.url, '--key', 'pw_x')
  expect(out.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
    ['TENANT', 'NAME', 'ADDED'],
    ['ten_b', 'B', '2026-03-01T00:00:00.000Z'],
    ['ten_default', 'Default', 'from the start'],
    [''],
  ])
})

test('a retest is watched like a scan, and says what became of the issue', async () => {
  const said = (state: string) => ({
    'POST /api/v1/issues/iss_1/retest': () =>
      scanIn('finished', { verdict: state === 'closed' ? 'clear' : 'incomplete' }),
    'GET /api/v1/issues/iss_1': () => ({ id: 'iss_1', state, title: 'shop: 203.0.113.8 lost it too' }),
  })
  using closing = await played(said('closed'))
  const clear = await run('issues', 'retest', 'iss_1', '--url', closing.url, '--key', 'pw_x')
  expect(clear.code).toBe(0)
  expect(clear.out).toContain('Issue iss_1 is closed: the fix is proved.')
  expect(clear.err).toContain(`Scan ${SCAN_ID}, a retest of iss_1`)
  using open = await played(said('open'))
  const unclear = await run('issues', 'retest', 'iss_1', '--url', open.url, '--key', 'pw_x')
  expect(unclear).toMatchObject({
    code: 4,
    out: expect.stringContaining('Issue iss_1 stays open. shop: 203.0.113.8 lost it too'),
  })
  const bare = await run('issues', 'retest', 'iss_1', '--url', open.url, '--key', 'pw_x', '--no-wait')
  expect(bare).toMatchObject({ code: 0, out: `${SCAN_ID}\n`, err: '' })
})

test('a refusal is one sentence with its full stop', async () => {
  using worker = await played({
    'POST /api/v1/issues/iss_1/retest': (response) =>
      void response
        .writeHead(409, { 'content-type': 'application/problem+json' })
        .end(JSON.stringify({ detail: 'One of it runs already' })),
  })
  const { code, err } = await run('issues', 'retest', 'iss_1', '--url', worker.url, '--key', 'pw_x')
  expect({ code, err }).toEqual({ code: 5, err: 'portwitness: Refused: One of it runs already.\n' })
})

test('a probe whose token is refused says so in one sentence, and what to do', async () => {
  const detail = 'This token is unknown, used or too old.'
  const refusal = (response: ServerResponse) =>
    void response
      .writeHead(401, { 'content-type': 'application/problem+json' })
      .end(JSON.stringify({ title: 'Not signed in', status: 401, code: 'unauthorized', detail }))
  using worker = await played({ 'POST /probe/v1/enrol': refusal })
  const data = await mkdtemp(join(tmpdir(), 'portwitness-refused-'))
  const address = ['--source-address', '127.0.0.1']
  const { code, out, err } = await run('probe', '--url', worker.url, '--token', 'wrong', '--data', data, ...address)
  await rm(data, { recursive: true })
  expect({ code, out, err }).toEqual({
    code: 5,
    out: '',
    err: `portwitness: The Worker refused to enrol this probe: ${detail} Make a new one: portwitness enrol --site S --source-address 127.0.0.1\n`,
  })
})

test('a command that speaks plain HTTP starts without TLS, and without what starts other processes', async () => {
  using worker = await played(SCRIPT)
  const listed = `process.on('exit', () => process.stdout.write(process.moduleLoadList.join('\\n')))`
  const options = ['--import', `data:text/javascript,${encodeURIComponent(listed)}`]
  const args = ['scan', '127.0.0.9', '--url', worker.url, '--key', 'pw_x', '--no-wait']
  const child = spawn(process.execPath, [...options, COMMAND, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const loaded = (await text(child.stdout)).split('\n')
  expect(loaded).toContain('NativeModule http')
  for (const dear of ['tls', 'crypto', 'child_process', 'internal/deps/undici/undici'])
    expect(loaded).not.toContain(`NativeModule ${dear}`)
})
