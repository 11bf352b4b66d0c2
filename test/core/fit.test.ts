/** A cause that is only the best of those we know is not stated as if it were the right one. */
import { describe, expect, test } from 'vitest'
import { causeOf } from '../../worker/core/cause.ts'
import { HYPOTHESES } from '../../worker/core/causes.ts'
import type { EndpointEvidence, Round } from '../../worker/core/evidence.ts'
import { canaryOf, slowOf, spanOf, speedOf } from '../../worker/core/features/failure.ts'
import type { FeatureName, Features } from '../../worker/core/features.ts'
import type { Outcome } from '../../worker/core/verdict.ts'

const seen = (values: Partial<Record<FeatureName, string>>): Features =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, { value, rule: 'MODE-1', text: '', looks: [] }]),
  )
const CONTEXT = { source: '198.51.100.7', lostAt: 0, vendor: null, isPatchy: false }
const without = (mechanism: string) => HYPOTHESES.filter((one) => one.mechanism !== mechanism)
const causeWithout = (
  mechanism: string,
  values: Partial<Record<FeatureName, string>>,
  verdict = 'interfered' as const,
) => causeOf(verdict, seen(values), CONTEXT, without(mechanism)).cause

describe('when the true mechanism is not among the hypotheses', () => {
  test('a short ban that let all in at one moment is no firm rate limit: a limit lets in now and then', () => {
    const cause = causeWithout('source_ban', {
      mode: 'silent',
      who: 'scanner',
      area: 'some',
      service: 'web',
      flicker: 'never',
      ends: 'at_once',
      canary: 'frozen',
      renewal: 'fixed',
      onset: 'during',
      away: 'under_30s',
    })
    expect(cause?.class === 'ips' || (cause?.confidence ?? 0) <= 0.5).toBe(true)
  })

  test('a service that ends connections in order and is neither SSH nor mail is no firm tcp_wrappers', () => {
    const cause = causeWithout('connection_count_limit', {
      mode: 'cut',
      who: 'scanner',
      cut: 'end',
      area: 'one',
      service: 'other',
      flicker: 'never',
      slow: 'blocked',
      onset: 'during',
    })
    expect(cause?.class === 'ddos_protection' || (cause?.confidence ?? 0) <= 0.5).toBe(true)
  })
})

test('a class with less than half of the belief is not stated with more', () => {
  const { cause } = causeOf(
    'service_down',
    seen({ mode: 'silent', who: 'all', service: 'other', slow: 'blocked' }),
    CONTEXT,
  )
  const sum = (cause?.alternatives ?? []).filter((one) => one.class !== cause?.class)
  expect(sum.length).toBeGreaterThan(0)
  expect(cause?.confidence).toBeLessThanOrEqual(0.5)
})

test('what passed slowly before the loss does not say that slow touches pass', () => {
  const at = [0, 10_000, 20_000, 30_000, 40_000, 50_000]
  const outcome = (from: number, failsFrom: number) =>
    ({
      verdict: 'interfered',
      case: { rounds: at.map((ms) => ({ at: ms, scanner: { id: `o.${ms}`, failed: ms >= failsFrom } })) as Round[] },
      tally: { firstFailAt: from, lastFailAt: 50_000 },
    }) as unknown as Outcome
  expect(slowOf(outcome(40_000, 40_000))?.value).toBe('blocked')
  // Amid a loss that had begun before, it does.
  expect(slowOf(outcome(0, 40_000))?.value).toBe('passes')
  // Three of five slow touches failed: that does not depend on how fast we ask.
  expect(slowOf(outcome(0, 30_000))).toBeNull()
})

