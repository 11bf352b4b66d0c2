import { describe, expect, test } from 'vitest'
import { endpointKey } from '../../schema/facts.ts'
import { CAUSE_CLASSES, MECHANISM_CLASS, MECHANISMS } from '../../schema/words.ts'
import { causeOf } from '../../worker/core/cause.ts'
import { HYPOTHESES } from '../../worker/core/causes.ts'
import { scanCoverage } from '../../worker/core/coverage.ts'
import { survey } from '../../worker/core/decide.ts'
import { FEATURES, type FeatureName, type Features } from '../../worker/core/features.ts'
import { type IssueStep, type OpenIssue, stepsOf } from '../../worker/core/issue.ts'
import { issueNotice, type ToldScan } from '../../worker/core/notices/scan.ts'
import { portSection, renderOutput } from '../../worker/core/output.ts'
import { remediationOf } from '../../worker/core/remedy.ts'
import { signsIn } from '../../worker/core/waf.ts'
import { ADDRESS, block, bytes, HTTP, HTTPS, isScanner, SSH, T0, tell } from '../support/facts.ts'

const seen = (values: Partial<Record<FeatureName, string>>): Features =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      { value, rule: 'MODE-1', text: `${name} ${value}`, looks: [] },
    ]),
  )
const context = { source: '198.51.100.7', lostAt: T0, vendor: null, isPatchy: false }
const name = (verdict: Parameters<typeof causeOf>[0], features: Features) => {
  const { cause } = causeOf(verdict, features, context)
  return `${cause?.class}/${cause?.mechanism}`
}

describe('causes', () => {
  test.each([
    [
      'refused on ssh alone, for the scanner alone',
      'interfered',
      { mode: 'refused', who: 'scanner', area: 'one', service: 'ssh', slow: 'blocked' },
      'ips/fail2ban',
    ],
    [
      'silent on all ports, slow touches too',
      'interfered',
      { mode: 'silent', who: 'scanner', area: 'all', service: 'web', slow: 'blocked' },
      'ips/source_ban',
    ],
    [
      'reset on all ports, slow touches too',
      'interfered',
      { mode: 'cut', who: 'scanner', area: 'all', service: 'web', slow: 'blocked' },
      'ips/source_ban',
    ],
    [
      'reset, but slow touches get through',
      'degraded',
      { mode: 'cut', who: 'scanner', area: 'some', service: 'web', slow: 'passes' },
      'ddos_protection/proxy_reject',
    ],
    [
      'silent, but slow touches get through',
      'degraded',
      { mode: 'silent', who: 'scanner', area: 'one', slow: 'passes' },
      'ddos_protection/connection_rate_limit',
    ],
    [
      'sshd says: not allowed at this time',
      'app_blocked',
      { mode: 'notice', who: 'scanner', service: 'ssh', text: 'ssh_penalty', area: 'one' },
      'ips/openssh_penalty',
    ],
    [
      'sshd is full for the scanner alone',
      'app_blocked',
      { mode: 'notice', who: 'scanner', service: 'ssh', text: 'max_startups', area: 'one' },
      'ddos_protection/connection_count_limit',
    ],
    [
      'sshd is full for all',
      'service_down',
      { mode: 'notice', who: 'all', service: 'ssh', text: 'max_startups' },
      'overload/openssh_max_startups',
    ],
    [
      '421 for the scanner',
      'app_blocked',
      { mode: 'notice', who: 'scanner', service: 'mail', text: 'smtp_try_later' },
      'mail_protection/smtp_limit',
    ],
    [
      '550 for the scanner',
      'app_blocked',
      { mode: 'notice', who: 'scanner', service: 'mail', text: 'smtp_refused' },
      'mail_protection/postscreen',
    ],
    [
      '429 page',
      'app_blocked',
      { mode: 'page', who: 'scanner', service: 'web', page: 'rate' },
      'ddos_protection/http_rate_limit',
    ],
    ['403 page', 'app_blocked', { mode: 'page', who: 'scanner', service: 'web', page: 'forbidden' }, 'waf/modsecurity'],
    [
      'page of a content network',
      'app_blocked',
      { mode: 'page', who: 'scanner', service: 'web', page: 'vendor' },
      'waf/cdn_waf',
    ],
    [
      'shut to the country all along',
      'blocked_before',
      { mode: 'silent', who: 'range', onset: 'before' },
      'firewall_policy/geo_policy',
    ],
    ['refused for all', 'service_down', { mode: 'refused', who: 'all', area: 'one' }, 'service_change/service_stopped'],
    [
      'silent for all, on all ports',
      'service_down',
      { mode: 'silent', who: 'all', area: 'all' },
      'service_change/host_down',
    ],
    [
      'mute after the handshake',
      'interfered',
      { mode: 'mute', who: 'scanner', service: 'web', onset: 'during' },
      'ddos_protection/proxy_silent_drop',
    ],
    ['the path', 'path_outage', { mode: 'silent', who: 'range', area: 'all' }, 'path/probe_path'],
  ] as const)('%s', (_story, verdict, values, expected) => {
    expect(name(verdict, seen(values))).toBe(expected)
  })

  test('are probabilities: confidence within 0 and 1, at most three alternatives', () => {
    const { cause } = causeOf('interfered', seen({ mode: 'silent', who: 'scanner' }), context)
    expect(cause?.confidence).toBeGreaterThan(0)
    expect(cause?.confidence).toBeLessThanOrEqual(1)
    expect(cause?.alternatives.length).toBeLessThanOrEqual(3)
    expect(cause?.askOwner).toBe('the ban line for 198.51.100.7 near 14:00:00Z')
  })

  test('keep their mechanism in its class, and their tables within one', () => {
    for (const { class: cause, mechanism, expects } of HYPOTHESES) {
      if (mechanism) expect(MECHANISM_CLASS[mechanism]).toBe(cause)
      for (const [feature, table] of Object.entries(expects)) {
        const sum = Object.values(table as Record<string, number>).reduce((a, b) => a + b, 0)
        expect([mechanism, feature, sum <= 1 + 1e-9]).toEqual([mechanism, feature, true])
        for (const value of Object.keys(table as object)) expect(FEATURES[feature as FeatureName]).toContain(value)
      }
    }
  })

  test('every class but the phantom has a remedy', () => {
    const none = CAUSE_CLASSES.filter(
      (one) =>
        !remediationOf({
          class: one,
          mechanism: null,
          vendor: null,
          confidence: 1,
          alternatives: [],
          indistinguishable: [],
          askOwner: null,
        }),
    )
    expect(none).toEqual(['phantom'])
    expect(MECHANISMS.length).toBeGreaterThan(40)
  })
})

