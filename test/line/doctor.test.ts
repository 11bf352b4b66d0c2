/** Each fault of a probe or a stack, made for real: the doctor finds it, says how to mend it, and exits 1. */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer as createHttp, type RequestListener, type Server } from 'node:http'
import { type AddressInfo, connect, createServer as createTcp } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Child, startNode } from '../../demo/children.ts'
import { freePort } from '../../demo/loopback.ts'
import { probesReady, type RunningWorker, startWorker } from '../../demo/stack.ts'
import { runBeacon } from '../../probe-node/beacon.ts'
import type { Finding } from '../../probe-node/commands/doctor/finding.ts'
import { NEWEST_MIGRATION, type StackAnswer } from '../../schema/stack.ts'
import { secure } from '../support/listeners.ts'
import { portwitness } from '../support/stack.ts'

const ROOT = join(import.meta.dirname, '../..')
const SOURCE = '127.0.0.61'
const isRoot = process.getuid?.() === 0
let folder: string
let worker: RunningWorker
let probe: Child
let metricsPort: number
let token: string
const data = () => join(folder, 'probe')

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portwitness-doctor-'))
  worker = await startWorker(ROOT, join(folder, 'worker'), (await freePort('127.0.0.1', 22_500)).port)
  metricsPort = (await freePort('127.0.0.1', 22_550)).port
  token = await enrolmentOf(SOURCE)
  probe = startNode(ROOT, [
    ...['bin/portwitness.mjs', 'probe', '--url', worker.url, '--token', token, '--data', data()],
    ...['--source-address', SOURCE, '--allow-private', '--metrics-port', `${metricsPort}`],
  ])
  await probesReady(worker.api, 1, 30_000)
})
afterAll(async () => {
  await probe?.stop()
  await worker?.child.stop()
  await rm(folder, { recursive: true, force: true })
})

const enrolmentOf = async (sourceAddress: string): Promise<string> =>
  (await worker.api.send<{ token: string }>('POST', '/api/v1/probes/enrolments', { site: 'fra-1', sourceAddress }))
    .token

interface Told {
  code: number | null
  /** the findings of this check */
  of(check: string): Finding[]
  bad: string[]
}
async function doctor(...args: string[]): Promise<Told> {
  const { code, stdout, stderr } = await portwitness(['doctor', ...args, '--json']).ended
  expect(stdout, stderr).not.toBe('')
  const { healthy, findings } = JSON.parse(stdout) as { healthy: boolean; findings: Finding[] }
  const bad = findings.filter(({ state }) => state === 'bad')
  expect({ healthy, code }).toEqual(bad.length === 0 ? { healthy: true, code: 0 } : { healthy: false, code: 1 })
  for (const { mend } of findings.filter(({ state }) => state === 'bad' || state === 'warn'))
    expect(mend?.length).toBeGreaterThan(10)
  return { code, of: (check) => findings.filter((it) => it.check === check), bad: bad.map(({ check }) => check) }
}
const forProbe = (...more: string[]) => doctor('--url', worker.url, '--source-address', SOURCE, ...more)
const at = async (server: Server): Promise<string> => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
/** Answers every request so. */
const played = async (answer: RequestListener) => {
  const server = createHttp(answer)
  return { url: await at(server), [Symbol.dispose]: () => void server.close().closeAllConnections() }
}

