import { afterAll, beforeAll, expect, test } from 'vitest'
import { differences } from '../../demo/expectation.ts'
import { type Stack, scanOf, startStack } from '../support/stack.ts'

let stack: Stack
beforeAll(async () => {
  stack = await startStack()
})
afterAll(() => stack?.[Symbol.asyncDispose]())

/** The scan object of the contract, by field, with what each level must have in a scan that was interfered with. */
const SCAN =
  'id targetId address profile state failure phase progress createdAt startedAt finishedAt scanner panel verdict coverage waf ports output'
const SCANNER = 'probeId sourceAddress site'
const MEMBER = 'probeId role site sourceAddress fit rested'
const COVERAGE = 'share statement portsAsked portsTested untested'
const PORT =
  'address port transport service firstSeenOpenAt verdict strength recheck lostAt fastAt confirmedAt eValue connects recovery recoveredBetween cause evidence coverage issueId occurrenceId remediation'
const CAUSE = 'class mechanism vendor confidence alternatives indistinguishable askOwner'
const EVIDENCE = 'rule supports text observations'
const hasAll = (what: object | null | undefined, fields: string) =>
  expect(Object.keys(what ?? {})).toEqual(expect.arrayContaining(fields.split(' ')))

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
  hasAll(scan, SCAN)
  hasAll(scan.scanner, SCANNER)
  hasAll(scan.coverage, COVERAGE)
  for (const member of scan.panel) hasAll(member, MEMBER)
  for (const port of scan.ports) {
    hasAll(port, PORT)
    hasAll(port.cause, CAUSE)
    hasAll(port.cause?.alternatives[0], 'class mechanism confidence')
    for (const line of port.evidence) hasAll(line, EVIDENCE)
    hasAll(port.coverage, 'reachableSeconds lostSeconds share')
    hasAll(port.remediation, 'title steps formats')
    expect([port.issueId, port.occurrenceId]).toEqual([expect.stringMatching(/^iss_/), expect.stringMatching(/^occ_/)])
    expect(Number.isNaN(Date.parse(port.lostAt ?? ''))).toBe(false)
  }
  hasAll(scan.output, 'bytes href')
  expect(stderr).toContain('discover')
  const issues = await issuesOf(scan.targetId)
  expect(issues).toMatchObject([{ state: 'open', finding: 'interference' }])
  expect(await occurrencesOf(issues[0])).toHaveLength(3)
  const output = await stack.worker.api.text(scan.output?.href ?? '')
  expect(output).toContain('Open Port Re-check')

  // What would have let the scanner through, alone on stdout; what to do with it, beside it.
  const asked = (...more: string[]) => stack.portwitness('issues', 'allowlist', issues[0]?.id ?? '', ...more).ended
  const best = await asked()
  expect(best.code).toBe(0)
  expect(best.stdout).toContain(`# For issue ${issues[0]?.id}: target ${host.address}, lost ports`)
  expect(best.stdout).toContain(scan.scanner?.sourceAddress)
  expect(best.stderr).toMatch(/Where: .*\n/)
  const plain = await asked('--format', 'plain')
  expect(plain.stdout.split('\n')).toContain(`${scan.scanner?.sourceAddress}/32`)
  expect(await asked('--format', 'pancake')).toMatchObject({ code: 1, stdout: '' })
  expect(await asked('--format', 'fail2ban', '--exclusive')).toMatchObject({ code: 2, stdout: '' })
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
