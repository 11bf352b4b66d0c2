import { afterAll, beforeAll, expect, test } from 'vitest'
import { differences } from '../../demo/expectation.ts'
import { type Stack, scanOf, startStack } from '../support/stack.ts'

let stack: Stack
beforeAll(async () => {
  stack = await startStack()
})
afterAll(() => stack?.[Symbol.asyncDispose]())

const SCANNER = '127.0.0.11'

/** Scans a guarded host, lets `harm` happen while the first lost port is being verified, and gives what came of it. */
async function scanWhile(address: string, harm: () => Promise<void>) {
  const host = await stack.demoHost(address)
  const command = stack.portwitness(
    ...['scan', host.address, '--ports', host.window, '--profile', 'assertive', '--scanner', SCANNER, '--json'],
  )
  await command.says('lost ')
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

test('a Worker that is killed and started again in mid-scan loses nothing and doubles nothing', async () => {
  // The Worker is the beacon of the rounds: one that falls into its absence is void, and ssh and mail have no round to
  // spare. So the first round is let pass; the next is ten seconds later.
  const { host, scan, ...counts } = await scanWhile('127.0.0.23', async () => {
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    await stack.restartWorker()
  })
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