describe('a probe', () => {
  test('that is well has nothing that is bad, in words and in JSON', async () => {
    const { bad, of } = await forProbe('--data', data(), '--metrics-port', `${metricsPort}`)
    expect(bad).toEqual([])
    expect(of('enrolment')).toMatchObject([{ state: 'ok', detail: expect.stringContaining('fra-1') }])
    expect(of('egress')).toMatchObject([{ state: 'skipped' }])
    const { code, stdout } = await portwitness(['doctor', '--url', worker.url, '--source-address', SOURCE]).ended
    expect(code).toBe(0)
    expect(stdout).toMatch(/\nok {4}nat +the Worker sees 127\.0\.0\.61\n/)
    expect(stdout).toMatch(/Nothing is bad\.\n$/)
  })

  test('whose address is not on this machine', async () => {
    const { bad, of } = await doctor('--url', worker.url, '--source-address', '203.0.113.77')
    expect(bad).toEqual(['address'])
    expect(of('worker')).toMatchObject([{ state: 'ok' }])
  })

  test('that cannot reach the Worker: nothing there, no such name, a certificate nobody vouches for, something else', async () => {
    const { port } = await freePort('127.0.0.1', 22_600)
    expect((await doctor('--url', `http://127.0.0.1:${port}`, '--source-address', SOURCE)).of('worker')).toMatchObject([
      { state: 'bad', mend: expect.stringContaining('Nothing listens there') },
    ])
    expect((await doctor('--url', 'http://worker.invalid', '--source-address', SOURCE)).bad).toEqual(['worker'])
    await using listener = await secure()
    expect((await doctor('--url', `https://127.0.0.1:${listener.port}`, '--source-address', SOURCE)).bad).toEqual([
      'tls',
    ])
    using page = await played((_, response) => void response.writeHead(302, { location: '/login' }).end())
    expect((await doctor('--url', page.url, '--source-address', SOURCE)).of('worker')).toMatchObject([
      { state: 'bad', mend: expect.stringContaining('login page') },
    ])
  })

  test('whose clock is off, and whose version is behind', async () => {
    const answer = (offMs: number, version: string, wire = 1) =>
      played((_, response) => {
        const body = { now: Date.now() + offMs, version, wire, address: SOURCE, token: null }
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
      })
    using ahead = await answer(-120_000, '9.9.9')
    const told = await doctor('--url', ahead.url, '--source-address', SOURCE)
    expect(told.of('clock')).toMatchObject([{ state: 'bad', detail: expect.stringContaining('120 s ahead of') }])
    expect(told.of('version')).toMatchObject([{ state: 'warn', detail: expect.stringContaining('9.9.9') }])
    using other = await answer(7_000, '0.1.0', 2)
    const { of } = await doctor('--url', other.url, '--source-address', SOURCE)
    expect(of('clock')).toMatchObject([{ state: 'warn', detail: expect.stringContaining('behind') }])
    expect(of('version')).toMatchObject([{ state: 'bad' }])
  })

  test('behind a translation of addresses', async () => {
    // The Worker sees who asks it last: a relay that leaves from another address is what a NAT is.
    const { port } = new URL(worker.url)
    const relay = createTcp((socket) => {
      const onward = connect({ host: '127.0.0.1', port: Number(port), localAddress: '127.0.0.99' })
      socket.pipe(onward).pipe(socket)
      for (const one of [socket, onward]) one.on('error', () => one.destroy())
    })
    const url = await at(relay as never)
    const { bad, of } = await doctor('--url', url, '--source-address', SOURCE, '--data', data())
    relay.close()
    expect(bad).toEqual(['nat', 'enrolment'])
    expect(of('nat')[0]?.detail).toBe('The Worker sees 127.0.0.99 where the probe has 127.0.0.61.')
  })

  test('whose token is used, made up, or of another', async () => {
    expect((await forProbe('--token', token)).of('token')).toMatchObject([
      { state: 'bad', detail: 'The token is used.' },
    ])
    expect((await forProbe('--token', `pwe_${'0'.repeat(64)}`)).of('token')).toMatchObject([
      { detail: 'The token is unknown.' },
    ])
    const other = await enrolmentOf('127.0.0.62')
    expect((await forProbe('--token', other)).of('token')[0]?.detail).toContain('is for 127.0.0.62, not for 127.0.0.61')
    expect(
      (await doctor('--url', worker.url, '--source-address', '127.0.0.62', '--token', other)).of('token'),
    ).toMatchObject([{ state: 'ok' }])
  })

  test('whose key is open to others, damaged, unreadable or not there yet', async () => {
    const own = join(folder, 'keys')
    const key = join(own, 'probe.json')
    await mkdir(own)
    expect((await forProbe('--data', own)).of('key')).toMatchObject([{ state: 'skipped' }])
    await writeFile(key, await readFile(join(data(), 'probe.json')))
    await chmod(key, 0o644)
    expect((await forProbe('--data', own)).of('key')).toMatchObject([
      { state: 'bad', detail: expect.stringContaining('mode 644') },
    ])
    await writeFile(key, '{"probeId":"prb_')
    expect((await forProbe('--data', own)).of('key')).toMatchObject([
      { state: 'bad', detail: expect.stringContaining('damaged') },
    ])
    await rm(key)
    await mkdir(key)
    expect((await forProbe('--data', own)).of('key')).toMatchObject([
      { state: 'bad', detail: expect.stringContaining('EISDIR') },
    ])
    expect((await forProbe('--data', join(folder, 'nowhere'))).of('disk')).toMatchObject([
      { state: 'bad', detail: expect.stringContaining('ENOENT') },
    ])
  })

  test('that has too few descriptors', () => {
    const args = ['doctor', '--url', worker.url, '--source-address', SOURCE, '--json']
    expect(shell(`ulimit -n 512; exec ${process.execPath} probe-node/main.ts ${args.join(' ')}`)).toContainEqual(
      expect.objectContaining({ check: 'files', state: 'bad', detail: expect.stringContaining('may open 512 files') }),
    )
  })

  test.skipIf(!isRoot)('that has too few ports, or a disk that is full', async () => {
    const args = ['doctor', '--url', 'http://127.0.0.1:9', '--source-address', SOURCE, '--json']
    const inNamespace = `unshare -n sh -c 'echo "40000 41000" > /proc/sys/net/ipv4/ip_local_port_range; exec ${process.execPath} probe-node/main.ts ${args.join(' ')}'`
    expect(shell(inNamespace)).toContainEqual(
      expect.objectContaining({
        check: 'ports',
        state: 'bad',
        detail: 'There are only 1001 ports for outgoing connections.',
      }),
    )
    const full = `unshare -m sh -c 'mount -t tmpfs -o size=1m none /mnt && exec ${process.execPath} probe-node/main.ts ${args.join(' ')} --data /mnt'`
    expect(shell(full)).toContainEqual(
      expect.objectContaining({ check: 'disk', state: 'bad', detail: 'Only 1 MB are free for /mnt.' }),
    )
  })

  test('whose network keeps port 25 in, that is stopped, drained, in no active range, gone or revoked', async () => {
    const stop = new AbortController()
    const { port } = await freePort('127.0.0.1', 22_650)
    const beacon = runBeacon({ host: '127.0.0.66', ports: [port], signal: stop.signal })
    for (const one of [port, 25]) await worker.api.send('POST', '/api/v1/beacons', { address: '127.0.0.66', port: one })
    expect((await forProbe('--data', data())).of('egress')).toMatchObject([
      { state: 'bad', detail: 'Not reached: 127.0.0.66 port 25, while other beacons were.' },
    ])
    stop.abort()
    await beacon
    expect((await forProbe('--data', data())).of('egress')[0]?.detail).toContain('No beacon was reached')

    await worker.api.send('PUT', '/api/v1/kill-switch', { stopped: true })
    const [{ id = '' } = {}] = (await worker.api.get<{ items: { id: string }[] }>('/api/v1/probes')).items
    await worker.api.send('PATCH', `/api/v1/probes/${id}`, { drained: true })
    const { bad } = await forProbe('--data', data())
    expect(bad).toEqual(expect.arrayContaining(['stopped', 'drained']))
    await worker.api.send('PUT', '/api/v1/kill-switch', { stopped: false })

    const { items: ranges } = await worker.api.get<{ items: { id: string; cidr: string }[] }>('/api/v1/ranges')
    const own = ranges.find(({ cidr }) => cidr.startsWith(SOURCE))
    await worker.api.send('PATCH', `/api/v1/ranges/${own?.id}`, { purpose: 'recheck' })
    expect((await forProbe('--data', data())).bad).toContain('range')

    await probe.stop()
    expect((await forProbe('--metrics-port', `${metricsPort}`)).bad).toEqual(['running'])
    await worker.api.send('DELETE', `/api/v1/probes/${id}`, undefined)
    await rest(11_000) // a signer is remembered for ten seconds
    expect((await forProbe('--data', data())).bad).toEqual(['enrolment'])
  })
})

