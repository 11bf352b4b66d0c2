/** Rules that stop at `likely`, and why. */
import { describe, expect, test } from 'vitest'
import type { ScanFacts } from '../../schema/facts.ts'
import type { Observation } from '../../schema/wire.ts'
import { caseOf } from '../../worker/core/cases.ts'
import { survey } from '../../worker/core/decide.ts'
import type { EndpointEvidence } from '../../worker/core/evidence.ts'
import { canaryOf } from '../../worker/core/features/failure.ts'
import { throttleOf } from '../../worker/core/features/throttle.ts'
import { judgeScan } from '../../worker/core/judge.ts'
import {
  ADDRESS,
  block,
  bytes,
  HTTP,
  HTTPS,
  isHome,
  isScanner,
  type Seen,
  SSH,
  T0,
  type Touch,
  tell,
} from '../support/facts.ts'

const gist = (port: { verdict: string; strength: string | null; evidence: { rule: string }[] }) => [
  port.verdict,
  port.strength,
  port.evidence[0]?.rule,
]
const MYSQL = { port: 3306, service: 'mysql', check: 'greeting' } as const
const ANCHOR = { address: '192.0.2.77', port: 443 }

describe('silence of a whole host', () => {
  test('stays likely: an outage of the scanner’s own route would look the same', () => {
    const told = tell({ ports: [HTTP, HTTPS], sees: block(isScanner, 'unresponsive', 8_000) })
    expect(gist(told.port(443))).toEqual(['interfered', 'likely', 'SEL-6'])
  })

  test('is confirmed when an anchor answers the scanner meanwhile', () => {
    const banned = block(isScanner, 'unresponsive', 8_000)
    const sees: typeof banned = (touch) => (touch.address === ANCHOR.address ? 'open' : banned(touch))
    const told = tell({ ports: [HTTP, HTTPS], anchors: [ANCHOR], sees })
    expect(gist(told.port(443))).toEqual(['interfered', 'confirmed', 'SEL-1'])
    expect(told.port(443).evidence.map(({ rule }) => rule)).toContain('NBR-1')
  })

  test('is confirmed when another port of the host goes on answering', () => {
    const told = tell({
      ports: [SSH, HTTP, HTTPS],
      sees: block(isScanner, 'unresponsive', 8_000, undefined, [80, 443]),
    })
    const kept = tell({
      ports: [HTTP, MYSQL],
      sees: block(isScanner, 'unresponsive', 8_000, undefined, [3306]),
    })
    expect(gist(kept.port(3306))).toEqual(['interfered', 'confirmed', 'SEL-1'])
    expect(told.port(443).verdict).toBe('interfered')
  })
})

describe('an outage of the scanner’s own route that its sibling does not share', () => {
  test('is not confirmed by a port that is back sooner', () => {
    const sooner = (touch: Touch): Seen => {
      const isBack = touch.port === 443 && touch.at > 25_000
      return isScanner(touch) && touch.at >= 8_000 && touch.at < 60_000 && !isBack ? 'unresponsive' : 'open'
    }
    const told = tell({ ports: [MYSQL, HTTPS], sees: sooner, scanMs: 150_000 })
    expect(told.port(3306)).toMatchObject({ verdict: 'interfered', strength: 'likely' })
  })

  test('nor by one that was lost with it and is back before its second round failed', () => {
    const once = (touch: Touch): Seen => {
      const until = touch.port === 443 ? 12_000 : 60_000
      return isScanner(touch) && touch.at >= 8_000 && touch.at < until ? 'unresponsive' : 'open'
    }
    const told = tell({ ports: [MYSQL, HTTPS], sees: once, scanMs: 150_000 })
    expect(told.port(3306)).toMatchObject({ verdict: 'interfered', strength: 'likely' })
  })

  test('nor by a connection kept open that is cut once meanwhile', () => {
    const told = tell({ ports: [MYSQL, HTTPS], sees: block(isScanner, 'unresponsive', 8_000) })
    const cut = { n: 9_700, purpose: 'canary', check: 'tcp', address: ADDRESS, port: 3306, sight: 'cut' } as const
    const runs = told.facts.runs.map((run) =>
      run.kind === 'scan'
        ? { ...run, observations: [...run.observations, { ...cut, at: T0 + 20_000, afterMs: 0 }] }
        : run,
    )
    const [port] = judgeScan({ ...told.facts, runs }, told.judgement.judgedAt).ports.filter((one) => one.port === 3306)
    expect(port).toMatchObject({ verdict: 'interfered', strength: 'likely' })
  })
})

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

