import { afterAll, beforeAll, expect, test } from 'vitest'
import { differences } from '../../demo/expectation.ts'
import { type Stack, scanOf, startStack } from '../support/stack.ts'

let stack: Stack
beforeAll(async () => {
  stack = await startStack()
})
afterAll(() => stack?.[Symbol.asyncDispose]())

interface Issue {
  id: string
  state: string
  finding: string
}

test('a guard that bans the scanner ends in interference, with its cause, and exit code 3', async () => {
  const host = await stack.demoHost('127.0.0.20')
  const { code, stdout, stderr } = await stack.portwitness(
    'scan',
    host.address,
    '--ports',
    host.window,
    '--profile',
    'assertive',
    '--site',
    'fra-1',
    '--json',
  ).ended
  const scan = scanOf(stdout)
  expect(differences('guard', host, scan)).toEqual([])
  expect(code).toBe(3)
  expect(scan).toMatchObject({
    state: 'finished',
    address: host.address,
    profile: 'assertive',
    scanner: { site: 'fra-1' },
    coverage: { portsAsked: 500 },
  })
  expect(scan.panel.filter((member) => member.role === 'witness')).toHaveLength(3)
  expect(scan.panel.filter((member) => member.role === 'sibling')).toHaveLength(1)
  for (const port of scan.ports) {
    expect(port.evidence.some((it) => it.supports)).toBe(true)
    expect(port.remediation?.steps.length).toBeGreaterThan(0)
  }
  expect(stderr).toContain('discover')
  const issues = await issuesOf(scan.targetId)
  expect(issues).toMatchObject([{ state: 'open', finding: 'interference' }])
  expect(await occurrencesOf(issues[0])).toHaveLength(3)
  const output = await stack.worker.api.text(scan.output?.href ?? '')
  expect(output).toContain('Open Port Re-check')
})

test('the same host without its guard is clear, with exit code 0 and no issue', async () => {
  const host = await stack.demoHost('127.0.0.21', '--no-guard')
  const { code, stdout } = await stack.portwitness(
    'scan',
    host.address,
    '--ports',
    host.window,
    '--profile',
    'assertive',
    '--site',
    'fra-1',
    '--json',
  ).ended
  expect(differences('no-guard', host, scanOf(stdout))).toEqual([])
  expect(code).toBe(0)
  expect(await issuesOf(scanOf(stdout).targetId)).toEqual([])
})

test('a service that falls over for everyone is incomplete, and nobody is accused', async () => {
  const host = await stack.demoHost('127.0.0.22', '--stop-service')
  const { code, stdout } = await stack.portwitness(
    'scan',
    host.address,
    '--ports',
    host.window,
    '--profile',
    'assertive',
    '--site',
    'fra-1',
    '--json',
  ).ended
  expect(differences('stop-service', host, scanOf(stdout))).toEqual([])
  expect(code).toBe(4)
  expect(await issuesOf(scanOf(stdout).targetId)).toMatchObject([{ finding: 'incomplete' }])
})

const issuesOf = async (targetId: string): Promise<Issue[]> =>
  (await stack.worker.api.get<{ items: Issue[] }>(`/api/v1/issues?targetId=${targetId}`)).items
const occurrencesOf = async (issue: Issue | undefined): Promise<unknown[]> =>
  (await stack.worker.api.get<{ items: unknown[] }>(`/api/v1/issues/${issue?.id}/occurrences`)).items