describe('issues', () => {
  const lost = tell({ sees: block(isScanner, 'cut', 8_000) }).judgement
  const clear = tell({ sees: () => 'open' }).judgement
  const issue: OpenIssue = { id: 'iss_1', finding: 'interference', state: 'open', snoozedUntil: null }
  const ask = (
    judgement: typeof lost,
    openIssues: OpenIssue[],
    retestOf: string | null = null,
    retestIsProof = false,
  ) => stepsOf({ scanId: 'scn_2', target: 'shop.example', judgement, openIssues, retestOf, retestIsProof, now: T0 })

  const scan: ToldScan = {
    id: 'scn_2',
    profile: 'standard',
    startedAt: T0,
    scanner: { sourceAddress: '198.51.100.7', site: 'fra-1' },
    target: { id: 'tgt_1', name: 'shop.example', address: ADDRESS, tags: ['web'] },
    hasOutput: true,
  }
  const told = (step: IssueStep | undefined, judgement: typeof lost) =>
    issueNotice(step ?? { do: 'nothing' }, { issueId: 'iss_1', occurrences: [] }, scan, judgement, T0)

  test('the first interference opens one, with an occurrence for each port', () => {
    const [step] = ask(lost, [])
    expect(step).toMatchObject({
      do: 'open',
      finding: 'interference',
      title: 'shop.example: the scan was interfered with on ports 80, 443',
      notify: true,
    })
    expect(told(step, lost)).toMatchObject({
      type: 'issue.opened',
      data: {
        severity: 'error',
        portsTotal: 2,
        ports: [{ port: 80 }, { port: 443 }],
        losses: [{ ports: [80, 443], portsTotal: 2 }],
        links: { issue: '/issues/iss_1', output: '/scans/scn_2/output' },
      },
    })
  })

  test('the next one restates it', () => {
    expect(ask(lost, [issue])).toMatchObject([{ do: 'restate', issueId: 'iss_1', answeredAt: null, notify: true }])
  })

  test('a clear scan is no proof: bans run out by themselves', () => {
    expect(ask(clear, [issue])).toMatchObject([{ do: 'restate', issueId: 'iss_1', answeredAt: T0, notify: false }])
    expect(ask(clear, [issue], 'iss_1', false)).toMatchObject([{ do: 'restate' }])
    expect(ask(clear, [issue], 'iss_other', true)).toMatchObject([{ do: 'restate' }])
  })

  test('a retest with the same address and stimulus that ends clear closes it', () => {
    const [step] = ask(clear, [issue], 'iss_1', true)
    expect(step).toMatchObject({ do: 'close', issueId: 'iss_1', by: 'scn_2' })
    expect(told(step, clear)).toMatchObject({
      type: 'issue.resolved',
      data: { severity: 'info', proof: { by: 'retest', id: 'scn_2' } },
    })
  })

  test('a snoozed issue is restated silently until its snooze ends', () => {
    const asleep: OpenIssue = { ...issue, state: 'snoozed', snoozedUntil: T0 + 1 }
    const [quiet] = ask(lost, [asleep])
    expect(quiet).toMatchObject({ do: 'restate', notify: false, wake: false })
    expect(told(quiet, lost)).toBeNull()
    expect(ask(lost, [{ ...asleep, snoozedUntil: T0 }])).toMatchObject([{ do: 'restate', notify: true, wake: true }])
  })

  test('a scan without a verdict neither accuses nor acquits', () => {
    expect(ask({ ...clear, verdict: null }, [issue])).toEqual([{ do: 'nothing' }])
  })
})

