import { describe, expect, test } from 'vitest'
import { survey } from '../../worker/core/decide.ts'
import { chooseTrials } from '../../worker/core/experiments/choose.ts'
import { geographyOf } from '../../worker/core/experiments/geography.ts'
import { layerTest } from '../../worker/core/experiments/layers.ts'
import { onsetOf } from '../../worker/core/experiments/onset.ts'
import { leavesSilence, renewalOf } from '../../worker/core/experiments/renewal.ts'
import {
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
import { endpointOf, textOf } from '../support/told.ts'

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
