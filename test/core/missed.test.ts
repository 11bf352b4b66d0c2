import { describe, expect, test } from 'vitest'
import { judgeScan } from '../../worker/core/judge.ts'
import { ADDRESS, block, HTTP, HTTPS, isHome, isScanner, type Seen, SSH, T0, tell } from '../support/facts.ts'

const LATE = { ...HTTPS, found: false }
const lastKnown = [{ address: ADDRESS, port: 443, check: 'https' as const, service: 'https' as const }]

test('a port that was shut to the scanner while it looked for ports, and let it in later, was interfered with', () => {
  const told = tell({ ports: [HTTP, LATE], lastKnown, sees: block(isScanner, 'unresponsive', 0, 28_000, [443]) })
  expect(told.port(443)).toMatchObject({ verdict: 'interfered', firstSeenOpenAt: expect.any(Number) })
  expect(told.judgement.verdict).toBe('interference')
})

test('a port that a first sweep missed and that answers ever after is open', () => {
  const told = tell({ ports: [HTTP, LATE], lastKnown, sees: block(isScanner, 'unresponsive', 0, 3_000, [443]) })
  expect(told.port(443).verdict).toBe('open')
})

test('one that failed the scanner in a round was not open throughout, though nothing is proved', () => {
  const told = tell({ ports: [HTTP, LATE], lastKnown, sees: block(isScanner, 'unresponsive', 0, 11_000, [443]) })
  expect(told.port(443)).toMatchObject({ verdict: 'transient', strength: null })
  expect(told.port(443).evidence.map(({ rule }) => rule)).not.toContain('OPN-1')
})

test('a port that never let scanner and sibling in was blocked before', () => {
  const told = tell({ ports: [HTTP, LATE], lastKnown, sees: block(isHome, 'unresponsive', 0, undefined, [443]) })
  expect(told.port(443).verdict).toBe('blocked_before')
})

const SWEPT = [
  { address: ADDRESS, port: 80, check: 'http' as const, service: 'http' as const },
  { address: ADDRESS, port: 443, check: 'https' as const, service: 'https' as const },
]
const cutShort = { ports: [HTTP, HTTPS], lastKnown: SWEPT, scanMs: 90_000, silence: { from: 5_000, to: 65_000 } }

test('a ban amid the sweep, over before its end, is told although no open port had been found before it', () => {
  const told = tell({ ...cutShort, sees: block(isScanner, 'unresponsive', 1_000, 61_000) })
  expect(told.judgement.verdict).toBe('interference')
  for (const port of [80, 443])
    expect(told.port(port)).toMatchObject({ verdict: 'interfered', recheck: 'open', recovery: 'seen' })
})

test('a service that counts touches does not hold up what others may touch freely', () => {
  const silence = { ...cutShort.silence, known: [22] }
  const sees = block(isScanner, 'unresponsive', 4_000, 61_000)
  const told = tell({ ...cutShort, ports: [SSH, HTTP, HTTPS], silence, sees })
  for (const port of [80, 443]) expect(told.port(port).verdict).toBe('interfered')
})

test('a ban amid the sweep that stays is told of the ports that others reach', () => {
  const silence = { from: 5_000, to: 240_000 }
  const ports = [HTTP, HTTPS].map((port) => ({ ...port, found: false }))
  const told = tell({ ...cutShort, ports, silence, sees: block(isScanner, 'unresponsive', 1_000) })
  for (const port of [80, 443]) expect(told.port(port).verdict).toBe('interfered')
})

test('an outage that scanner and sibling share amid the sweep accuses nobody', () => {
  const told = tell({ ...cutShort, sees: block(isHome, 'unresponsive', 1_000, 61_000) })
  expect(told.judgement.verdict).toBe('incomplete')
  for (const port of [80, 443]) expect(told.port(port)).toMatchObject({ verdict: 'path_outage', strength: null })
})

test('a host that restarts amid the sweep is down for all', () => {
  const told = tell({ ...cutShort, sees: block(() => true, 'unresponsive', 4_000, 61_000) })
  expect(told.judgement.verdict).toBe('incomplete')
  for (const port of [80, 443]) expect(told.port(port)).toMatchObject({ verdict: 'service_down', strength: null })
})

test('a sweep that is cut short by a blip finds its ports open', () => {
  const told = tell({ ...cutShort, sees: block(isScanner, 'unresponsive', 1_000, 5_600) })
  expect(told.judgement.verdict).toBe('clear')
})

test('what stays shut to scanner and sibling when a shared outage is over was blocked before', () => {
  const shut = block(isHome, 'unresponsive', 0, undefined, [443])
  const away = block(isHome, 'unresponsive', 1_000, 61_000)
  const told = tell({
    ...cutShort,
    ports: [HTTP, LATE],
    sees: (touch) => (away(touch) === 'open' ? shut(touch) : away(touch)),
  })
  expect(told.port(80).verdict).toBe('path_outage')
  expect(told.port(443).verdict).toBe('blocked_before')
})

describe('a mail port that scanner and sibling never reach, and others do', () => {
  const MAIL = { port: 25, service: 'smtp', check: 'greeting', found: false } as const
  const known = [{ address: ADDRESS, port: 25, check: 'greeting' as const, service: 'smtp' as const }]
  const shut = (sight: Seen) =>
    tell({ ports: [HTTP, MAIL], asked: '25,80', lastKnown: known, sees: block(isHome, sight, 0, undefined, [25]) })

  test.each(['unresponsive', 'closed'] as const)('%s, may be kept from them by their own provider', (sight) => {
    const told = shut(sight)
    expect(told.port(25)).toMatchObject({ verdict: 'inconclusive', strength: null, cause: null })
    expect(told.port(25).evidence[0]?.rule).toBe('INC-4')
    expect(told.judgement.verdict).toBe('incomplete')
  })

  test('was blocked before where they reach a beacon on that port', () => {
    const { facts, judgement } = shut('unresponsive')
    const beacon = {
      n: 9_000,
      purpose: 'beacon',
      check: 'tcp',
      address: '192.0.2.200',
      port: 25,
      sight: 'open',
    } as const
    const reached = {
      ...facts,
      runs: facts.runs.map((run) =>
        run.kind === 'verify' && run.role === 'sibling'
          ? { ...run, observations: [...run.observations, { ...beacon, at: T0 + 9_000, afterMs: 20 }] }
          : run,
      ),
    }
    expect(judgeScan(reached, judgement.judgedAt).ports[0]).toMatchObject({ port: 25, verdict: 'blocked_before' })
  })

  test('was blocked before where another port is shut to them as well, by whatever shuts both', () => {
    const https = { address: ADDRESS, port: 443, check: 'https' as const, service: 'https' as const }
    const told = tell({
      ports: [HTTP, MAIL, LATE],
      asked: '25,80,443',
      lastKnown: [...known, https],
      sees: block(isHome, 'unresponsive', 0, undefined, [25, 443]),
    })
    expect([25, 443].map((port) => told.port(port).verdict)).toEqual(['blocked_before', 'blocked_before'])
  })

  test('was blocked before where the target itself turns them away', () => {
    expect(shut('cut').port(25).verdict).toBe('blocked_before')
  })
})
