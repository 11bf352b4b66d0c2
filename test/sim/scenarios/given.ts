import { deadBackend } from '../elements/balancer.ts'
import { connectionCount, connectionRate } from '../elements/limit.ts'
import { NOTICES, PAGES } from '../elements/pages.ts'
import {
  acceptQueue,
  crashes,
  hostAway,
  movedHost,
  overload,
  reboot,
  routerAway,
  serviceAway,
  slow,
  stateTable,
} from '../elements/target.ts'
import type { Setting } from '../line/setting.ts'
import type { Element } from '../net/element.ts'
import { BOX, portsOf, TELNET, WEB_HOST } from './hosts.ts'
import { between, type Drawn, type Kind, oneOf, type Scenario, type Truth } from './scenario.ts'

const watching = (focus: readonly number[], elements: readonly Element[], rest: Partial<Setting> = {}): Drawn => ({
  focus,
  setting: { ports: BOX, profile: 'accompany', watchMs: 70_000, elements, recoverMs: 1_200_000, ...rest },
})
const onset = (roll: () => number) => between(roll, 10_000, 40_000)
const story = (name: string, kind: Kind, truth: Truth, draw: Scenario['draw']): Scenario => ({
  name,
  kind,
  truth,
  draw,
})
const service = (verdicts: Truth['verdicts'], mechanisms: Truth['mechanisms']): Truth => ({
  verdicts,
  classes: ['service_change'],
  mechanisms,
})
const gaveWay = (mechanisms: Truth['mechanisms'], verdicts: Truth['verdicts'] = ['service_down']): Truth => ({
  verdicts,
  classes: ['overload'],
  mechanisms,
})
const BLIP = ['transient', 'open', 'service_down', 'inconclusive'] as const

/** The target or its limits gave way, for everyone. */
export const GIVEN: readonly Scenario[] = [
  story(
    'P21 MaxStartups held full by the scan',
    'given',
    gaveWay(['openssh_max_startups'], ['service_down', 'degraded']),
    (roll) => {
      const from = between(roll, 10_000, 30_000)
      return watching(
        [22],
        [
          connectionCount({
            most: 3,
            whom: 'all',
            ports: [22],
            how: { answer: oneOf(roll, [NOTICES.maxStartups, NOTICES.maxStartups, NOTICES.notAllowed]) },
            held: (_name, at) => (at >= from ? 3 : 0),
            roll,
          }),
        ],
        { ports: WEB_HOST, recoverMs: undefined },
      )
    },
  ),
  story(
    'P21b MaxStartups in part, by lot',
    'given',
    gaveWay(['openssh_max_startups'], ['service_down', 'degraded', 'inconclusive', 'transient', 'open', 'app_blocked']),
    (roll) => {
      const from = between(roll, 10_000, 30_000)
      return watching(
        [22],
        [
          connectionCount({
            most: 100,
            whom: 'all',
            ports: [22],
            how: { answer: NOTICES.maxStartups },
            held: (_name, at) => (at >= from ? 60 : 0),
            start: { at: 10, rate: 0.3 },
            roll,
          }),
        ],
        { ports: WEB_HOST, recoverMs: undefined },
      )
    },
  ),
  story(
    'P14e connection rate 20/s for everyone, drop: only the search for ports meets it',
    'innocent',
    { verdicts: ['open', 'transient'], classes: [], mechanisms: [] },
    () =>
      watching(portsOf(BOX), [connectionRate({ perSecond: 20, burst: 40, whom: 'all', how: 'drop' })], {
        profile: 'discovery',
        heldBack: { offered: 300, passed: 20 },
        recoverMs: undefined,
      }),
  ),
  story(
    'P33 state table full',
    'given',
    gaveWay(['state_table_full', 'link_saturated'], ['service_down', 'inconclusive']),
    (roll) => {
      const from = onset(roll)
      return watching(portsOf(BOX), [stateTable(from, from + between(roll, 90_000, 200_000), 0.97, roll)])
    },
  ),
  story('P34 hung process, its queue runs full', 'given', gaveWay(['accept_queue_overflow', 'worker_limit']), (roll) =>
    watching([8443], [acceptQueue(8443, onset(roll), 900_000, 6)]),
  ),
  story(
    'N10 overload, slower and slower, then silent',
    'given',
    gaveWay(
      ['link_saturated', 'accept_queue_overflow', 'worker_limit', 'state_table_full'],
      ['service_down', 'inconclusive', 'transient'],
    ),
    (roll) => {
      const from = onset(roll)
      return watching([80, 443], [overload([80, 443], from, from + 150_000, roll)])
    },
  ),
  story(
    'X12 service crashes at an attack, for good',
    'given',
    {
      verdicts: ['service_down'],
      classes: ['overload', 'service_change'],
      mechanisms: ['crashed_by_scan', 'service_stopped'],
    },
    (roll) =>
      watching([443], [crashes(443, 'attack', Math.ceil(between(roll, 1, 7)))], {
        profile: 'assertive',
      }),
  ),
]

