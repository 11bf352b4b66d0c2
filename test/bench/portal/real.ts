/** One real scan of each verdict, by five real probes of three demo hosts: the rows from which the bench makes many. */
import { join } from 'node:path'
import type { Child } from '../../../demo/children.ts'
import { freePort, quietWindow } from '../../../demo/loopback.ts'
import { FLEET, probesReady, startDemoHost, startProbe, startWorker } from '../../../demo/stack.ts'
import type { ScanAnswer } from '../../../schema/api.ts'
import { NOT_NOW } from '../../support/stack.ts'

const ROOT = join(import.meta.dirname, '../../..')
const WINDOW = 1_000
const SCAN_MS = 300_000

/** A target with its one scan and, where something was wrong, its issue. */
export interface Original {
  verdict: string
  targetId: string
  scanId: string
  issueId: string | null
  address: string
}

/** Leaves a database under `data` in which each of them is; gives them and an admin key. */
export async function realScans(data: string): Promise<{ originals: Original[]; key: string }> {
  const { port } = await freePort('127.0.0.1', 23_000 + (process.pid % 40) * 25)
  const worker = await startWorker(ROOT, data, port)
  const started: Child[] = []
  const { api } = worker
  try {
    for (const member of FLEET)
      started.push(await startProbe(ROOT, worker, member, join(data, `probe-${member.sourceAddress}`)))
    await probesReady(api, FLEET.length, 60_000)
    const modes = [['127.0.0.71'], ['127.0.0.72', '--stop-service'], ['127.0.0.73', '--no-guard']] as const
    const originals: Original[] = []
    for (const [address, ...flags] of modes) {
      const { from, to } = await quietWindow(address, WINDOW)
      const host = await startDemoHost(ROOT, address, ['--from', `${from}`, '--to', `${to}`, ...flags])
      started.push(host.child)
      const ports = `${from}-${to}`
      const target = await api.send<{ id: string }>('POST', '/api/v1/targets', {
        ...{ address, name: `Shop front ${address}`, ports, schedule: NOT_NOW, tags: ['pci'] },
        maxConnectsPerSecond: 2_000,
      })
      const { id } = await api.send<ScanAnswer>('POST', '/api/v1/scans', {
        ...{ targetId: target.id, profile: 'assertive', site: 'fra-1' },
      })
      const until = Date.now() + SCAN_MS
      let scan = await api.get<ScanAnswer>(`/api/v1/scans/${id}`)
      for (; scan.state !== 'finished'; scan = await api.get<ScanAnswer>(`/api/v1/scans/${id}`)) {
        if (Date.now() > until) throw new Error(`the scan of ${address} is still ${scan.state}`)
        await new Promise((resolve) => setTimeout(resolve, 500))
      }
      const issueId = scan.ports.find((one) => one.issueId !== null)?.issueId ?? null
      originals.push({ verdict: `${scan.verdict}`, targetId: target.id, scanId: id, issueId, address })
    }
    for (let i = 0; i < 30; i++)
      await api.send('POST', '/api/v1/ranges', {
        cidr: `9.9.${i}.0/24`,
        site: 'fra-1',
        country: 'DE',
        skipNotice: true,
      })
    const { key } = await api.send<{ key: string }>('POST', '/api/v1/keys', { name: 'Bench', scope: 'admin' })
    return { originals, key }
  } finally {
    await Promise.all(started.map((child) => child.stop()))
    await worker.child.stop()
  }
}
