/** What a person reads of a scan: its progress in plain lines, its summary, its tables. */
import { PassThrough } from 'node:stream'
import { expect, test, vi } from 'vitest'
import { ago } from '../../probe-node/commands/ago.ts'
import { openDisplay } from '../../probe-node/commands/display.ts'
import { progressOn } from '../../probe-node/commands/progress.ts'
import { summaryOf } from '../../probe-node/commands/summary.ts'
import { table } from '../../probe-node/commands/table.ts'
import { wrapped } from '../../probe-node/commands/wrap.ts'
import type { PortAnswer, ScanAnswer } from '../../schema/api.ts'
import type { CauseClass, Mechanism } from '../../schema/words.ts'

const AT = '2026-11-23T01:15:11.000Z'
const evidence = (rule: string, text = `what ${rule} says`) => ({ rule, supports: true, text, observations: [] })

const portOf = (port: number, more: Partial<PortAnswer> = {}): PortAnswer => ({
  address: '192.0.2.1',
  port,
  transport: 'tcp',
  service: 'http',
  firstSeenOpenAt: AT,
  verdict: 'open',
  strength: null,
  recheck: 'open',
  lostAt: null,
  fastAt: null,
  confirmedAt: null,
  eValue: 1,
  connects: 0,
  recovery: null,
  recoveredBetween: null,
  cause: null,
  evidence: [],
  coverage: { reachableSeconds: 60, lostSeconds: 0, share: 1 },
  issueId: null,
  occurrenceId: null,
  remediation: null,
  probes: [],
  ...more,
})
const causeOf = (word: CauseClass, mechanism: Mechanism | null): PortAnswer['cause'] => ({
  class: word,
  mechanism,
  vendor: null,
  confidence: 0.9,
  alternatives: [],
  indistinguishable: [],
  askOwner: null,
})
const lostPort = (port: number, rule: string, eValue: number, share: number): PortAnswer =>
  portOf(port, {
    verdict: 'interfered',
    strength: 'confirmed',
    lostAt: AT,
    eValue,
    cause: causeOf('ips', 'source_ban'),
    evidence: [evidence(rule, `the proof of port ${port}`)],
    coverage: { reachableSeconds: 6, lostSeconds: 54, share },
    issueId: 'iss_1',
    remediation: { title: 'Lift the ban', steps: [`Let port ${port} through.`], formats: ['fail2ban'] },
  })

const WITNESS = {
  probeId: 'prb_w',
  role: 'witness',
  site: 'ash-1',
  sourceAddress: '192.0.2.7',
  fit: true,
  rested: true,
} as const
const scanOf = (more: Partial<ScanAnswer>): ScanAnswer => ({
  id: 'scn_1',
  targetId: 'tgt_1',
  address: '192.0.2.1',
  profile: 'assertive',
  state: 'finished',
  failure: null,
  phase: null,
  progress: null,
  createdAt: AT,
  startedAt: AT,
  finishedAt: AT,
  scanner: { probeId: 'prb_s', sourceAddress: '192.0.2.9', site: 'fra-1' },
  panel: [WITNESS],
  retestOf: null,
  waitsFor: null,
  verdict: 'clear',
  coverage: { share: 1, statement: 'All 3 ports asked were tested.', portsAsked: 3, portsTested: 3, untested: '' },
  waf: null,
  ports: [],
  output: null,
  ...more,
})
const plain = (_: string, text: string) => text
const told = (more: Partial<ScanAnswer>, width = 80, url: string | null = 'http://worker') =>
  summaryOf(scanOf(more), { url, width, paint: plain })

test('a group of ports is shown by the one that was proved itself, not by one that leans on its proof', () => {
  const text = told({
    verdict: 'interference',
    ports: [lostPort(22, 'SEL-3', 9_000, 0.9), lostPort(80, 'SEL-1', 1_200, 0.4), lostPort(25, 'SEL-1', 1_100, 0.7)],
  })
  expect(text).toContain('Ports 22, 80, 25: interfered, confirmed')
  expect(text).toMatch(/Shown for: +port 80,/)
  expect(text).toContain('the proof of port 80')
  expect(text).not.toContain('the proof of port 22')
  expect(text).toContain('Fix: Lift the ban (written for port 80)')
  expect(text).toContain('Let port 80 through.')
})

