/** A channel as its owner sets it up, from the command line, to a receiver on this machine. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort } from '../../demo/loopback.ts'
import { type RunningWorker, startWorker } from '../../demo/stack.ts'
import { portwitness } from '../support/stack.ts'
import { openUnruly, type Unruly } from '../support/unruly.ts'

const ROOT = join(import.meta.dirname, '../..')
let data: string
let worker: RunningWorker
let receiver: Unruly
beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'portwitness-channels-'))
  const { port } = await freePort('127.0.0.1', 24_000 + (process.pid % 40) * 25)
  worker = await startWorker(ROOT, data, port, ['--allow-local-receivers'])
  receiver = await openUnruly()
})
afterAll(async () => {
  await worker?.child.stop()
  await receiver?.close()
  rmSync(data, { recursive: true, force: true })
})

const run = (...args: string[]) =>
  portwitness(['channels', ...args], { PORTWITNESS_URL: worker.url, PORTWITNESS_KEY: worker.key }).ended

test('is added, tried, looked at, read and removed', async () => {
  expect(await run()).toMatchObject({ code: 0, stdout: expect.stringContaining('No channels.') })
  const added = await run(
    'add',
    'webhook',
    'SIEM',
    `${receiver.url}/in/siem/a-long-and-secret-path`,
    '--severity',
    'error',
  )
  expect(added).toMatchObject({ code: 0, stdout: expect.stringMatching(/^chn_\w+\n$/) })
  expect(added.stderr).toMatch(/whsec_[A-Za-z0-9+/]{43}=/)

  receiver.script('siem', [{ status: 500, body: 'not today' }, {}])
  expect(await run('test', 'SIEM')).toMatchObject({ code: 1, stdout: 'Not delivered: 500: not today\n' })
  expect(await run('test', 'SIEM')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^Delivered in \d+ ms: .* 200\.\n$/),
  })
  expect(receiver.log('siem').map(({ taken }) => taken)).toEqual([false, true])

  const preview = await run('preview', 'SIEM', '--event', 'probe.offline')
  expect(preview.stdout).toMatch(/^POST http:\/\/127\.0\.0\.1:\d+\//)
  expect(preview.stdout).toContain('"type": "probe.offline"')
  expect(preview.stdout).not.toContain('secret-path')
  expect(await run('log', 'SIEM')).toMatchObject({ code: 0, stdout: 'Nothing was sent yet.\n' })

  const [listed] = JSON.parse((await run('list', '--json')).stdout)
  expect(listed).toMatchObject({
    name: 'SIEM',
    kind: 'webhook',
    state: 'on',
    filters: { severity: 'error' },
    waiting: 0,
  })
  expect(await run('off', 'SIEM')).toMatchObject({ stdout: `${listed.id} is off.\n` })
  expect((await run('list')).stdout).toMatch(/SIEM +off/)
  expect(await run('remove', 'SIEM')).toMatchObject({ code: 0, stdout: `${listed.id} is removed.\n` })
  expect(await run('test', 'SIEM')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("there is no channel 'SIEM'"),
  })
  expect(await run('replay', 'dlv_00000000000000000000')).toMatchObject({ code: 1 })
})
