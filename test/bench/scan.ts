/**
 * `npm run bench:scan`: a whole 65,535-port scan by the product itself and by `nmap -sT -T4 -Pn -n -p-`, in turn, on the
 * same host. Worker and probe are up; our time is the whole command `portwitness scan --profile discovery`, raw output
 * included. As root a second table: a host that drops silently, in a network namespace.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../demo/loopback.ts'
import { FLEET, probesReady, startProbe, startWorker } from '../../demo/stack.ts'
import { canMakeNamespaces, makeLab } from '../lab/namespaces.ts'
import { type Product, startProduct, stopAll } from '../lab/product.ts'
import { closeWith, median, printTable } from './table.ts'

const ROOT = join(import.meta.dirname, '../..')
const CLI = join(ROOT, 'bin/portwitness.mjs')
const HOST = '127.0.0.40'
const OPEN = [1_100, 2_121, 2_222, 5_001, 8_181, 9_090, 12_345, 18_080, 20_202, 25_252, 30_303, 31_337]
const PAIRS = Number(process.env.PAIRS ?? 5)
const NMAP = ['-sT', '-T4', '-Pn', '-n', '-p-']
/** nmap may need a quarter of an hour for a host that drops everything: it is stopped here, and said to be. */
const NMAP_DROP_LIMIT_S = Number(process.env.NMAP_LIMIT_S ?? 240)

interface Timed {
  seconds: number
  open: number[]
  /** peak resident memory, MiB */
  peakMib: number
  finished: boolean
}

const shortfalls: string[] = []

async function loopback(): Promise<void> {
  const foreign = listeningPorts()
  if (foreign.size > 0)
    console.log(`not compared, because something of this machine listens there: ${[...foreign].join(', ')}`)
  const servers = await Promise.all(OPEN.map(listenOn))
  const data = mkdtempSync(join(tmpdir(), 'portwitness-bench-'))
  const { port } = await freePort('127.0.0.1', 8_790)
  const worker = await startWorker(ROOT, join(data, 'worker'), port)
  const [member] = FLEET
  if (!member) throw new Error('no member')
  const probe = await startProbe(ROOT, worker, member, join(data, 'probe'))
  try {
    await probesReady(worker.api, 1, 30_000)
    const ours: Timed[] = []
    const theirs: Timed[] = []
    for (let pair = 0; pair < PAIRS; pair++) {
      ours.push(await portwitness(worker.url, worker.key, HOST, probe.pid))
      theirs.push(await nmap('nmap', [...NMAP, HOST]))
    }
    report(`one host on loopback, 65,535 ports, ${OPEN.length} listeners, median of ${PAIRS} pairs`, ours, theirs)
    const difference = ours
      .flatMap((run, i) => differing(run.open, theirs[i]?.open ?? []))
      .filter((port) => !foreign.has(port))
    if (difference.length > 0) shortfalls.push(`open ports differ from nmap's: ${[...new Set(difference)].join(',')}`)
    const missing = OPEN.filter((it) => ours.some((run) => !run.open.includes(it)))
    if (missing.length > 0) shortfalls.push(`missed ${missing.join(',')}`)
    const ratio = median(ours.map((run) => run.seconds)) / median(theirs.map((run) => run.seconds))
    if (!(ratio < 1)) shortfalls.push(`${ratio.toFixed(2)} times nmap's time on loopback`)
    const peak = Math.max(...ours.map((run) => run.peakMib))
    if (peak > 100) shortfalls.push(`probe peak ${peak.toFixed(0)} MiB, allowed 100`)
  } finally {
    await probe.stop()
    await worker.child.stop()
    for (const server of servers) server.close()
    rmSync(data, { recursive: true, force: true })
  }
}

/** Worker and probe in the scanner's namespace, the target in another that answers on three ports and drops the rest. */
async function silentDrop(): Promise<void> {
  const open = [22, 80, 30_000]
  const lab = makeLab('pwbench', [
    { name: 'scan', net: 1, hosts: [10] },
    { name: 'target', net: 0, hosts: [10] },
  ])
  const data = mkdtempSync(join(tmpdir(), 'portwitness-bench-'))
  let product: Product | null = null
  let listeners: ChildProcess | null = null
  try {
    const rules = [
      'add table inet f',
      'add chain inet f i { type filter hook input priority 0; policy accept; }',
      `add rule inet f i tcp dport != { ${open.join(', ')} } drop`,
    ]
    for (const rule of rules) lab.run('target', ['nft', rule])
    listeners = lab.start('target', [process.execPath, '-e', listener(open)], { stdio: 'ignore' })
    const fleet = [{ role: 'scan', host: 10, site: 'lab-1' }] as const
    product = await startProduct(lab, { workerRole: 'scan', host: lab.address('scan'), fleet: [...fleet], data })
    const { url, key, probes } = product
    const target = lab.address('target')
    const ours = await portwitness(url, key, target, probes[0] ?? 0, ['ip', 'netns', 'exec', 'pwbench-scan'])
    const theirs = await nmap('ip', ['netns', 'exec', 'pwbench-scan', 'nmap', ...NMAP, target], NMAP_DROP_LIMIT_S)
    report('a host that drops silently on all but three ports, one pair', [ours], [theirs])
    if (!(ours.seconds < theirs.seconds))
      shortfalls.push(`drop: ${ours.seconds.toFixed(0)} s, nmap ${theirs.seconds.toFixed(0)} s`)
    const missing = open.filter((it) => !ours.open.includes(it))
    if (missing.length > 0) shortfalls.push(`drop: missed ${missing.join(',')}`)
  } finally {
    await product?.stop()
    await stopAll(listeners ? [listeners] : [])
    lab.remove()
    rmSync(data, { recursive: true, force: true })
  }
}

