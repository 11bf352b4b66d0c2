/** A cause that is only the best of those we know is not stated as if it were the right one. */
import { describe, expect, test } from 'vitest'
import { causeOf } from '../../worker/core/cause.ts'
import { HYPOTHESES } from '../../worker/core/causes.ts'
import type { Round } from '../../worker/core/evidence.ts'
import { slowOf } from '../../worker/core/features/failure.ts'
import type { FeatureName, Features } from '../../worker/core/features.ts'
import type { Outcome } from '../../worker/core/verdict.ts'

const seen = (values: Partial<Record<FeatureName, string>>): Features =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, { value, rule: 'MODE-1', text: '', looks: [] }]),
  )
const CONTEXT = { source: '198.51.100.7', lostAt: 0, vendor: null }
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
  const rounds = at.map((ms) => ({ at: ms, scanner: { id: `o.${ms}`, failed: ms >= 30_000 } })) as unknown as Round[]
  const outcome = (from: number) =>
    ({
      verdict: 'interfered',
      case: { rounds },
      tally: { firstFailAt: from, lastFailAt: 50_000 },
    }) as unknown as Outcome
  expect(slowOf(outcome(30_000))?.value).toBe('blocked')
  // Amid a loss that had begun before, it does.
  expect(slowOf(outcome(0))?.value).toBe('passes')
})
