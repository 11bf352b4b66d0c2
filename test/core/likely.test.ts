/** Rules that stop at `likely`, and why. */
import { describe, expect, test } from 'vitest'
import type { ScanFacts } from '../../schema/facts.ts'
import type { Observation } from '../../schema/wire.ts'
import { judgeScan } from '../../worker/core/judge.ts'
import { ADDRESS, block, HTTP, HTTPS, isScanner, SSH, T0, tell } from '../support/facts.ts'

const gist = (port: { verdict: string; strength: string | null; evidence: { rule: string }[] }) => [
  port.verdict,
  port.strength,
  port.evidence[0]?.rule,
]
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
      ports: [HTTP, { port: 3306, service: 'mysql', check: 'greeting' }],
      sees: block(isScanner, 'unresponsive', 8_000, undefined, [3306]),
    })
    expect(gist(kept.port(3306))).toEqual(['interfered', 'confirmed', 'SEL-1'])
    expect(told.port(443).verdict).toBe('interfered')
  })
})

test('one web port that is reset while the rest stands may be a dead backend: likely', () => {
  const told = tell({
    ports: [HTTP, { port: 3306, service: 'mysql', check: 'greeting' }],
    sees: block(isScanner, 'cut', 8_000, undefined, [80]),
  })
  expect(gist(told.port(80))).toEqual(['interfered', 'likely', 'SEL-7'])
})

test('a block of some seconds is told as a short one, not as a blip', () => {
  const told = tell({ ports: [HTTP, HTTPS], sees: block(isScanner, 'cut', 8_000, 16_500) })
  expect(told.judgement.ports.map(({ verdict, strength }) => [verdict, strength])).toContainEqual([
    'interfered',
    'likely',
  ])
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
