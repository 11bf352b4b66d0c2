/** A whole Portwitness with something on every page: a real scan that a guard shut out, and what people set up beside it. */
import { freePort } from '../../../demo/loopback.ts'
import { runBeacon } from '../../../probe-node/beacon.ts'
import type { Api } from '../../../probe-node/commands/api.ts'
import type { ScanAnswer } from '../../../schema/api.ts'
import { NOT_NOW, type Stack, startStack } from '../../support/stack.ts'

const SCAN_MS = 150_000
const BEACON = '127.0.0.98'
const BEACON_PORT = 2_525

/** Starts a scan as a vulnerability scanner would, which the guard of the demo host does not like. */
export const assertiveScan = (api: Api, targetId: string): Promise<ScanAnswer> =>
  api.send<ScanAnswer>('POST', '/api/v1/scans', { targetId, profile: 'assertive', site: 'fra-1' })

export async function ended(api: Api, id: string): Promise<ScanAnswer> {
  const until = Date.now() + SCAN_MS
  for (;;) {
    const scan = await api.get<ScanAnswer>(`/api/v1/scans/${id}`)
    if (['finished', 'failed', 'cancelled'].includes(scan.state)) return scan
    if (Date.now() > until) throw new Error(`the scan is still ${scan.state} after ${SCAN_MS / 1_000} s`)
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
}

/** `address` is that of the demo host: one for each stack, for all of them may run at once. */
export async function filledStack(address: string): Promise<{ stack: Stack; scan: ScanAnswer }> {
  const stack = await startStack('--allow-local-receivers')
  try {
    const beacon = await lit(stack)
    const { api } = stack.worker
    const host = await stack.demoHost(address)
    const target = await api.send<{ id: string }>('POST', '/api/v1/targets', {
      ...{ address, name: 'Shop front', ports: host.window, schedule: NOT_NOW, tags: ['pci', 'shop'] },
      maxConnectsPerSecond: 2_000,
    })
    const { id } = await assertiveScan(api, target.id)
    const scan = await ended(api, id)
    await setUp(api, beacon)
    return { stack, scan }
  } catch (error) {
    await stack[Symbol.asyncDispose]()
    throw error
  }
}

/** Runs a beacon that ends with the stack, and gives its port. One that nobody runs makes every probe look unfit. */
async function lit(stack: Stack): Promise<number> {
  const { port } = await freePort(BEACON, BEACON_PORT)
  const end = new AbortController()
  await new Promise<void>((resolve, reject) => {
    runBeacon({ host: BEACON, ports: [port], signal: end.signal, onReady: resolve }).catch(reject)
  })
  const dispose = stack[Symbol.asyncDispose]
  stack[Symbol.asyncDispose] = async () => {
    end.abort()
    await dispose()
  }
  return port
}

/** What people set up, one of each. `beacon`: the port of one that runs. */
async function setUp(api: Api, beacon: number): Promise<void> {
  const post = (path: string, body: object) => api.send('POST', `/api/v1/${path}`, body)
  await post('targets', { address: '127.0.0.99', ports: '22,80,443' })
  for (const cidr of ['9.9.9.0/24', '2a01:4f8:1:2:3:4:5:0/112', '10.9.0.0/16'])
    await post('ranges', { cidr, site: 'fra-1', country: 'DE', provider: 'Main Hosting', skipNotice: true })
  await post('channels', { kind: 'webhook', name: 'SIEM', url: 'http://127.0.0.1:9/hook' })
  await post('keys', { name: 'CI pipeline', scope: 'write' })
  await post('opt-outs', { cidr: '198.51.100.0/24', note: 'asked by mail' })
  await post('beacons', { address: BEACON, port: beacon })
  await post('canaries', { address: '127.0.0.97', port: 22, expect: 'open' })
  await post('tenants', { name: 'Second tenant' })
}
