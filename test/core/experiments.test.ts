import { describe, expect, test } from 'vitest'
import { endpointKey } from '../../schema/facts.ts'
import { survey } from '../../worker/core/decide.ts'
import { evidenceOf, type Look } from '../../worker/core/evidence.ts'
import { chooseTrials } from '../../worker/core/experiments/choose.ts'
import { geographyOf } from '../../worker/core/experiments/geography.ts'
import { layerTest } from '../../worker/core/experiments/layers.ts'
import { onsetOf } from '../../worker/core/experiments/onset.ts'
import { isLimited, rateTest } from '../../worker/core/experiments/rate.ts'
import { leavesSilence, renewalOf } from '../../worker/core/experiments/renewal.ts'
import { renderOutput } from '../../worker/core/output.ts'
import { armsE } from '../../worker/core/tests.ts'
import {
  ADDRESS,
  block,
  HTTP,
  HTTPS,
  isHome,
  isScanner,
  member,
  PANEL,
  type Seen,
  SSH,
  type Story,
  T0,
  type Told,
  type Touch,
  tell,
} from '../support/facts.ts'
import { dice, openTouch } from '../support/packets.ts'

const scanOf = ({ facts, judgement }: Told) => evidenceOf(facts, judgement.judgedAt)
const endpointOf = (told: Told, port: number) => {
  const scan = scanOf(told)
  const endpoint = scan.byKey.get(endpointKey({ address: ADDRESS, port }))
  if (!endpoint) throw new Error(`no endpoint ${port}`)
  return { scan, endpoint }
}
const wordOf = (told: Told, port: number) => {
  const { verdict, strength, evidence } = told.port(port)
  return [verdict, strength, evidence[0]?.rule]
}
const textOf = (told: Told) => renderOutput({ ...told, target: 'shop.example', scannerLog: '' })

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

describe('a port that falls silent for all', () => {
  const causeOf = (sees: (touch: Touch) => Seen) => tell({ ports: [SSH, HTTP], sees }).port(80)
  const seeping = (every: number) => {
    let asked = 0
    return causeOf((touch) => {
      if (touch.port !== 80 || touch.at < 8_000) return 'open'
      return ++asked % every === 0 ? { sight: 'mute', connectMs: 15 } : 'unresponsive'
    })
  }

  test('and still completes a handshake now and then is giving way, not shut', () => {
    const port = seeping(4)
    expect([port.verdict, port.cause?.class]).toEqual(['service_down', 'overload'])
    expect(port.evidence.map(({ rule }) => rule)).toContain('SEEP-1')
  })

  test('and lets nobody in, the whole host with it, is not called overload', () => {
    const told = tell({ ports: [SSH, HTTP], sees: block(() => true, 'unresponsive', 8_000) })
    expect(told.port(80).verdict).toBe('service_down')
    expect(told.port(80).cause?.class).not.toBe('overload')
  })

  test('and lets nobody in while the rest stands may be a queue that is full: said without confidence', () => {
    const { cause } = seeping(Number.POSITIVE_INFINITY)
    expect(cause?.class).toBe('overload')
    expect(cause?.confidence).toBeLessThan(0.7)
  })
})

describe('another scanner beside ours', () => {
  const at = Array.from({ length: 12 }, (_, i) => 8_000 + i * 9_500)
  const beside = (sight: Seen, when: readonly number[] = at, lost: readonly number[] = [80]) =>
    tell({
      ports: [SSH, HTTP, HTTPS],
      scanMs: 56_000,
      company: { port: 80, at: when },
      sees: block(isScanner, sight, 20_000, 900_000, lost),
    })
  const saysLimit = (told: Told, port = 80) => told.port(port).evidence.some(({ rule }) => rule === 'CMP-1')

  test('what it gets through amid our failures speaks of a limit; a ban would stop it too', () => {
    const limit = beside({ sight: 'closed', code: 'ECONNREFUSED', afterMs: 1 })
    expect(limit.port(80).cause?.class).toBe('ddos_protection')
    expect(saysLimit(limit)).toBe(true)
    const ban = beside({ sight: 'closed', code: 'ECONNREFUSED', afterMs: 1 }, [])
    expect(ban.port(80).cause?.class).toBe('ips')
  })

  test('what it gets through at one lost port speaks for those that were lost beside it, and for no other', () => {
    const both = beside('unresponsive', at, [80, 443])
    for (const port of [80, 443]) {
      expect([port, both.port(port).cause?.class]).toEqual([port, 'ddos_protection'])
      expect([port, saysLimit(both, port)]).toEqual([port, true])
    }
    expect(beside('unresponsive', [], [80, 443]).port(443).cause?.class).toBe('ips')
    expect(saysLimit(beside('unresponsive', at, [443]), 443)).toBe(false)
    // A port whose handshake is completed and then cut is not what such a limit does.
    const mixed = tell({
      ports: [SSH, HTTP, HTTPS],
      scanMs: 56_000,
      company: { port: 80, at },
      sees: (touch) =>
        !isScanner(touch) || touch.at < 20_000 || touch.port === 22
          ? 'open'
          : touch.port === 80
            ? 'unresponsive'
            : 'cut',
    })
    expect([saysLimit(mixed), saysLimit(mixed, 443)]).toEqual([true, false])
  })

  test('one connection may have been seen late, and one that was accepted may be turned away then: neither says anything', () => {
    expect(saysLimit(beside('closed', [27_500]))).toBe(false)
    expect(saysLimit(beside('cut'))).toBe(false)
    expect(saysLimit(beside('mute'))).toBe(false)
  })
})

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