/** Changes that have nothing to do with the scan. */
export const CHANGES: readonly Scenario[] = [
  story('N04 service restarts, 2 s', 'innocent', service(BLIP, []), (roll) => {
    const from = onset(roll)
    return watching([443], [serviceAway([443], [{ from, to: from + 2_000 }])])
  }),
  story('N04b service restarts, 10 s', 'innocent', service(BLIP, []), (roll) => {
    const from = onset(roll)
    return watching([443], [serviceAway([443], [{ from, to: from + 10_000 }])])
  }),
  story(
    'N04c service restarts, 60 s',
    'innocent',
    service(['service_down'], ['service_restarted', 'service_stopped']),
    (roll) => {
      const from = onset(roll)
      return watching([443], [serviceAway([443], [{ from, to: from + 60_000 }])])
    },
  ),
  story(
    'N05 service stopped for good',
    'innocent',
    service(['service_down'], ['service_stopped', 'crashed_by_scan']),
    (roll) => watching([443], [serviceAway([443], [{ from: onset(roll), to: Number.POSITIVE_INFINITY }])]),
  ),
  story(
    'N06 host reboots, 40 to 120 s',
    'innocent',
    service(['service_down'], ['host_down', 'service_restarted']),
    (roll) => watching(portsOf(BOX), [reboot(onset(roll), between(roll, 40_000, 120_000))]),
  ),
  story(
    'X13 host down for good',
    'innocent',
    { verdicts: ['service_down'], classes: ['service_change', 'path'], mechanisms: ['host_down', 'upstream_outage'] },
    (roll) =>
      watching(
        portsOf(BOX),
        [hostAway([{ from: onset(roll), to: Number.POSITIVE_INFINITY }], oneOf(roll, ['drop', 'host_unreachable']))],
        { anchors: 1 },
      ),
  ),
  story(
    'N07 router down, neighbours too',
    'innocent',
    { verdicts: ['service_down'], classes: ['path', 'service_change'], mechanisms: ['upstream_outage', 'host_down'] },
    (roll) =>
      watching(
        portsOf(BOX),
        [routerAway([{ from: onset(roll), to: Number.POSITIVE_INFINITY }], oneOf(roll, ['drop', 'net_unreachable']))],
        { anchors: 1 },
      ),
  ),
  story(
    'N08 one backend of three dead, by lot',
    'innocent',
    {
      verdicts: ['transient', 'open', 'inconclusive', 'service_down'],
      classes: ['load_balancer', 'service_change'],
      mechanisms: ['backend_down'],
    },
    (roll) =>
      watching(
        [443],
        [
          deadBackend(
            443,
            onset(roll),
            3,
            'random',
            oneOf(roll, ['reset', 'drop', { answer: PAGES.badGateway }] as const),
            roll,
          ),
        ],
      ),
  ),
  story(
    'N08b one backend dead, by source: the scanner’s alone (Q5)',
    'question',
    { verdicts: ['interfered', 'inconclusive'], classes: [], mechanisms: [] },
    (roll) =>
      watching(
        [443],
        [
          deadBackend(443, onset(roll), 3, 'source', oneOf(roll, ['reset', 'drop'] as const), roll, (address) =>
            address.endsWith('.7'),
          ),
        ],
      ),
  ),
  story(
    'N08c one backend dead, by source: the scanner’s and another’s (Q5)',
    'question',
    {
      verdicts: ['transient', 'open', 'inconclusive', 'service_down', 'path_outage', 'interfered'],
      classes: [],
      mechanisms: [],
    },
    (roll) => {
      const last = oneOf(roll, ['.8', `.${20 + 'a'.charCodeAt(0)}`])
      return watching(
        [443],
        [
          deadBackend(
            443,
            onset(roll),
            3,
            'source',
            'reset',
            roll,
            (address) => address.endsWith('.7') || address.endsWith(last),
          ),
        ],
      )
    },
  ),
  story(
    'N09 name moved, nobody at the old address',
    'innocent',
    { verdicts: ['service_down'], classes: ['dns_change', 'service_change', 'path'], mechanisms: [] },
    (roll) =>
      watching(portsOf(BOX), [
        hostAway([{ from: onset(roll), to: Number.POSITIVE_INFINITY }], oneOf(roll, ['drop', 'reset'])),
      ]),
  ),
  story(
    'N09b address taken over by another host',
    'innocent',
    { verdicts: ['open', 'transient', 'inconclusive'], classes: [], mechanisms: [] },
    (roll) => watching(portsOf(BOX), [movedHost(onset(roll))]),
  ),
  story(
    'N13 host accepts everything (also P30)',
    'innocent',
    { verdicts: ['phantom'], classes: ['phantom'], mechanisms: ['accepts_everything'] },
    () =>
      watching(portsOf(BOX), [{ talk: () => ({ do: 'mute' }) }], {
        ports: BOX.map((port) => ({ ...port, phantom: true, check: 'tcp', service: 'unknown' })),
        watchMs: 10_000,
      }),
  ),
  story(
    'N15 slow host, 3 to 5 s to answer',
    'innocent',
    { verdicts: ['open', 'transient', 'inconclusive'], classes: [], mechanisms: [] },
    (roll) =>
      watching([80, 443], [slow([80, 443], () => between(roll, 2_500, 5_000))], {
        profile: 'assertive',
      }),
  ),
  story(
    'N15b RTT 600 ms for everyone',
    'innocent',
    { verdicts: ['open', 'transient'], classes: [], mechanisms: [] },
    () => watching(portsOf(BOX), [], { paths: () => ({ rttMs: 600 }) }),
  ),
  story(
    'N17 firewall reload, new flows dropped 3 s',
    'innocent',
    { verdicts: ['open', 'transient', 'service_down'], classes: [], mechanisms: [] },
    (roll) => {
      const from = onset(roll)
      return watching(portsOf(BOX), [{ syn: ({ at }) => (at >= from && at < from + 3_000 ? 'drop' : 'pass') }])
    },
  ),
  story(
    'P32 knocked open for the scanner, 30 s',
    'innocent',
    { verdicts: ['inconclusive', 'open', 'service_down', 'transient'], classes: [], mechanisms: [] },
    () =>
      watching(
        [TELNET.port],
        [
          {
            syn: ({ who, port, at }) =>
              port !== TELNET.port || (who.role === 'scanner' && at < 30_000) ? 'pass' : 'reset',
          },
        ],
      ),
  ),
  story('X14 service flaps for everyone, 5 s in 15 s', 'innocent', service(BLIP, []), (roll) => {
    const from = onset(roll)
    return watching(
      [443],
      [{ syn: ({ port, at }) => (port === 443 && at >= from && (at - from) % 15_000 < 5_000 ? 'reset' : 'pass') }],
    )
  }),
]