describe('what people read', () => {
  const told = tell({
    ports: [SSH, HTTP, HTTPS],
    sees: block(isScanner, { sight: 'closed', code: 'ECONNREFUSED' }, 8_000, Number.POSITIVE_INFINITY, [443]),
  })
  const log = 'Open Port Re-check\n  22/tcp   still open\n  443/tcp  closed\n'
  const output = renderOutput({ facts: told.facts, judgement: told.judgement, target: 'shop.example', scannerLog: log })

  test('the raw output has the log, the verification and the verdicts, in lines that fit', () => {
    expect(output).toContain('Open Port Re-check')
    expect(output).toMatch(/== Verification =+/)
    expect(output).toMatch(/== Verdicts =+/)
    expect(output).toContain('443/tcp  https  interfered (likely)')
    for (const line of output.split('\n').filter((one) => /^ {2}[+-] \[/.test(one)))
      expect(line.length).toBeLessThanOrEqual(100)
  })

  test('the part about one port leaves the others out', () => {
    const part = portSection(output, '192.0.2.9', 443)
    expect(part).toContain('443/tcp  closed')
    expect(part).toContain('Port 443 on 192.0.2.9: interfered (likely)')
    expect(part).not.toContain('22/tcp')
    expect(portSection(output, '192.0.2.9', 44)).toBe('')
  })

  test('a hostile target name cannot break the output', () => {
    const text = renderOutput({
      facts: told.facts,
      judgement: told.judgement,
      target: 'a\u001b[31m\nVerdict clear',
      scannerLog: log,
    })
    expect(text).not.toContain('\u001b')
    expect(text.split('\n')[1]).toContain('Verdict clear (')
  })

  test('coverage says what is incomplete and what is not', () => {
    expect(told.judgement.coverage?.statement).toMatch(
      /^Port 443 was lost after \d+ s: findings on it are incomplete; the other 2 ports were reachable throughout\.$/,
    )
    expect(told.port(443).coverage.share).toBeLessThan(0.5)
    expect(told.port(22).coverage.share).toBe(1)
  })

  test.each([
    [{ 80: 1, 443: 1 }, 'what was planned for them was done'],
    [{ 80: 1, 443: 0.5 }, 'findings on port 443 are incomplete, and what was planned for the other was done'],
    [{ 80: 0.2, 443: 0.5 }, 'findings on them are incomplete'],
  ] as const)(
    'what is lost with the work done on it as %o is told so',
    (shares: Partial<Record<number, number>>, words) => {
      const { scan } = survey(told.facts, told.judgement.judgedAt)
      const ports = told.judgement.ports.map((port) => {
        const share = shares[port.port]
        const lost = { verdict: 'interfered', lostAt: T0 + 9_000 } as const
        return share === undefined ? port : { ...port, ...lost, coverage: { ...port.coverage, share } }
      })
      const engagement = new Map(ports.map((port) => [endpointKey(port), { planned: 4, done: 4 }]))
      expect(scanCoverage({ ...scan, engagement }, ports).statement).toContain(
        `Ports 80 and 443 were lost after 9 s: ${words}; 1 other port was`,
      )
      // Where nothing was planned, a share of time says nothing of work done.
      expect(scanCoverage({ ...scan, engagement: new Map() }, ports).statement).toContain(
        'Ports 80 and 443 were lost after 9 s: findings on them are incomplete; 1 other port was',
      )
    },
  )

  test('a vendor is named by two kinds of signs, and presence blocks nothing', () => {
    const answer = 'HTTP/1.1 200 OK\r\nServer: cloudflare\r\nCF-RAY: 8a1b\r\n\r\n'
    expect(new Set(signsIn(answer).map((sign) => sign.kind))).toEqual(new Set(['server', 'header']))
    const fronted = tell({ sees: () => ({ sight: 'open', firstBytes: bytes(answer) }) })
    expect(fronted.judgement).toMatchObject({ verdict: 'clear', waf: { vendor: 'Cloudflare' } })
    const half = tell({
      sees: () => ({ sight: 'open', firstBytes: bytes('HTTP/1.1 200 OK\r\nServer: cloudflare\r\n\r\n') }),
    })
    expect(half.judgement.waf).toBeNull()
  })
})