describe('a stack', () => {
  test('without witnesses, with a key of nobody, and seen from a tenant', async () => {
    const { bad } = await doctor('--url', worker.url, '--key', worker.key)
    expect(bad).toContain('witness')
    expect((await doctor('--url', worker.url, '--key', `pw_${'0'.repeat(30)}`)).bad).toEqual(['worker'])
    const tenant = await worker.api.send<{ key: string }>('POST', '/api/v1/tenants', { name: 'Other' })
    expect((await doctor('--url', worker.url, '--key', tenant.key)).of('worker')).toMatchObject([
      { state: 'bad', detail: expect.stringContaining('operator') },
    ])
  })

  test('whose cron stands still, whose database is behind, whose secrets and channels are gone, whose probes are away', async () => {
    const healthy = await worker.api.get<StackAnswer>('/api/v1/stack')
    expect(healthy.migrations.applied).toBe(NEWEST_MIGRATION)
    expect((await doctor('--url', worker.url, '--key', worker.key)).of('cron')).toMatchObject([{ state: 'ok' }])
    const ill: StackAnswer = {
      ...healthy,
      migrations: { newest: NEWEST_MIGRATION, applied: '0001_fills.sql' },
      setup: { channelKey: false, rangeSigningKey: false, publicUrl: true, contact: true },
      cron: { lastTickAt: null, ageSeconds: null },
      stopped: true,
      runs: { due: 3, leased: 0, oldestDueSeconds: 1_200 },
      outbox: { unspread: 2, oldestSeconds: 1_200 },
    }
    const probes = ['fra-1', 'ash-1'].map((site, i) => ({
      ...{
        id: `prb_${i}`,
        site,
        sourceAddress: `127.0.0.${70 + i}`,
        agent: 'portwitness/0.0.9',
        online: i === 0,
        fit: i > 0,
      },
      ...{ reasons: ['the process was stalled for 900 ms'], drained: false, seenAt: '2026-01-01T00:00:00.000Z' },
    }))
    const answers: Record<string, unknown> = {
      '/api/v1/stack': ill,
      '/api/v1/probes': { items: probes },
      '/api/v1/ranges': { items: [] },
      '/api/v1/channels': { items: [{ name: 'Security', state: 'switched_off', reason: 'answered 410' }] },
    }
    using api = await played((request, response) => void response.end(JSON.stringify(answers[request.url ?? ''])))
    const { bad, of } = await doctor('--url', api.url, '--key', 'pw_x')
    const wanted = [
      'migrations',
      'secrets',
      'cron',
      'stopped',
      'runs',
      'outbox',
      'probe',
      'range',
      'witness',
      'channel',
    ]
    expect([...new Set(bad)].sort()).toEqual([...wanted].sort())
    expect(of('version')).toMatchObject([{ state: 'warn' }])
    expect(of('sibling')).toMatchObject([{ state: 'warn' }])
  })
})

const rest = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

function shell(command: string): Finding[] {
  const out = execFileSync('sh', ['-c', `(${command}) || true`], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  return (JSON.parse(out) as { findings: Finding[] }).findings
}