test('a block of some seconds is told as a short one, not as a blip', () => {
  const told = tell({ ports: [HTTP, HTTPS], sees: block(isScanner, 'cut', 8_000, 16_500) })
  expect(told.judgement.ports.map(({ verdict, strength }) => [verdict, strength])).toContainEqual([
    'interfered',
    'likely',
  ])
})

test('a neighbour that answers when a short block is over does not put the block on the host', () => {
  // Beside the first round the neighbour is lost as well, beside the fourth the block has ended.
  const told = tell({
    ports: [HTTP, HTTPS],
    anchors: [ANCHOR],
    scanMs: 120_000,
    sees: block(isScanner, 'unresponsive', 8_000, 24_000),
  })
  const port = told.port(443)
  expect(gist(port)).toEqual(['interfered', 'likely', 'SEL-8'])
  expect(port.evidence.find(({ rule }) => rule === 'NBR-1')?.text).toMatch(/fell silent for the scanner as well/)
  expect(port.cause?.class).toBe('ips')
})

describe('what answers when a block is over', () => {
  const withMore = (told: ReturnType<typeof tell>, more: Pick<Observation, 'purpose' | 'port' | 'at'>): ScanFacts => ({
    ...told.facts,
    runs: told.facts.runs.map((run) => {
      const observation = { ...more, n: 9_900, check: 'tcp', address: ADDRESS, sight: 'open', afterMs: 0 } as const
      return run.kind === 'scan' ? { ...run, observations: [...run.observations, observation] } : run
    }),
  })
  const rulesOf = (told: ReturnType<typeof tell>, more: Parameters<typeof withMore>[1], port: number) =>
    judgeScan(withMore(told, more), told.judgement.judgedAt).ports.find((one) => one.port === port)

  test('a port that was not looked at meanwhile did not stand', () => {
    const ban = block(isScanner, 'closed', 8_000, 98_000)
    const told = tell({
      ports: [SSH, MYSQL],
      scanMs: 120_000,
      recoverMs: 400_000,
      sees: (touch) => (touch.port === 22 && touch.purpose === 'watch' ? null : ban(touch)),
    })
    const port = rulesOf(told, { purpose: 'recheck', port: 22, at: T0 + 121_000 }, 3306)
    expect(port?.evidence.map(({ text }) => text).join(' ')).not.toMatch(/went on answering/)
    expect(port?.cause?.class).toBe('ips')
  })

  test('a connection kept open was let through nothing; nor before its silence could be found out', () => {
    const short = tell({ ports: [HTTP, HTTPS], scanMs: 120_000, sees: block(isScanner, 'unresponsive', 8_000, 24_000) })
    const long = tell({ ports: [HTTP, HTTPS], sees: block(isScanner, 'unresponsive', 8_000) })
    const says = (told: typeof short, at: number, lostUntil: number) => {
      const facts = withMore(told, { purpose: 'canary', port: 80, at: T0 + at })
      const [web] = survey(facts, told.judgement.judgedAt).decisions
      return web && canaryOf(web.endpoint, web.outcome, lostUntil)?.value
    }
    expect(says(short, 120_000, T0 + 24_000)).toBeUndefined()
    expect(says(long, 12_000, Number.POSITIVE_INFINITY)).toBeUndefined()
    expect(says(long, 40_000, Number.POSITIVE_INFINITY)).toBe('alive')
  })
})

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