/** One whole scan by our command. Its memory is the probe's own peak since the last reset. */
async function portwitness(
  url: string,
  key: string,
  host: string,
  probePid: number,
  before: string[] = [],
): Promise<Timed> {
  const args = [
    process.execPath,
    CLI,
    'scan',
    host,
    '--url',
    url,
    '--key',
    key,
    '--ports',
    '1-65535',
    '--profile',
    'discovery',
    '--rate',
    '200000',
    '--json',
  ]
  const [command = '', ...rest] = [...before, ...args]
  const { seconds, out, code } = await timed(command, rest)
  if (![0, 3, 4].includes(code ?? 1)) throw new Error(`portwitness scan ended with ${code}: ${out}`)
  const scan = JSON.parse(out) as {
    ports: { port: number; firstSeenOpenAt: string | null }[]
    output: { bytes: number }
    coverage: { untested: string }
  }
  if (!(scan.output.bytes > 0)) throw new Error('the scan has no raw output')
  if (scan.coverage.untested !== '') shortfalls.push(`${host}: untested ports ${scan.coverage.untested.slice(0, 60)}`)
  const open = scan.ports.filter((port) => port.firstSeenOpenAt !== null).map((port) => port.port)
  return { seconds, open, peakMib: peakMemoryMib(probePid), finished: true }
}

async function nmap(command: string, args: string[], limitS = 0): Promise<Timed> {
  let peakMib = 0
  const { seconds, out, code } = await timed(command, args, limitS * 1_000, (pid) => {
    peakMib = Math.max(peakMib, peakMemoryMib(pid))
  })
  const open = [...out.matchAll(/^(\d+)\/tcp\s+open/gm)].map((match) => Number(match[1]))
  return { seconds, open, peakMib, finished: code === 0 }
}

function timed(
  command: string,
  args: string[],
  limitMs = 0,
  watch?: (pid: number) => void,
): Promise<{ seconds: number; out: string; code: number | null }> {
  return new Promise((resolve, reject) => {
    const started = performance.now()
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] })
    const looking = watch ? setInterval(() => watch(child.pid ?? 0), 50) : undefined
    const limit = limitMs ? setTimeout(() => child.kill('SIGKILL'), limitMs) : undefined
    let out = ''
    child.stdout.on('data', (bytes: Buffer) => {
      out += bytes.toString()
    })
    child.once('error', reject)
    child.once('close', (code) => {
      clearInterval(looking)
      clearTimeout(limit)
      resolve({ seconds: (performance.now() - started) / 1_000, out, code })
    })
  })
}

function peakMemoryMib(pid: number): number {
  const file = `/proc/${pid}/status`
  if (!existsSync(file)) return 0
  const kib = /^VmHWM:\s+(\d+)/m.exec(readFileSync(file, 'utf8'))?.[1]
  return Number(kib ?? 0) / 1_024
}

function report(title: string, ours: readonly Timed[], theirs: readonly Timed[]): void {
  const row = (name: string, runs: readonly Timed[]) => {
    const seconds = median(runs.map((run) => run.seconds))
    const times = runs.map((run) => run.seconds)
    const unfinished = runs.every((run) => run.finished) ? '' : ' (stopped)'
    return [
      name,
      `${seconds.toFixed(2)}${unfinished}`,
      `${Math.min(...times).toFixed(2)}–${Math.max(...times).toFixed(2)}`,
      Math.round(65_535 / seconds),
      Math.round(Math.max(...runs.map((run) => run.peakMib))),
      runs[0]?.open.length ?? 0,
    ]
  }
  console.log(`\n${title}`)
  printTable(
    ['scanner', 'seconds', 'range', 'ports/s', 'peak MiB', 'open'],
    [row('portwitness', ours), row('nmap -sT -T4', theirs)],
  )
}

/** Ports on which this machine listens by itself: what answers there is no part of the comparison. */
function listeningPorts(): Set<number> {
  const lines = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) =>
    existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(1) : [],
  )
  const listening = lines.map((line) => line.trim().split(/\s+/)).filter((fields) => fields[3] === '0A')
  return new Set(listening.map((fields) => Number.parseInt(fields[1]?.split(':')[1] ?? '0', 16)))
}

const differing = (a: readonly number[], b: readonly number[]): number[] => [
  ...a.filter((it) => !b.includes(it)),
  ...b.filter((it) => !a.includes(it)),
]

const listenOn = (port: number): Promise<Server> =>
  new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.on('error', () => {})
      socket.end('ready\r\n')
    })
    server.once('error', reject)
    server.listen({ port, host: HOST, backlog: 511 }, () => resolve(server))
  })

const listener = (ports: readonly number[]): string =>
  `const net=require('node:net');for(const port of ${JSON.stringify(ports)})net.createServer(s=>{s.on('error',()=>{});s.end('ready\\r\\n')}).listen(port,'0.0.0.0');setTimeout(()=>process.exit(),900000)`

function needNmap(): void {
  try {
    execFileSync('nmap', ['--version'], { stdio: 'ignore' })
  } catch {
    if (process.getuid?.() !== 0) throw new Error('nmap is not installed: apt-get install nmap')
    execFileSync('apt-get', ['install', '-y', '--no-install-recommends', 'nmap', 'nftables', 'iproute2'], {
      stdio: 'ignore',
    })
  }
}

needNmap()
await loopback()
if (canMakeNamespaces()) await silentDrop()
else console.log('\nA host that drops silently: skipped, network namespaces need root.')
closeWith('bench:scan', shortfalls)
