import { existsSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Api, openApi } from '../probe-node/commands/api.ts'
import type { ProbeAnswer } from '../schema/api.ts'
import { type Child, startNode } from './children.ts'

/** One probe of a stack on loopback addresses. */
export interface Member {
  sourceAddress: string
  site: string
  country: string
  provider: string
}

/** Five probes: two in one site, one in each of three others, at four providers. */
export const FLEET: readonly Member[] = [
  { sourceAddress: '127.0.0.11', site: 'fra-1', country: 'DE', provider: 'Main Hosting' },
  { sourceAddress: '127.0.0.12', site: 'fra-1', country: 'DE', provider: 'Main Hosting' },
  { sourceAddress: '127.0.0.13', site: 'ash-1', country: 'US', provider: 'Potomac Cloud' },
  { sourceAddress: '127.0.0.14', site: 'sin-1', country: 'SG', provider: 'Straits Servers' },
  { sourceAddress: '127.0.0.15', site: 'gru-1', country: 'BR', provider: 'Tiete Data' },
]
export const DEMO_ADDRESS = '127.0.0.10'

export interface RunningWorker {
  child: Child
  api: Api
  url: string
  key: string
}

/** Starts the embedded Worker and waits until it answers. */
export async function startWorker(
  root: string,
  data: string,
  port: number,
  options: readonly string[] = [],
): Promise<RunningWorker> {
  await mkdir(data, { recursive: true })
  const child = startNode(root, [
    'worker/embedded/main.ts',
    '--port',
    `${port}`,
    '--data',
    data,
    '--allow-private',
    ...options,
  ])
  const url = (await child.line(/^ready /, 180_000)).replace(/^ready /, '')
  const key = (await readFile(join(data, 'admin.key'), 'utf8')).trim()
  return { child, api: openApi({ url, key }), url, key }
}

/** Starts one probe. It is enrolled first, unless its folder already holds the key of a probe that the Worker knows. */
export async function startProbe(
  root: string,
  { api, url }: RunningWorker,
  member: Member,
  folder: string,
): Promise<Child> {
  const args = ['--url', url, '--data', folder, '--source-address', member.sourceAddress, '--allow-private']
  const { items } = await api.get<{ items: ProbeAnswer[] }>('/api/v1/probes')
  const known = items.find((probe) => probe.sourceAddress === member.sourceAddress)
  if (!known || !existsSync(folder)) args.push('--token', await enrolmentToken(api, member))
  return startNode(root, ['bin/portwitness.mjs', 'probe', ...args])
}

const enrolmentToken = async (api: Api, member: Member): Promise<string> =>
  (await api.send<{ token: string }>('POST', '/api/v1/probes/enrolments', member)).token

/** Waits until so many probes are online and fit. */
export async function probesReady(api: Api, count: number, timeoutMs: number): Promise<ProbeAnswer[]> {
  const until = Date.now() + timeoutMs
  for (;;) {
    const { items } = await api.get<{ items: ProbeAnswer[] }>('/api/v1/probes')
    const ready = items.filter((probe) => probe.online && probe.fit)
    if (ready.length >= count) return ready
    if (Date.now() > until)
      throw new Error(`${ready.length} of ${count} probes were ready after ${timeoutMs / 1_000} s.`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

export interface DemoHost {
  child: Child
  address: string
  /** `ssh` and `smtp` too, unless it serves web pages alone */
  ports: { http: number; [service: string]: number }
}

/** Starts the demo host and waits for its three services. */
export async function startDemoHost(root: string, address: string, options: readonly string[]): Promise<DemoHost> {
  const child = startNode(root, ['demo/host.ts', '--address', address, ...options])
  const told = JSON.parse(await child.line(/^\{/, 10_000)) as Omit<DemoHost, 'child'>
  return { child, ...told }
}
