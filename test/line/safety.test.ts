/** What an operator does with the command line when it must be sure: stop everything, change keys, look who did what. */

import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ScanAnswer } from '../../schema/api.ts'
import { isKey } from '../../schema/key.ts'
import { type Stack, startStack } from '../support/stack.ts'

let stack: Stack
let folder: string
beforeAll(async () => {
  stack = await startStack()
  folder = await mkdtemp(join(tmpdir(), 'portwitness-safety-'))
})
afterAll(async () => {
  await stack?.[Symbol.asyncDispose]()
  if (folder) await rm(folder, { recursive: true, force: true })
})

/** A host which notes when it was last connected to: with several ports, for a sweep in random order to meet one soon. */
async function noting(host: string) {
  let lastAt = 0
  let count = 0
  const servers = await Promise.all(
    Array.from({ length: 12 }, async () => {
      const server = createServer((socket) => {
        lastAt = Date.now()
        count += 1
        socket.on('error', () => {})
        socket.end('220 here\r\n')
      })
      server.listen(0, host)
      await once(server, 'listening')
      return server
    }),
  )
  return {
    ports: servers.map((server) => (server.address() as { port: number }).port),
    lastAt: () => lastAt,
    count: () => count,
    [Symbol.asyncDispose]: async () => {
      for (const server of servers) server.close()
    },
  }
}

/** The promise of the kill switch (design.md, section 7). */
const WITHIN_MS = 20_000

test('stop-all ends all scanning within 20 s, nothing begins, everybody is told, and --resume lifts it', async () => {
  await using one = await noting('127.0.0.61')
  await using two = await noting('127.0.0.62')
  const scans: string[] = []
  for (const [address, { ports }] of [
    ['127.0.0.61', one],
    ['127.0.0.62', two],
  ] as const) {
    const ended = await stack.portwitness(
      ...[
        'scan',
        address,
        '--ports',
        `1-20000,${ports.join(',')}`,
        '--rate',
        '200',
        '--profile',
        'assertive',
        '--no-wait',
      ],
      ...(address.endsWith('62') ? ['--site', 'ash-1'] : []),
    ).ended
    expect(ended.code, ended.stderr).toBe(0)
    scans.push(ended.stdout.trim())
  }
  const stateOf = async (id: string) => (await stack.worker.api.get<ScanAnswer>(`/api/v1/scans/${id}`)).state
  await expect.poll(() => Promise.all(scans.map(stateOf)), { timeout: 60_000 }).toEqual(['running', 'running'])
  await expect.poll(() => Math.min(one.count(), two.count()), { timeout: 90_000 }).toBeGreaterThan(0)

  const stoppedAt = Date.now()
  const stop = await stack.portwitness('stop-all').ended
  expect(stop).toMatchObject({
    code: 0,
    stdout: 'All scanning is stopped. Lift it with: portwitness stop-all --resume\n',
  })
  await expect.poll(() => Promise.all(scans.map(stateOf)), { timeout: WITHIN_MS }).toEqual(['cancelled', 'cancelled'])
  expect(Date.now() - stoppedAt).toBeLessThan(WITHIN_MS)
  const counts = [one.count(), two.count()]
  // Twice a renewal of silence: not one packet more, also not of witnesses or of recovery.
  await new Promise((resolve) => setTimeout(resolve, 2_000))
  const settled = [one.count(), two.count()]
  await new Promise((resolve) => setTimeout(resolve, 18_000))
  expect([one.count(), two.count()]).toEqual(settled)
  expect(Math.max(one.lastAt(), two.lastAt()) - stoppedAt).toBeLessThan(WITHIN_MS)
  expect(counts.every((count, i) => count <= (settled[i] ?? 0))).toBe(true)

  const refused = await stack.portwitness('scan', '127.0.0.61', '--ports', '1-100').ended
  expect(refused.code).toBe(5)
  expect(refused.stderr).toContain('stopped by the kill switch')
  expect(await (await fetch(`${stack.worker.url}/healthz`)).json()).toEqual({ status: 'ok', scanning: 'stopped' })
  expect((await stack.portwitness('stop-all', '--status').ended).code).toBe(5)
  expect((await stack.portwitness('probes').ended).stderr).toContain('All scanning is stopped.')

  expect((await stack.portwitness('stop-all', '--resume').ended).stdout).toBe('Scanning may go on.\n')
  expect((await stack.portwitness('stop-all', '--status').ended).code).toBe(0)
  const again = await stack.portwitness('scan', '127.0.0.61', '--ports', `${one.ports[0]}`, '--profile', 'discovery')
    .ended
  expect(again.code, again.stderr).toBe(0)
})