describe('E8, layers', () => {
  const page: Seen = { sight: 'page', httpStatus: 403 }
  const told = tell({ ports: [HTTP, HTTPS], sees: block(isScanner, page, 8_000, undefined, [443]) })

  test('climbs connect, TLS and GET once each, and names the layer that turns us away', () => {
    const layered = tell({
      ports: [HTTP, HTTPS],
      sees: (touch) => {
        if (!isScanner(touch) || touch.at < 8_000 || touch.port !== 443) return 'open'
        return touch.purpose === 'explain' && layersBelow(touch) ? 'open' : page
      },
    })
    const { endpoint } = endpointOf(layered, 443)
    expect(layerTest(endpoint)).toMatchObject({
      rungs: [
        { check: 'tcp', passed: true },
        { check: 'tls', passed: true },
        { check: 'https', passed: false },
      ],
      refusedAt: 'https',
      witnessPassed: true,
    })
    expect(textOf(layered)).toMatch(/E8 layers: \S+ +tcp passes, tls passes, https is turned away; a witness passes/)
    // A bare connect that gets through is no recovery.
    expect(layered.port(443)).toMatchObject({ verdict: 'app_blocked', strength: 'confirmed', recovery: 'pending' })
    expect(layered.port(443).connects).toBeLessThanOrEqual(70)
  })

  test('does not delay the verdict', () => {
    const { fastAt, confirmedAt, lostAt } = told.port(443)
    expect((fastAt as number) - (lostAt as number)).toBeLessThanOrEqual(20_000)
    expect((confirmedAt as number) - (lostAt as number)).toBeLessThanOrEqual(45_000)
  })
})
/** The rungs are climbed two seconds apart, bare connect and TLS first. */
let rung = 0
const layersBelow = (_: Touch): boolean => rung++ < 2

describe('E5, onset', () => {
  test('says when the port was lost, and after what', () => {
    const told = tell({ ports: [HTTP, HTTPS], sees: block(isScanner, 'unresponsive', 8_000) })
    const { endpoint, scan } = endpointOf(told, 443)
    const onset = onsetOf(endpoint, scan, told.port(443).lostAt)
    expect(onset).toMatchObject({ ports: 2, requests: null, last: null })
    expect(onset?.between[0]).toBeLessThan(T0 + 8_000)
    expect(onset?.between[1]).toBeGreaterThanOrEqual(T0 + 8_000)
    expect(textOf(told)).toMatch(/E5 onset: lost between \S+ and \S+, after \d+ stored connect/)
  })
})

describe('E6, recovery', () => {
  /** A list that every packet of the scanner begins anew. */
  const renewing = (lengthMs: number): Story => {
    let until = 0
    return {
      ports: [HTTP, HTTPS],
      recoverMs: 900_000,
      sees: (touch) => {
        if (!isScanner(touch) || touch.at < 8_000) return 'open'
        if (until === 0) until = touch.at + lengthMs
        if (touch.at >= until) return 'open'
        until = touch.at + lengthMs
        return 'unresponsive'
      },
    }
  }

  test('a minute’s ban that renews itself gets its silence, and is not renewed once the rounds are over', () => {
    const told = tell(renewing(60_000))
    const polls = told.facts.runs
      .filter(({ kind }) => kind === 'recover')
      .flatMap((run) => run.observations.filter(({ port }) => port === 443))
    expect(polls.map(({ sight }) => sight)).toEqual(['open'])
    const { endpoint } = endpointOf(told, 443)
    const renewal = renewalOf(endpoint, told.port(443).lostAt)
    expect(renewal?.ifRenewed?.[0]).toBeLessThan(60_000)
    expect(renewal?.ifRenewed?.[1]).toBeGreaterThanOrEqual(60_000)
  })

  test('a ban of ten minutes is measured as that: a longer silence had not helped', () => {
    const told = tell({
      ports: [HTTP, HTTPS],
      recoverMs: 900_000,
      sees: block(isScanner, 'unresponsive', 8_000, 608_000),
    })
    const { endpoint } = endpointOf(told, 443)
    const renewal = renewalOf(endpoint, told.port(443).lostAt)
    expect(renewal).toMatchObject({ ifRenewed: null, says: 'fixed' })
    const [from, to] = renewal?.ifFixed ?? [0, 0]
    expect(from).toBeLessThanOrEqual(600_000)
    expect(to).toBeGreaterThanOrEqual(594_000)
    expect(to / from).toBeLessThanOrEqual(1.15)
    expect(textOf(told)).toMatch(
      /E6 recovery: a ban that ran by itself lasted \d+ s to \d+ s; touches did not renew it/,
    )
  })

  test('a ban that began before it was seen is as long as that allows, and no sign of renewal', () => {
    // Open at 10 s, banned from 12 to 72 s, missed at 15 s, asked until 60 s, found open at 76 s.
    const look = (s: number, failed: boolean, ms = failed ? 3_000 : 20) => ({
      id: `run_x.${s}`,
      probeId: 'prb_scanner0001',
      role: 'scanner',
      failed,
      at: T0 + s * 1_000,
      endAt: T0 + s * 1_000 + ms,
      observation: { purpose: failed ? 'verify' : 'watch' },
    })
    const failed = [15, 20, 22, 25, 30, 38, 50, 60].map((s) => look(s, true))
    const looks = [look(10, false), ...failed, look(76, false)]
    const endpoint = { looks, spans: [] } as unknown as Parameters<typeof renewalOf>[0]
    const renewal = renewalOf(endpoint, T0 + 18_000)
    expect(renewal?.ifFixed).toEqual([45_000, 66_000])
    expect(renewal?.says).not.toBe('renewed')
  })

  test('a length is out of the question once a longer silence did not help', () => {
    const told = tell({ ports: [HTTP, HTTPS], sees: block(isScanner, 'unresponsive', 8_000) })
    const { endpoint } = endpointOf(told, 443)
    const lostAt = told.port(443).lostAt as number
    const last = endpoint.looks.filter(({ role, failed }) => role === 'scanner' && failed).at(-1)?.at as number
    expect(leavesSilence(endpoint, lostAt, last + 30_000)).toBe(false)
    expect(leavesSilence(endpoint, lostAt, last + 61_000)).toBe(true)
  })
})

