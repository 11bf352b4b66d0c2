/** What Prometheus is told by a Worker and a probe, held against its rules, and against promtool where that is there. */
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Child, startNode } from '../../demo/children.ts'
import { freePort } from '../../demo/loopback.ts'
import { probesReady, type RunningWorker, startWorker } from '../../demo/stack.ts'

const ROOT = join(import.meta.dirname, '../..')
const hasPromtool = spawnSync('promtool', ['--version']).status === 0
let folder: string
let worker: RunningWorker
let probe: Child
let metricsPort: number

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portwitness-metrics-'))
  worker = await startWorker(ROOT, join(folder, 'worker'), (await freePort('127.0.0.1', 23_100)).port)
  metricsPort = (await freePort('127.0.0.1', 23_150)).port
  const enrolment = { site: 'fra-1', sourceAddress: '127.0.0.85' }
  const { token } = await worker.api.send<{ token: string }>('POST', '/api/v1/probes/enrolments', enrolment)
  probe = startNode(
    ROOT,
    [
      ...['bin/portwitness.mjs', 'probe', '--url', worker.url, '--data', join(folder, 'probe'), '--allow-private'],
      ...['--source-address', '127.0.0.85', '--metrics-port', `${metricsPort}`],
    ],
    { PORTWITNESS_TOKEN: token },
  )
  await probesReady(worker.api, 1, 60_000)
}, 180_000)
afterAll(async () => {
  await probe?.stop()
  await worker?.child.stop()
  await rm(folder, { recursive: true, force: true })
})

const texts = async () => ({
  worker: await worker.api.text('/metrics'),
  probe: await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text(),
})

test('each metric has help and a type, a base unit, and a value; counters end in _total', async () => {
  for (const [who, text] of Object.entries(await texts())) {
    const types = new Map(
      [...text.matchAll(/^# TYPE (\S+) (gauge|counter)$/gm)].map(([, name = '', type = '']) => [name, type]),
    )
    expect(types.size, who).toBeGreaterThan(10)
    for (const [name, type] of types) {
      expect(text).toMatch(new RegExp(`^# HELP ${name} \\S.*\\.$`, 'm'))
      expect(text).toMatch(new RegExp(`^${name}(\\{[^}]*\\})? -?[\\d.]+(e[+-]\\d+)?$`, 'm'))
      expect(name, who).toMatch(/^(portwitness|process)_[a-z_]+$/)
      expect(name).not.toMatch(/_(ms|milliseconds|minutes|kb|mb|percent|count)$/)
      expect(name.endsWith('_total'), name).toBe(type === 'counter')
    }
    for (const line of text.trim().split('\n'))
      expect(types.has(/^(?:# \w+ )?(\w+)/.exec(line)?.[1] ?? ''), line).toBe(true)
  }
})

test('a probe tells its version, that it is fit, and when the Worker answered it last', async () => {
  const { probe: text } = await texts()
  expect(text).toContain('portwitness_probe_info{version="0.1.0",node="24.')
  expect(text).toContain('\nportwitness_probe_fit 1\n')
  const lastLease = Number(/^portwitness_probe_last_lease_timestamp_seconds (\S+)$/m.exec(text)?.[1])
  expect(Math.abs(Date.now() / 1_000 - lastLease)).toBeLessThan(120)
  expect(await (await fetch(`http://127.0.0.1:${metricsPort}/`)).status).toBe(404)
})

test.skipIf(!hasPromtool)('promtool has nothing to say against either', async () => {
  for (const [who, input] of Object.entries(await texts())) {
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' })
    expect({ who, status, said: `${stdout}${stderr}` }).toEqual({ who, status: 0, said: '' })
  }
})
