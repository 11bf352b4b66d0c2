/** When a message is sent, and whether at all. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isTimezone } from '../../schema/channels.ts'
import { flapOf, heldUntil, turnsWith } from '../../worker/core/delivery/flap.ts'
import { quietUntil } from '../../worker/core/delivery/quiet.ts'
import { MAX_AGE_MS, nextTry, pauseMs, SCHEDULE_MS } from '../../worker/core/delivery/schedule.ts'
import { essenceOf, wants } from '../../worker/core/delivery/wants.ts'
import { exampleOf } from '../../worker/deliver/examples.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const NOW = Date.UTC(2026, 10, 22, 12, 0, 0)

describe('the schedule of retries', () => {
  test('is that of Standard Webhooks, with up to a fifth added by chance, and then ends', () => {
    let step = 0
    let now = NOW
    const waits: number[] = []
    for (;;) {
      const next = nextTry({ id: 'dlv_x', step, since: NOW }, { afterMs: null, isThrottled: false }, now)
      if (!next) break
      waits.push(next.at - now)
      ;[step, now] = [next.step, next.at]
    }
    expect(waits).toHaveLength(SCHEDULE_MS.length - 1)
    waits.forEach((wait, i) => {
      const planned = SCHEDULE_MS[i + 1] ?? 0
      expect(wait).toBeGreaterThanOrEqual(planned)
      expect(wait).toBeLessThanOrEqual(planned * 1.2 + 1)
    })
    expect(new Set(waits.map((wait, i) => (wait / (SCHEDULE_MS[i + 1] ?? 1)).toFixed(3))).size).toBeGreaterThan(5)
  })

  test('never comes back sooner than the platform said, and never after its time', () => {
    const cases = fc.record({
      id: fc.string(),
      step: fc.integer({ min: 0, max: SCHEDULE_MS.length - 1 }),
      afterMs: fc.option(fc.integer({ min: 0, max: 24 * HOUR })),
      isThrottled: fc.boolean(),
      age: fc.integer({ min: 0, max: MAX_AGE_MS }),
    })
    fc.assert(
      fc.property(cases, ({ id, step, afterMs, isThrottled, age }) => {
        const next = nextTry({ id, step, since: NOW - age }, { afterMs, isThrottled }, NOW)
        if (!next) return
        expect(next.at).toBeGreaterThanOrEqual(NOW + (afterMs ?? 0))
        expect(next.at - (NOW - age)).toBeLessThanOrEqual(MAX_AGE_MS)
        expect(next.step).toBe(isThrottled && afterMs !== null && afterMs >= 1_000 ? step : step + 1)
      }),
    )
  })

  test('is kept to when a platform that throttles says to come at once', () => {
    for (const afterMs of [0, 999]) {
      const next = nextTry({ id: 'dlv_x', step: 2, since: NOW }, { afterMs, isThrottled: true }, NOW)
      expect([next?.step, (next?.at ?? 0) - NOW >= (SCHEDULE_MS[3] ?? 0)]).toEqual([3, true])
    }
  })

  test('leaves a channel in peace from the third failure in a row on', () => {
    expect([1, 2, 3, 4, 20].map(pauseMs)).toEqual([0, 0, 10_000, 20_000, 5 * MINUTE])
  })
})

describe('quiet hours', () => {
  const night = { from: '22:00', to: '07:00', timezone: 'Europe/Berlin', unless: null }
  const at = (text: string) => Date.parse(text)

  test.each([
    ['2026-11-22T20:59:59Z', null],
    ['2026-11-22T21:00:00Z', '2026-11-23T06:00:00Z'],
    ['2026-11-23T02:30:00Z', '2026-11-23T06:00:00Z'],
    ['2026-11-23T06:00:00Z', null],
    // The night in which the clock is put forward is an hour shorter, that in which it is put back an hour longer.
    ['2026-03-28T22:00:00Z', '2026-03-29T05:00:00Z'],
    ['2026-10-24T21:00:00Z', '2026-10-25T06:00:00Z'],
  ])('at %s end at %s', (now, end) => {
    expect(quietUntil(night, 'error', at(now))).toBe(end === null ? null : at(end))
  })

  test('let through what is grave enough', () => {
    const quiet = { ...night, unless: 'error' as const }
    expect(quietUntil(quiet, 'critical', at('2026-11-23T02:00:00Z'))).toBeNull()
    expect(quietUntil(quiet, 'warning', at('2026-11-23T02:00:00Z'))).not.toBeNull()
  })

  test('always end at a moment that is not quiet, within a day', () => {
    const zones = ['UTC', 'Asia/Kathmandu', 'America/St_Johns', 'Pacific/Apia', 'Australia/Lord_Howe']
    const clock = fc
      .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
      .map(([h, m]) => `${String(h).padStart(2, '0')}:${String(m).padStart(2, '0')}`)
    const quiet = fc.record({ from: clock, to: clock, timezone: fc.constantFrom(...zones), unless: fc.constant(null) })
    fc.assert(
      fc.property(quiet, fc.integer({ min: 0, max: 400 * 24 * 60 }), (hours, minutes) => {
        const now = NOW + minutes * MINUTE
        const end = quietUntil(hours, 'info', now)
        if (end === null) return
        expect(quietUntil(hours, 'info', end)).toBeNull()
        expect(quietUntil(hours, 'info', end - 1)).toBe(end)
        expect(end - now).toBeLessThanOrEqual(26 * HOUR)
      }),
      { numRuns: 60 },
    )
  })

  test('know time zones by name', () => {
    expect(['Europe/Berlin', 'UTC', 'Mars/Olympus', ''].map(isTimezone)).toEqual([true, true, false, false])
  })
})

describe('what comes and goes', () => {
  test('is told twice, then held until it is calm, but not for ever', () => {
    let turns: number[] = []
    const held: (number | null)[] = []
    for (let i = 0; i < 4; i++) {
      turns = turnsWith(turns, NOW + i * MINUTE)
      held.push(heldUntil(turns, null, NOW + i * MINUTE))
    }
    expect(held).toEqual([null, null, NOW + 32 * MINUTE, NOW + 33 * MINUTE])
    expect(heldUntil(turns, NOW, NOW + 6 * HOUR)).toBe(NOW + 6 * HOUR)
    expect(heldUntil(turnsWith(turns, NOW + 12 * HOUR), null, NOW + 12 * HOUR)).toBeNull()
  })

  test('is the same for each issue that a target opens, and another for another target', () => {
    expect(flapOf(exampleOf('issue.opened', NOW))).toBe(flapOf(exampleOf('issue.resolved', NOW)))
    expect(flapOf(exampleOf('probe.offline', NOW))).toBe(flapOf(exampleOf('probe.online', NOW)))
    expect(flapOf(exampleOf('scan.failed', NOW))).toBeNull()
  })
})

describe('a filter', () => {
  const opened = exampleOf('issue.opened', NOW)
  const resolved = exampleOf('issue.resolved', NOW)
  const wish = (filters: object, events = null) => ({
    id: 'chn_1',
    kind: 'slack' as const,
    events,
    filters: { severity: null, causeClass: [], targetTags: [], ...filters },
  })

  test('by severity, cause and tag lets through what has it', () => {
    expect(wants(wish({}), opened, false)).toBe(true)
    expect(wants(wish({ severity: 'error' }), opened, false)).toBe(true)
    expect(wants(wish({ severity: 'critical' }), opened, false)).toBe(false)
    expect(wants(wish({ causeClass: ['ips'] }), opened, false)).toBe(true)
    expect(wants(wish({ causeClass: ['waf'] }), opened, false)).toBe(false)
    expect(wants(wish({ targetTags: ['other', 'example'] }), opened, false)).toBe(true)
    expect(wants(wish({ targetTags: ['other'] }), opened, false)).toBe(false)
    expect(wants(wish({ targetTags: ['other'] }), exampleOf('probe.offline', NOW), false)).toBe(true)
  })

  test('never keeps the end of a story from those who know its beginning', () => {
    expect(wants(wish({ severity: 'error', causeClass: ['ips'] }), resolved, true)).toBe(true)
    expect(wants(wish({ severity: 'error', causeClass: ['ips'] }), resolved, false)).toBe(false)
  })

  test('tells the end of a scan only where it is asked for, and a dead channel to all but itself', () => {
    expect(wants(wish({}), exampleOf('scan.finished', NOW), false)).toBe(false)
    const dead = exampleOf('channel.switched_off', NOW)
    expect(wants(wish({ severity: 'critical' }), dead, false)).toBe(true)
    expect(wants({ ...wish({}), id: 'chn_00000000000000000000' }, dead, false)).toBe(false)
  })

  test('lets PagerDuty know of a scan that got through, which ends the incident of one that failed', () => {
    const pager = { ...wish({ severity: 'warning', causeClass: ['ips'] }), kind: 'pagerduty' as const }
    const clear = exampleOf('scan.finished', NOW)
    const harmless = { ...clear, data: { ...clear.data, severity: 'info', losses: [] } } as typeof clear
    expect(wants(pager, harmless, false)).toBe(true)
    expect(wants({ ...pager, kind: 'slack', events: ['scan.finished'] }, harmless, false)).toBe(false)
  })

  test('sees that the same is told again, whenever that is', () => {
    expect(essenceOf(exampleOf('issue.updated', NOW + HOUR))).toBe(essenceOf(opened))
    expect(essenceOf(resolved)).toBeNull()
  })
})
