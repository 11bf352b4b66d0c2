import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RATIONED } from '../../schema/words.ts'
import { judgeScan } from '../../worker/core/judge.ts'
import { mayTouch, RATION } from '../../worker/core/ration.ts'
import { BAN_CLOCK_MS } from '../../worker/core/recovery.ts'
import { RULES } from '../../worker/core/rules.ts'
import { dueKeys, jitterMs } from '../../worker/core/schedule.ts'
import { steer } from '../../worker/core/steer.ts'
import { block, HTTP, HTTPS, isScanner, type Port, SSH, T0, tell } from '../support/facts.ts'

const MANY: Port[] = Array.from({ length: 30 }, (_, i) => ({ port: 100 + i, service: 'tls', check: 'tls' }))
const banned = block(isScanner, 'unresponsive', 8_000)

describe('steering', () => {
  test('asks for nothing twice: the same facts at the same time want no run that they hold', () => {
    const told = tell({ ports: [SSH, HTTP, HTTPS], sees: banned })
    // tell() throws when a key is wanted twice; asking once more must not add either
    const keys = told.facts.runs.map((run) => run.key)
    expect(new Set(keys).size).toBe(keys.length)
    const again = steer({ ...told.facts, state: 'running' }, told.judgement, told.judgement.judgedAt)
    expect(again.wanted.filter((run) => run.kind !== 'recover' && keys.includes(run.key))).toEqual([])
  })

  test('starts a standing baseline for all but the scanner, and stops it when all is seen', () => {
    const told = tell({ sees: () => 'open' })
    const first = told.steerings[0]?.steering
    expect(first?.wanted.map((run) => [run.role, run.kind, run.standing])).toEqual([
      ['sibling', 'baseline', true],
      ['witness', 'baseline', true],
      ['witness', 'baseline', true],
      ['witness', 'baseline', true],
    ])
    const baselines = told.facts.runs.filter((run) => run.kind === 'baseline')
    expect(baselines.every((run) => run.state === 'done')).toBe(true)
    for (const run of baselines)
      expect(
        run.observations
          .filter((o) => [80, 443].includes(o.port))
          .map((o) => o.port)
          .sort(),
      ).toEqual([443, 80])
  })

  test('touches no port that was not asked for', () => {
    const told = tell({ asked: '80,443', sees: banned })
    const ports = new Set(
      told.facts.runs.flatMap((run) => run.steps.flatMap((step) => step.touches.map((t) => t.port))),
    )
    expect([...ports].sort()).toEqual([443, 80])
  })

  test('holds the scan while a loss is verified, and lets go in bounded time', () => {
    const told = tell({ sees: banned })
    const held = told.steerings.filter(({ steering }) => steering.hold)
    expect(held.length).toBeGreaterThan(0)
    expect(told.finishedMs).toBeLessThan(90_000)
  })

  test('verifies sixteen endpoints at once and the rest after them', () => {
    const told = tell({ ports: MANY, sees: block(isScanner, 'cut', 8_000), watchMs: 1_000 })
    const verdicts = told.judgement.ports.map((port) => `${port.verdict} ${port.strength}`)
    expect(new Set(verdicts)).toEqual(new Set(['interfered confirmed']))
    const steps = told.facts.runs.filter((run) => run.kind === 'verify').flatMap((run) => run.steps)
    expect(Math.max(...steps.map((step) => step.touches.length))).toBeLessThanOrEqual(16)
  })

  test('keeps every member within the ration of services that count touches', () => {
    const mail: Port = { port: 25, service: 'smtp', check: 'greeting' }
    const told = tell({ ports: [SSH, mail, HTTP], sees: banned, scanMs: 700_000 })
    for (const run of told.facts.runs.filter((one) => one.role !== 'scanner'))
      for (const port of [22, 25]) {
        const times = told.facts.runs
          .filter((one) => one.probeId === run.probeId)
          .flatMap((one) => one.observations.filter((o) => o.port === port).map((o) => o.at))
        for (const { touches, withinMs } of RATION)
          for (const from of times)
            expect(times.filter((t) => t >= from && t < from + withinMs).length).toBeLessThanOrEqual(touches)
      }
  })

  test('a second blip on a mail port, when the first ration is spent, does not hold the scan until the next', () => {
    const mail: Port = { port: 25, service: 'smtp', check: 'greeting' }
    const isBlip = (at: number) => (at > 8_000 && at < 14_000) || (at > 62_000 && at < 68_000)
    const told = tell({
      ports: [mail, HTTP],
      sees: ({ member, port, purpose, at }) => {
        if (member.role !== 'scanner' || port !== 25) return 'open'
        // Its engagement took what the ration had left: it says nothing of the rounds then.
        if (purpose === 'verify') return at < 60_000 ? 'open' : null
        return isBlip(at) ? 'unresponsive' : 'open'
      },
      scanMs: 90_000,
    })
    expect(told.facts.alarms.length).toBeGreaterThan(1)
    expect(told.finishedMs).toBeLessThan(200_000)
  })

  test('an SSH port alone grows from likely to confirmed when the ration refills', () => {
    const told = tell({ ports: [SSH], sees: block(isScanner, 'closed', 8_000), scanMs: 700_000 })
    const port = told.port(22)
    expect([port.verdict, port.strength, port.evidence[0]?.rule]).toEqual(['interfered', 'confirmed', 'SEL-1'])
    expect((port.fastAt as number) - (port.lostAt as number)).toBeLessThan(45_000)
  })

  test('an SSH port joins the ban that is proved on its neighbour', () => {
    const told = tell({ ports: [SSH, HTTP, HTTPS], sees: block(isScanner, 'cut', 8_000) })
    expect(told.port(22).evidence[0]).toMatchObject({ rule: 'SEL-3', text: expect.stringMatching(/port (80|443)/) })
    expect(told.port(22).strength).toBe('confirmed')
  })

  test('a burst tells a firewall’s ICMP from a reset', () => {
    const told = tell({
      ports: [HTTP, HTTPS],
      sees: (touch) => {
        if (!isScanner(touch) || touch.at < 8_000) return 'open'
        if (touch.purpose === 'explain' && touch.nth >= 6) return { sight: 'closed', afterMs: 1_000 + touch.nth * 10 }
        return { sight: 'closed', afterMs: 12 }
      },
    })
    expect(
      told.judgement.ports.some((port) =>
        port.evidence.some((line) => line.rule === 'THR-1' && line.text.includes('ICMP')),
      ),
    ).toBe(true)
    expect(Math.max(...told.judgement.ports.map((port) => port.connects))).toBeLessThanOrEqual(70)
  })

  test('recovery polls run one at a time, by the scanner alone, until the port is back', () => {
    const told = tell({ sees: block(isScanner, 'unresponsive', 8_000, 200_000), recoverMs: 500_000 })
    const runs = told.facts.runs.filter((run) => run.kind === 'recover')
    expect(runs.length).toBeGreaterThan(2)
    expect(new Set(runs.map((run) => run.role))).toEqual(new Set(['scanner']))
    const port = told.port(443)
    expect(port.recovery).toBe('seen')
    const [before, after] = port.recoveredBetween as [number, number]
    expect(before - T0).toBeLessThan(200_000)
    expect(after - T0).toBeGreaterThanOrEqual(200_000)
  })

  test('a cancelled scan stops its touch runs and wants nothing', () => {
    const told = tell({ sees: banned, scanMs: 5_000 })
    const facts = {
      ...told.facts,
      state: 'cancelled' as const,
      runs: told.facts.runs.map((run) => ({ ...run, state: 'leased' as const })),
    }
    const steering = steer(facts, told.judgement, told.judgement.judgedAt)
    expect([steering.wanted, steering.hold, steering.done]).toEqual([[], false, true])
    expect(steering.stop.length).toBe(facts.runs.filter((run) => run.kind !== 'scan').length)
  })
})

