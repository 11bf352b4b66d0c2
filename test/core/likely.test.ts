/** Rules that stop at `likely`, and why. */
import { describe, expect, test } from 'vitest'
import type { ScanFacts } from '../../schema/facts.ts'
import type { Observation } from '../../schema/wire.ts'
import { caseOf } from '../../worker/core/cases.ts'
import { survey } from '../../worker/core/decide.ts'
import { canaryOf } from '../../worker/core/features/failure.ts'
import { judgeScan } from '../../worker/core/judge.ts'
import {
  ADDRESS,
  block,
  HTTP,
  HTTPS,
  isHome,
  isScanner,
  type Seen,
  SSH,
  T0,
  type Touch,
  tell,
} from '../support/facts.ts'

const gist = (port: { verdict: string; strength: string | null; evidence: { rule: string }[] }) => [
  port.verdict,
  port.strength,
  port.evidence[0]?.rule,
]
const TELNET = { port: 23, service: 'telnet', check: 'greeting' } as const
const SMTP = { port: 25, service: 'smtp', check: 'greeting' } as const
const ANCHOR = { address: '192.0.2.77', port: 443 }

describe('silence of a whole host', () => {
  test('stays likely: an outage of the scanner’s own route would look the same', () => {
    const told = tell({ ports: [HTTP, HTTPS], sees: block(isScanner, 'unresponsive', 8_000) })
    expect(gist(told.port(443))).toEqual(['interfered', 'likely', 'SEL-6'])
  })

  test('is confirmed when an anchor answers the scanner meanwhile', () => {
    const banned = block(isScanner, 'unresponsive', 8_000)
    const sees: typeof banned = (touch) => (touch.address === ANCHOR.address ? 'open' : banned(touch))
    const told = tell({ ports: [HTTP, HTTPS], anchors: [ANCHOR], sees })
    expect(gist(told.port(443))).toEqual(['interfered', 'confirmed', 'SEL-1'])
    expect(told.port(443).evidence.map(({ rule }) => rule)).toContain('NBR-1')
  })

  test('is confirmed when another port of the host goes on answering', () => {
    const told = tell({
      ports: [SSH, HTTP, HTTPS],
      sees: block(isScanner, 'unresponsive', 8_000, undefined, [80, 443]),
    })
    const kept = tell({
      ports: [HTTP, TELNET],
      sees: block(isScanner, 'unresponsive', 8_000, undefined, [23]),
    })
    expect(gist(kept.port(23))).toEqual(['interfered', 'confirmed', 'SEL-1'])
    expect(told.port(443).verdict).toBe('interfered')
  })
})

describe('an outage of the scanner’s own route that its sibling does not share', () => {
  test('is not confirmed by a port that is back sooner', () => {
    const sooner = (touch: Touch): Seen => {
      const isBack = touch.port === 443 && touch.at > 25_000
      return isScanner(touch) && touch.at >= 8_000 && touch.at < 60_000 && !isBack ? 'unresponsive' : 'open'
    }
    const told = tell({ ports: [TELNET, HTTPS], sees: sooner, scanMs: 150_000 })
    expect(told.port(23)).toMatchObject({ verdict: 'interfered', strength: 'likely' })
  })

  test('nor by one that was lost with it and is back before its second round failed', () => {
    const once = (touch: Touch): Seen => {
      const until = touch.port === 443 ? 12_000 : 60_000
      return isScanner(touch) && touch.at >= 8_000 && touch.at < until ? 'unresponsive' : 'open'
    }
    const told = tell({ ports: [TELNET, HTTPS], sees: once, scanMs: 150_000 })
    expect(told.port(23)).toMatchObject({ verdict: 'interfered', strength: 'likely' })
  })

  test('nor by a connection kept open that is cut once meanwhile', () => {
    const told = tell({ ports: [TELNET, HTTPS], sees: block(isScanner, 'unresponsive', 8_000) })
    const cut = { n: 9_700, purpose: 'canary', check: 'tcp', address: ADDRESS, port: 23, sight: 'cut' } as const
    const runs = told.facts.runs.map((run) =>
      run.kind === 'scan'
        ? { ...run, observations: [...run.observations, { ...cut, at: T0 + 20_000, afterMs: 0 }] }
        : run,
    )
    const [port] = judgeScan({ ...told.facts, runs }, told.judgement.judgedAt).ports.filter((one) => one.port === 23)
    expect(port).toMatchObject({ verdict: 'interfered', strength: 'likely' })
  })
})

test('a block of some seconds is told as a short one, not as a blip', () => {
  const told = tell({ ports: [HTTP, HTTPS], sees: block(isScanner, 'cut', 8_000, 16_500) })
  expect(told.judgement.ports.map(({ verdict, strength }) => [verdict, strength])).toContainEqual([
    'interfered',
    'likely',
  ])
})

