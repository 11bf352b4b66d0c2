/** The whole product inside a laboratory, by its command line alone: Worker, enrolment, probes, scans. */
import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ScanAnswer } from '../../schema/api.ts'
import type { ProofAnswer } from '../../schema/proofApi.ts'
import type { CallOptions, Lab } from './namespaces.ts'

const ROOT = join(import.meta.dirname, '../..')
const CLI = join(ROOT, 'bin/portwitness.mjs')
const ASK = join(import.meta.dirname, 'ask.ts')
const NODE = [process.execPath, '--disable-warning=ExperimentalWarning']

/** One probe of a fleet: the role whose namespace it runs in, the last octet of its address there, and what it says of itself. */
export interface Member {
  role: string
  host: number
  site: string
  country?: string
  provider?: string
}

/** Two probes in one site and prefix, one in each of three other countries and providers. */
export const FLEET: readonly [Member, ...Member[]] = [
  { role: 'scan', host: 10, site: 'fra-1', country: 'DE', provider: 'Main Hosting' },
  { role: 'scan', host: 11, site: 'fra-1', country: 'DE', provider: 'Main Hosting' },
  { role: 'wita', host: 10, site: 'ash-1', country: 'US', provider: 'Potomac Cloud' },
  { role: 'witb', host: 10, site: 'sin-1', country: 'SG', provider: 'Straits Servers' },
  { role: 'witc', host: 10, site: 'gru-1', country: 'BR', provider: 'Tiete Data' },
]
/** The networks of that fleet; the target's is 10.203.0.0/24. */
export const FLEET_ROLES = [
  { name: 'scan', net: 1, hosts: [10, 11] },
  { name: 'wita', net: 2, hosts: [10] },
  { name: 'witb', net: 3, hosts: [10] },
  { name: 'witc', net: 4, hosts: [10] },
] as const

export interface Scanned {
  /** null when the command ended without a scan object */
  scan: ScanAnswer | null
  code: number | null
  progress: string
  seconds: number
}

export interface Product {
  url: string
  key: string
  /** process ids of the probes, in the order of the fleet */
  probes: readonly number[]
  /** `portwitness scan ADDRESS … --json`, run in the first member's namespace */
  scan(address: string, args: readonly string[], options?: CallOptions): Promise<Scanned>
  /** `portwitness prove ADDRESS … --json`, run there too; null when it ended without a proof object */
  prove(
    address: string,
    args: readonly string[],
    options?: CallOptions,
  ): Promise<{ proof: ProofAnswer | null; code: number | null; progress: string }>
  /** one request to the API; the answer's body as text. @throws when the status is not 2xx */
  ask(method: string, path: string, body?: unknown): Promise<string>
  /** ends probes and Worker */
  stop(): Promise<void>
}

/**
 * Starts the Worker in `workerRole`'s namespace, reached at `host`, and one probe for each member; returns when all are
 * online. `data` is a folder of the caller's.
 * @throws when a process ends before it is ready
 */
export async function startProduct(
  lab: Lab,
  {
    workerRole,
    host,
    fleet,
    data,
  }: { workerRole: string; host: string; fleet: readonly [Member, ...Member[]]; data: string },
): Promise<Product> {
  const children: ChildProcess[] = []
  const start = (role: string, args: readonly string[]) => {
    const child = lab.start(role, [...NODE, CLI, ...args])
    children.push(child)
    return child
  }
  const stop = () => stopAll(children)
  const at = fleet[0].role
  try {
    const store = join(data, 'worker')
    const worker = start(workerRole, [
      ...['worker', '--host', '0.0.0.0', '--port', '8787', '--data', store],
      '--allow-private',
    ])
    await firstLine(worker, /^ready/)
    const url = `http://${host}:8787`
    const key = readFileSync(join(store, 'admin.key'), 'utf8').trim()
    const reach = ['--url', url, '--key', key]
    const command = (args: readonly string[], options?: CallOptions) =>
      lab.call(at, [...NODE, CLI, ...args, ...reach], options)
    const enrol = async (member: Member) => {
      const source = lab.address(member.role, member.host)
      const words = ['enrol', '--site', member.site, '--source-address', source]
      if (member.country) words.push('--country', member.country)
      if (member.provider) words.push('--provider', member.provider)
      const { out, err, code } = await command(words)
      if (code !== 0) throw new Error(`enrol ended with ${code}: ${err}`)
      const probe = start(member.role, [
        ...['probe', '--url', url, '--token', out.trim(), '--data', join(data, source)],
        ...['--source-address', source, '--allow-private'],
      ])
      // What nobody reads would fill the pipe.
      probe.stdout?.resume()
      probe.stderr?.resume()
      return probe.pid ?? 0
    }
    const probes = await Promise.all(fleet.map(enrol))
    await untilOnline(async () => (await command(['probes', '--json'])).out, fleet.length)
    return {
      url,
      key,
      probes,
      async scan(address, args, options) {
        const started = performance.now()
        const { out, err, code } = await command(['scan', address, ...args, '--json'], options)
        const seconds = (performance.now() - started) / 1_000
        return { scan: out.startsWith('{') ? (JSON.parse(out) as ScanAnswer) : null, code, progress: err, seconds }
      },
      async prove(address, args, options) {
        const { out, err, code } = await command(['prove', address, ...args, '--json'], options)
        return { proof: out.startsWith('{') ? (JSON.parse(out) as ProofAnswer) : null, code, progress: err }
      },
      async ask(method, path, body) {
        const words = body === undefined ? [] : [JSON.stringify(body)]
        const { out, err, code } = await lab.call(at, [...NODE, ASK, method, `${url}${path}`, key, ...words])
        if (code !== 0) throw new Error(`${method} ${path}: ${err.trim()}`)
        return out
      },
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** The first complete line of a child that fits. @throws when the child ends before */
export function firstLine(child: ChildProcess, fits: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = ''
    let found = false
    const hear = (bytes: Buffer) => {
      if (found) return
      said += bytes.toString()
      const line = said
        .split('\n')
        .slice(0, -1)
        .find((each) => fits.test(each))
      if (line === undefined) return
      found = true
      said = ''
      resolve(line)
    }
    child.stdout?.on('data', hear)
    child.stderr?.on('data', hear)
    child.once('exit', (code) => reject(new Error(`ended with ${code}: ${said}`)))
  })
}

/** SIGTERM, and SIGKILL for what is still there after `graceMs`. */
export async function stopAll(children: readonly ChildProcess[], graceMs = 1_500): Promise<void> {
  const living = children.filter((child) => child.exitCode === null && child.signalCode === null)
  const gone = Promise.all(living.map((child) => new Promise((resolve) => child.once('exit', resolve))))
  for (const child of living.toReversed()) child.kill('SIGTERM')
  const timer = setTimeout(() => {
    for (const child of living) child.kill('SIGKILL')
  }, graceMs)
  await gone
  clearTimeout(timer)
}

async function untilOnline(look: () => Promise<string>, count: number): Promise<void> {
  for (let attempt = 0; attempt < 60; attempt++) {
    const online = (await look()).match(/"online":\s*true/g)?.length ?? 0
    if (online >= count) return
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
  throw new Error(`not all ${count} probes came online`)
}