test.each([22_000, 26_000, 31_000, 40_000])(
  'a loss %i ms after the start, when the rounds of a blip are over, is a case of its own',
  (begins) => {
    // Two looks fail by bad luck; then a ban, while an experiment still keeps the scanner's own rounds going.
    const ban = block(isScanner, 'unresponsive', begins)
    const isBadLuck = ({ purpose, at }: Touch) => purpose === 'watch' && at >= 8_000 && at < 16_000
    const told = tell({
      ports: [HTTP, MYSQL],
      scanMs: 120_000,
      sees: (touch) =>
        touch.port === 80 ? 'open' : isBadLuck(touch) && isScanner(touch) ? 'unresponsive' : ban(touch),
    })
    expect(told.port(3306)).toMatchObject({ verdict: 'interfered', strength: 'confirmed' })
  },
)

test('rounds that the scanner held alone, when the others were let go, are no part of a case', () => {
  const rounds = [0, 1, 2, 3, 4]
  const planned = new Map(rounds.map((number) => [number, { at: number * 2_000, who: new Set(['s', 'w']) }]))
  const look = (probeId: string, number: number) => ({
    ...{ id: `${probeId}.${number}`, probeId, rested: true, sight: 'open' as const, failed: false },
    role: probeId === 's' ? ('scanner' as const) : ('witness' as const),
    at: number * 2_000,
    endAt: number * 2_000,
    observation: {
      n: 1,
      purpose: 'verify',
      check: 'tcp',
      address: ADDRESS,
      port: 80,
      sight: 'open',
      at: 0,
      afterMs: 0,
    } as const,
  })
  const seen = new Map(
    rounds.map((number) => [number, [look('s', number), ...(number < 3 ? [look('w', number)] : [])]]),
  )
  const known = { answered: new Map<string, Set<number>>(), openedAt: new Map([['w', -1]]) }
  const one = caseOf(0, planned, seen, known, () => false, 60_000)
  expect(one.rounds.map(({ number }) => number)).toEqual([0, 1, 2])
  expect(one).toMatchObject({ closedTo: 4, over: true })
})

test.each(Array.from({ length: 12 }, (_, i) => 8_000 + i * 450))(
  'an outage of the scanner’s own way, %i ms after the start, is never confirmed as a block',
  (begins) => {
    const told = tell({
      ports: [HTTP, HTTPS, MYSQL],
      scanMs: 120_000,
      sees: block(isScanner, 'unresponsive', begins, begins + 60_000),
    })
    expect(told.judgement.ports.map(({ strength }) => strength)).not.toContain('confirmed')
  },
)

test('a host that is silent to all of us may have banned us all: nothing firm is said of the cause', () => {
  const told = tell({ ports: [HTTP, HTTPS], sees: block(() => true, 'unresponsive', 8_000) })
  expect(told.port(80).verdict).toBe('service_down')
  expect(told.port(80).cause?.confidence).toBeLessThanOrEqual(0.5)
})