test('a neighbour that answers when a short block is over does not put the block on the host', () => {
  // Beside the first round the neighbour is lost as well, beside the fourth the block has ended.
  const told = tell({
    ports: [HTTP, HTTPS],
    anchors: [ANCHOR],
    scanMs: 120_000,
    sees: block(isScanner, 'unresponsive', 8_000, 24_000),
  })
  const port = told.port(443)
  expect(gist(port)).toEqual(['interfered', 'likely', 'SEL-8'])
  expect(port.evidence.find(({ rule }) => rule === 'NBR-1')?.text).toMatch(/fell silent for the scanner as well/)
  expect(port.cause?.class).toBe('ips')
})

const SYNS = [0, 1_000, 2_000, 3_000, 4_000, 5_000]
/** each SYN before the end is dropped, the first one after it gets in */
const silentUntil =
  (from: number, to: number, who: (touch: Touch) => boolean) =>
  (touch: Touch): Seen => {
    if (!who(touch) || touch.at < from || touch.at >= to) return 'open'
    const waited = SYNS.find((at) => touch.at + at >= to)
    return waited === undefined || waited >= touch.timeoutMs
      ? 'unresponsive'
      : { sight: 'open', connectMs: waited + 15, afterMs: waited + 40 }
  }

describe('what answers when a block is over', () => {
  type More = Pick<Observation, 'purpose' | 'port' | 'at'> & Partial<Pick<Observation, 'connectMs' | 'afterMs'>>
  const withMore = (told: ReturnType<typeof tell>, more: More): ScanFacts => ({
    ...told.facts,
    runs: told.facts.runs.map((run) => {
      const observation = { n: 9_900, check: 'tcp', address: ADDRESS, sight: 'open', afterMs: 0, ...more } as const
      return run.kind === 'scan' ? { ...run, observations: [...run.observations, observation] } : run
    }),
  })
  const rulesOf = (told: ReturnType<typeof tell>, more: Parameters<typeof withMore>[1], port: number) =>
    judgeScan(withMore(told, more), told.judgement.judgedAt).ports.find((one) => one.port === port)

  test('a port that was not looked at meanwhile did not stand', () => {
    const ban = block(isScanner, 'closed', 8_000, 98_000)
    const told = tell({
      ports: [SSH, TELNET],
      scanMs: 120_000,
      recoverMs: 400_000,
      sees: (touch) => (touch.port === 22 && touch.purpose === 'watch' ? null : ban(touch)),
    })
    const port = rulesOf(told, { purpose: 'recheck', port: 22, at: T0 + 121_000 }, 23)
    expect(port?.evidence.map(({ text }) => text).join(' ')).not.toMatch(/went on answering/)
    expect(port?.cause?.class).toBe('ips')
  })

  test('a port that was found when the block was over did not stand, though nobody touched the lost one again', () => {
    const ban = block(isScanner, 'unresponsive', 4_000, 58_000)
    const told = tell({
      ports: [SMTP, HTTP, SSH, HTTPS],
      // Of the ports one is found at once, the others when the search is taken up again.
      silence: { from: -1, to: 110_000, known: [25] },
      scanMs: 125_000,
      sees: (touch) => (touch.purpose === 'recheck' && touch.port === 25 ? null : ban(touch)),
    })
    const port = told.port(25)
    expect([port.verdict, port.recovery]).toEqual(['interfered', 'pending'])
    expect(port.evidence.map(({ text }) => text).join(' ')).not.toMatch(/went on answering/)
  })

  test('a port that let a later SYN in as the block ended did not stand beside it, nor come and go', () => {
    const sees = (touch: Touch): Seen => {
      if (touch.port === 22 && touch.purpose !== 'identify' && touch.purpose !== 'baseline') return null
      return silentUntil(8_000, 23_500, isScanner)(touch)
    }
    const told = tell({ ports: [SSH, HTTP, HTTPS], scanMs: 60_000, watchMs: 1_500, sees })
    const more = { purpose: 'verify', port: 22, at: T0 + 18_400, connectMs: 5_015, afterMs: 5_040 } as const
    for (const asked of [80, 443]) {
      const port = rulesOf(told, more, asked)
      expect(port?.evidence.map(({ text }) => text).join(' ')).not.toMatch(/went on answering/)
      expect([port?.verdict, port?.cause?.class]).toEqual(['interfered', 'ips'])
    }
  })

  test('a connection kept open was let through nothing; nor before its silence could be found out', () => {
    const short = tell({ ports: [HTTP, HTTPS], scanMs: 120_000, sees: block(isScanner, 'unresponsive', 8_000, 24_000) })
    const long = tell({ ports: [HTTP, HTTPS], sees: block(isScanner, 'unresponsive', 8_000) })
    const says = (told: typeof short, at: number, lostUntil: number) => {
      const facts = withMore(told, { purpose: 'canary', port: 80, at: T0 + at })
      const [web] = survey(facts, told.judgement.judgedAt).decisions
      return web && canaryOf(web.endpoint, web.outcome, lostUntil)?.value
    }
    expect(says(short, 120_000, T0 + 24_000)).toBeUndefined()
    expect(says(long, 12_000, Number.POSITIVE_INFINITY)).toBeUndefined()
    expect(says(long, 40_000, Number.POSITIVE_INFINITY)).toBe('alive')
  })
})

