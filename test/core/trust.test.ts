import { describe, expect, test } from 'vitest'
import type { RunFacts, ScanFacts } from '../../schema/facts.ts'
import type { Observation } from '../../schema/wire.ts'
import type { Sight } from '../../schema/words.ts'
import {
  ALONE_MOST,
  againstTruth,
  CLEAN_LEAVES,
  heldAgainst,
  QUARANTINE_AT,
  type Standing,
  standingAlone,
  WEIGHT,
  withoutWordsOf,
} from '../../worker/core/trust.ts'
import { member, T0 } from '../support/facts.ts'

const address = '192.0.2.9'
const IDS = ['scanner', 'sibling', 'w1', 'w2', 'w3'] as const
type Id = (typeof IDS)[number]
const panel = IDS.map((id) => member(id, id === 'scanner' || id === 'sibling' ? id : 'witness', id))

/** One run each; what it says of each port. A port of which the scanner says `open` is found. */
function scanOf(says: Partial<Record<Id, Record<number, Sight>>>, ports = '22,81'): ScanFacts {
  const runs = Object.entries(says).map(([probeId, words], i): RunFacts => {
    const observations = Object.entries(words).map(
      ([port, sight], n): Observation => ({
        ...{ n: n + 1, purpose: 'baseline', check: 'tcp', address, port: Number(port), sight, at: T0, afterMs: 1 },
      }),
    )
    const found = observations
      .filter(({ sight }) => sight === 'open' && probeId === 'scanner')
      .map(({ port }) => ({ address, port, check: 'tcp' as const, service: 'unknown' as const, firstSeenOpenAt: T0 }))
    return {
      ...{
        runId: `run_${i}`,
        key: probeId,
        probeId,
        role: 'witness',
        state: 'done',
        steps: [],
        observations,
        spans: [],
      },
      ...{ kind: probeId === 'scanner' ? 'scan' : 'baseline', found, discovered: true, heardAt: T0 },
      closing: probeId === 'scanner' ? { outcome: 'done', ports: { asked: 2, tested: 2, untested: '' } } : null,
    }
  })
  return {
    ...{ scanId: 'scn_x', targetId: 'tgt_x', state: 'running', profile: 'discovery', addresses: [address], ports },
    ...{ portsAsked: 2, createdAt: T0, startedAt: T0, panel, runs, alarms: [], anchors: [], lastKnown: [] },
  }
}
const all = (words: Record<number, Sight>) =>
  Object.fromEntries(IDS.map((id) => [id, words])) as Record<Id, Record<number, Sight>>
const TRUTHS = [
  { address, port: 22, expect: 'open' },
  { address, port: 81, expect: 'closed' },
] as const
const blamed = (facts: ScanFacts) =>
  againstTruth(facts, TRUTHS).map(({ probeId, port, weight }) => [probeId, port, weight])

describe('against what is known', () => {
  test('those who say the truth are blamed for nothing', () => {
    expect(blamed(scanOf(all({ 22: 'open', 81: 'closed' })))).toEqual([])
    // A service that speaks, hangs up or refuses to talk is there all the same.
    for (const sight of ['mute', 'cut', 'notice', 'page'] as const)
      expect(blamed(scanOf({ ...all({ 22: 'open', 81: 'closed' }), w1: { 22: sight } }))).toEqual([])
  })
  test.each([
    ['open', 81, 'open', WEIGHT.falseOpen],
    ['refused', 22, 'closed', WEIGHT.falseClosed],
    ['silent', 22, 'unresponsive', WEIGHT.falseSilence],
  ] as const)('one who calls it %s is: by how sure it is that it cannot be', (_, port, sight, weight) => {
    const honest = all({ 22: 'open', 81: 'closed' })
    expect(blamed(scanOf({ ...honest, w2: { ...honest.w2, [port]: sight } }))).toEqual([['w2', port, weight]])
  })
  test('a scanner that leaves out an open port is, though it said nothing', () => {
    const honest = all({ 22: 'open', 81: 'closed' })
    expect(blamed(scanOf({ ...honest, scanner: { 81: 'closed' } }))).toEqual([['scanner', 22, WEIGHT.falseSilence]])
  })
  test('nobody is where the truth has few friends, or nobody else looked', () => {
    expect(blamed(scanOf(all({ 22: 'closed', 81: 'open' })))).toEqual([])
    expect(blamed(scanOf({ scanner: { 81: 'open' }, w1: { 81: 'closed' } }))).toEqual([])
  })
  test('ports that were not asked for and addresses of others say nothing', () => {
    expect(blamed(scanOf({ ...all({ 22: 'open', 81: 'closed' }), w1: { 81: 'open' } }, '22'))).toEqual([])
  })
})

describe('standing alone', () => {
  const port = 443
  const alone = (facts: ScanFacts) => standingAlone(facts).map(({ probeId }) => probeId)
  test('an onlooker against all others is noted; the scanner never is, for that is what we look for', () => {
    const open = all({ [port]: 'open' })
    expect(alone(scanOf({ ...open, w3: { [port]: 'closed' } }))).toEqual(['w3'])
    expect(alone(scanOf({ ...open, sibling: { [port]: 'unresponsive' } }))).toEqual(['sibling'])
    expect(alone(scanOf({ ...open, w1: { [port]: 'closed' }, w2: { [port]: 'closed' } }))).toEqual([])
  })
  test('counts once a scan, however many ports a region is shut out of', () => {
    const ports = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [8_000 + i, 'open'])) as Record<number, Sight>
    const shut = Object.fromEntries(Object.keys(ports).map((one) => [one, 'unresponsive'])) as Record<number, Sight>
    const held = heldAgainst(scanOf({ ...all(ports), w3: shut }), [], new Map(), '')
    expect(held).toMatchObject([{ probeId: 'w3', score: WEIGHT.alone }])
    expect(WEIGHT.alone).toBeLessThan(QUARANTINE_AT / 5)
  })
})

