/** What a service or a front answers in place of its own words: what it says of who blocks, and how sure that is. */
import { describe, expect, test } from 'vitest'
import type { ScanFacts } from '../../schema/facts.ts'
import type { Observation } from '../../schema/wire.ts'
import type { EndpointEvidence } from '../../worker/core/evidence.ts'
import { throttleOf } from '../../worker/core/features/throttle.ts'
import { judgeScan } from '../../worker/core/judge.ts'
import { ADDRESS, block, bytes, HTTP, HTTPS, isScanner, T0, type Touch, tell } from '../support/facts.ts'

const gist = (port: { verdict: string; strength: string | null; evidence: { rule: string }[] }) => [
  port.verdict,
  port.strength,
  port.evidence[0]?.rule,
]
const MYSQL = { port: 3306, service: 'mysql', check: 'greeting' } as const

describe('refusals of a burst', () => {
  const told = (pattern: string, loss: number) => {
    const looks = [...pattern].map((mark, n) => ({
      role: 'scanner',
      sight: 'closed',
      id: `${n}`,
      observation: { experiment: 'E2', n, afterMs: mark === '.' ? 12 : 1_020 },
    }))
    return throttleOf({ looks } as unknown as EndpointEvidence, loss)?.value
  }

  test.each([
    ['......------', 0.01, 'icmp'],
    ['.....-------', 0.05, 'icmp'],
    ['.-..-.------', 0.2, 'icmp'],
    ['......---', 0.05, 'icmp'],
    // Loss could have held these back as well: neither is said.
    ['.......--', 0.05, undefined],
    ['......---', 0.2, undefined],
    ['............', 0.2, 'rst'],
    ['.-...-......', 0.05, 'rst'],
    ['-.----.---.-', 0.05, undefined],
  ])('%s on a way that loses %d of its packets: %s', (pattern, loss, value) => {
    expect(told(pattern, loss)).toBe(value)
  })
})

test('one web port that is reset while the rest stands may be a dead backend: likely', () => {
  const told = tell({
    ports: [HTTP, MYSQL],
    sees: block(isScanner, 'cut', 8_000, undefined, [80]),
  })
  expect(gist(told.port(80))).toEqual(['interfered', 'likely', 'SEL-7'])
})

test.each(['closed', 'cut'] as const)(
  'the only port of a host, a web port that is %s, may be a dead backend as well',
  (sight) => {
    const told = tell({ ports: [HTTPS], sees: block(isScanner, sight, 8_000) })
    expect(gist(told.port(443))).toEqual(['interfered', 'likely', 'SEL-7'])
  },
)

describe('requests shaped like attacks', () => {
  const told = tell({ ports: [HTTP], sees: () => 'open' })
  let n = 9_000
  const request = (stimulus: Observation['stimulus'], httpStatus: number, at: number): Observation => ({
    n: ++n,
    purpose: 'engage',
    check: 'http',
    address: ADDRESS,
    port: 80,
    sight: 'open',
    at: T0 + at,
    afterMs: 5,
    httpStatus,
    stimulus,
  })
  const withRequests = (requests: Observation[]): ScanFacts => ({
    ...told.facts,
    runs: told.facts.runs.map((run) =>
      run.kind === 'scan' ? { ...run, observations: [...run.observations, ...requests] } : run,
    ),
  })
  const attacks = (status: number, of = 8) =>
    Array.from({ length: of }, (_, i) => request('attack', status, 10_000 + i))
  const judged = (requests: Observation[]) =>
    judgeScan(withRequests(requests), told.judgement.judgedAt).ports.find(({ port }) => port === 80)

  test('that are refused while plain ones are served: something reads what is asked', () => {
    const port = judged([request('plain', 200, 9_000), ...attacks(403), request('plain', 200, 11_000)])
    expect(port && gist(port)).toEqual(['app_blocked', 'likely', 'APP-2'])
    expect(port?.cause).toMatchObject({ class: 'waf' })
    expect(port?.remediation?.steps.length).toBeGreaterThan(0)
  })

  test('that a server answers as it answers anything say nothing', () => {
    expect(judged([request('plain', 200, 9_000), ...attacks(200), request('plain', 200, 11_000)])?.verdict).toBe('open')
    expect(judged([request('plain', 403, 9_000), ...attacks(403), request('plain', 403, 11_000)])?.verdict).toBe('open')
    expect(judged([request('plain', 200, 9_000), ...attacks(429), request('plain', 200, 11_000)])?.verdict).toBe('open')
  })

  describe('of which some are cut off in the midst of others that are served', () => {
    const someCut = (which: readonly number[], sight: 'cut' | 'mute' = 'cut') =>
      attacks(200).map((one, i): Observation => (which.includes(i) ? { ...one, sight } : one))
    const paths = (sight: Observation['sight'] = 'open') =>
      Array.from({ length: 12 }, (_, i) => ({
        ...request('path', 200, 9_100 + i),
        sight: i === 5 ? sight : ('open' as const),
      }))
    const told = (requests: readonly Observation[]) =>
      judged([request('plain', 200, 9_000), ...requests, request('plain', 200, 11_000)])

    test.each(['cut', 'mute'] as const)('%s: a filter that knows some shapes by their signature', (sight) => {
      const port = told([...paths(), ...someCut([1, 2, 3, 5], sight)])
      expect(port && gist(port)).toEqual(['app_blocked', 'likely', 'APP-2'])
      expect(port?.cause).toMatchObject({ class: 'ips', mechanism: 'payload_filter' })
    })

    test('is nothing when they are few, lie in one stretch of time, or others are cut off too', () => {
      for (const requests of [
        [...paths(), ...someCut([1, 5])],
        [...paths(), ...someCut([2, 3, 4])],
        [...paths('cut'), ...someCut([1, 2, 3, 5])],
      ])
        expect(told(requests)?.verdict).not.toBe('app_blocked')
    })
  })

  test('whose sender is refused afterwards too are another matter', () => {
    expect(judged([request('plain', 200, 9_000), ...attacks(403)])?.verdict).toBe('open')
  })

  test('before an alarm ended the requests: the rounds and the re-check are plain requests, too', () => {
    const again = (sight: Observation['sight'], at: number, purpose: Observation['purpose'] = 'recheck') => ({
      ...request(undefined, 200, at),
      purpose,
      sight,
    })
    const cut = attacks(200).map((one): Observation => ({ ...one, sight: 'mute' }))
    const first = request('plain', 200, 9_000)
    const seen = judged([first, ...cut, again('open', 30_000)])
    expect(seen && gist(seen)).toEqual(['app_blocked', 'likely', 'APP-2'])
    // Plain ones that go silent as well, or none that was served since: the server hung, or the sender is barred.
    expect(judged([first, ...cut, again('mute', 10_004, 'verify'), again('open', 30_000)])?.verdict).not.toBe(
      'app_blocked',
    )
    expect(judged([first, ...cut, again('open', 10_004, 'verify')])?.verdict).not.toBe('app_blocked')
    expect(judged([first, ...cut, again('open', 30_000, 'watch')])?.verdict).not.toBe('app_blocked')
  })
})

