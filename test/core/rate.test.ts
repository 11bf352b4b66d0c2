import { describe, expect, test } from 'vitest'
import type { Look } from '../../worker/core/evidence.ts'
import { isLimited, rateTest } from '../../worker/core/experiments/rate.ts'
import { armsE } from '../../worker/core/tests.ts'
import {
  HTTP,
  HTTPS,
  isHome,
  isScanner,
  PANEL,
  type Seen,
  type Story,
  type Told,
  type Touch,
  tell,
} from '../support/facts.ts'
import { dice, openTouch } from '../support/packets.ts'
import { endpointOf, textOf } from '../support/told.ts'

const wordOf = (told: Told, port: number) => {
  const { verdict, strength, evidence } = told.port(port)
  return [verdict, strength, evidence[0]?.rule]
}

/** A token bucket, empty at 8 s; asks must come in order of time. */
function bucket(size: number, perSecond: number) {
  let tokens = 0
  let at = 8_000
  return (ms: number): boolean => {
    tokens = Math.min(size, tokens + Math.max(0, (ms - at) / 1_000) * perSecond)
    at = Math.max(at, ms)
    if (tokens < 1) return false
    tokens -= 1
    return true
  }
}
const roleOf = ({ facts }: Told, runId: string) => facts.runs.find((run) => run.runId === runId)?.role
const SLOWLY: Seen = { sight: 'open', connectMs: 2_020 }
const RATE_PAGE: Seen = { sight: 'page', httpStatus: 429 }

/** Story: from 8 s on whom it may concern shares a bucket, nearly empty at first. */
function limited(
  who: (touch: Touch) => boolean,
  size: number,
  perSecond: number,
  turned: (touch: Touch) => Seen,
): Story {
  const mayPass = bucket(size, perSecond)
  return {
    ports: [HTTP, HTTPS],
    scanMs: 20_000,
    sees: (touch) => {
      if (touch.port !== 80 || touch.at < 8_000 || !who(touch)) return 'open'
      return mayPass(touch.at) ? 'open' : turned(touch)
    },
  }
}