describe('what is held against a probe', () => {
  test('one port that cannot be open is enough', () => {
    const facts = scanOf({ ...all({ 22: 'open', 81: 'closed' }), w1: { 22: 'open', 81: 'open' } })
    expect(heldAgainst(facts, TRUTHS, new Map(), '')).toMatchObject([{ probeId: 'w1', score: QUARANTINE_AT }])
  })
  const shutOut = (host: string) => {
    const facts = scanOf({ ...all({ 443: 'open' }), w3: { 443: 'unresponsive' } })
    const moved = <T extends { address: string }>(one: T): T => ({ ...one, address: host })
    const runs = facts.runs.map((run) => ({
      ...run,
      observations: run.observations.map(moved),
      found: run.found.map(moved),
    }))
    return { ...facts, addresses: [host], runs }
  }
  /** What is held against w3 after these scans, each of a host and a tenant. */
  function heldAfter(scans: readonly (readonly [host: string, by: string])[]): Standing {
    let standing: Standing = { score: 0, alone: [] }
    for (const [host, by] of scans)
      standing = heldAgainst(shutOut(host), [], new Map([['w3', standing]]), by)[0] ?? standing
    return standing
  }
  const many = (count: number, host: (n: number) => string, by: (n: number) => string) =>
    Array.from({ length: count }, (_, n) => [host(n), by(n)] as const)

  test('a country that a host shuts out is not, however often that host is scanned', () => {
    const standing = heldAfter(
      many(
        100,
        (n) => `192.0.2.${n + 1}`,
        () => '',
      ),
    )
    expect(standing.score).toBe(WEIGHT.alone)
    // Nor with one restart of a canary on top, and another host besides.
    expect(ALONE_MOST + WEIGHT.falseClosed).toBeLessThan(QUARANTINE_AT)
    // Nor does it wash away what was held against it before.
    expect(heldAgainst(shutOut('192.0.2.1'), [], new Map([['w3', { score: 2.5, alone: [] }]]), '')).toEqual([])
  })
  test('targets that one tenant makes up count once, in however many networks they lie', () => {
    const standing = heldAfter(
      many(
        100,
        (n) => `192.0.${n}.1`,
        () => 'ten_a',
      ),
    )
    expect(standing).toMatchObject({ score: WEIGHT.alone, alone: [{ by: 'ten_a', network: '192.0.0.0/24' }] })
  })
  test('nor do two tenants count for one host, nor however many for more than there is to it', () => {
    expect(
      heldAfter(
        many(
          9,
          () => '192.0.2.1',
          (n) => `ten_${n}`,
        ),
      ).score,
    ).toBe(WEIGHT.alone)
    expect(
      heldAfter(
        many(
          100,
          (n) => `192.0.${n}.1`,
          (n) => `ten_${n}`,
        ),
      ).score,
    ).toBe(ALONE_MOST)
    expect(
      heldAfter(
        many(
          100,
          (n) => `192.0.${n}.1`,
          () => '',
        ),
      ).score,
    ).toBe(ALONE_MOST)
    expect(ALONE_MOST).toBeLessThan(QUARANTINE_AT)
  })
  test('where it stood alone is forgotten with the last of it', () => {
    let standing = heldAfter([['192.0.2.1', 'ten_a']])
    const clean = scanOf(all({ 22: 'open', 81: 'closed' }))
    for (let scan = 0; scan < 10; scan++)
      standing = heldAgainst(clean, TRUTHS, new Map([['w3', standing]]), '')[0] ?? standing
    expect(standing).toMatchObject({ score: 0, alone: [] })
  })
  test('lost packets are not, and are forgotten by clean scans of canaries', () => {
    const lossy = scanOf({ ...all({ 22: 'open', 81: 'closed' }), w1: { 22: 'unresponsive' } })
    let score = heldAgainst(lossy, TRUTHS, new Map(), '')[0]?.score ?? 0
    expect(score).toBeLessThan(QUARANTINE_AT)
    const clean = scanOf(all({ 22: 'open', 81: 'closed' }))
    for (let scan = 0; scan < 8; scan++)
      score = heldAgainst(clean, TRUTHS, new Map([['w1', { score, alone: [] }]]), '')[0]?.score ?? score
    expect(score).toBeLessThan(WEIGHT.falseSilence * CLEAN_LEAVES ** 6)
    // A scan of other hosts forgives nothing.
    expect(heldAgainst(clean, [], new Map([['w1', { score: 2, alone: [] }]]), '')).toEqual([])
  })
})

test('words of a probe that is not believed count for nothing, and others keep theirs', () => {
  const facts = scanOf(all({ 22: 'open' }))
  const without = withoutWordsOf(facts, new Set(['w1']))
  for (const run of without.runs)
    for (const seen of run.observations) expect(seen.fit).toBe(run.probeId === 'w1' ? false : undefined)
  expect(withoutWordsOf(facts, new Set(['elsewhere']))).toBe(facts)
})
