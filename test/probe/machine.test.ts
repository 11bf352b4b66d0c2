/** What is put on a probe machine, before the tools that will read it there: systemd and cloud-init. */
import { spawnSync } from 'node:child_process'
import { createPrivateKey } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Machine, userData } from '../../packaging/cloud-init.ts'
import { isKey } from '../../schema/key.ts'

const ROOT = join(import.meta.dirname, '../..')
const UNITS = ['portwitness-probe@.service', 'portwitness-beacon@.service']
const has = (tool: string) => spawnSync(tool, ['--version']).status === 0
const run = (tool: string, ...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(tool, args, { encoding: 'utf8' })
  return { status, said: `${stdout}${stderr}` }
}

describe.skipIf(!has('systemd-analyze'))('systemd', () => {
  test.each(UNITS)('%s is a unit it understands', (unit) => {
    const { status, said } = run('systemd-analyze', 'verify', join(ROOT, 'packaging/systemd', unit))
    // It also looks whether the programs are on this machine, which is no probe machine.
    expect(said.split('\n').filter((line) => line !== '' && !/is not executable/.test(line))).toEqual([])
    if (said === '') expect(status).toBe(0)
  })
  test.each(UNITS)('%s leaves an attacker little: exposure of at most 2.0', (unit) => {
    const path = join(ROOT, 'packaging/systemd', unit)
    const { status, said } = run('systemd-analyze', 'security', '--offline=true', '--threshold=20', path)
    expect(status, said).toBe(0)
  })
})

const TOKEN = `pwe_${'a'.repeat(64)}`
const MACHINE: Machine = {
  workerUrl: 'https://portwitness.example',
  bundle: { url: 'https://files.example/portwitness-probe.mjs', sha256: 'b'.repeat(64) },
  instances: [
    { name: 'a', sourceAddress: '203.0.113.7', token: TOKEN },
    { name: 'b', sourceAddress: '2001:db8::8', token: TOKEN },
  ],
  beacon: { host: '203.0.113.7', ports: '25,80' },
}

describe('cloud-init', () => {
  let folder: string
  let text: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'portwitness-machine-'))
    text = await userData(ROOT, MACHINE)
    await writeFile(join(folder, 'user-data.yaml'), text)
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  test.skipIf(!has('cloud-init'))('its own checker takes the user-data', () => {
    const { status, said } = run('cloud-init', 'schema', '--config-file', join(folder, 'user-data.yaml'))
    expect(status, said).toBe(0)
    expect(said).toContain('Valid')
  })

  test('it fits the 16 kB that the tightest cloud takes, and says no secret in clear', () => {
    expect(Buffer.byteLength(text)).toBeLessThan(16_384)
    expect(text).not.toContain(TOKEN)
  })

  test('each address has an instance and a metrics port of its own', async () => {
    const files = filesIn(text)
    expect(files.get('/etc/portwitness/a.env')).toContain('SOURCE_ADDRESS=203.0.113.7\nMETRICS_PORT=9431\n')
    expect(files.get('/etc/portwitness/b.env')).toContain('SOURCE_ADDRESS=2001:db8::8\nMETRICS_PORT=9432\n')
    expect(files.get('/etc/portwitness/beacon-a.env')).toBe('BEACON_HOST=203.0.113.7\nBEACON_PORTS=25,80\n')
    expect(files.get('/etc/systemd/system/portwitness-probe@.service')).toBe(
      await readFile(join(ROOT, 'packaging/systemd/portwitness-probe@.service'), 'utf8'),
    )
  })

  test('every script in it is one that the shell can read', async () => {
    const files = filesIn(text)
    for (const path of ['/usr/local/sbin/portwitness-first', '/usr/local/sbin/portwitness-upgrade']) {
      await writeFile(join(folder, 'script'), files.get(path) ?? '')
      expect(run('sh', '-n', join(folder, 'script')), path).toEqual({ status: 0, said: '' })
    }
    expect(files.get('/usr/local/sbin/portwitness-first')).toContain('systemctl enable portwitness-probe@b')
  })
})

test('the secrets of a new Worker are of the form that it takes', () => {
  const { said } = run(process.execPath, '--disable-warning=ExperimentalWarning', join(ROOT, 'packaging/secrets.ts'))
  const secrets = JSON.parse(said) as Record<string, string>
  expect(Object.keys(secrets)).toEqual(['BOOTSTRAP_KEY', 'CHANNEL_KEY', 'RANGE_SIGNING_KEY'])
  expect(isKey(secrets.BOOTSTRAP_KEY ?? '')).toBe(true)
  expect(secrets.CHANNEL_KEY).toMatch(/^k1:[A-Za-z0-9+/]{43}=$/)
  const der = Buffer.from(secrets.RANGE_SIGNING_KEY ?? '', 'base64')
  expect(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).asymmetricKeyType).toBe('ed25519')
})

function filesIn(yaml: string): Map<string, string> {
  const found = yaml.matchAll(/ {2}- path: (\S+)\n(?: {4}\w+: .*\n)*? {4}content: (\S+)/g)
  return new Map(
    [...found].map(([, path = '', body = '']) => [path, gunzipSync(Buffer.from(body, 'base64')).toString()]),
  )
}