describe('E4, rate', () => {
  test('a web server that answers 429 to the scanner when it asks fast is degraded, though slow rounds get through', () => {
    const told = tell(limited(isScanner, 10, 1 / 3, () => RATE_PAGE))
    expect(wordOf(told, 80)).toEqual(['degraded', 'confirmed', 'DEG-2'])
    expect(told.judgement.verdict).toBe('interference')
    expect(told.port(80).connects).toBeLessThanOrEqual(70)
    expect(told.port(80).lostAt).not.toBeNull()
    expect(textOf(told)).toMatch(/E4 rate: \S+ +burst of 18: \d+ at once/)
    expect(told.port(443).verdict).toBe('open')
  })

  test('where a limit tells in words, slow handshakes of the others in the rounds take nothing from it', () => {
    const told = tell(limited(isScanner, 10, 1 / 3, () => RATE_PAGE))
    const { endpoint } = endpointOf(told, 80)
    const one = endpoint.cases.at(-1)
    const slow = (look: Look): Look =>
      look.role === 'scanner' || look.failed
        ? look
        : { ...look, observation: { ...look.observation, connectMs: 1_040 } }
    const lossy = one && {
      ...one,
      rounds: one.rounds.map((round) => ({ ...round, others: round.others.map(slow) })),
    }
    const [clear, seen] = [rateTest(endpoint, one ?? null), rateTest(endpoint, lossy ?? null)]
    expect(clear?.grade).toBe('told')
    expect(seen?.eAlone).toBe(clear?.eAlone)
  })

  test('what another scanner keeps full, so that slow touches after the bursts are turned away too, is a limit when it had turned rounds away by turns before', () => {
    let [round, asked] = [0, 0]
    const isLetIn = ({ purpose }: Touch): boolean => {
      if (purpose === 'explain') return [1, 6, 19, 20, 28].includes(++asked)
      if (asked > 0) return false
      return purpose === 'verify' ? ![1, 3, 6].includes(round++) : purpose !== 'watch' || round > 0
    }
    const isAsked = (touch: Touch) => touch.port === 80 && touch.at >= 8_000 && isScanner(touch)
    const sees = (touch: Touch): Seen => (isAsked(touch) && !isLetIn(touch) ? 'cut' : 'open')
    const told = tell({ ports: [HTTP, HTTPS], scanMs: 20_000, sees })
    const { endpoint } = endpointOf(told, 80)
    const rate = rateTest(endpoint, endpoint.cases.at(-1) ?? null)
    expect(rate?.flickered).toBe(3)
    expect(rate && rate.after.bad > rate.after.n / 2).toBe(true)
    expect(wordOf(told, 80)[0]).toBe('degraded')
    // A ban that the burst drew looks the same from then on.
    expect(rate && isLimited({ ...rate, flickered: 1 })).toBe('no')
    expect(rate && isLimited({ ...rate, after: { ...rate.after, bad: rate.after.n } })).toBe('no')
  })

  test('the slow touches after the bursts keep their distance from the rounds that are left', () => {
    for (const perSecond of [0.1, 0.15, 0.2, 0.25, 1 / 3]) {
      const told = tell(limited(isScanner, 10, perSecond, () => RATE_PAGE))
      const { endpoint } = endpointOf(told, 80)
      const rate = rateTest(endpoint, endpoint.cases.at(-1) ?? null)
      if (rate?.again) expect([perSecond, rate.after.n]).toEqual([perSecond, expect.toSatisfy((n: number) => n >= 2)])
      expect([perSecond, told.port(80).verdict]).toEqual([
        perSecond,
        expect.toSatisfy((word: string) => word === 'degraded' || word === 'app_blocked'),
      ])
    }
  })

  test('a packet filter that drops the SYNs of the scanner above a rate is degraded, with the limit', () => {
    const late = (touch: Touch): Seen => (touch.nth < 16 ? 'unresponsive' : { sight: 'open', connectMs: 2_020 })
    const told = tell(limited(isScanner, 4, 0.18, late))
    expect(wordOf(told, 80)[0]).toBe('degraded')
    const { endpoint } = endpointOf(told, 80)
    const rate = rateTest(endpoint, endpoint.cases.at(-1) ?? null)
    expect(rate && isLimited(rate)).not.toBe('no')
    expect(rate?.limitPerSecond?.[0]).toBeLessThanOrEqual(1.5)
    // What lets slow touches through lets the first of a burst in: lost whole it is not firmly a limit's.
    const burst = rate && { ...rate.burst, prompt: 0, late: 0, failed: rate.burst.connects }
    const firmly = rate && { ...rate, eRate: 1e6, eAlone: 1e6, eOwn: 1e6 }
    expect(firmly && isLimited(firmly)).toBe('firm')
    expect(firmly && burst && isLimited({ ...firmly, burst, isUneven: false })).toBe('likely')
    expect(rate?.limitPerSecond?.[1]).toBeGreaterThanOrEqual(0.5)
    // One outage that begins amid the first burst and ends amid the second lets none of that in at once.
    const again = rate?.again && { ...rate.again, bad: rate.again.n }
    expect(firmly && again && isLimited({ ...firmly, again })).toBe('likely')
    // Of several ports the first burst of one was lost whole, and that of another got in whole when the outage ended.
    const whole = firmly && { ...firmly, burst: { connects: 36, prompt: 0, late: 18, failed: 18 } }
    expect(whole && isLimited({ ...whole, isUneven: true })).toBe('firm')
    expect(whole && isLimited({ ...whole, isUneven: false })).toBe('likely')
  })

  describe('is asked about, though loss slows a witness', () => {
    /** the scanner meets `turned` in some rounds and in all but the first of each burst; `isSlow`: the rounds in which a witness is slow */
    const asked = (turned: Seen, isTurned: (round: number) => boolean, isSlow: (round: number) => boolean) => {
      let rounds = 0
      const told = tell({
        ports: [HTTP, HTTPS],
        scanMs: 20_000,
        sees: (touch) => {
          if (touch.port !== 80 || touch.at < 8_000) return 'open'
          const isRound = touch.purpose === 'verify'
          if (isRound && isScanner(touch)) return isTurned(rounds++) ? turned : 'open'
          if (isScanner(touch)) return touch.purpose === 'explain' && touch.nth === 0 ? 'open' : turned
          const isLate = isRound && isSlow(rounds) && touch.member.probeId === 'prb_witness0003'
          return isLate ? { sight: 'open', connectMs: 1_015 } : 'open'
        },
      })
      expect(told.facts.runs.flatMap(({ steps }) => steps).some(({ experiment }) => experiment === 'E4')).toBe(true)
      return told.port(80).verdict
    }

    test('after the first rounds, in which the limit showed', () => {
      const verdict = asked(
        'unresponsive',
        (round) => round < 2,
        (rounds) => rounds > 2,
      )
      expect(verdict).toBe('degraded')
    })

    test('in each round, where the limit cuts', () => {
      const verdict = asked(
        'cut',
        (round) => round % 3 === 0,
        () => true,
      )
      expect(verdict).toBe('degraded')
    })
  })

  test('onlookers learn of a burst in the same breath as the scanner, so that they look into it', () => {
    const told = tell(limited(isScanner, 4, 0.18, (touch) => (touch.nth < 16 ? 'unresponsive' : SLOWLY)))
    const bursts = told.steerings.flatMap(({ steering }) => {
      const scanners = steering.append.filter(({ runId }) => roleOf(told, runId) === 'scanner')
      const burst = scanners.flatMap(({ steps }) => steps).find((step) => step.burst && step.experiment === 'E4')
      return burst ? [{ at: burst.at, steering }] : []
    })
    expect(bursts).toHaveLength(2)
    for (const { at, steering } of bursts) {
      const onlookers = steering.append.filter(({ runId }) => roleOf(told, runId) !== 'scanner')
      expect(onlookers).toHaveLength(PANEL.length - 1)
      for (const { steps } of onlookers) expect(steps.map((step) => step.at - at)).toEqual([300])
    }
  })

  test('more slow touches are made, and more beside the second burst, where loss takes some of those that nobody limits', () => {
    const late = ({ nth }: Touch): Seen => (nth % 3 === 0 ? 'unresponsive' : SLOWLY)
    const asked = (isLossy: boolean) => {
      const told = tell({
        ...limited(isScanner, 4, 0.18, late),
        ...(isLossy ? { sees: amidLoss } : {}),
      })
      const steps = told.facts.runs.flatMap(({ role, steps }) => steps.map((step) => ({ role, ...step })))
      const e4 = steps.filter(({ experiment }) => experiment === 'E4')
      const { endpoint } = endpointOf(told, 80)
      const rate = rateTest(endpoint, endpoint.cases.at(-1) ?? null)
      return {
        verdict: told.port(80).verdict,
        after: rate?.after.n,
        beside: e4.filter(({ role, burst }) => role !== 'scanner' && burst),
      }
    }
    const mayPass = bucket(4, 0.18)
    /** every third touch of the sibling is slow: that is the way's doing */
    let siblings = 0
    const amidLoss = (touch: Touch): Seen => {
      if (touch.port !== 80 || touch.at < 8_000) return 'open'
      if (touch.member.role === 'sibling') return ++siblings % 3 === 0 ? { sight: 'open', connectMs: 1_020 } : 'open'
      if (!isScanner(touch)) return 'open'
      return mayPass(touch.at) ? 'open' : late(touch)
    }
    expect(asked(false)).toMatchObject({ verdict: 'degraded', beside: [] })
    const lossy = asked(true)
    expect(lossy.verdict).toBe('degraded')
    expect(lossy.after).toBeGreaterThanOrEqual(6)
    expect(lossy.beside.map(({ burst }) => burst)).toEqual([2, 2, 2, 2])
  })

  test('a new case while the slow touches are made is the bursts’ own doing; a later one is the scan at work again', () => {
    const told = tell(limited(isScanner, 4, 0.18, (touch) => (touch.nth < 16 ? 'unresponsive' : SLOWLY)))
    const { endpoint } = endpointOf(told, 80)
    const one = endpoint.cases.at(-1)
    if (!one) throw new Error('no case')
    const rate = rateTest(endpoint, one)
    if (!rate) throw new Error('no burst')
    const burstAt = Math.max(...endpoint.looks.filter(({ id }) => rate.looks.burst.includes(id)).map(({ at }) => at))
    const afterNew = (ms: number) =>
      rateTest({ ...endpoint, cases: [...endpoint.cases, { ...one, startAt: burstAt + ms }] }, one)?.own.n
    expect(rate.own.n).toBeGreaterThan(2)
    expect(afterNew(5_000)).toBe(rate.own.n)
    expect(afterNew(-20_000)).toBe(rate.own.n)
  })

  describe('both bursts without a connect that got in at once', () => {
    /** the scanner is shut out of two rounds, then let in at a slow pace; `lets`: which of a burst get in by a later SYN */
    const asked = (lets: (nth: number, burst: number) => number | null) => {
      let rounds = 0
      const begun: number[] = []
      const told = tell({
        ports: [HTTP, HTTPS],
        scanMs: 20_000,
        sees: (touch) => {
          if (touch.port !== 80 || touch.at < 8_000 || !isScanner(touch)) return 'open'
          if (touch.purpose === 'verify') return rounds++ < 2 ? 'unresponsive' : 'open'
          if (touch.purpose !== 'explain') return touch.purpose === 'recheck' ? 'open' : 'unresponsive'
          if (!begun.some((at) => touch.at - at < 2_000)) begun.push(touch.at)
          const connectMs = begun.length > 2 ? 10 : lets(touch.nth, begun.length)
          return connectMs === null ? 'unresponsive' : { sight: 'open', connectMs, afterMs: connectMs + 5 }
        },
      })
      return told.port(80).verdict
    }

    test('are a limit’s where each time a few got in amid those that did not: other touches had used up what passes', () => {
      expect(asked((nth) => (nth === 4 ? 5_015 : null))).toBe('degraded')
      // Half of the second burst, as long as more of both did not.
      expect(asked((nth, burst) => ((burst === 1 ? nth === 4 : nth < 4) ? 5_015 : null))).toBe('degraded')
    })

    test('are an outage’s where none got in, or nearly all as it ended', () => {
      expect(asked(() => null)).not.toBe('degraded')
      expect(asked((nth) => (nth === 4 ? null : 5_015))).not.toBe('degraded')
      expect(asked((nth, burst) => ((burst === 1 ? nth === 4 : nth < 5) ? 5_015 : null))).not.toBe('degraded')
    })
  })

  test('a limit that is the same for all accuses nobody', () => {
    const told = tell(
      limited(
        () => true,
        30,
        3,
        () => RATE_PAGE,
      ),
    )
    expect(['degraded', 'app_blocked', 'interfered']).not.toContain(told.port(80).verdict)
  })

  test('a burst that draws a ban is no limit', () => {
    let bannedFrom = Number.POSITIVE_INFINITY
    const mayPass = bucket(10, 1 / 3)
    const told = tell({
      ports: [HTTP, HTTPS],
      sees: (touch) => {
        if (!isScanner(touch) || touch.port !== 80 || touch.at < 8_000) return 'open'
        if (touch.nth >= 12) bannedFrom = Math.min(bannedFrom, touch.at)
        if (touch.at >= bannedFrom) return 'unresponsive'
        return mayPass(touch.at) ? 'open' : RATE_PAGE
      },
    })
    expect(bannedFrom).toBeLessThan(Number.POSITIVE_INFINITY)
    const { endpoint } = endpointOf(told, 80)
    const rate = rateTest(endpoint, endpoint.cases.at(-1) ?? null)
    expect(rate && isLimited(rate)).toBe('no')
    expect(wordOf(told, 80)).not.toContain('DEG-2')
  })

  test('services that count touches get no burst, and no endpoint gets more than its share', () => {
    const mayPass = bucket(3, 0.2)
    const told = tell({
      ports: [{ port: 22, service: 'ssh', check: 'greeting' }],
      sees: (touch) => (isScanner(touch) && touch.at > 8_000 && !mayPass(touch.at) ? 'unresponsive' : 'open'),
    })
    expect(told.facts.runs.flatMap((run) => run.steps.filter((step) => step.burst))).toEqual([])
  })

  test('the touches of an experiment keep a second’s distance from the rounds', () => {
    const told = tell(limited(isScanner, 10, 1 / 3, () => RATE_PAGE))
    for (const run of told.facts.runs.filter(({ kind, role }) => kind === 'verify' && role === 'scanner')) {
      const rounds = run.steps.filter(({ round }) => round !== undefined).map(({ at }) => at)
      for (const step of run.steps.filter(({ experiment }) => experiment !== undefined))
        expect(Math.min(...rounds.map((at) => Math.abs(at - step.at)))).toBeGreaterThanOrEqual(1_000)
    }
  })

  test.each([
    ['on the way of all', 0.05, () => true],
    ['on the way of all', 0.2, () => true],
    ['on the way of scanner and sibling', 0.2, isHome],
    ['on the way of the scanner alone', 0.05, isScanner],
    ['on the way of the scanner alone', 0.2, isScanner],
  ] as const)('loss %s, %d per packet, is no limit', (_, loss, who) => {
    let bursts = 0
    for (let seed = 1; seed <= 60; seed++) {
      const roll = dice(seed)
      const told = tell({
        ports: [HTTP, HTTPS],
        sees: (touch) => {
          // The watch fails once: that is what begins a verification.
          if (
            isScanner(touch) &&
            touch.purpose === 'watch' &&
            touch.port === 80 &&
            touch.at > 8_000 &&
            touch.at < 14_000
          )
            return 'unresponsive'
          return openTouch({ roll, loss: who(touch) ? loss : 0, rttMs: 20, timeoutMs: touch.timeoutMs || 6_000 })
        },
      })
      bursts += told.facts.runs.flatMap((run) => run.steps.filter(({ burst }) => burst === 18)).length
      for (const port of told.judgement.ports) expect([seed, port.port, port.verdict]).not.toContain('degraded')
    }
    if (loss === 0.2 && who === isScanner) expect(bursts).toBeGreaterThan(0)
  })

  test('the e-value of two arms has mean at most one under any common probability', () => {
    for (const p of [0.02, 0.1, 0.36, 0.7, 0.95])
      for (const [nb, ns] of [
        [20, 6],
        [30, 20],
      ] as const) {
        let mean = 0
        for (let xb = 0; xb <= nb; xb++)
          for (let xs = 0; xs <= ns; xs++)
            mean += pmf(nb, xb, p) * pmf(ns, xs, p) * armsE({ bad: xb, n: nb }, { bad: xs, n: ns })
        expect(mean).toBeLessThanOrEqual(1 + 1e-9)
      }
    expect(armsE({ bad: 18, n: 20 }, { bad: 0, n: 8 })).toBeGreaterThan(1_000)
    expect(armsE({ bad: 7, n: 20 }, { bad: 4, n: 12 })).toBeLessThan(5)
  })
})

const choose = (n: number, k: number): number => (k === 0 ? 1 : (choose(n - 1, k - 1) * n) / k)
const pmf = (n: number, k: number, p: number): number => choose(n, k) * p ** k * (1 - p) ** (n - k)