test('the share of a lost port says what it counts: work, or time where none was planned', () => {
  const ports = [lostPort(80, 'SEL-1', 1_200, 0.42)]
  const done = (profile: ScanAnswer['profile']) =>
    told({ verdict: 'interference', profile, ports }, 200).match(/Work done: +(.+)/)?.[1]
  expect(done('assertive')).toBe('42 % of the planned checks were done while the port was reachable')
  expect(done('accompany')).toBe('42 % of the time watched the port was reachable')
  expect(told({ ports: [portOf(80)] })).not.toContain('Work done')
  expect(told({})).toContain('Coverage: 100 % of the planned work was done.')
})

const INCOMPLETE: [ports: PortAnswer[], tested: number, says: string][] = [
  [
    [portOf(80, { verdict: 'service_down', cause: causeOf('service_change', 'service_stopped') })],
    3,
    'Incomplete: a service went away during the scan, for everybody; that was no interference.',
  ],
  [
    [portOf(80, { verdict: 'service_down', cause: causeOf('unexplained', null) })],
    3,
    'Incomplete: a service went away during the scan, for everybody.',
  ],
  [[portOf(80, { verdict: 'path_outage' })], 3, 'Incomplete: the way to 1 port failed, not the target.'],
  [[portOf(80, { verdict: 'inconclusive' })], 3, 'Incomplete: what happened to 1 port could not be judged.'],
  [[], 1, 'Incomplete: 2 ports could not be tested.'],
]
test.each(INCOMPLETE)('a scan is called incomplete for what it was (%#)', (ports, portsTested, says) => {
  const coverage = { share: 0.5, statement: 'So it was.', portsAsked: 3, portsTested, untested: '' }
  expect(told({ verdict: 'incomplete', ports, coverage }, 100).split('\n', 1)[0]).toBe(says)
})

test('a clear scan that nobody could have contradicted says so', () => {
  expect(told({ panel: [] }, 200)).toContain(
    'No other probe could look at the same time: a block cannot be proved (enrol probes in other sites).',
  )
  expect(told({ panel: [{ ...WITNESS, role: 'sibling' }] }, 200)).toContain('No probe of another site could look')
  expect(told({})).not.toContain('cannot be proved')
})

test('an issue is closed by its retest, and the summary names the command; formats without a command are left out', () => {
  const lost = { verdict: 'interference', ports: [lostPort(80, 'SEL-1', 1_200, 0.4)] } as const
  expect(told({ ...lost, ports: [...lost.ports] })).toContain('portwitness issues retest iss_1')
  expect(told({ ...lost, ports: [...lost.ports] })).not.toContain('formats')
  const ended = told({ ...lost, ports: [...lost.ports] }, 80, null)
  expect(ended).not.toContain('http://')
  expect(ended).not.toContain('retest')
})

test('the links of a scan are pages, which a browser that is not signed in asks to sign in for', () => {
  const output = { bytes: 18_231, href: '/api/v1/scans/scn_1/output' }
  expect(told({ output })).toContain('Output:     http://worker/scans/scn_1/output\n')
  expect(told({ output })).not.toContain('/api/')
})

test('no line of evidence or advice is wider than the terminal, and a command stays whole', () => {
  const port = lostPort(80, 'SEL-1', 1_200, 0.4)
  port.evidence = [evidence('SEL-1', 'many words in a row '.repeat(12))]
  port.remediation = { title: 'Lift it', steps: ['so many words of advice '.repeat(12)], formats: [] }
  const lines = told({ verdict: 'interference', ports: [port] }, 70, null).split('\n')
  expect(lines.filter((line) => [...line].length > 70)).toEqual([])
  expect(wrapped('  1. ', 'Then type `nft list ruleset | grep 192.0.2.9` and read.', 30)).toBe(
    '  1. Then type\n     `nft list ruleset | grep 192.0.2.9`\n     and read.',
  )
})

