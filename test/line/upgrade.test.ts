/** Upgrade and rollback of a probe machine, in a folder: real probes from real bundles, and what stands in for systemctl. */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort } from '../../demo/loopback.ts'
import { type RunningWorker, startWorker } from '../../demo/stack.ts'
import { buildProbe } from '../../packaging/probe.ts'

const ROOT = join(import.meta.dirname, '../..')
const SOURCE = '127.0.0.51'
let folder: string
let worker: RunningWorker
let code: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portwitness-upgrade-'))
  code = await readFile((await buildProbe(ROOT, join(folder, 'built'))).path, 'utf8')
  worker = await startWorker(ROOT, join(folder, 'worker'), (await freePort('127.0.0.1', 22_300)).port)
  const { token } = await worker.api.send<{ token: string }>('POST', '/api/v1/probes/enrolments', {
    site: 'fra-1',
    sourceAddress: SOURCE,
  })
  await mkdir(join(folder, 'etc'))
  await writeFile(
    join(folder, 'etc/a.env'),
    `PORTWITNESS_URL=${worker.url}\nSOURCE_ADDRESS=${SOURCE}\nMETRICS_PORT=${(await freePort('127.0.0.1', 22_350)).port}\nPORTWITNESS_TOKEN=${token}\n`,
  )
  // Ends the instance's process and starts it anew from `current`, as the unit would.
  await writeFile(
    join(folder, 'restart'),
    `#!/bin/sh
set -a; . ${folder}/etc/$1.env; set +a
if [ -f ${folder}/pid ]; then kill "$(cat ${folder}/pid)" 2> /dev/null; sleep 0.5; fi
nohup ${process.execPath} ${folder}/opt/current/portwitness-probe.mjs probe --url $PORTWITNESS_URL --source-address $SOURCE_ADDRESS \\
  --data ${folder}/state --metrics-port $METRICS_PORT --allow-private > ${folder}/log 2>&1 < /dev/null &
echo $! > ${folder}/pid
`,
  )
  await chmod(join(folder, 'restart'), 0o755)
})
afterAll(async () => {
  const pid = Number(await readFile(join(folder, 'pid'), 'utf8').catch(() => '0'))
  if (pid > 0) process.kill(pid, 'SIGKILL')
  await worker?.child.stop()
  await rm(folder, { recursive: true, force: true })
})

/** A bundle that says this version of itself. */
async function bundle(version: string, change = (it: string) => it): Promise<string> {
  const path = join(folder, `portwitness-probe-${version}.mjs`)
  const all = change(code.replace('VERSION = "0.1.0"', `VERSION = "${version}"`))
  expect(all.includes(`VERSION = "${version}"`)).toBe(true)
  await writeFile(path, all)
  await writeFile(`${path}.sha256`, `${createHash('sha256').update(all).digest('hex')}  x\n`)
  return path
}
async function upgrade(...args: string[]) {
  const child = spawn('sh', [join(ROOT, 'packaging/portwitness-upgrade'), ...args], {
    env: {
      ...process.env,
      PORTWITNESS_ROOT: join(folder, 'opt'),
      PORTWITNESS_CONFIG: join(folder, 'etc'),
      PORTWITNESS_NODE: process.execPath,
      PORTWITNESS_RESTART: `${join(folder, 'restart')} `,
      PORTWITNESS_WAIT_SECONDS: '20',
    },
  })
  const [out, err, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  return { status, said: `${out}${err}` }
}
const current = async () => (await readlink(join(folder, 'opt/current'))).replace(/-[0-9a-f]{12}$/, '')
const agent = async () =>
  (await worker.api.get<{ items: { agent: string }[] }>('/api/v1/probes')).items.map((it) => it.agent)

test('the first version is put in its place, enrols and is well', async () => {
  expect(await upgrade(await bundle('1.0.0'))).toMatchObject({ status: 0, said: expect.stringContaining('runs') })
  expect(await current()).toBe('releases/1.0.0')
  expect(await agent()).toEqual(['portwitness/1.0.0'])
})

test('a newer one takes over; --rollback brings the former back', async () => {
  expect(await upgrade(await bundle('1.1.0'))).toMatchObject({ status: 0 })
  expect(await current()).toBe('releases/1.1.0')
  expect((await upgrade('--list')).said).toMatch(/ {2}1\.0\.0-[0-9a-f]{12}\n\* 1\.1\.0-/)
  expect(await upgrade('--rollback')).toMatchObject({ status: 0 })
  expect(await current()).toBe('releases/1.0.0')
  expect(await upgrade('--rollback')).toMatchObject({ status: 0 })
  expect(await current()).toBe('releases/1.1.0')
})

test('one that starts but never reaches the Worker is taken back by itself, and the former is well', async () => {
  const deaf = await bundle('1.2.0', (it) => it.replace('probe/v1/${path', 'probe/v0/${path'))
  const { status, said } = await upgrade(deaf)
  expect({ status, said }).toMatchObject({ status: 1, said: expect.stringContaining('was taken back') })
  expect(await current()).toBe('releases/1.1.0')
  expect(
    await upgrade(
      await bundle('1.3.0', (it) =>
        it.replace('runAgent(options, signal) {', 'runAgent(options, signal) { process.exit(3);'),
      ),
    ),
  ).toMatchObject({ status: 1 })
  expect(await current()).toBe('releases/1.1.0')
})

test('one that is not what was announced, or does not even start, changes nothing', async () => {
  const file = await bundle('1.4.0')
  expect(await upgrade(file, 'f'.repeat(64))).toMatchObject({
    status: 1,
    said: expect.stringContaining('Nothing was changed'),
  })
  expect(await upgrade(await bundle('1.5.0', (it) => `${it}\n}`))).toMatchObject({
    status: 1,
    said: expect.stringContaining('Nothing was changed'),
  })
  expect(await current()).toBe('releases/1.1.0')
  expect(await upgrade('--list')).toMatchObject({ said: expect.not.stringContaining('1.4.0') })
})