describe('one failure alone, which loss makes as well', () => {
  const failing = (pattern: string) => [...pattern].map((one, i) => roundAt(i, one === 'F'))
  const roundAt = (i: number, failed: boolean) => ({
    number: i,
    at: i * 8_000,
    endAt: i * 8_000 + 6_000,
    scanner: { failed },
  })
  const length = (pattern: string) => spanOf(failing(pattern) as unknown as Round[]).length

  test('long after the port was back is no sign of a limit that lets in now and then', () => {
    expect(length('FFFSSSSFSS')).toBe(3)
    expect(length('SFFFSSSF')).toBe(3)
    expect(length('FFFFSFSSS')).toBe(4)
  })

  test('soon after a success it is one, and several are', () => {
    expect(length('FFSF')).toBe(4)
    expect(length('FSFSSSFSSSF')).toBe(7)
    expect(length('FSSSF')).toBe(1)
    expect(length('SSS')).toBe(0)
  })

  test('of an answer that was slow does not make a service slow', () => {
    const answer = (at: number, afterMs: number, purpose: string) => ({
      id: `${at}`,
      at,
      failed: false,
      sight: 'open',
      observation: { purpose, connectMs: 10, afterMs },
    })
    const usual = [answer(0, 30, 'baseline'), answer(1, 30, 'baseline')]
    const speed = (...looks: object[]) =>
      speedOf(
        { looks: [...usual, ...looks] } as unknown as EndpointEvidence,
        { tally: { firstFailAt: 10_000 } } as unknown as Outcome,
      )?.value ?? null
    expect(speed(answer(9_000, 30, 'watch'), answer(9_500, 1_300, 'watch'))).toBeNull()
    expect(speed(answer(9_000, 2_300, 'watch'), answer(9_500, 1_300, 'watch'))).toBe('slower')
    expect(speed(answer(9_000, 30, 'watch'))).toBe('steady')
  })
})

test('a port that falls silent for all is shut, or dropped by what gave way for good: the class stays a guess', () => {
  const silent = { mode: 'silent', who: 'all', slow: 'blocked', seeps: 'shut', service: 'web' }
  for (const area of [undefined, 'some', 'one']) {
    const values = seen({ ...silent, ...(area ? { area } : {}) })
    const { cause } = causeOf('service_down', values, CONTEXT, without('state_table_full'))
    expect(cause?.class === 'overload' || (cause?.confidence ?? 0) <= 0.5).toBe(true)
  }
})

test('a limit on new connections leaves the one that stands alone: where that froze too, none is named firmly', () => {
  const cause = causeWithout('source_ban', {
    mode: 'silent',
    who: 'scanner',
    area: 'all',
    flicker: 'now_and_then',
    slow: 'passes',
    canary: 'frozen',
    onset: 'during',
    away: 'under_30s',
  })
  expect(cause?.class === 'ips' || (cause?.confidence ?? 0) <= 0.5).toBe(true)
})

test('a silent loss in which nothing was let in is no firm limit', () => {
  const silent = { mode: 'silent', who: 'scanner', area: 'some', onset: 'during', renewal: 'fixed', away: 'under_30s' }
  const cause = causeWithout('source_ban', silent)
  expect(cause?.class === 'ips' || (cause?.confidence ?? 0) <= 0.5).toBe(true)
  // Let in slowly and turned away when it asks fast, it is one.
  const limit = causeOf('interfered', seen({ ...silent, burst: 'limited', slow: 'passes' }), CONTEXT).cause
  expect(limit).toMatchObject({ class: 'ddos_protection', mechanism: 'connection_rate_limit' })
  expect(limit?.confidence).toBeGreaterThan(0.5)
})

describe('a short silent loss that was over before anybody asked fast and slowly', () => {
  const short = { mode: 'silent', who: 'scanner', area: 'some', flicker: 'never', onset: 'during', away: 'under_30s' }

  test('is no firm ban where it left some ports of the host alone: one bucket of a limit looks the same', () => {
    for (const area of ['one', 'some', 'web'])
      for (const more of [{}, { ends: 'at_once' }] as const) {
        const cause = causeWithout('connection_rate_limit', { ...short, area, ...more })
        expect(cause?.class === 'ddos_protection' || (cause?.confidence ?? 0) <= 0.5).toBe(true)
      }
  })

  test('is a firm ban where all was lost, the kept connection froze, or slow touches were dropped too', () => {
    for (const sign of [{ area: 'all' }, { canary: 'frozen' }, { slow: 'blocked' }]) {
      const { cause } = causeOf('interfered', seen({ ...short, ...sign }), CONTEXT)
      expect(cause?.class).toBe('ips')
      expect(cause?.confidence).toBeGreaterThan(0.5)
    }
  })

  test('and one that was longer over is a firm ban by three slow touches, not by two: our own work may have used up what passes', () => {
    const longer = { ...short, away: 'minutes', renewal: 'fixed' }
    const bySlow = (touches: number) => {
      const features = seen({ ...longer, slow: 'blocked' })
      const slow = features.slow && { ...features.slow, looks: Array.from({ length: touches }, (_, i) => `run_a.${i}`) }
      return causeOf('interfered', slow ? { ...features, slow } : features, CONTEXT).cause
    }
    expect(bySlow(3)?.confidence).toBeGreaterThan(0.5)
    expect(bySlow(2)?.confidence).toBeLessThanOrEqual(0.5)
    expect(causeOf('interfered', seen(longer), CONTEXT).cause?.confidence).toBeLessThanOrEqual(0.5)
  })
})

