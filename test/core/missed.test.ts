import { expect, test } from 'vitest'
import { ADDRESS, block, HTTP, HTTPS, isHome, isScanner, tell } from '../support/facts.ts'

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

test('a port that never let scanner and sibling in was blocked before', () => {
  const told = tell({ ports: [HTTP, LATE], lastKnown, sees: block(isHome, 'unresponsive', 0, undefined, [443]) })
  expect(told.port(443).verdict).toBe('blocked_before')
})
