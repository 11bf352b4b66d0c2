import { expect, test } from 'vitest'
import type { RunFacts } from '../../schema/facts.ts'
import { headOfFailing, type ProofAsk } from '../../schema/proof.ts'
import type { Observation, TouchTarget } from '../../schema/wire.ts'
import type { Recheck, Sight } from '../../schema/words.ts'
import { cellText, proofOf, STOPPED_BEFORE } from '../../worker/core/proof.ts'
import { renderProof } from '../../worker/core/proofOutput.ts'
import { proofSteps } from '../../worker/core/proofSteps.ts'

const ADDRESS = '203.0.113.9'
const SSH: TouchTarget = { address: ADDRESS, port: 22, check: 'greeting', service: 'ssh' }
const WEB: TouchTarget = { address: ADDRESS, port: 80, check: 'http', service: 'http' }
const SOURCES = ['198.51.100.1', '198.51.100.2'].map((sourceAddress, i) => ({
  probeId: `prb_${i}`,
  site: 'fra-1',
  sourceAddress,
  offline: false,
}))
const ask = (more: Partial<ProofAsk> = {}): ProofAsk => ({
  sites: ['fra-1'],
  allSites: true,
  sources: SOURCES,
  endpoints: [SSH, WEB],
  leftOut: 0,
  stimulus: { profile: 'assertive', ports: '1-100', portsAsked: 102, maxConnectsPerSecond: 300, scanId: 'scn_x' },
  watchMs: 20_000,
  issues: [
    {
      id: 'iss_1',
      lost: [{ address: ADDRESS, port: 22 }],
      scanners: [{ sourceAddress: '198.51.100.1', site: 'fra-1', inUse: true }],
    },
  ],
  ...more,
})

let n = 0
const seen = (target: TouchTarget, sight: Sight, more: Partial<Observation> = {}): Observation => ({
  n: ++n,
  purpose: 'watch',
  check: target.check,
  address: target.address,
  port: target.port,
  sight,
  at: 1_700_000_000_000 + n,
  afterMs: 5,
  ...more,
})
const run = (
  i: number,
  more: Partial<RunFacts> = {},
  states: Record<number, Recheck> = { 22: 'open', 80: 'open' },
): RunFacts => ({
  runId: `run_${i}`,
  key: `prove:prb_${i}`,
  probeId: `prb_${i}`,
  role: 'scanner',
  kind: 'prove',
  state: 'done',
  steps: [],
  observations: [seen(SSH, 'open', { purpose: 'recheck' }), seen(WEB, 'open', { purpose: 'recheck' })],
  spans: [],
  found: [],
  discovered: true,
  heardAt: 0,
  closing: {
    outcome: 'done',
    failure: undefined,
    ports: { asked: 102, tested: 102, untested: '' },
    engagement: [SSH, WEB].map(({ port }) => ({ address: ADDRESS, port, planned: 10, done: 10 })),
    recheck: Object.entries(states).map(([port, state]) => ({ address: ADDRESS, port: Number(port), state })),
  },
  ...more,
})
const words = (...args: Parameters<typeof proofOf>) =>
  proofOf(...args).rows.map(({ cells }) => cells.map(({ word }) => word).join(' '))

test('every address that passes everywhere with the stimulus proves the fix, and closes the issue', () => {
  const result = proofOf(ask(), [run(0), run(1)])
  expect(result).toMatchObject({ verdict: 'proved', closes: ['iss_1'], failing: [] })
  expect(result.statement).toBe(
    '2 addresses reached 2 endpoints before, during and after the stimulus of the assertive profile.',
  )
})

test('without the stimulus it closes nothing', () => {
  expect(proofOf(ask({ stimulus: null }), [run(0), run(1)])).toMatchObject({ verdict: 'proved', closes: [] })
})

test('one address that is shut out of one endpoint is enough for "not proved", and is named', () => {
  const lost = [seen(SSH, 'closed', { code: 'ECONNREFUSED' }), seen(SSH, 'closed', { code: 'ECONNREFUSED' })]
  const result = proofOf(ask(), [
    run(0),
    run(1, { observations: [...lost, seen(WEB, 'open')] }, { 22: 'closed', 80: 'open' }),
  ])
  expect(result).toMatchObject({ verdict: 'not_proved', closes: [] })
  expect(result.failing).toEqual(['198.51.100.2 (fra-1): 203.0.113.9 22/tcp closed (ECONNREFUSED)'])
})