test.each([22_000, 26_000, 31_000, 40_000])(
  'a loss %i ms after the start, when the rounds of a blip are over, is a case of its own',
  (begins) => {
    // Two looks fail by bad luck; then a ban, while an experiment still keeps the scanner's own rounds going.
    const ban = block(isScanner, 'unresponsive', begins)
    const isBadLuck = ({ purpose, at }: Touch) => purpose === 'watch' && at >= 8_000 && at < 16_000
    const told = tell({
      ports: [HTTP, TELNET],
      scanMs: 120_000,
      sees: (touch) =>
        touch.port === 80 ? 'open' : isBadLuck(touch) && isScanner(touch) ? 'unresponsive' : ban(touch),
    })
    expect(told.port(23)).toMatchObject({ verdict: 'interfered', strength: 'confirmed' })
  },
)

test('rounds that the scanner held alone, when the others were let go, are no part of a case', () => {
  const rounds = [0, 1, 2, 3, 4]
  const planned = new Map(rounds.map((number) => [number, { at: number * 2_000, who: new Set(['s', 'w']) }]))
  const look = (probeId: string, number: number) => ({
    ...{ id: `${probeId}.${number}`, probeId, rested: true, sight: 'open' as const, failed: false },
    role: probeId === 's' ? ('scanner' as const) : ('witness' as const),
    at: number * 2_000,
    endAt: number * 2_000,
    observation: {
      n: 1,
      purpose: 'verify',
      check: 'tcp',
      address: ADDRESS,
      port: 80,
      sight: 'open',
      at: 0,
      afterMs: 0,
    } as const,
  })
  const seen = new Map(
    rounds.map((number) => [number, [look('s', number), ...(number < 3 ? [look('w', number)] : [])]]),
  )
  const known = { answered: new Map<string, Set<number>>(), openedAt: new Map([['w', -1]]) }
  const one = caseOf(0, planned, seen, known, () => false, 60_000)
  expect(one.rounds.map(({ number }) => number)).toEqual([0, 1, 2])
  expect(one).toMatchObject({ closedTo: 4, over: true })
})

test.each(Array.from({ length: 12 }, (_, i) => 8_000 + i * 450))(
  'an outage of the scanner’s own way, %i ms after the start, is never confirmed as a block',
  (begins) => {
    const told = tell({
      ports: [HTTP, HTTPS, TELNET],
      scanMs: 120_000,
      sees: block(isScanner, 'unresponsive', begins, begins + 60_000),
    })
    expect(told.judgement.ports.map(({ strength }) => strength)).not.toContain('confirmed')
  },
)

test('a host that is silent to all of us may have banned us all: nothing firm is said of the cause', () => {
  const told = tell({ ports: [HTTP, HTTPS], sees: block(() => true, 'unresponsive', 8_000) })
  expect(told.port(80).verdict).toBe('service_down')
  expect(told.port(80).cause?.confidence).toBeLessThanOrEqual(0.5)
})

