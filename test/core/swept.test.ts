import { expect, test } from 'vitest'
import { HTTP, HTTPS, isHome, isScanner, type Seen, SSH, T0, type Touch, tell } from '../support/facts.ts'

const LATE: Seen = { sight: 'open', connectMs: 3_020, afterMs: 3_040 }
const limited = { at: 6_000, offered: 1_350, passed: 50 }
/** Amid the search hardly a SYN gets in at once. */
const dropsAmid =
  (whom: (touch: Touch) => boolean) =>
  (touch: Touch): Seen =>
    touch.sweep === 1_350 && whom(touch) && (touch.nth % 9 !== 0 || !isScanner(touch))
      ? touch.nth % 9 === 8
        ? 'unresponsive'
        : LATE
      : 'open'

test('a limit that only the search for ports meets is told, with what it lets through', () => {
  const told = tell({ limited, sees: dropsAmid(isScanner) })
  expect(told.judgement.verdict).toBe('interference')
  const port = told.port(80)
  expect(port).toMatchObject({ verdict: 'degraded', strength: 'confirmed' })
  expect(port.cause).toMatchObject({ class: 'ddos_protection', mechanism: 'connection_rate_limit' })
  expect(port.evidence.map(({ rule }) => rule)).toEqual(expect.arrayContaining(['DEG-2', 'RATE-1', 'SWP-1']))
  expect(port.evidence.find(({ rule }) => rule === 'RATE-1')?.text).toContain('About 50 new connects a second pass')
  expect(port.remediation?.steps.join(' ')).toContain('40 connects per second')
  expect(told.judgement.coverage).toMatchObject({ portsTested: 1001 })
  expect(told.judgement.coverage?.statement).toContain('about 50 answers a second')
  // One port is enough for all of the host.
  expect(told.port(443).verdict).toBe('open')
  const swept = told.steerings.flatMap(({ steering }) =>
    steering.append.flatMap(({ steps }) => steps.filter(({ sweep }) => sweep !== undefined)),
  )
  expect(swept).toHaveLength(2)
})

test('the same where the only port known was asked before, when the search began to be held back', () => {
  // The port limps, draws an alarm and E4, which comes to nothing; then the search stops, and says what it was let through.
  const limps = { sight: 'open' as const, connectMs: 1_015, afterMs: 1_040 }
  const amid = dropsAmid(isScanner)
  const told = tell({
    limited: { ...limited, at: 100_000 },
    ports: [HTTP],
    scanMs: 240_000,
    watchMs: 2_000,
    sees: (touch) => {
      if (!isScanner(touch) || touch.at < 8_000 || touch.at > 60_000) return amid(touch)
      return touch.at < 10_500 ? 'unresponsive' : touch.purpose === 'explain' && touch.nth % 3 === 0 ? 'open' : limps
    },
  })
  const bursts = told.facts.runs.flatMap(({ role, observations }) =>
    role === 'scanner' ? observations.filter(({ experiment }) => experiment === 'E4') : [],
  )
  expect(bursts.some(({ at }) => at < T0 + 90_000)).toBe(true)
  expect(told.port(80)).toMatchObject({ verdict: 'degraded', strength: 'confirmed' })
  expect(told.port(80).evidence.map(({ rule }) => rule)).toContain('SWP-1')
})

test('a host that cannot bear the search drops everybody amid it: no limit on the scanner', () => {
  const told = tell({ limited, sees: dropsAmid(() => true) })
  expect(told.judgement.verdict).toBe('clear')
  expect(told.port(80).verdict).not.toBe('degraded')
  expect(told.judgement.coverage?.statement).toContain('was not shown')
})

test('a way that cannot bear the search drops the sibling too', () => {
  const told = tell({ limited, sees: dropsAmid(isHome) })
  expect(told.port(80).verdict).not.toBe('degraded')
})

test('what gets through amid the search is not limited', () => {
  const told = tell({ limited, sees: () => 'open' })
  expect(told.judgement.verdict).toBe('clear')
  expect(told.port(80).evidence.map(({ rule }) => rule)).not.toContain('SWP-1')
})

test.each([20, 40])('loss of %i % is no limit, search or not', (percent) => {
  let seed = percent
  const roll = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
    return seed / 2 ** 31
  }
  for (let i = 0; i < 20; i++) {
    const lossy = (touch: Touch): Seen => (isHome(touch) && roll() * 100 < percent ? LATE : 'open')
    const told = tell({ limited, sees: lossy })
    expect(told.judgement.ports.map(({ verdict }) => verdict)).not.toContain('degraded')
  }
})

test('where nothing but services that count touches is known nobody is sent to burst at them', () => {
  const told = tell({ limited, ports: [SSH], sees: dropsAmid(isScanner) })
  expect(told.steerings.flatMap(({ steering }) => steering.append.flatMap(({ steps }) => steps))).not.toContainEqual(
    expect.objectContaining({ sweep: expect.any(Number) }),
  )
  expect(told.judgement.coverage?.statement).toContain('was not shown')
})

test('a search of which half was answered was not held back', () => {
  const told = tell({ limited: { ...limited, passed: 700 }, ports: [HTTP, HTTPS], sees: dropsAmid(isScanner) })
  expect(told.judgement.verdict).toBe('clear')
  expect(told.judgement.coverage?.statement).not.toContain('search for ports')
})