test('a port that was lost and answers again within the proof did not pass; a blip did', () => {
  const blip = [seen(SSH, 'unresponsive'), seen(SSH, 'open'), seen(SSH, 'open', { purpose: 'recheck' })]
  expect(words(ask(), [run(0, { observations: [...blip, seen(WEB, 'open')] }), run(1)])[0]).toBe('passed passed')
  const twice = [seen(SSH, 'unresponsive'), seen(SSH, 'unresponsive'), seen(SSH, 'open', { purpose: 'recheck' })]
  expect(words(ask(), [run(0, { observations: twice }, { 22: 'reopened', 80: 'open' }), run(1)])[0]).toMatch(/^shut/)
})

test('a service that answers, but refuses in words or by a page, is shut though its port is open', () => {
  const page = [seen(WEB, 'page', { purpose: 'recheck', httpStatus: 403 }), seen(SSH, 'open')]
  const result = proofOf(ask(), [run(0, { observations: page }), run(1)])
  expect(result.rows[0]?.cells[1]).toMatchObject({ word: 'shut', sight: 'page', code: 'HTTP 403' })
})

const asked = (as: 'plain' | 'attack', sight: Sight, more: Partial<Observation> = {}) =>
  seen(WEB, sight, { purpose: 'engage', stimulus: as, ...more })
/** What the assertive profile asks of a web server: the plain before, eight attack shapes, the plain after. */
const engaged = (attack: (i: number) => Observation): Observation[] => [
  asked('plain', 'open', { httpStatus: 200 }),
  ...Array.from({ length: 8 }, (_, i) => attack(i)),
  asked('plain', 'open', { httpStatus: 200 }),
]

test('a firewall that refuses what a scan asks, and serves all else, is shut: its issue stays open', () => {
  const refusing = (i: number) => {
    const facts = engaged(() => asked('attack', 'open', { httpStatus: 403 }))
    return run(i, { observations: [seen(SSH, 'open'), ...facts, seen(WEB, 'open', { purpose: 'recheck' })] })
  }
  const web = ask({ issues: ask().issues.map((issue) => ({ ...issue, lost: [{ address: ADDRESS, port: 80 }] })) })
  const result = proofOf(web, [refusing(0), refusing(1)])
  expect(result).toMatchObject({ verdict: 'not_proved', closes: [] })
  expect(result.rows[0]?.cells[1]).toMatchObject({ word: 'shut', sight: 'page' })
  expect(result.failing[0]).toBe(
    '198.51.100.1 (fra-1): 203.0.113.9 80/tcp page (HTTP 403, 8 of 8 attack-shaped requests)',
  )
  // Its connections it may cut instead.
  const cutting = (i: number) => {
    const facts = engaged(() => asked('attack', 'cut', { code: 'ECONNRESET' }))
    return run(i, { observations: [seen(SSH, 'open'), ...facts, seen(WEB, 'open', { purpose: 'recheck' })] })
  }
  expect(words(web, [cutting(0), cutting(1)])).toEqual(['passed shut', 'passed shut'])
})

test('a firewall that lets the requests of a scan through, but for a few that no site would serve, passes', () => {
  const serving = (i: number) => {
    const facts = engaged((k) => asked('attack', 'open', { httpStatus: k < 2 ? 403 : 200 }))
    return run(i, { observations: [seen(SSH, 'open'), ...facts, seen(WEB, 'open', { purpose: 'recheck' })] })
  }
  expect(words(ask(), [serving(0), serving(1)])).toEqual(['passed passed', 'passed passed'])
})

test('an endpoint that left part of the stimuli unanswered is limited, and proves nothing', () => {
  const closing = run(0).closing
  const few = {
    ...closing,
    engagement: [
      { address: ADDRESS, port: 22, planned: 10, done: 10 },
      { address: ADDRESS, port: 80, planned: 44, done: 12 },
    ],
  }
  const result = proofOf(ask(), [run(0, { closing: few as RunFacts['closing'] }), run(1)])
  expect(result).toMatchObject({ verdict: 'not_proved', closes: [] })
  expect(cellText(result.rows[0]?.cells[1] as never)).toMatch(/^answered 12 of 44 stimuli/)
})

test('an address that could not look leaves the proof incomplete: nobody is accused, nothing is proved', () => {
  const silent = run(1, { state: 'ended', closing: null, observations: [] })
  expect(proofOf(ask(), [run(0), silent])).toMatchObject({ verdict: 'incomplete', closes: [] })
  expect(proofOf(ask(), [run(0), silent]).failing).toEqual(['198.51.100.2 (fra-1): its probe fell silent'])
  const offline = ask({ sources: [SOURCES[0], { ...SOURCES[1], offline: true }] as never })
  expect(proofOf(offline, [run(0)])).toMatchObject({ verdict: 'incomplete', closes: [] })
  const unswept = { ...run(1).closing, ports: { asked: 102, tested: 40, untested: '41-100' } } as RunFacts['closing']
  expect(proofOf(ask(), [run(0), run(1, { closing: unswept })])).toMatchObject({ verdict: 'incomplete', closes: [] })
})