describe('keys and tenants', () => {
  test('are made, shown once, listed without their text, and revoked', async () => {
    const made = await stack.portwitness('keys', 'add', 'nightly', '--scope', 'read', '--days', '30').ended
    const key = made.stdout.trim()
    expect(isKey(key)).toBe(true)
    expect(made.stderr).toMatch(/Shown this once\. It is key_\w+, of scope read\./)
    const id = /key_\w+/.exec(made.stderr)?.[0] ?? ''
    const list = await stack.portwitness('keys').ended
    expect(list.stdout).toContain('nightly')
    expect(list.stdout).not.toContain(key)
    expect((await stack.portwitness('issues', '--key', key).ended).code).toBe(0)
    expect((await stack.portwitness('keys', 'add', 'more', '--key', key).ended).code).toBe(5)
    expect((await stack.portwitness('keys', 'revoke', id).ended).code).toBe(0)
    expect((await stack.portwitness('issues', '--key', key).ended).code).toBe(5)
  })

  test('a tenant comes with its first key, and goes with all of them', async () => {
    const made = await stack.portwitness('tenants', 'add', 'Customer').ended
    const key = made.stdout.trim()
    const id = /ten_\w+/.exec(made.stderr)?.[0] ?? ''
    expect((await stack.portwitness('tenants').ended).stdout).toContain('Customer')
    expect((await stack.portwitness('keys', 'add', 'theirs', '--key', key).ended).code).toBe(0)
    expect((await stack.portwitness('tenants', '--key', key).ended).code).toBe(5)
    expect((await stack.portwitness('tenants', 'remove', id).ended).code).toBe(0)
    expect((await stack.portwitness('keys', '--key', key).ended).code).toBe(5)
  })
})

test('the log of who changed what is exported, found whole, and found out when a line was changed, cut or moved', async () => {
  const shown = await stack.portwitness('audit', '--limit', '5').ended
  expect(shown.stdout).toContain('POST /api/v1/')
  const whole = await stack.portwitness('audit', '--verify').ended
  expect(whole).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^\d+ lines, whole\.\nNote its end elsewhere: --head \d+:[0-9a-f]{64}\n$/),
  })
  const head = /--head (\S+)/.exec(whole.stdout)?.[1] ?? ''
  const exported = (await stack.portwitness('audit', '--export').ended).stdout
  const file = join(folder, 'audit.jsonl')
  const check = async (text: string, ...more: string[]) => {
    await writeFile(file, text)
    const { code, stderr } = await stack.portwitness('audit', '--verify', file, ...more).ended
    return [code, stderr] as const
  }
  expect(await check(exported, '--head', head)).toEqual([0, ''])
  const lines = exported.trimEnd().split('\n')
  const changed = lines.with(3, (lines[3] ?? '').replace(/"actor":"[^"]+"/, '"actor":"key:key_nobody"'))
  expect((await check(changed.join('\n')))[1]).toContain('line 4 of the file (seq 4) was changed')
  expect((await check(lines.toSpliced(3, 1).join('\n')))[1]).toContain(
    'line 4 of the file (seq 5): 1 before it is missing',
  )
  expect(
    (
      await check(
        lines
          .with(3, lines[4] ?? '')
          .with(4, lines[3] ?? '')
          .join('\n'),
      )
    )[1],
  ).toContain('line 4 of the file')
  const cut = await check(lines.slice(0, -2).join('\n'), '--head', head)
  expect(cut[0]).toBe(1)
  expect(cut[1]).toContain('the log ends at seq')
  expect(await readFile(file, 'utf8')).toContain('"seq":1,')
  // Offline: no Worker, no key.
  await writeFile(file, exported)
  const { portwitness } = await import('../support/stack.ts')
  const offline = await portwitness(['audit', '--verify', file], { PORTWITNESS_URL: '', PORTWITNESS_KEY: '' }).ended
  expect(offline.code, offline.stderr).toBe(0)
})