test('the last column of a table goes on below itself on a narrow terminal', () => {
  const rows = [['iss_1', 'Demo host: the scan was interfered with']]
  expect(table(['ISSUE', 'TITLE'], rows, { width: 30 })).toBe(
    'ISSUE  TITLE\niss_1  Demo host: the scan was\n       interfered with\n',
  )
  expect(table(['ISSUE', 'TITLE'], rows).split('\n')).toHaveLength(3)
})

test('a time long past is told in the largest unit that fits', () => {
  const now = Date.parse(AT)
  const told = [0, 59_000, 60_000, 3_600_000, 200_000_000].map((ms) => ago(new Date(now - ms).toISOString(), now))
  expect(told).toEqual(['0 s ago', '59 s ago', '1 min ago', '1 h ago', '2 d ago'])
})

/** What a display writes when its output is no terminal. */
function plainOutput(quietMs: number) {
  const out = new PassThrough()
  const display = openDisplay(out as unknown as NodeJS.WriteStream, { quietMs })
  return { display, text: () => String(out.read() ?? '') }
}

test('a log of plain lines shows a sign of life when nothing else happens, until the end', async () => {
  const { display, text } = plainOutput(40)
  const watcher = progressOn(display, { accompany: false })
  watcher.scan(scanOf({ state: 'running', phase: 'discover', progress: { done: 300, total: 1_000 } }))
  await expect.poll(text).toMatch(/after \d+ s: discover {2}30 %/)
  display.end()
  text()
  await new Promise((resolve) => setTimeout(resolve, 120))
  expect(text()).toBe('')
})

test('a scan without a panel is announced as such, and no other probe is said to look', () => {
  const { display, text } = plainOutput(60_000)
  const watcher = progressOn(display, { accompany: false })
  watcher.scan(scanOf({ state: 'running', phase: 'discover', panel: [] }))
  watcher.event('phase', { phase: 'baseline' })
  watcher.scan(scanOf({ state: 'running', phase: 'engage', panel: [] }))
  display.end()
  const said = text()
  expect(said.match(/a block cannot be proved/g)).toHaveLength(1)
  expect(said).not.toContain('other probes look')
})

test('a retest says of no port that it did not answer before one did not', () => {
  for (const [panel, says] of [
    [undefined, '· verify: all probes look together at the ports that it tries again'],
    [[], '· verify: the scanner looks at the ports again, alone'],
  ] as const) {
    const { display, text } = plainOutput(60_000)
    const watcher = progressOn(display, { accompany: false })
    watcher.scan(scanOf({ state: 'running', phase: 'verify', retestOf: 'iss_1', ...(panel ? { panel: [] } : {}) }))
    display.end()
    const said = text()
    expect(said).toContain(says)
    expect(said).not.toContain('did not answer')
  }
})

test('a retest that waits for the ration says why, once', () => {
  vi.useFakeTimers()
  try {
    const { display, text } = plainOutput(600_000)
    const watcher = progressOn(display, { accompany: false })
    const waiting = scanOf({ state: 'running', phase: 'discover', progress: { done: 2, total: 3 }, retestOf: 'iss_1' })
    watcher.scan(waiting)
    expect(text()).not.toContain('ten minutes')
    vi.advanceTimersByTime(30_000)
    watcher.scan(waiting)
    watcher.scan(waiting)
    expect(text().match(/may have to wait up to ten minutes/g)).toHaveLength(1)
    display.end()
  } finally {
    vi.useRealTimers()
  }
})

test('the worst stands first, in the table and in what is explained', () => {
  const ports = [portOf(21, { verdict: 'inconclusive' }), portOf(22), lostPort(443, 'SEL-1', 100, 0.1)]
  const text = told({ verdict: 'interference', ports })
  expect(text.match(/192\.0\.2\.1:\d+/g)?.slice(0, 3)).toEqual(['192.0.2.1:443', '192.0.2.1:21', '192.0.2.1:22'])
  expect(text.indexOf('Port 443: interfered')).toBeLessThan(text.indexOf('Port 21: inconclusive'))
  expect(text).toContain('Port 21: inconclusive')
})