describe('a silent ban of 15 s', () => {
  const SYNS = [0, 1_000, 2_000, 3_000, 4_000, 5_000]
  /** each SYN before the end is dropped, the first one after it gets in */
  const silentUntil =
    (from: number, to: number, who: (touch: Touch) => boolean) =>
    (touch: Touch): Seen => {
      if (!who(touch) || touch.at < from || touch.at >= to) return 'open'
      const waited = SYNS.find((at) => touch.at + at >= to)
      return waited === undefined || waited >= touch.timeoutMs
        ? 'unresponsive'
        : { sight: 'open', connectMs: waited + 15, afterMs: waited + 40 }
    }

  test('leaves time for one round that fails, and for two that get in when it ends: a short block all the same', () => {
    const told = tell({ ports: [HTTP, HTTPS], sees: silentUntil(8_000, 23_500, isScanner) })
    const port = told.port(80)
    expect(gist(port)).toEqual(['interfered', 'likely', 'SEL-8'])
    expect(port.cause?.class).toBe('ips')
    expect(port.evidence.map(({ text }) => text).join(' ')).toMatch(/got through only when it ended/)
    for (const { text } of port.evidence) expect(text).not.toMatch(/ratio 0\.0/)
  })

  test('of two web ports and a third that was asked only when it was over is a ban of the host, not a limit on some ports', () => {
    const told = tell({
      ports: [SSH, HTTP, HTTPS],
      sees: silentUntil(8_000, 26_000, isScanner),
    })
    for (const port of [80, 443].map(told.port))
      expect([port.verdict, port.cause?.class]).toEqual(['interfered', 'ips'])
  })

  test('stays one when it is drawn anew afterwards, and is not answered with a burst that would draw it', () => {
    const again = silentUntil(29_000, 44_000, isScanner)
    const first = silentUntil(8_000, 23_500, isScanner)
    const sees = (touch: Touch): Seen => (touch.at < 25_000 ? first(touch) : again(touch))
    const told = tell({ ports: [HTTP, HTTPS], sees })
    expect(told.port(80).verdict).toBe('interfered')
    const steps = told.facts.runs.flatMap((run) => run.steps)
    expect(steps.filter(({ experiment, at }) => experiment === 'E4' && at < T0 + 29_000)).toEqual([])
  })

  test('is one too where others lost a SYN in a round in which the scanner lost all of them', () => {
    const banned = silentUntil(8_000, 25_000, isScanner)
    const touches = new Map<string, number>()
    const sees = (touch: Touch): Seen => {
      if (isHome(touch) || touch.purpose !== 'verify') return banned(touch)
      const key = `${touch.member.probeId} ${touch.port}`
      touches.set(key, (touches.get(key) ?? 0) + 1)
      return touches.get(key) === 2 ? { sight: 'open', connectMs: 1_015, afterMs: 1_040 } : 'open'
    }
    const told = tell({ ports: [HTTP, HTTPS], sees })
    for (const port of [80, 443].map(told.port)) expect(gist(port)).toEqual(['interfered', 'likely', 'SEL-8'])
  })

  test('is none when all lost it, or the way of scanner and sibling', () => {
    for (const who of [() => true, isHome])
      expect(tell({ ports: [HTTP, HTTPS], sees: silentUntil(8_000, 23_500, who) }).port(80).strength).toBeNull()
  })

  test('is none when touches get in at different times: what lets them in now and then is no ban with one end', () => {
    const sees = (touch: Touch): Seen => {
      if (!isScanner(touch) || touch.port !== 80 || touch.at < 8_000 || touch.at > 30_000) return 'open'
      if (touch.at < 15_000) return 'unresponsive'
      return { sight: 'open', connectMs: 1_015, afterMs: 1_040 }
    }
    expect(tell({ ports: [HTTP, HTTPS], sees }).port(80).verdict).not.toBe('interfered')
  })
})

test('a service that counts touches and is away for all over ten seconds was down, though it is back in the third round', () => {
  const away = block(() => true, 'unresponsive', 8_000, 40_000, [22])
  const told = tell({ ports: [SSH, HTTP], sees: away, scanMs: 60_000 })
  expect(gist(told.port(22))).toEqual(['service_down', null, 'DWN-1'])
  expect(told.port(22).evidence[0]?.text).toMatch(/in 2 of \d rounds/)
  expect(told.port(22).evidence[0]?.text).not.toMatch(/four/)
  const blip = block(() => true, 'unresponsive', 8_000, 24_000, [22])
  expect(tell({ ports: [SSH, HTTP], sees: blip, scanMs: 60_000 }).port(22).verdict).toBe('transient')
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

describe('a service that is no mail and refuses in words of its own', () => {
  const FTP = { port: 21, service: 'ftp', check: 'greeting' } as const
  const causeOf = (port: typeof FTP | typeof MYSQL, said: string, who: (touch: Touch) => boolean) => {
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

  test('keeps a list of its own', () => {
    const said = '\x60\x00\x00\x00\xff\x69\x04Host ’x’ is blocked because of many connection errors'.replace(/’/g, "'")
    expect(causeOf(MYSQL, said, isScanner)).toBe('app_blocked: ips/source_ban')
  })

  test('has no place left for anybody: that is no service that was stopped', () => {
    const said = '\x17\x00\x00\x00\xff\x10\x04Too many connections'
    expect(causeOf(MYSQL, said, () => true)).toBe('service_down: overload/worker_limit')
  })
})