test('what is accepted and held back leaves kept connections and other ports alone: no proxy is named for a whole host', () => {
  const cause = causeWithout('source_ban', {
    mode: 'silent',
    who: 'scanner',
    area: 'all',
    service: 'web',
    flicker: 'never',
    ends: 'at_once',
    slow: 'passes',
    canary: 'frozen',
    renewal: 'fixed',
    onset: 'during',
    away: 'under_30s',
  })
  expect(cause?.class === 'ips' || (cause?.confidence ?? 0) <= 0.5).toBe(true)
})

test('a backend that is down fails slow connects as well: where only fast ones fail, it is not named firmly', () => {
  const limited = {
    mode: 'page',
    page: 'rate',
    who: 'partial',
    area: 'one',
    service: 'web',
    burst: 'limited',
    slow: 'passes',
  }
  const { cause } = causeOf('degraded', seen({ ...limited, onset: 'during' }), CONTEXT, without('http_rate_limit'))
  expect(cause?.class === 'ddos_protection' || (cause?.confidence ?? 0) <= 0.5).toBe(true)
})

test('a class that is said without a name is firm where one of its mechanisms fits', () => {
  const { cause } = causeOf(
    'service_down',
    seen({ mode: 'silent', who: 'all', area: 'web', service: 'web', seeps: 'through', onset: 'during' }),
    CONTEXT,
  )
  expect(cause).toMatchObject({ class: 'overload', mechanism: null })
  expect(cause?.confidence).toBeGreaterThan(0.5)
})

test('a service that hangs up on an idle connection in order says nothing of who is let through', () => {
  const canary = (sight: string, code: string) =>
    canaryOf(
      {
        looks: [{ id: 'o.1', at: 20_000, failed: true, sight, observation: { purpose: 'canary', code } }],
      } as unknown as EndpointEvidence,
      { tally: { firstFailAt: 10_000 } } as unknown as Outcome,
      Number.POSITIVE_INFINITY,
    )?.value ?? null
  expect(canary('cut', 'FIN')).toBeNull()
  expect(canary('cut', 'ECONNRESET')).toBe('reset')
  expect(canary('unresponsive', 'ETIMEDOUT')).toBe('frozen')
})

describe('what no filter does is not firmly a ban', () => {
  const silent = { mode: 'silent', who: 'scanner', area: 'all', onset: 'during' } as const
  const stated = (values: Parameters<typeof seen>[0], isPatchy = false) =>
    causeOf('interfered', seen(values), { ...CONTEXT, isPatchy }).cause

  test('one that lets another port of the host go first', () => {
    expect(stated(silent)).toMatchObject({ class: 'ips', confidence: expect.toSatisfy((own: number) => own > 0.8) })
    expect(stated(silent, true)).toMatchObject({ class: 'ips', confidence: 0.5 })
  })

  test('what a mail service does that is slow to greet; elsewhere it is a guard that drops what follows', () => {
    const mute = { ...silent, mode: 'mute', slow: 'blocked', flicker: 'never' } as const
    const told = (service: string) => causeWithout('login_penalty', { ...mute, service })
    expect(told('mail')).toMatchObject({ class: 'ips', confidence: 0.5 })
    expect(told('web')).toMatchObject({ class: 'ips', confidence: expect.toSatisfy((own: number) => own > 0.8) })
  })
})
