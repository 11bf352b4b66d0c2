/** The published ranges over real HTTP: the key of the embedded host, openssl as the second implementation, and the command. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../../demo/loopback.ts'
import { type RunningWorker, startWorker } from '../../demo/stack.ts'
import type { RangeAnswer } from '../../schema/ranges.ts'
import { probingTxtFaults, securityTxtFaults } from '../support/rfc-texts.ts'
import { portwitness } from '../support/stack.ts'

const ROOT = join(import.meta.dirname, '../..')
let data: string
let worker: RunningWorker

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'portwitness-ranges-'))
  const { port } = await freePort('127.0.0.1', 24_000 + (process.pid % 40) * 25)
  worker = await startWorker(ROOT, join(data, 'worker'), port, [
    ...['--contact', 'abuse@scan.example', '--public-url', 'https://scan.example/'],
  ])
})
afterAll(async () => {
  await worker?.child.stop()
  await rm(data, { recursive: true, force: true })
})

const command = (...args: string[]) =>
  portwitness(['ranges', ...args], { PORTWITNESS_URL: worker.url, PORTWITNESS_KEY: worker.key, NO_COLOR: '1' }).ended

test('a range is announced, activated and retired by the command, and its log is kept', async () => {
  const announced = await command('announce', '9.9.9.0/24', '--site', 'fra-1', '--country', 'DE')
  expect(announced).toMatchObject({ code: 0, stderr: '' })
  expect(announced.stdout).toMatch(
    /^9\.9\.9\.0\/24 at fra-1 is announced: probes scan from it from \d{4}-\d\d-\d\d on\.\n$/,
  )
  const early = await command('activate', '9.9.9.0/24')
  expect(early.code).toBe(5)
  expect(early.stderr).toContain('its notice lasts until')
  expect((await command('activate', '9.9.9.0/24', '--skip-notice')).stdout).toBe('9.9.9.0/24 at fra-1 is active.\n')
  expect((await command('add', '2a01:4f8::/64', '--site', 'fra-1', '--json', '--skip-notice')).stdout).toContain(
    '"state": "active"',
  )
  expect((await command('announce', '10.0.0.0/24', '--site', 'lab')).stdout).toBe(
    '10.0.0.0/24 at lab is active. It is private and never published.\n',
  )
  const { stdout } = await command('--json')
  const items = JSON.parse(stdout) as RangeAnswer[]
  expect(items.map(({ cidr, state }) => [cidr, state])).toEqual([
    ['9.9.9.0/24', 'active'],
    ['10.0.0.0/24', 'active'],
    ['2a01:4f8::/64', 'active'],
  ])
  expect((await command('retire', items[2]?.id ?? '', '--after', '2030-01-01')).stdout).toContain(
    'retiring: probes scan from it until 2030-01-01',
  )
  expect((await command('end', '2a01:4f8::/64')).stdout).toBe('2a01:4f8::/64 at fra-1 is retired.\n')
  expect((await command('log')).stdout.split('\n')[1]).toMatch(/^6 .*2a01:4f8::\/64 +fra-1 +retired +key_bootstrap$/)
  expect((await command()).stdout).toContain('9.9.9.0/24')
})

test.each([
  [['announce', '9.9.9.1/24', '--site', 'x'], 2, 'write 9.9.9.0/24 for the network'],
  [['announce', '010.0.0.0/8', '--site', 'x'], 2, 'octal'],
  [['announce', '9.8.0.0/24'], 2, '--site is missing'],
  [['announce', '9.9.9.0/25', '--site', 'x'], 5, 'lies in 9.9.9.0/24'],
  [['announce', '9.8.0.0/24', '--site', 'x', '--purpose', 'fun'], 2, 'scan, recheck, webhook'],
  [['announce', '9.8.0.0/24', '--site', 'x', '--active-from', 'soon'], 2, 'a day such as'],
  [['retire', '9.1.1.0/24'], 2, 'There is no range 9.1.1.0/24'],
  [['retire'], 2, 'Name a range'],
  [['burn', '9.9.9.0/24'], 2, "no action 'burn'"],
  [['check', '9.9.9'], 2, 'one IP address'],
])('%j is refused in words', async (args, code, why) => {
  const ended = await command(...args)
  expect([ended.code, ended.stdout]).toEqual([code, ''])
  expect(ended.stderr).toContain(why)
})

test('whether an address is ours is said without a key, and by the exit code', async () => {
  const check = (address: string) => portwitness(['ranges', 'check', address, '--url', worker.url]).ended
  expect(await check('9.9.9.7')).toMatchObject({ code: 0, stdout: 'Yes: 9.9.9.7 lies in 9.9.9.0/24, which is ours.\n' })
  expect((await check('9.9.8.7')).code).toBe(1)
  expect((await check('10.0.0.7')).code).toBe(1)
})

test('every document comes by its name', async () => {
  const formats = {
    text: '9.9.9.0/24',
    json: '"schema": 1',
    v4: '9.9.9.0/24',
    aws: 'ip_prefix',
    google: 'ipv4Prefix',
    misp: 'matching_attributes',
    geofeed: '9.9.9.0/24,DE,,,',
    atom: '<feed',
    'json-feed': 'jsonfeed.org',
    schema: '$schema',
    keys: 'Ed25519',
    pem: 'PUBLIC KEY',
    versions: '"latest"',
    probing: 'Contact: mailto:abuse@scan.example',
    security: 'Expires: ',
  }
  for (const [format, text] of Object.entries(formats)) {
    const { code, stdout } = await command('--format', format)
    expect([format, code]).toEqual([format, 0])
    expect(stdout.toLowerCase(), format).toContain(text.toLowerCase())
  }
})

test('what is published names the place where others reach it, and is as the RFCs have it', async () => {
  const text = async (path: string) => (await fetch(`${worker.url}${path}`)).text()
  expect(probingTxtFaults(await text('/.well-known/probing.txt'), Date.now())).toEqual([])
  expect(securityTxtFaults(await text('/.well-known/security.txt'), Date.now())).toEqual([])
  expect(await text('/ip-ranges.atom')).toContain('<id>https://scan.example/ip-ranges.atom</id>')
})

test('the key that signs is made at the first start, and only its owner can read it', async () => {
  const path = join(data, 'worker/ranges.key')
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect(await readFile(path, 'utf8')).toMatch(/^-----BEGIN PRIVATE KEY-----/)
})

const hasOpenssl = spawnSync('openssl', ['version']).status === 0
describe.skipIf(!hasOpenssl)('openssl, which shares no code with us (skipped where it is not installed)', () => {
  const fetched = async (path: string): Promise<string> => {
    const file = join(data, path.replaceAll('/', '_'))
    const answer = await fetch(`${worker.url}${path}`)
    expect([path, answer.status]).toEqual([path, 200])
    await writeFile(file, new Uint8Array(await answer.arrayBuffer()))
    return file
  }
  const verified = (list: string, signature: string, pem: string): boolean => {
    const args = ['pkeyutl', '-verify', '-pubin', '-inkey', pem, '-rawin', '-in', list, '-sigfile', signature]
    const { status, stdout } = spawnSync('openssl', args, { encoding: 'utf8' })
    return status === 0 && stdout.includes('Signature Verified Successfully')
  }

  test.each(['/ip-ranges.json', '/ip-ranges/versions/1.json'])(
    'finds the signature of %s good, and of one byte more bad',
    async (path) => {
      const pem = await fetched('/ip-ranges.pem')
      const [list, signature] = [await fetched(path), await fetched(`${path}.sig`)]
      expect(verified(list, signature, pem)).toBe(true)
      const other = join(data, 'changed.json')
      await writeFile(other, `${await readFile(list, 'utf8')} `)
      expect(verified(other, signature, pem)).toBe(false)
    },
  )

  test('has the public key from the secret one that we have', async () => {
    const own = execFileSync('openssl', ['pkey', '-in', join(data, 'worker/ranges.key'), '-pubout'], {
      encoding: 'utf8',
    })
    expect(await readFile(await fetched('/ip-ranges.pem'), 'utf8')).toBe(own)
  })
})