describe('a silent ban of 15 s', () => {
  test('leaves time for one round that fails, and for two that get in when it ends: a short block all the same', () => {
    const told = tell({ ports: [HTTP, HTTPS], sees: silentUntil(8_000, 23_500, isScanner) })
    const port = told.port(80)
    expect(gist(port)).toEqual(['interfered', 'likely', 'SEL-8'])
    expect(port.cause?.class).toBe('ips')
    expect(port.evidence.map(({ text }) => text).join(' ')).toMatch(/got through only when it ended/)
    for (const { text } of port.evidence) expect(text).not.toMatch(/ratio 0\.0/)
  })

  test('of two web ports and a third that was asked only when it was over is a ban of the host, not a limit on some ports', () => {
    const told = tell({
      ports: [SSH, HTTP, HTTPS],
      sees: silentUntil(8_000, 26_000, isScanner),
    })
    for (const port of [80, 443].map(told.port))
      expect([port.verdict, port.cause?.class]).toEqual(['interfered', 'ips'])
  })

  test('stays one when it is drawn anew afterwards, and is not answered with a burst that would draw it', () => {
    const again = silentUntil(29_000, 44_000, isScanner)
    const first = silentUntil(8_000, 23_500, isScanner)
    const sees = (touch: Touch): Seen => (touch.at < 25_000 ? first(touch) : again(touch))
    const told = tell({ ports: [HTTP, HTTPS], sees })
    expect(told.port(80).verdict).toBe('interfered')
    const steps = told.facts.runs.flatMap((run) => run.steps)
    expect(steps.filter(({ experiment, at }) => experiment === 'E4' && at < T0 + 29_000)).toEqual([])
  })

  test('is one too where others lost a SYN in a round in which the scanner lost all of them', () => {
    const banned = silentUntil(8_000, 25_000, isScanner)
    const touches = new Map<string, number>()
    const sees = (touch: Touch): Seen => {
      if (isHome(touch) || touch.purpose !== 'verify') return banned(touch)
      const key = `${touch.member.probeId} ${touch.port}`
      touches.set(key, (touches.get(key) ?? 0) + 1)
      return touches.get(key) === 2 ? { sight: 'open', connectMs: 1_015, afterMs: 1_040 } : 'open'
    }
    const told = tell({ ports: [HTTP, HTTPS], sees })
    for (const port of [80, 443].map(told.port)) expect(gist(port)).toEqual(['interfered', 'likely', 'SEL-8'])
  })

  test('is one too where two others lost one SYN in the round that let the scanner in after five', () => {
    const banned = silentUntil(8_000, 23_500, isScanner)
    const sees = (touch: Touch): Seen => {
      const isLate = touch.purpose === 'verify' && touch.at >= 18_000 && touch.at < 21_000
      const isUnlucky = ['prb_witness0001', 'prb_witness0002'].includes(touch.member.probeId)
      return isLate && isUnlucky ? { sight: 'open', connectMs: 1_015, afterMs: 1_040 } : banned(touch)
    }
    const told = tell({ ports: [HTTP, HTTPS], watchMs: 1_500, sees })
    for (const port of [80, 443].map(told.port)) expect(gist(port)).toEqual(['interfered', 'likely', 'SEL-8'])
  })

  describe('of which one port shows a round less than the other', () => {
    const until = (http: number, https: number) =>
      tell({
        ports: [HTTP, HTTPS],
        sees: (touch) => silentUntil(8_000, touch.port === 80 ? http : https, isScanner)(touch),
      })

    test('is one at both, and says whose proof it is', () => {
      const told = until(22_500, 22_500)
      for (const port of [80, 443].map(told.port)) expect(gist(port)).toEqual(['interfered', 'likely', 'SEL-8'])
      expect(told.port(80).evidence[0]?.text).toContain('The proof is that of port 443')
      expect(told.port(80).cause?.class).toBe('ips')
      expect(told.port(443).evidence[0]?.text).not.toContain('The proof is that of')
    })

    test('is none at the one that was let in at another moment', () => {
      const told = until(22_500, 26_500)
      expect(gist(told.port(443))).toEqual(['interfered', 'likely', 'SEL-8'])
      expect(gist(told.port(80))).toEqual(['transient', null, 'TRA-1'])
    })
  })

  test('is none when all lost it, or the way of scanner and sibling', () => {
    for (const who of [() => true, isHome])
      expect(tell({ ports: [HTTP, HTTPS], sees: silentUntil(8_000, 23_500, who) }).port(80).strength).toBeNull()
  })

  test('is none when touches get in at different times: what lets them in now and then is no ban with one end', () => {
    const sees = (touch: Touch): Seen => {
      if (!isScanner(touch) || touch.port !== 80 || touch.at < 8_000 || touch.at > 30_000) return 'open'
      if (touch.at < 15_000) return 'unresponsive'
      return { sight: 'open', connectMs: 1_015, afterMs: 1_040 }
    }
    expect(tell({ ports: [HTTP, HTTPS], sees }).port(80).verdict).not.toBe('interfered')
  })
})

test('a service that counts touches and is away for all over ten seconds was down, though it is back in the third round', () => {
  const away = block(() => true, 'unresponsive', 8_000, 40_000, [22])
  const told = tell({ ports: [SSH, HTTP], sees: away, scanMs: 60_000 })
  expect(gist(told.port(22))).toEqual(['service_down', null, 'DWN-1'])
  expect(told.port(22).evidence[0]?.text).toMatch(/in 2 of \d rounds/)
  expect(told.port(22).evidence[0]?.text).not.toMatch(/four/)
  const blip = block(() => true, 'unresponsive', 8_000, 24_000, [22])
  expect(tell({ ports: [SSH, HTTP], sees: blip, scanMs: 60_000 }).port(22).verdict).toBe('transient')
})