describe('a page with status 200 in the place of the service', () => {
  const page = { sight: 'page', httpStatus: 200 } as const

  test('that only the scanner gets is a block', () => {
    const told = tell({ ports: [HTTP, HTTPS], sees: block(isScanner, page, 8_000, undefined, [80]) })
    expect(told.port(80).verdict).toBe('app_blocked')
  })

  test('that everybody gets is another version of the site', () => {
    const told = tell({ ports: [HTTP, HTTPS], sees: block(() => true, page, 8_000, 17_000, [80]) })
    expect(told.port(80).verdict).toBe('transient')
    expect(told.judgement.verdict).toBe('clear')
  })
})

describe('a page that only the scanner gets', () => {
  const served = (httpStatus: number, head = '') =>
    gist(
      tell({
        ports: [HTTP, MYSQL],
        sees: block(
          isScanner,
          { sight: 'page', httpStatus, firstBytes: bytes(`HTTP/1.1 ${httpStatus} X\r\n${head}\r\n`) },
          8_000,
          undefined,
          [80],
        ),
      }).port(80),
    )

  test.each([404, 500, 502, 503])('with status %i may be that of a broken backend: likely', (status) => {
    expect(served(status)).toEqual(['app_blocked', 'likely', 'APP-1'])
  })

  test('that says it refuses or challenges is confirmed', () => {
    expect(served(403)).toEqual(['app_blocked', 'confirmed', 'APP-1'])
    expect(served(429)).toEqual(['app_blocked', 'confirmed', 'APP-1'])
    expect(served(202, 'x-amzn-waf-action: challenge\r\n')).toEqual(['app_blocked', 'confirmed', 'APP-1'])
  })

  test.each([
    [403, 'Server: awselb/2.0', 'AWS WAF'],
    [202, 'x-amzn-waf-action: challenge', 'AWS WAF'],
    [403, 'Server: Microsoft-Azure-Application-Gateway/v2', 'Azure WAF'],
  ])('with status %i and %s is the firewall of that cloud, not ModSecurity', (httpStatus, head, vendor) => {
    const firstBytes = bytes(`HTTP/1.1 ${httpStatus} X\r\n${head}\r\n\r\n`)
    const page = { sight: 'page', httpStatus, firstBytes } as const
    const { cause } = tell({ ports: [HTTP, MYSQL], sees: block(isScanner, page, 8_000, undefined, [80]) }).port(80)
    expect(cause).toMatchObject({ class: 'waf', mechanism: 'cdn_waf', vendor })
  })

  test('of a front that did not reach what it stands for is not firmly a block, though the front is Cloudflare', () => {
    const head = 'HTTP/1.1 502 X\r\nServer: cloudflare\r\nCF-RAY: 1-FRA\r\n\r\n'
    const page = { sight: 'page', httpStatus: 502, firstBytes: bytes(head) } as const
    const { cause } = tell({ ports: [HTTP, MYSQL], sees: block(isScanner, page, 8_000, undefined, [80]) }).port(80)
    expect(cause).toMatchObject({ class: 'load_balancer', mechanism: 'backend_down' })
    expect(cause?.confidence).toBeLessThanOrEqual(0.5)
    expect(cause?.alternatives.map((one) => one.class)).toContain('waf')
  })

  test('and that may be a backend’s ends its rounds as soon as the tests have said all they can', () => {
    const told = tell({
      ports: [HTTP, MYSQL],
      sees: block(isScanner, { sight: 'page', httpStatus: 502 }, 8_000, undefined, [80]),
    })
    expect(told.finishedMs).toBeLessThan(90_000)
    expect(told.port(80).evidence.some(({ rule, supports }) => rule === 'SEL-7' && !supports)).toBe(true)
  })
})