describe('judging', () => {
  test('a verdict once reached stays reached while more rounds come in', () => {
    const told = tell({ sees: block(isScanner, 'cut', 8_000) })
    const words: string[] = []
    for (let now = T0; now <= told.judgement.judgedAt + 60_000; now += 1_000) {
      const upTo = {
        ...told.facts,
        runs: told.facts.runs.map((run) => ({
          ...run,
          observations: run.observations.filter((o) => o.at + o.afterMs <= now),
        })),
      }
      const port = judgeScan(upTo, now).ports.find((one) => one.port === 443)
      const word = `${port?.verdict} ${port?.strength}`
      if (words.at(-1) !== word) words.push(word)
    }
    expect(words.slice(-3)).toEqual(['inconclusive null', 'interfered likely', 'interfered confirmed'])
  })

  test('mid-scan there is no verdict on the scan', () => {
    const { facts } = tell({ sees: () => 'open' })
    const running = {
      ...facts,
      runs: facts.runs.map((run) => (run.kind === 'scan' ? { ...run, state: 'leased' as const, closing: null } : run)),
    }
    expect(judgeScan(running, T0 + 5_000)).toMatchObject({ verdict: null, coverage: null })
  })

  test('touches of an unfit probe, or beside a dead beacon, accuse nobody', () => {
    const unfit = tell({
      sees: (touch) =>
        isScanner(touch) && touch.at > 8_000 ? { sight: 'unresponsive', fit: touch.purpose !== 'verify' } : 'open',
    })
    expect(unfit.port(443).verdict).toBe('inconclusive')
  })

  test('everybody failing is not “down” when no witness was rested', () => {
    const told = tell({ sees: block(() => true, 'unresponsive', 8_000) })
    const tired = { ...told.facts, panel: told.facts.panel.map((one) => ({ ...one, rested: false })) }
    expect(told.port(443).verdict).toBe('service_down')
    expect(judgeScan(tired, told.judgement.judgedAt).ports.map((port) => port.verdict)).toEqual([
      'inconclusive',
      'inconclusive',
    ])
  })

  test('every rule named in evidence is in the list of rules', () => {
    const told = tell({ ports: [SSH, HTTP, HTTPS], sees: banned })
    const named = told.judgement.ports.flatMap((port) => port.evidence.map((line) => line.rule))
    expect(named.filter((rule) => !RULES.has(rule))).toEqual([])
  })

  test('any pattern of loss without a block confirms nothing', () => {
    fc.assert(
      fc.property(fc.infiniteStream(fc.integer({ min: 0, max: 99 })), (stream) => {
        // Every touch, by anyone, fails with the same 20 %: far worse than six seconds of SYNs make it.
        const told = tell({
          ports: [HTTPS],
          scanMs: 15_000,
          sees: () => ((stream.next().value as number) < 20 ? 'unresponsive' : 'open'),
        })
        expect(told.judgement.ports.filter((port) => port.strength === 'confirmed')).toEqual([])
      }),
      { numRuns: 40, seed: 7 },
    )
  })
})