describe('E7, geography', () => {
  const compatriot = member('prb_witness0004', 'witness', 'fra-2', { country: 'FR', asn: 65_001 })
  const panel = PANEL.map((one) => (one.site === 'fra-1' ? { ...one, country: 'FR', asn: 65_000 } : one))

  test('a country that fails together is told from a range by the witness who shares it', () => {
    const told = tell({
      panel: [...panel.filter(({ site }) => site !== 'sgp-1'), compatriot],
      ports: [HTTP, HTTPS],
      sees: block((touch) => isHome(touch) || touch.member.site === 'fra-2', 'unresponsive', 8_000, undefined, [443]),
    })
    const { endpoint, scan } = endpointOf(told, 443)
    const geography = geographyOf(endpoint, endpoint.cases.at(-1) ?? null, scan)
    expect(geography).toMatchObject({ shut: 'country', reached: { abroad: 2 }, failed: { site: 1, country: 1 } })
    expect(geography?.untold).toMatch(/from the scanner’s network at another site/)
  })

  test('where nobody of the country looked, that is said', () => {
    const told = tell({ ports: [HTTP, HTTPS], sees: block(isHome, 'unresponsive', 8_000, undefined, [443]) })
    const { endpoint, scan } = endpointOf(told, 443)
    expect(geographyOf(endpoint, endpoint.cases.at(-1) ?? null, scan)).toMatchObject({
      shut: 'site',
      untold: expect.stringContaining('from another network of the scanner’s country'),
    })
    expect(textOf(told)).toMatch(/E7 geography: site 0 of 1 got through, abroad 3 of 3/)
  })
})

describe('the choice', () => {
  /** A refused port at its confirmed verdict, before any experiment; and what the causes are taken to be. */
  const chosenFor = (guesses: readonly (readonly ['fail2ban' | 'source_ban' | 'proxy_reject', number])[]) => {
    const told = tell({ ports: [HTTP, HTTPS], sees: block(isScanner, 'closed', 8_000, undefined, [443]) })
    const facts = {
      ...told.facts,
      runs: told.facts.runs.map((run) => ({
        ...run,
        steps: run.steps.filter(({ experiment }) => experiment === undefined),
        observations: run.observations.filter(({ experiment }) => experiment === undefined),
      })),
    }
    const { scan, decisions } = survey(facts, told.judgement.judgedAt)
    const [first, ...rest] = guesses.map(([mechanism, confidence]) => ({
      class: 'ips' as const,
      mechanism,
      confidence,
    }))
    const judgement = {
      ...told.judgement,
      ports: told.judgement.ports.map((port) => ({
        ...port,
        cause:
          first && port.port === 443
            ? { ...first, vendor: null, alternatives: rest, indistinguishable: [], askOwner: null }
            : null,
      })),
    }
    const runsOf = () => facts.runs.filter(({ kind }) => kind === 'verify')
    return chooseTrials({ ...scan, ended: false }, decisions, judgement, runsOf, () => false).map(
      ({ experiment, situation }) => [experiment.id, situation.endpoint.port],
    )
  }

  test('an experiment is made where it tells the leading causes apart, and not where they would look the same', () => {
    expect(
      chosenFor([
        ['fail2ban', 0.6],
        ['source_ban', 0.3],
      ]),
    ).toEqual([['E2', 443]])
    expect(chosenFor([['fail2ban', 0.99]])).toEqual([])
    expect(
      chosenFor([
        ['source_ban', 0.6],
        ['proxy_reject', 0.35],
      ]),
    ).toEqual([])
  })
})