test('a tarpit on all ports is no matter of some of them, though a bare connect gets through', () => {
  const RDP = { port: 3389, service: 'silent', check: 'tcp' } as const
  const tarpit = block(isScanner, 'mute', 8_000)
  const told = tell({ ports: [HTTP, HTTPS, RDP], sees: (touch) => (touch.port === 3389 ? 'open' : tarpit(touch)) })
  const port = told.port(443)
  expect(port.cause?.class).toBe('ips')
  expect(port.evidence.find(({ rule }) => rule === 'AREA-1')?.text).not.toMatch(/went on answering/)
})

test('a honeypot that answers on every port is no proxy’s silence, though one port seems to stand', () => {
  const bait = block(isScanner, 'mute', 8_000)
  const told = tell({
    ports: [HTTP, HTTPS, MYSQL],
    sees: (touch) => (touch.port === MYSQL.port ? 'open' : bait(touch)),
  })
  expect(told.port(443).cause?.mechanism).toBe('proxy_silent_drop')
  const touched = (n: number, at: number, sight: 'closed' | 'open'): Observation => ({
    ...{ n, purpose: 'phantom', check: 'tcp', address: ADDRESS, port: 30_000 + n, sight, at: T0 + at, afterMs: 4 },
  })
  const judged = (phantoms: readonly Observation[]) => {
    const runs = told.facts.runs.map((run) =>
      run.kind === 'scan' ? { ...run, observations: [...run.observations, ...phantoms] } : run,
    )
    return judgeScan({ ...told.facts, runs }, told.judgement.judgedAt).ports.find((one) => one.port === 443)
  }
  const four = [1, 2, 3, 4]
  const port = judged(four.flatMap((n) => [touched(9_000 + n, 500, 'closed'), touched(9_100 + n, 9_000, 'open')]))
  expect([port?.cause?.class, port?.cause?.mechanism]).toEqual(['ips', 'source_ban'])
  const lure = port?.evidence.find(({ rule }) => rule === 'LURE-1')
  expect(lure?.observations).toHaveLength(4)
  // One of five that accepts is a service on a high port.
  const service = judged([...four.map((n) => touched(9_000 + n, 500, 'closed')), touched(9_200, 501, 'open')])
  expect(service?.cause?.mechanism).toBe('proxy_silent_drop')
})

describe('a service that is no mail and refuses in words of its own', () => {
  const FTP = { port: 21, service: 'ftp', check: 'greeting' } as const
  const VNC = { port: 5900, service: 'vnc', check: 'greeting' } as const
  const causeOf = (port: typeof FTP | typeof MYSQL | typeof VNC, said: string, who: (touch: Touch) => boolean) => {
    const notice = { sight: 'notice', firstBytes: bytes(said) } as const
    const told = tell({ ports: [port, HTTP], scanMs: 100_000, sees: block(who, notice, 8_000, undefined, [port.port]) })
    const { verdict, cause } = told.port(port.port)
    return `${verdict}: ${cause?.class}/${cause?.mechanism}`
  }

  test.each([
    [FTP, '421 There are too many connections from your internet address.\r\n'],
    [FTP, '421 Sorry, the maximum number of connections (3) for your host are already connected.\r\n'],
    [MYSQL, '\x30\x00\x00\x00\xff\xb3\x04Too many connections'],
  ])('counts the scanner’s connections: %o', (port, said) => {
    expect(causeOf(port, said, isScanner)).toBe('app_blocked: ddos_protection/connection_count_limit')
  })

  test.each([
    [MYSQL, "\x60\x00\x00\x00\xff\x69\x04Host 'x' is blocked because of many connection errors"],
    [VNC, 'RFB 003.003\n\0\0\0\0\0\0\0\x1aToo many security failures'],
  ])('keeps a list of its own: %o', (port, said) => {
    expect(causeOf(port, said, isScanner)).toBe('app_blocked: ips/source_ban')
  })

  test('has no place left for anybody: that is no service that was stopped', () => {
    const said = '\x17\x00\x00\x00\xff\x10\x04Too many connections'
    expect(causeOf(MYSQL, said, () => true)).toBe('service_down: overload/worker_limit')
  })
})
