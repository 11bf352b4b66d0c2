import { afterAll, beforeAll, expect, test } from 'vitest'
import { differences } from '../../demo/expectation.ts'
import { freePort } from '../../demo/loopback.ts'
import { runBeacon } from '../../probe-node/beacon.ts'
import type { ScanAnswer } from '../../schema/api.ts'
import { observationsOf, type Stack, scanOf, startStack } from '../support/stack.ts'

let stack: Stack
const ending = new AbortController()
let beacon: Promise<void>
beforeAll(async () => {
  stack = await startStack()
  // Without one the Worker is the beacon of the rounds, and each that falls into its absence is void.
  const host = '127.0.0.66'
  const { port } = await freePort(host, 22_700)
  beacon = runBeacon({ host, ports: [port], signal: ending.signal })
  await stack.worker.api.send('POST', '/api/v1/beacons', { address: host, port })
})
afterAll(async () => {
  ending.abort()
  await beacon
  await stack?.[Symbol.asyncDispose]()
})

type Observation = { purpose: string; address: string; port: number; probeId: string }
const SCANNER = '127.0.0.11'

/** Scans a guarded host, lets `harm` happen while its lost ports are being verified, and gives what came of it. */
async function scanWhile(address: string, harm: () => Promise<void>) {
  const host = await stack.demoHost(address)
  const command = stack.portwitness(
    ...['scan', host.address, '--ports', host.window, '--profile', 'assertive', '--scanner', SCANNER, '--json'],
  )
  await command.says('lost ')
  await firstRoundOf(Object.values(host.ports), host.address)
  await harm()
  const { code, stdout, stderr } = await command.ended
  expect(stdout, stderr).not.toBe('')
  const scan = scanOf(stdout)
  const { items: issues } = await stack.worker.api.get<{ items: { id: string }[] }>(
    `/api/v1/issues?targetId=${scan.targetId}`,
  )
  const lists = await Promise.all(
    issues.map((issue) => stack.worker.api.get<{ items: unknown[] }>(`/api/v1/issues/${issue.id}/occurrences`)),
  )
  return { host, scan, code, issues: issues.length, occurrences: lists.flatMap((list) => list.items).length }
}

/**
 * Waits until the whole panel has looked at each of these ports: ssh and mail have no round to spare, and what is not leased
 * when a process dies begins without it.
 */
async function firstRoundOf(ports: readonly number[], address: string): Promise<void> {
  const { api } = stack.worker
  const wanted = ports.length * stack.probes.size
  await expect
    .poll(
      async () => {
        const { items } = await api.get<{ items: ScanAnswer[] }>('/api/v1/scans?limit=1')
        const seen = await observationsOf<Observation>(api, items[0]?.id ?? '')
        const looks = seen.filter((one) => one.purpose === 'verify' && one.address === address)
        return new Set(looks.map(({ port, probeId }) => `${port} ${probeId}`)).size
      },
      { timeout: 30_000, interval: 100 },
    )
    .toBe(wanted)
}

test('a Worker that is killed and started again in mid-scan loses nothing and doubles nothing', async () => {
  const { host, scan, ...counts } = await scanWhile('127.0.0.23', () => stack.restartWorker())
  expect(differences('guard', host, scan)).toEqual([])
  expect(counts).toEqual({ code: 3, issues: 1, occurrences: 3 })
})

test('a witness that is killed and started again changes no verdict', async () => {
  const { host, scan, ...counts } = await scanWhile('127.0.0.24', () => stack.restartProbe('127.0.0.14'))
  expect(differences('guard', host, scan)).toEqual([])
  expect(counts).toEqual({ code: 3, issues: 1, occurrences: 3 })
})

test('a scanning probe that is killed and started again at once goes on, with the same verdict', async () => {
  const { host, scan, ...counts } = await scanWhile('127.0.0.25', () => stack.restartProbe(SCANNER))
  expect(differences('guard', host, scan)).toEqual([])
  expect(counts).toEqual({ code: 3, issues: 1, occurrences: 3 })
})

test('a scanning probe that stays away leaves the scan incomplete, with exit code 4', async () => {
  const { scan, code } = await scanWhile('127.0.0.26', async () => stack.probes.get(SCANNER)?.kill('SIGKILL'))
  expect(scan).toMatchObject({ state: 'finished', verdict: 'incomplete' })
  expect(code).toBe(4)
})