test('while an address may still look there is no verdict, but a loss already shows', () => {
  const lost = [seen(SSH, 'unresponsive'), seen(SSH, 'unresponsive')]
  const going = run(1, { state: 'leased', closing: null, observations: lost })
  const result = proofOf(ask(), [run(0), going])
  expect(result.verdict).toBeNull()
  expect(result.rows[1]?.cells.map(({ word }) => word)).toEqual(['shut', 'waiting'])
  expect(proofOf(ask(), []).rows.map(({ state }) => state)).toEqual(['waiting', 'waiting'])
})

test('what we were not fit to see accuses nobody', () => {
  const unfit = [
    seen(SSH, 'unresponsive', { fit: false }),
    seen(SSH, 'unresponsive', { fit: false }),
    seen(SSH, 'open', { purpose: 'recheck' }),
  ]
  expect(words(ask(), [run(0, { observations: [...unfit, seen(WEB, 'open')] }), run(1)])[0]).toBe('passed passed')
})

test('a probe that does not reach a listener of ours either accuses nobody', () => {
  const lost = [seen(SSH, 'unresponsive'), seen(SSH, 'unresponsive'), seen(WEB, 'open')]
  const beacon = (sight: Sight) => seen({ ...WEB, address: '192.0.2.80' }, sight, { purpose: 'beacon' })
  const proofWith = (sight: Sight) =>
    proofOf(ask(), [run(0), run(1, { observations: [...lost, beacon(sight)] }, { 22: 'unresponsive', 80: 'open' })])
  expect(proofWith('open')).toMatchObject({ verdict: 'not_proved' })
  expect(proofWith('unresponsive')).toMatchObject({ verdict: 'incomplete', closes: [] })
  expect(proofWith('unresponsive').rows[1]?.cells.map(({ word }) => word)).toEqual(['unseen', 'passed'])
})

test('a service that nobody reached, and that no issue calls lost, is away: no allowlist is to blame', () => {
  const without = (i: number) => {
    const closing = {
      ...run(i).closing,
      engagement: [{ address: ADDRESS, port: 22, planned: 10, done: 10 }],
    } as RunFacts['closing']
    const observations = [seen(SSH, 'open'), seen(WEB, 'closed', { code: 'ECONNREFUSED' })]
    const states = [
      { address: ADDRESS, port: 22, state: 'open' as const },
      { address: ADDRESS, port: 80, state: 'closed' as const },
    ]
    return run(i, { observations, closing: { ...closing, recheck: states } as RunFacts['closing'] })
  }
  expect(proofOf(ask(), [without(0), without(1)])).toMatchObject({ verdict: 'incomplete', closes: ['iss_1'] })
  // The same of a port that an issue calls lost is what the proof is about.
  const lost = ask({
    issues: [
      {
        id: 'iss_1',
        lost: [{ address: ADDRESS, port: 80 }],
        scanners: [{ sourceAddress: '198.51.100.1', site: 'fra-1', inUse: true }],
      },
    ],
  })
  expect(proofOf(lost, [without(0), without(1)])).toMatchObject({ verdict: 'not_proved', closes: [] })
})

test('a proof from elsewhere than the address that was shut out closes nothing', () => {
  const elsewhere = ask({
    issues: [
      {
        id: 'iss_1',
        lost: [{ address: ADDRESS, port: 22 }],
        scanners: [{ sourceAddress: '192.0.2.1', site: 'nyc-1', inUse: true }],
      },
    ],
  })
  expect(proofOf(elsewhere, [run(0), run(1)])).toMatchObject({ verdict: 'proved', closes: [] })
})

test('a sibling does not speak for an address in use that was shut out, but for one that is gone it does', () => {
  const from = (inUse: boolean) =>
    ask({
      issues: [
        {
          id: 'iss_1',
          lost: [{ address: ADDRESS, port: 22 }],
          scanners: [{ sourceAddress: '198.51.100.77', site: 'fra-1', inUse }],
        },
      ],
    })
  expect(proofOf(from(true), [run(0), run(1)])).toMatchObject({ verdict: 'proved', closes: [] })
  expect(proofOf(from(false), [run(0), run(1)])).toMatchObject({ verdict: 'proved', closes: ['iss_1'] })
})

