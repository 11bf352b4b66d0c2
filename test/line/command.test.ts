import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startNode } from '../../demo/children.ts'
import { freePort } from '../../demo/loopback.ts'
import { EXIT } from '../../probe-node/commands/command.ts'
import { isKey } from '../../schema/key.ts'
import { portwitness, type Stack, startStack } from '../support/stack.ts'

const ROOT = join(import.meta.dirname, '../..')

describe('without a Worker', () => {
  const cases: [args: string[], says: string, code: number][] = [
    [['nosuch'], "there is no command 'nosuch'", 2],
    [['prove'], 'which address?', 2],
    [
      ['prove', '192.0.2.1', '--url', 'http://h', '--key', 'k', '--timeout', '0'],
      '--timeout must be a whole number',
      2,
    ],
    [['token', '--url', 'http://h', '--key', 'k', '--overlap', '-1'], '--overlap must be a whole number from 0 to', 2],
    [['token', '--overlap', '--rotate'], "--overlap needs a value, and '--rotate' looks like an option", 2],
    [['token', '--rotate', '--overlap'], '--overlap needs a value. See:', 2],
    [
      ['ceilings', 'set', 'target', '--per-second', '-1', '--url', 'http://h', '--key', 'k'],
      '--per-second must be a whole number from 1 to',
      2,
    ],
    [['verify'], 'which address?', 2],
    [['verify', '192.0.2.1', '--method', 'fax', '--url', 'http://h', '--key', 'k'], '--method must be', 2],
    [['verify', '192.0.2.1', '--method', 'reverse-dns', '--url', 'http://h', '--key', 'k'], '--domain is missing', 2],
    [['verify', '192.0.2.1', '--domain', 'd.example', '--port', '80'], '--port goes with', 2],
    [['help', 'nosuch'], "there is no command 'nosuch'", 2],
    [['scan'], 'which address?', 2],
    [['scan', '192.0.2.1'], '--url is missing', 2],
    [['scan', '192.0.2.1', '--url', 'ftp://h', '--key', 'k'], '--url must be an http or https address', 2],
    [['scan', '192.0.2.1', '--url', 'http://h', '--key', 'k', '--ports', '0-70000'], '--ports:', 2],
    [['scan', '192.0.2.1', '--url', 'http://h', '--key', 'k', '--profile', 'rude'], '--profile must be one of', 2],
    [
      ['scan', '192.0.2.1', '--url', 'http://h', '--key', 'k', '--timeout', 'soon'],
      '--timeout must be a whole number',
      2,
    ],
    [['scan', '192.0.2.1', '--fast'], "Unknown option '--fast'", 2],
    [['scan', '192.0.2.1', '--url', 'http://127.0.0.1:20999', '--key', 'k'], 'nothing listens there', 1],
    [['enrol', '--url', 'http://h', '--key', 'k'], '--site is missing', 2],
    [['enrol', '--url', 'http://h', '--key', 'k', '--site', 's', '--source-address', 'h'], 'must be one IP address', 2],
    [['beacon', '--host', '127.0.0.1'], '--ports is missing', 2],
    [['probe', '--data', 'd', '--source-address', '127.0.0.1'], '--url is missing (or set PORTWITNESS_URL)', 2],
    [['probe', '--url', 'http://h', '--data', 'd', '--source-address', '999'], 'must be one IP address', 2],
    [['channels', 'shout'], "there is no 'channels shout'", 2],
    [['channels', 'add', 'pigeon', 'n', 'https://h/', '--url', 'http://h', '--key', 'k'], 'KIND must be one of', 2],
    [['channels', 'add', 'slack', 'n', '--url', 'http://h', '--key', 'k'], 'channels add KIND NAME URL', 2],
    [['channels', 'test', '--url', 'http://h', '--key', 'k'], 'which channel?', 2],
    [['issues', 'retest', '--url', 'http://h', '--key', 'k'], 'which issue?', 2],
    [['keys', 'burn', '--url', 'http://h', '--key', 'k'], "there is no 'keys burn'", 2],
    [['keys', 'add', 'n', '--scope', 'god', '--url', 'http://h', '--key', 'k'], '--scope must be one of', 2],
    [['tenants', 'add', '--url', 'http://h', '--key', 'k'], 'which name?', 2],
    [['audit', '--verify', '--export', '--url', 'http://h', '--key', 'k'], '--verify or --export', 2],
    [['audit', '--verify', '--head', '7', '--url', 'http://h', '--key', 'k'], '--head must be', 2],
    [['stop-all', '--resume', '--status', '--url', 'http://h', '--key', 'k'], '--resume or --status', 2],
    [['issues', 'allowlist', '--url', 'http://h', '--key', 'k'], 'which issue?', 2],
  ]
  test.each(cases)('portwitness %j says: %s', async (args, says, code) => {
    const ended = await portwitness(args, { PORTWITNESS_URL: '', PORTWITNESS_KEY: '' }).ended
    expect(ended.stderr).toContain(says)
    expect(ended.stderr.trim().split('\n')).toHaveLength(1)
    expect(ended).toMatchObject({ code, stdout: '' })
  })

  test('help lists every command and fits into 80 columns, and version says the version', async () => {
    const help = await portwitness(['help']).ended
    const names = [
      ...['worker', 'enrol', 'probe', 'beacon', 'scan', 'prove', 'issues', 'probes', 'channels', 'ranges', 'token'],
      ...['keys', 'tenants', 'audit', 'stop-all'],
    ]
    expect(help.stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
    for (const code of Object.values(EXIT)) expect(help.stdout).toMatch(new RegExp(`^ {2}${code} {2}\\S`, 'm'))
    for (const name of names) {
      expect(help.stdout).toContain(name)
      const { stdout } = await portwitness(['help', name]).ended
      expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
    }
    expect(await portwitness(['--version']).ended).toMatchObject({ code: 0, stdout: '0.1.0\n' })
  })
})

test('npm start -- --help says how it is used', async () => {
  const demo = startNode(ROOT, ['demo/start.ts', '--help'])
  expect(await demo.exited).toBe(0)
  expect(demo.output()).toContain('usage: npm start -- [--once]')
})

test('a beacon says when it listens, and ends when it is told to', async () => {
  const { port } = await freePort('127.0.0.1', 22_400)
  const args = ['--host', '127.0.0.1', '--ports', `${port}`]
  const beacon = startNode(ROOT, ['bin/portwitness.mjs', 'beacon', ...args])
  expect(await beacon.line(/^ready/, 60_000)).toBe(`ready: listens on 127.0.0.1, ports ${port}`)
  const visitor = connect({ host: '127.0.0.1', port })
  const [greeting] = await once(visitor, 'data')
  expect(`${greeting}`).toBe('220 portwitness beacon\r\n')
  beacon.kill('SIGINT')
  expect(await beacon.exited).toBe(0)
  visitor.destroy()
})

test('the Worker says where it listens and where its key is', async () => {
  const data = await mkdtemp(join(tmpdir(), 'portwitness-command-'))
  const worker = startNode(ROOT, ['bin/portwitness.mjs', 'worker', '--port', '0', '--data', data])
  try {
    const ready = await worker.line(/^ready /, 60_000)
    expect(ready).toMatch(/^ready http:\/\/127\.0\.0\.1:\d+ {2}key in /)
    expect(isKey((await readFile(ready.split('key in ')[1] ?? '', 'utf8')).trim())).toBe(true)
  } finally {
    await worker.stop()
    await rm(data, { recursive: true, force: true })
  }
})

describe('with a Worker and probes', () => {
  let stack: Stack
  beforeAll(async () => {
    stack = await startStack()
  })
  afterAll(() => stack?.[Symbol.asyncDispose]())

  test('an address that must not be scanned is refused, and the field is named', async () => {
    for (const address of ['169.254.169.254', '224.0.0.1', '::ffff:127.0.0.1']) {
      const { code, stderr } = await stack.portwitness('scan', address).ended
      expect(stderr).toContain('address')
      expect(code).toBe(5)
    }
  })

  test('a public address whose control is not proved is refused', async () => {
    const { code, stderr } = await stack.portwitness('scan', '8.8.8.8').ended
    expect(stderr).toMatch(/^portwitness: Refused: .+\n$/)
    expect(code).toBe(5)
  })

  test('a wrong key is refused', async () => {
    const { code } = await stack.portwitness('issues', '--key', `pw_${'0'.repeat(36)}`).ended
    expect(code).toBe(5)
  })

  test('issues of a target that is not there are not none', async () => {
    for (const id of ['nope', '../issues', 'tgt_00000000000000000000']) {
      const asked = await stack.portwitness('issues', '--target', id).ended
      expect(asked).toEqual({ code: 1, stdout: '', stderr: 'portwitness: There is no target with that id.\n' })
    }
    const { id } = await stack.worker.api.send<{ id: string }>('POST', '/api/v1/targets', { address: '127.0.0.26' })
    expect(await stack.portwitness('issues', '--target', id).ended).toMatchObject({ code: 0, stdout: 'No issues.\n' })
  })

  test('a scan that nobody waits for is accepted with its id, and a second one refused while it runs', async () => {
    const host = await stack.demoHost('127.0.0.27', '--no-guard')
    const first = await stack.portwitness('scan', host.address, '--ports', '1-65535', '--rate', '500', '--no-wait')
      .ended
    expect(first).toMatchObject({ code: 0, stdout: expect.stringMatching(/^scn_\w+\n$/) })
    const second = await stack.portwitness('scan', host.address, '--no-wait').ended
    expect(second.code).toBe(5)
    await stack.worker.api.send('POST', `/api/v1/scans/${first.stdout.trim()}/cancel`, {})
  })

  test('Ctrl-C cancels the scan, on the Worker too', async () => {
    const host = await stack.demoHost('127.0.0.28', '--no-guard')
    const command = stack.portwitness('scan', host.address, '--ports', '1-65535', '--rate', '500')
    await command.says('discover')
    command.interrupt()
    const { code, stderr } = await command.ended
    expect(code).toBe(6)
    const id = /scn_\w+/.exec(stderr)?.[0]
    await expect
      .poll(async () => (await stack.worker.api.get<{ state: string }>(`/api/v1/scans/${id}`)).state, {
        timeout: 20_000,
      })
      .toBe('cancelled')
  })

  test('a scan that takes longer than --timeout is cancelled', async () => {
    const host = await stack.demoHost('127.0.0.29', '--no-guard')
    const { code, stderr } = await stack.portwitness(
      'scan',
      host.address,
      '--ports',
      '1-65535',
      '--rate',
      '500',
      '--timeout',
      '2',
    ).ended
    expect(stderr).toContain('took too long')
    expect(code).toBe(6)
  })

  test('probes are listed with their sites and state', async () => {
    const { stdout, code } = await stack.portwitness('probes').ended
    expect(code).toBe(0)
    expect(stdout.split('\n').filter((line) => line.includes('fit'))).toHaveLength(5)
    expect(stdout).toContain('127.0.0.11')
  })

  test('stop-all stops new scans until it is lifted', async () => {
    expect((await stack.portwitness('stop-all').ended).code).toBe(0)
    const host = await stack.demoHost('127.0.0.30', '--no-guard')
    const { code } = await stack.portwitness('scan', host.address, '--ports', host.window, '--no-wait').ended
    expect(code).toBe(5)
    expect((await stack.portwitness('stop-all', '--resume').ended).code).toBe(0)
    expect((await stack.portwitness('scan', host.address, '--ports', host.window, '--no-wait').ended).code).toBe(0)
  })
})
