/** The one-file probe, in each Node it must run on, against the real Worker. */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort } from '../../demo/loopback.ts'
import { type RunningWorker, startWorker } from '../../demo/stack.ts'
import { type Built, buildProbe } from '../../packaging/probe.ts'
import type { ProbeAnswer, ScanAnswer } from '../../schema/api.ts'
import { listener } from '../support/listeners.ts'
import { NODES } from '../support/nodes.ts'

const ROOT = join(import.meta.dirname, '../..')
let folder: string
let built: Built
let worker: RunningWorker
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portwitness-bundle-'))
  built = await buildProbe(ROOT, join(folder, 'built'))
  const { port } = await freePort('127.0.0.1', 22_200)
  worker = await startWorker(ROOT, join(folder, 'worker'), port)
})
afterAll(async () => {
  await worker?.child.stop()
  await rm(folder, { recursive: true, force: true })
})

test('the same source gives the same bytes, with a digest that sha256sum can check', async () => {
  const again = await buildProbe(ROOT, join(folder, 'again'))
  const bytes = await readFile(built.path)
  expect(bytes.equals(await readFile(again.path))).toBe(true)
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(built.sha256)
  expect(await readFile(`${built.path}.sha256`, 'utf8')).toBe(`${built.sha256}  portwitness-probe.mjs\n`)
  expect((await readdir(join(folder, 'built'))).sort()).toEqual([
    'portwitness-probe.mjs',
    'portwitness-probe.mjs.sha256',
  ])
})

test('it holds what it needs, the licence of each part, and no path of the machine that built it', async () => {
  const code = await readFile(built.path, 'utf8')
  const imported = [...code.matchAll(/^\s*import\b[^;]*?from\s*"([^"]+)"/gm)].map((match) => match[1])
  expect(imported.length).toBeGreaterThan(10)
  expect(imported.filter((it) => !it?.startsWith('node:'))).toEqual([])
  expect(code).not.toContain(ROOT)
  expect(built.packages).toEqual(['valibot', 'ws'])
  expect(code).toContain('Apache License')
  for (const name of built.packages) expect(code).toMatch(new RegExp(`==== licence of ${name} [\\d.]+ \\(MIT\\)`))
  expect(code.match(/Permission is hereby granted, free of charge/g)?.length).toBe(2)
})

for (const [i, { name, path }] of NODES.entries()) {
  const [source, target] = [`127.0.0.${31 + i}`, `127.0.0.${41 + i}`]
  // The older ones are in test/nodes; .ci/run installs them and says that they must be there.
  const isAbsent = path === null && process.env.PORTWITNESS_NODES !== 'all'
  test.skipIf(isAbsent)(
    `${name} enrols a probe from it, which scans the whole range of a host and stops when told`,
    async () => {
      expect(path, `${name} is not installed: npm ci --prefix test/nodes`).not.toBeNull()
      await using web = await listener((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'), target)
      // Away from the repository, so that nothing of it can be found by accident.
      const home = join(folder, source)
      await mkdir(home)
      const file = join(home, 'probe.mjs')
      await copyFile(built.path, file)
      expect(await ran(path as string, [file, '--version'], home)).toMatchObject({ code: 0, out: '0.1.0\n' })
      const { token } = await worker.api.send<{ token: string }>('POST', '/api/v1/probes/enrolments', {
        site: `site-${source.split('.').at(-1)}`,
        sourceAddress: source,
      })
      const probe = spawn(
        path as string,
        [
          file,
          'probe',
          '--url',
          worker.url,
          '--token',
          token,
          '--data',
          join(home, 'data'),
          '--source-address',
          source,
          '--allow-private',
        ],
        { cwd: home, env: {}, stdio: ['ignore', 'ignore', 'pipe'] },
      )
      const said = text(probe.stderr)
      try {
        const scan = await scanned(target, await readyAt(source))
        expect(scan).toMatchObject({ state: 'finished', verdict: 'clear', coverage: { portsAsked: 65_535, share: 1 } })
        expect(scan.ports).toMatchObject([{ address: target, port: web.port, service: 'http', verdict: 'open' }])
        probe.kill('SIGTERM')
        const [code] = await once(probe, 'exit')
        expect(code).toBe(0)
      } finally {
        probe.kill('SIGKILL')
      }
      expect((await said).split('\n').filter((line) => /"level":"error"|Warning|at file:/.test(line))).toEqual([])
    },
  )
}

async function readyAt(sourceAddress: string): Promise<string> {
  const until = Date.now() + 30_000
  for (;;) {
    const { items } = await worker.api.get<{ items: ProbeAnswer[] }>('/api/v1/probes')
    const own = items.find((it) => it.sourceAddress === sourceAddress && it.online && it.fit)
    if (own) return own.id
    if (Date.now() > until) throw new Error(`no probe at ${sourceAddress} became ready`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

async function scanned(address: string, scannerProbeId: string): Promise<ScanAnswer> {
  const made = await worker.api.send<{ id: string }>('POST', '/api/v1/targets', {
    address,
    maxConnectsPerSecond: 20_000,
    ports: '1-65535',
  })
  const scan = await worker.api.send<ScanAnswer>('POST', '/api/v1/scans', { targetId: made.id, scannerProbeId })
  const until = Date.now() + 120_000
  for (;;) {
    const now = await worker.api.get<ScanAnswer>(`/api/v1/scans/${scan.id}`)
    if (!['queued', 'running'].includes(now.state)) return now
    if (Date.now() > until) throw new Error(`the scan is still ${now.state}, ${now.phase}`)
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
}

async function ran(node: string, args: readonly string[], cwd: string) {
  const child = spawn(node, args, { cwd, env: {}, stdio: ['ignore', 'pipe', 'pipe'] })
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  return { code, out, err }
}