test('an issue that two sites have closes on a proof from both of them alone', () => {
  const both = (sources: ProofAsk['sources']) =>
    ask({
      sources,
      issues: [
        {
          id: 'iss_1',
          lost: [SSH, WEB].map(({ address, port }) => ({ address, port })),
          scanners: [
            { sourceAddress: '198.51.100.1', site: 'fra-1', inUse: true },
            { sourceAddress: '192.0.2.1', site: 'nyc-1', inUse: true },
          ],
        },
      ],
    })
  const abroad = { probeId: 'prb_1', site: 'nyc-1', sourceAddress: '192.0.2.1', offline: false }
  const [first] = SOURCES as [(typeof SOURCES)[0]]
  expect(proofOf(both([first]), [run(0)])).toMatchObject({ verdict: 'proved', closes: [] })
  expect(proofOf(both([abroad]), [run(1)])).toMatchObject({ verdict: 'proved', closes: [] })
  expect(proofOf(both([first, abroad]), [run(0), run(1)])).toMatchObject({ verdict: 'proved', closes: ['iss_1'] })
})

test('an address only has cells of its own family', () => {
  const six: TouchTarget = { ...WEB, address: '2001:db8::9' }
  const both = ask({
    endpoints: [SSH, six],
    sources: [SOURCES[0], { ...SOURCES[1], sourceAddress: '2001:db8:1::1' }] as never,
  })
  expect(proofOf(both, []).rows.map(({ cells }) => cells.map(({ address }) => address))).toEqual([
    [ADDRESS],
    ['2001:db8::9'],
  ])
})

test('a snoozed issue is restated in silence, and an issue of another kind is left alone', () => {
  const now = 1_000
  const open = (more: object) => ({
    id: 'iss_1',
    finding: 'interference' as const,
    state: 'open' as const,
    snoozedUntil: null,
    ...more,
  })
  const lost = [seen(SSH, 'closed'), seen(SSH, 'closed')]
  const result = proofOf(ask(), [run(0), run(1, { observations: lost }, { 22: 'closed', 80: 'open' })])
  const steps = (openIssues: Parameters<typeof proofSteps>[0]['openIssues']) =>
    proofSteps({ target: 'web', ask: ask(), result, openIssues, now })
  expect(steps([open({})])[0]).toMatchObject({
    do: 'restate',
    title: 'web: still shut out: 198.51.100.2',
    notify: true,
  })
  expect(steps([open({ state: 'snoozed', snoozedUntil: 2_000 })])[0]).toMatchObject({
    do: 'restate',
    wake: false,
    notify: false,
  })
  expect(steps([open({ state: 'snoozed', snoozedUntil: 500 })])[0]).toMatchObject({ do: 'restate', wake: true })
  expect(steps([open({ finding: 'incomplete' })])).toEqual([])
})

test('an address that was cut off by the stop of its proof is not called silent, nor failing', () => {
  const cut = (i: number) => run(i, { state: 'ended', heardAt: null, observations: [], closing: STOPPED_BEFORE })
  const result = proofOf(ask(), [cut(0), cut(1)])
  expect(result.rows.map(({ state }) => state)).toEqual(['stopped', 'stopped'])
  expect(result.failing).toEqual([
    '198.51.100.1 (fra-1): stopped before it had looked at everything',
    '198.51.100.2 (fra-1): stopped before it had looked at everything',
  ])
  expect(headOfFailing(result.rows)).toBe('What was not looked at')
  expect(headOfFailing(result.rows.map((row, i) => ({ ...row, verdict: i === 0 ? 'not_proved' : row.verdict })))).toBe(
    'What still fails',
  )
})

test('the raw output holds the matrix in shapes, what still fails, and no escape sequence of a target', () => {
  const result = proofOf(ask(), [
    run(0),
    run(1, { observations: [seen(SSH, 'closed'), seen(SSH, 'closed')] }, { 22: 'closed', 80: 'open' }),
  ])
  const text = renderProof({
    proofId: 'prf_1',
    target: 'web\u001b[31m',
    addresses: [ADDRESS],
    startedAt: 0,
    ask: ask(),
    result,
    logs: new Map([['prb_0', 'log of the first\n']]),
  })
  expect(text).toContain('198.51.100.1 (fra-1)  + passes')
  expect(text).toMatch(/198\.51\.100\.2 \(fra-1\) +x shut/)
  expect(text).toContain('== What still fails')
  expect(text).toContain('log of the first')
  expect(text).not.toContain('\u001b')
})
