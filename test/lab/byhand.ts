/**
 * `npm run lab:byhand` (root): the whole product by hand in network namespaces. The Worker runs in the router's, five probes
 * in four others (scanner and sibling share one prefix), the guarded demo host in a sixth. Every step is the command line.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { closeWith, printTable } from '../bench/table.ts'
import { canMakeNamespaces, makeLab } from './namespaces.ts'

const ROOT = join(import.meta.dirname, '../..')
const CLI = join(ROOT, 'bin/portwitness.mjs')
const FLEET = [
  { role: 'scan', host: 10, site: 'fra-1', country: 'DE', provider: 'Main Hosting' },
  { role: 'scan', host: 11, site: 'fra-1', country: 'DE', provider: 'Main Hosting' },
  { role: 'wita', host: 10, site: 'ash-1', country: 'US', provider: 'Potomac Cloud' },
  { role: 'witb', host: 10, site: 'sin-1', country: 'SG', provider: 'Straits Servers' },
  { role: 'witc', host: 10, site: 'gru-1', country: 'BR', provider: 'Tiete Data' },
] as const
const MODES = [
  { options: [], exit: 3, verdict: 'interference' },
  { options: ['--no-guard'], exit: 0, verdict: 'clear' },
] as const

if (!canMakeNamespaces()) {
  console.log('lab:byhand: skipped, network namespaces need root and iproute2')
  process.exit(0)
}
const shortfalls: string[] = []
const rows: (string | number)[][] = []
for (const mode of MODES) await story(mode)
printTable(['demo host', 'verdict', 'exit', 'ports', 'seconds'], rows)
closeWith('lab:byhand', shortfalls)

async function story(mode: (typeof MODES)[number]): Promise<void> {
  const lab = makeLab('pwhand', [
    { name: 'target', net: 0, hosts: [10] },
    { name: 'scan', net: 1, hosts: [10, 11] },
    { name: 'wita', net: 2, hosts: [10] },
    { name: 'witb', net: 3, hosts: [10] },
    { name: 'witc', net: 4, hosts: [10] },
  ])
  const data = mkdtempSync(join(tmpdir(), 'portwitness-lab-'))
  const children: { kill(signal?: NodeJS.Signals): unknown }[] = []
  const node = (role: string, args: string[]) => {
    const child = lab.start(role, [process.execPath, '--disable-warning=ExperimentalWarning', ...args])
    children.push(child)
    return child
  }
  try {
    const host = node('target', ['demo/host.ts', '--address', lab.address('target'), ...mode.options])
    const { ports } = JSON.parse(await firstLine(host, /^\{/)) as { ports: Record<string, number> }
    const workerAddress = lab.router('scan')
    const worker = node('router', [
      CLI,
      'worker',
      '--host',
      '0.0.0.0',
      '--port',
      '8787',
      '--data',
      join(data, 'worker'),
      '--allow-private',
    ])
    await firstLine(worker, /^ready/)
    const key = readFileSync(join(data, 'worker/admin.key'), 'utf8').trim()
    const url = `http://${workerAddress}:8787`
    for (const member of FLEET) {
      const source = lab.address(member.role, member.host)
      const token = lab
        .run(member.role, [
          process.execPath,
          CLI,
          'enrol',
          '--url',
          url,
          '--key',
          key,
          '--site',
          member.site,
          '--source-address',
          source,
          '--country',
          member.country,
          '--provider',
          member.provider,
        ])
        .trim()
      node(member.role, [
        CLI,
        'probe',
        '--url',
        url,
        '--token',
        token,
        '--data',
        join(data, source),
        '--source-address',
        source,
        '--allow-private',
      ])
    }
    await fiveOnline(() => lab.run('scan', [process.execPath, CLI, 'probes', '--url', url, '--key', key, '--json']))
    const started = performance.now()
    const { out, code } = await capture('ip', [
      'netns',
      'exec',
      'pwhand-scan',
      process.execPath,
      CLI,
      'scan',
      lab.address('target'),
      '--url',
      url,
      '--key',
      key,
      '--ports',
      Object.values(ports).join(','),
      '--profile',
      'assertive',
      '--site',
      'fra-1',
      '--json',
    ])
    const scan = JSON.parse(out) as {
      verdict: string
      ports: { port: number; verdict: string; strength: string | null; cause: { mechanism: string } | null }[]
    }
    const seen = scan.ports.map((port) =>
      `${port.port} ${port.verdict} ${port.strength ?? ''} ${port.cause?.mechanism ?? ''}`.trim(),
    )
    rows.push([
      mode.options.join(' ') || 'guarded',
      scan.verdict,
      code ?? -1,
      seen.join(', '),
      Math.round((performance.now() - started) / 1_000),
    ])
    if (scan.verdict !== mode.verdict || code !== mode.exit)
      shortfalls.push(`${mode.options.join(' ') || 'guarded'}: ${scan.verdict}, exit ${code}`)
    if (mode.verdict === 'interference') {
      for (const port of scan.ports)
        if (port.verdict !== 'interfered' || port.strength !== 'confirmed')
          shortfalls.push(`port ${port.port}: ${port.verdict} ${port.strength}`)
    }
  } finally {
    for (const child of children.reverse()) child.kill('SIGTERM')
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    for (const child of children) child.kill('SIGKILL')
    lab.remove()
    rmSync(data, { recursive: true, force: true })
  }
}

function firstLine(child: ReturnType<ReturnType<typeof makeLab>['start']>, fits: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = ''
    const hear = (bytes: Buffer) => {
      said += bytes.toString()
      const line = said
        .split('\n')
        .slice(0, -1)
        .find((each) => fits.test(each))
      if (line) resolve(line)
    }
    child.stdout?.on('data', hear)
    child.stderr?.on('data', hear)
    child.once('exit', (code) => reject(new Error(`ended with ${code}: ${said}`)))
  })
}

async function fiveOnline(look: () => string): Promise<void> {
  for (let attempt = 0; attempt < 60; attempt++) {
    const online = look().match(/"online":\s*true/g)?.length ?? 0
    if (online >= FLEET.length) return
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
  throw new Error('not all five probes came online')
}

function capture(command: string, args: string[]): Promise<{ out: string; code: number | null }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    let out = ''
    child.stdout.on('data', (bytes: Buffer) => {
      out += bytes.toString()
    })
    child.once('error', reject)
    child.once('close', (code) => resolve({ out, code }))
  })
}