describe('the clocks', () => {
  test('jitter is the same each time, within its spread, and differs between targets', () => {
    expect(jitterMs('tgt_a', 'fra-1', T0)).toBe(jitterMs('tgt_a', 'fra-1', T0))
    const values = Array.from({ length: 200 }, (_, i) => jitterMs(`tgt_${i}`, 'fra-1', T0, 60_000))
    expect(Math.min(...values)).toBeLessThan(3_000)
    expect(Math.max(...values)).toBeGreaterThan(57_000)
    expect(Math.max(...values)).toBeLessThan(60_000)
    expect(
      dueKeys({ id: 'tgt_a', sites: ['fra-1', 'ams-1'], dueAt: T0 }, T0 + 300_000).map((due) => due.dueKey),
    ).toEqual(['2026-01-05T14:00', '2026-01-05T14:00'])
  })

  test('the ban clock leaves a silent arm: each new longest gap is 1.2 times the one before', () => {
    const gaps = BAN_CLOCK_MS.slice(1).map((at, i) => at - (BAN_CLOCK_MS[i] as number))
    let longest = gaps[0] as number
    for (const gap of gaps.slice(1)) {
      if (gap <= longest) continue
      expect(gap).toBeGreaterThanOrEqual(1.2 * longest)
      longest = gap
    }
  })

  test('the ration looks both ways', () => {
    expect(mayTouch([0, 5_000], 9_000)).toBe(false)
    expect(mayTouch([0, 5_000], 10_500)).toBe(true)
    expect(mayTouch([0, 20_000, 40_000, 60_000], 599_000)).toBe(false)
    expect(mayTouch([10_000, 12_000], 5_000)).toBe(false)
    expect(RATIONED).toContain('ssh')
  })
})
