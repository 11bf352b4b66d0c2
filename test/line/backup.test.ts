/** A stack with real scans is written into a folder and put into an empty one: every answer of its API is the same. */
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort } from '../../demo/loopback.ts'
import { type RunningWorker, startWorker } from '../../demo/stack.ts'
import { openApi } from '../../probe-node/commands/api.ts'
import type { Manifest } from '../../schema/backup.ts'
import { portwitness, type Stack, startStack } from '../support/stack.ts'

const ROOT = join(import.meta.dirname, '../..')
let folder: string
let stack: Stack
let tenant: { id: string; key: string }
const workers: RunningWorker[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portwitness-backup-'))
  stack = await startStack()
  const host = await stack.demoHost('127.0.0.10')
  const found = await stack.portwitness(
    ...['scan', host.address, '--ports', host.window, '--profile', 'assertive', '--json'],
  ).ended
  expect(found.code, found.stderr).toBe(3)
  const { api } = stack.worker
  await api.send('POST', '/api/v1/channels', {
    kind: 'slack',
    name: 'Security',
    url: 'https://hooks.slack.com/services/T0/B0/secretofslack',
  })
  await api.get('/api/v1/proof-token')
  await api.send('POST', '/api/v1/opt-outs', { cidr: '203.0.113.0/24' })
  tenant = await api.send('POST', '/api/v1/tenants', { name: 'Other' })
  const own = { PORTWITNESS_URL: stack.worker.url, PORTWITNESS_KEY: tenant.key }
  // Made when it is first asked for.
  await openApi({ url: stack.worker.url, key: tenant.key }).get('/api/v1/proof-token')
  const host2 = await stack.demoHost('127.0.0.9', '--no-guard')
  expect((await portwitness(['scan', host2.address, '--ports', host2.window, '--json'], own).ended).code).toBe(0)
  // What goes on by itself ends before the two are compared: recovery is watched for a day by the probes.
  await Promise.all([...stack.probes.values()].map((child) => child.stop()))
}, 300_000)
afterAll(async () => {
  await Promise.all(workers.map(({ child }) => child.stop()))
  await stack?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

/** A new stack; with the sealing key of the old one, as docs/deploy.md says. */
async function another(name: string, sealing = true): Promise<RunningWorker> {
  const data = join(folder, name)
  await mkdir(data)
  if (sealing) await copyFile(await channelKeyOf(), join(data, 'channel.key'))
  const worker = await startWorker(ROOT, data, (await freePort('127.0.0.1', 22_700)).port)
  workers.push(worker)
  return worker
}
const channelKeyOf = async () => {
  const path = /--data (\S+)/.exec(
    (await readFile(`/proc/${stack.worker.child.pid}/cmdline`, 'utf8')).replaceAll('\0', ' '),
  )?.[1]
  return join(path ?? '', 'channel.key')
}
const run = async (worker: RunningWorker, ...args: string[]) =>
  portwitness(args, { PORTWITNESS_URL: worker.url, PORTWITNESS_KEY: worker.key }).ended

/** Every list, and every single thing in it, with outputs and facts: as this key sees them. */
async function everything({ url }: RunningWorker, key: string): Promise<Record<string, string>> {
  const seen: Record<string, string> = {}
  const ask = async (path: string): Promise<string> => {
    const answer = await fetch(`${url}/api/v1${path}`, { headers: { authorization: `Bearer ${key}` } })
    const text = (await answer.text()).replace(/http:\/\/127\.0\.0\.1:\d+/g, 'URL')
    // By the clock, or by the switch that a restore leaves on.
    seen[path] = `${answer.status} ${text.replace(/"(online|stateAt)":[^,}]+/g, '')}`
    return text
  }
  for (const list of [
    'targets',
    'scans',
    'issues',
    'proofs',
    'channels',
    'keys',
    'tenants',
    'probes',
    'ranges',
    'beacons',
    'opt-outs',
    'proof-token',
    'retention',
  ]) {
    const { items } = JSON.parse(await ask(`/${list}`)) as { items?: { id: string }[] }
    for (const { id } of items ?? []) {
      if (list === 'keys' || list === 'tenants' || list === 'beacons' || list === 'opt-outs') continue
      await ask(`/${list}/${id}`)
      if (list === 'scans') for (const part of ['output', 'observations']) await ask(`/scans/${id}/${part}`)
      if (list === 'issues') for (const part of ['occurrences', 'allowlist']) await ask(`/issues/${id}/${part}`)
      if (list === 'channels') await ask(`/channels/${id}/deliveries`)
    }
  }
  return seen
}

test('the whole stack: the same answers from both, to the operator and to a tenant', async () => {
  const out = join(folder, 'whole')
  const exported = await run(stack.worker, 'export', '--out', out)
  expect(exported, exported.stderr).toMatchObject({ code: 0 })
  const manifest = JSON.parse(await readFile(join(out, 'manifest.json'), 'utf8')) as Manifest
  expect(manifest).toMatchObject({
    tenant: null,
    files: { scans: { rows: 2 }, probes: { rows: 5 }, channels: { rows: 1 } },
  })
  expect(manifest.raw).toBeGreaterThanOrEqual(4)
  expect((await stat(out)).mode & 0o077).toBe(0)
  for (const name of await readdir(join(out, 'tables'))) {
    const text = await readFile(join(out, 'tables', name), 'utf8')
    expect(text.includes('secretofslack') || text.includes(tenant.key) || text.includes(stack.worker.key), name).toBe(
      false,
    )
  }
  expect((await run(stack.worker, 'export', '--out', out)).stderr).toContain('is not empty')

  const fresh = await another('fresh')
  const restored = await run(fresh, 'restore', out)
  expect(restored, restored.stderr).toMatchObject({ code: 0 })
  for (const keys of [
    [stack.worker.key, fresh.key],
    [tenant.key, tenant.key],
  ] as const) {
    const [before, after] = [await everything(stack.worker, keys[0]), await everything(fresh, keys[1])]
    expect(Object.keys(before).length).toBeGreaterThan(10)
    expect(after).toEqual(before)
  }
  const { items } = await fresh.api.get<{ items: { id: string }[] }>('/api/v1/scans')
  await fresh.api.send('POST', `/api/v1/scans/${items[0]?.id}/rejudge`, {})
  expect((await run(fresh, 'restore', out)).stderr).toContain('not empty')
})

test('one tenant alone, by its own key', async () => {
  const out = join(folder, 'tenant')
  const own = { PORTWITNESS_URL: stack.worker.url, PORTWITNESS_KEY: tenant.key }
  expect((await portwitness(['export', '--out', out], own).ended).code).toBe(0)
  const fresh = await another('of-tenant')
  expect(await run(fresh, 'restore', out)).toMatchObject({ code: 0 })
  const { items } = await fresh.api.get<{ items: unknown[] }>('/api/v1/targets')
  expect(items).toEqual([])
  const answers = (worker: RunningWorker) =>
    fetch(`${worker.url}/api/v1/scans`, { headers: { authorization: `Bearer ${tenant.key}` } }).then((answer) =>
      answer.json(),
    )
  expect(await answers(fresh)).toEqual(await answers(stack.worker))
})

test('a backup that was changed, is not whole, or is sealed for another Worker is refused', async () => {
  const out = join(folder, 'whole')
  const strange = await another('strange', false)
  const told = await run(strange, 'restore', out)
  expect({ code: told.code, said: told.stderr }).toMatchObject({
    code: 5,
    said: expect.stringContaining('CHANNEL_KEY'),
  })
  const table = join(out, 'tables/targets.jsonl')
  await writeFile(table, (await readFile(table, 'utf8')).replace('127.0.0.10', '127.0.0.11'))
  expect((await run(strange, 'restore', out)).stderr).toContain('is not what was exported')
  await rm(join(out, 'manifest.json'))
  expect((await run(strange, 'restore', out)).stderr).toContain('no whole backup')
})
