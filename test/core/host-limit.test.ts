import { describe, expect, test } from 'vitest'
import type { Judgement } from '../../schema/judgement.ts'
import { hostTest } from '../../worker/core/experiments/host.ts'
import { isLimited } from '../../worker/core/experiments/rate.ts'
import { armsE, strataE } from '../../worker/core/tests.ts'
import { connectionRate } from '../sim/elements/limit.ts'
import { play } from '../sim/line/play.ts'
import { BOX, SHELL_BOX } from '../sim/scenarios/hosts.ts'
import { HTTP, HTTPS, isScanner, type Story, type Touch, tell } from '../support/facts.ts'
import { dice, openTouch } from '../support/packets.ts'

const FROM = 8_000

/** Every packet may be lost, and nothing else happens; the watch of port 80 fails once, which begins a verification. */
function lossy(seed: number, loss: (touch: Touch) => number): Story {
  const roll = dice(seed)
  return {
    ports: [HTTP, HTTPS],
    scanMs: 60_000,
    sees: (touch) => {
      const { purpose, at, timeoutMs } = touch
      if (isScanner(touch) && purpose === 'watch' && at > FROM && at < FROM + 6_000) return 'unresponsive'
      return openTouch({ roll, loss: loss(touch), rttMs: 20, timeoutMs: timeoutMs || 6_000 })
    },
  }
}

const wordsOf = ({ ports }: Judgement) => ports.map(({ verdict }) => verdict)

describe('a limit over the whole host', () => {
  test('is told under loss of 5 % by the bursts on its ports together', () => {
    const scans = Array.from({ length: 12 }, (_, i) =>
      play(
        { ports: BOX, profile: 'assertive', elements: [connectionRate({ perSecond: 2, burst: 4, how: 'drop' })] },
        0.05,
        dice(i + 1),
      ),
    )
    const seen = scans.filter(({ judgement }) => wordsOf(judgement).includes('degraded'))
    expect(seen.length).toBeGreaterThanOrEqual(8)
    for (const { judgement } of seen) {
      const port = judgement.ports.find(({ verdict }) => verdict === 'degraded')
      expect(port?.cause?.mechanism).toBe('connection_rate_limit')
    }
    // Where one port proves it by itself the others have it from there, whatever they say together.
    const has = ({ ports }: Judgement, rule: string) => ports.some(({ evidence }) => evidence[0]?.rule === rule)
    const shared = scans.filter(({ judgement }) => has(judgement, 'DEG-3') && !has(judgement, 'DEG-2'))
    expect(shared.length).toBeGreaterThan(0)
    for (const { survey } of shared) {
      const host = hostTest(survey.scan.endpoints)
      expect(host && isLimited(host.test)).not.toBe('no')
      // A burst that draws a ban is shut out whole from then on: nothing seeps.
      expect(host && isLimited({ ...host.test, seeped: 0 })).toBe('no')
    }
  })

  test('whose bucket holds more than a burst is told, and hardly ever as a ban', () => {
    const scans = Array.from({ length: 12 }, (_, i) =>
      play(
        {
          ports: SHELL_BOX,
          profile: 'assertive',
          elements: [connectionRate({ perSecond: 0.5, burst: 30, how: 'drop' })],
        },
        0.05,
        dice(i + 1),
      ),
    )
    const causes = scans.flatMap(({ judgement }) => judgement.ports.flatMap(({ cause }) => cause ?? []))
    expect(causes.length).toBeGreaterThanOrEqual(12)
    const right = causes.filter(({ mechanism }) => mechanism === 'connection_rate_limit')
    expect(right.length / causes.length).toBeGreaterThan(0.9)
    const evidence = scans.flatMap(({ judgement }) => judgement.ports.flatMap((port) => port.evidence))
    expect(evidence.filter(({ text }) => /got in while others beside were dropped/.test(text))).not.toEqual([])
  })

  test('explains a silence that ended by itself beside the port whose bursts proved it', () => {
    for (const seed of [4, 5, 11, 26, 43]) {
      const elements = [connectionRate({ perSecond: 0.5, burst: 30, how: 'drop' })]
      const { judgement } = play({ ports: SHELL_BOX, profile: 'assertive', elements }, 0.2, dice(seed))
      const web = judgement.ports.filter(({ port }) => port === 80 || port === 443)
      expect([seed, ...web.map(({ evidence }) => evidence[0]?.rule).sort()]).toEqual([seed, 'DEG-2', 'DEG-3'])
    }
  })

  test.each([
    ['the scanner’s own', isScanner],
    ['everybody’s', () => true],
  ] as const)(
    'is not seen in loss of 1 to 40 %% on %s path',
    (_name, who) => {
      for (const loss of [0.01, 0.05, 0.2, 0.4])
        for (let seed = 1; seed <= 4; seed++) {
          const { judgement } = tell(lossy(seed, (touch) => (who(touch) ? loss : 0.01)))
          expect([loss, seed, ...wordsOf(judgement)]).not.toContain('degraded')
        }
    },
    30_000,
  )
})

describe('the e-value of several pairs of arms', () => {
  const choose = (n: number, k: number): number => (k === 0 ? 1 : (choose(n - 1, k - 1) * n) / k)
  const pmf = (n: number, k: number, p: number): number => choose(n, k) * p ** k * (1 - p) ** (n - k)
  const upTo = (n: number) => Array.from({ length: n + 1 }, (_, i) => i)

  test('has mean at most one when each port goes badly with a probability of its own', () => {
    const [n, m] = [8, 4]
    for (const [p, q] of [
      [0.1, 0.1],
      [0.02, 0.9],
      [0.4, 0.7],
    ] as const) {
      let mean = 0
      for (const a of upTo(n))
        for (const b of upTo(m))
          for (const c of upTo(m))
            for (const d of upTo(n)) {
              const odds = pmf(n, a, p) * pmf(m, b, p) * pmf(m, c, q) * pmf(n, d, q)
              const first = [
                { bad: a, n },
                { bad: b, n: m },
              ] as const
              mean +=
                odds *
                strataE([
                  first,
                  [
                    { bad: c, n: m },
                    { bad: d, n },
                  ],
                ])
            }
      expect(mean).toBeLessThanOrEqual(1 + 1e-9)
    }
  })

  test('of one pair is that of the two arms, and grows when ports agree', () => {
    const [arm, control] = [
      { bad: 14, n: 26 },
      { bad: 3, n: 15 },
    ]
    expect(strataE([[arm, control]])).toBe(armsE(arm, control))
    expect(
      strataE([
        [arm, control],
        [arm, control],
      ]),
    ).toBeGreaterThan(armsE(arm, control) * 5)
  })
})
