import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  addressE,
  connectFailure,
  HARD_Q,
  LLR_CLAIM,
  llrStep,
  lossBound,
  roundE,
  silentQ,
} from '../../worker/core/tests.ts'

describe('not loss', () => {
  test('a connect of six seconds fails as seldom as was measured', () => {
    // detection-science.md 4.4, older kernels: 1.6e-4 at 5 %, 1.1e-2 at 20 %
    expect(connectFailure(6_000, 0.05)).toBeCloseTo(1.6e-4, 4)
    expect(connectFailure(6_000, 0.2)).toBeCloseTo(1.1e-2, 3)
    expect(connectFailure(900, 0.2)).toBeCloseTo(0.36, 2)
  })

  test('three silent failures settle it, on a clean path and at one packet in five', () => {
    for (const p of [0, 0.05, 0.2]) expect(3 * llrStep(true, silentQ(6_000, p))).toBeGreaterThan(LLR_CLAIM)
    expect(2 * llrStep(true, HARD_Q)).toBeGreaterThan(LLR_CLAIM)
  })

  test('one success undoes a silent failure', () => {
    expect(llrStep(true, 0.02) + llrStep(false, 0.02)).toBeLessThan(0)
  })

  test('the bound on the loss grows with slow connects and shrinks with proof', () => {
    expect(lossBound(0, 1_000)).toBeLessThan(0.01)
    expect(lossBound(0, 0)).toBeLessThan(0.15)
    // two slow ones of three are no proof of a path that loses half of everything
    expect(lossBound(2, 3)).toBeLessThan(0.25)
    const twenty = lossBound(360, 1_000)
    expect(twenty).toBeGreaterThan(0.2)
    expect(twenty).toBeLessThan(0.24)
  })
})

describe('only the scanner', () => {
  test('a clean round of five sources multiplies E by 3.4', () => {
    expect(roundE(1, 5, true)).toBeCloseTo(3.4, 10)
    expect(roundE(1, 5, true) ** 6).toBeGreaterThan(1_500)
  })

  test('a round in which nobody or everybody failed, or without others, says nothing', () => {
    expect(roundE(0, 5, false)).toBe(1)
    expect(roundE(5, 5, true)).toBeCloseTo(1, 10)
    expect(roundE(1, 1, true)).toBe(1)
  })

  test('has mean 1 or less when the scanner is not singled out, whatever fails together', () => {
    // Exact: under exchangeable losses every set of m failing sources is alike, so the scanner is in it with m of n.
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 12 }), fc.integer({ min: 0, max: 12 }), (sources, m) => {
        const failing = Math.min(m, sources)
        const share = failing / sources
        const mean =
          share * roundE(failing, sources, true) +
          (1 - share) * (failing < sources ? roundE(failing, sources, false) : 0)
        expect(mean).toBeLessThanOrEqual(1 + 1e-12)
      }),
    )
  })

  test('keeps mean 1 or less when the scanner is half as likely again to fail', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 12 }), fc.integer({ min: 1, max: 11 }), (sources, m) => {
        const failing = Math.min(m, sources - 1)
        const share = (1.5 * failing) / (1.5 * failing + sources - failing)
        expect(
          share * roundE(failing, sources, true) + (1 - share) * roundE(failing, sources, false),
        ).toBeLessThanOrEqual(1 + 1e-12)
      }),
    )
  })

  test('is never negative, and neither is the mean over an address', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 12 }),
        fc.integer({ min: 1, max: 12 }),
        fc.boolean(),
        (sources, m, failed) => {
          expect(roundE(Math.min(m, sources), sources, failed)).toBeGreaterThan(0)
        },
      ),
    )
    expect(addressE([])).toBe(1)
    expect(addressE([3.4, 0.1])).toBeCloseTo(1.75, 10)
  })
})
