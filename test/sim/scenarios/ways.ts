import type { PanelMember } from '../../../schema/facts.ts'
import { ban } from '../elements/ban.ts'
import { connectionRate } from '../elements/limit.ts'
import { sometime } from '../elements/trigger.ts'
import type { Setting } from '../line/setting.ts'
import type { PathSpec } from '../net/path.ts'
import { BOX, portsOf, SHELL_BOX } from './hosts.ts'
import { between, type Drawn, type Scenario, type Truth } from './scenario.ts'

const LATE = 30_000
/** Of the outages of a probe's path that its sibling beside it has too (detection-science.md, 4.4). */
const SHARED = 0.95
const exponential = (roll: () => number, mean: number) => -mean * Math.log(1 - roll())
const isHome = (who: PanelMember) => who.role !== 'witness'
const isScanner = (who: PanelMember) => who.role === 'scanner'
const INNOCENT: Truth = {
  verdicts: ['open', 'transient', 'inconclusive', 'path_outage'],
  classes: ['path'],
  mechanisms: ['probe_path', 'upstream_outage'],
}
/** Without a shared outage the sibling's answers speak against the path: a suspicion is all that may be said. */
const UNSHARED: Truth = {
  ...INNOCENT,
  verdicts: [...INNOCENT.verdicts, 'interfered', 'degraded'],
  classes: [],
  mechanisms: [],
}
const NOTHING: Truth = { verdicts: ['open', 'transient'], classes: [], mechanisms: [] }
const scan = (rest: Partial<Setting>): Drawn => ({
  focus: portsOf(rest.ports ?? BOX),
  setting: { ports: BOX, profile: 'accompany', watchMs: 70_000, elements: [], ...rest },
})

/** An outage of the paths of those whom it hits. */
const outage = (
  roll: () => number,
  hit: (who: PanelMember) => boolean,
  meanMs: number,
  more: Partial<Setting> = {},
  near = false,
) => {
  const from = between(roll, 10_000, LATE)
  const to = from + exponential(roll, meanMs)
  return scan({ ...more, paths: (who): Partial<PathSpec> => (hit(who) ? { outages: [{ from, to, near }] } : {}) })
}

/** The way between probe and target, and the probe itself. */
export const WAYS: readonly Scenario[] = [
  {
    name: 'N01 nothing but loss',
    kind: 'innocent',
    truth: { ...NOTHING, verdicts: ['open', 'transient', 'inconclusive'] },
    draw: () => scan({ ports: SHELL_BOX, profile: 'assertive' }),
  },
  {
    name: 'N01b loss of 40 % on the scanner’s path',
    kind: 'innocent',
    truth: { ...NOTHING, verdicts: ['open', 'transient', 'inconclusive', 'path_outage'] },
    draw: () => scan({ paths: (who) => (isScanner(who) ? { loss: 0.4 } : {}) }),
  },
  {
    name: 'N01c the search for ports held back by loss alone, 40 % on the scanner’s path',
    kind: 'innocent',
    truth: { ...NOTHING, verdicts: ['open', 'transient', 'inconclusive', 'path_outage'] },
    draw: () =>
      scan({
        profile: 'discovery',
        heldBack: { offered: 300, passed: 100 },
        paths: (who) => (isScanner(who) ? { loss: 0.4 } : {}),
      }),
  },
  {
    name: 'N01d the search for ports is too much for the way of scanner and sibling',
    kind: 'innocent',
    truth: { ...NOTHING, verdicts: ['open', 'transient', 'inconclusive', 'path_outage'] },
    draw: () =>
      scan({
        profile: 'discovery',
        heldBack: { offered: 300, passed: 20 },
        elements: [connectionRate({ perSecond: 20, burst: 40, whom: 'range', how: 'drop' })],
      }),
  },
  ...([5_000, 20_000, 60_000] as const).map(
    (mean): Scenario => ({
      name: `N02 burst of ${mean / 1_000} s on the path, shared`,
      kind: 'innocent',
      truth: INNOCENT,
      draw: (roll) => outage(roll, isHome, mean),
    }),
  ),
  {
    name: 'U02d Gilbert–Elliott, 60 s good, 5 s bad, each path its own',
    kind: 'unshared',
    truth: UNSHARED,
    draw: () => scan({ paths: () => ({ bursts: { goodMs: 60_000, badMs: 5_000, loss: 0.9 } }) }),
  },
  {
    name: 'N03 path outage of 300 s, shared',
    kind: 'innocent',
    truth: { ...INNOCENT, verdicts: ['path_outage', 'inconclusive', 'transient', 'open'] },
    draw: (roll) => outage(roll, isHome, 300_000),
  },
  {
    name: 'N03b path outage of 300 s, shared, anchor silent too',
    kind: 'innocent',
    truth: { ...INNOCENT, verdicts: ['path_outage', 'inconclusive', 'transient', 'open'] },
    draw: (roll) => outage(roll, isHome, 300_000, { anchors: 1 }),
  },
  {
    name: 'N03c outage near the probes, beacons silent too',
    kind: 'innocent',
    truth: { ...INNOCENT, verdicts: ['path_outage', 'inconclusive', 'transient', 'open'] },
    draw: (roll) => outage(roll, isHome, 120_000, {}, true),
  },
  {
    name: 'N03d outage near the scanner alone, its beacon silent',
    kind: 'innocent',
    truth: { ...INNOCENT, verdicts: ['path_outage', 'inconclusive', 'transient', 'open'] },
    draw: (roll) => outage(roll, isScanner, 120_000, {}, true),
  },
  {
    name: 'U02 burst of 20 s, not shared by the sibling',
    kind: 'unshared',
    truth: UNSHARED,
    draw: (roll) => outage(roll, isScanner, 20_000),
  },
  {
    name: 'U03 outage of 60 s, not shared by the sibling',
    kind: 'unshared',
    truth: UNSHARED,
    draw: (roll) => outage(roll, isScanner, 60_000),
  },
  {
    name: 'U04 outage of 300 s, not shared by the sibling',
    kind: 'unshared',
    truth: UNSHARED,
    draw: (roll) => outage(roll, isScanner, 300_000),
  },
  {
    name: 'N03e outages of 60 s as they come: the sibling shares 95 of 100',
    kind: 'innocent',
    truth: INNOCENT,
    draw: (roll) => outage(roll, roll() < SHARED ? isHome : isScanner, 60_000),
  },
  {
    name: 'X15 a witness loses its way',
    kind: 'innocent',
    truth: NOTHING,
    draw: (roll) => outage(roll, (who) => who.probeId === 'prb_witness0001', 60_000),
  },
  {
    name: 'X16 a region loses its way, scanner and first witness',
    kind: 'innocent',
    truth: INNOCENT,
    draw: (roll) => outage(roll, (who) => isHome(who) || who.probeId === 'prb_witness0001', 60_000),
  },
  {
    name: 'N14 scanner’s egress shuts port 8443, beacon on that port',
    kind: 'innocent',
    truth: { verdicts: ['open', 'transient', 'inconclusive'], classes: ['probe_fault'], mechanisms: ['probe_egress'] },
    draw: (roll) => {
      const from = between(roll, 10_000, LATE)
      return {
        ...scan({ beaconPort: 8443, faults: (who) => (isScanner(who) ? { egress: [8443], from } : null) }),
        focus: [8443],
      }
    },
  },
  {
    name: 'N14b scanner’s egress shuts port 8443, no such beacon (no way to tell)',
    kind: 'question',
    truth: { verdicts: ['interfered', 'inconclusive'], classes: [], mechanisms: [] },
    draw: (roll) => {
      const from = between(roll, 10_000, LATE)
      return { ...scan({ faults: (who) => (isScanner(who) ? { egress: [8443], from } : null) }), focus: [8443] }
    },
  },
  {
    name: 'N14c scanner out of descriptors, half of its touches',
    kind: 'innocent',
    truth: { ...NOTHING, verdicts: ['open', 'transient', 'inconclusive'] },
    draw: () =>
      scan({
        profile: 'assertive',
        faults: (who) => (isScanner(who) ? { exhausted: 0.5, from: 8_000 } : null),
      }),
  },
  {
    name: 'N14d scanner stalls and knows it',
    kind: 'innocent',
    truth: { ...NOTHING, verdicts: ['open', 'transient', 'inconclusive'] },
    draw: () => scan({ faults: (who) => (isScanner(who) ? { stalled: true, from: 10_000 } : null) }),
  },
  {
    name: 'N14e scanner’s clock 8 s ahead, service gone for 30 s',
    kind: 'innocent',
    truth: { verdicts: ['open', 'transient', 'inconclusive', 'service_down'], classes: [], mechanisms: [] },
    draw: (roll) => {
      const from = between(roll, 12_000, LATE)
      return scan({
        faults: (who) => (isScanner(who) ? { skewMs: 8_000 } : null),
        elements: [{ syn: ({ at }) => (at >= from && at < from + 30_000 ? 'reset' : 'pass') }],
      })
    },
  },
  {
    name: 'N16 large packets lost on our path: TLS goes silent, the rest answers',
    kind: 'innocent',
    truth: {
      verdicts: ['path_outage', 'inconclusive', 'transient', 'open'],
      classes: ['path'],
      mechanisms: ['probe_path'],
    },
    draw: (roll) => {
      const from = between(roll, 10_000, LATE)
      return {
        ...scan({
          elements: [
            {
              talk: ({ who, port, at }) =>
                isHome(who) && (port === 443 || port === 8443) && at >= from ? { do: 'mute' } : null,
            },
          ],
        }),
        focus: [443, 8443],
      }
    },
  },
  {
    name: 'N18 closed ports behind throttled ICMP',
    kind: 'innocent',
    truth: { verdicts: ['open', 'transient'], classes: [], mechanisms: [] },
    draw: () =>
      scan({
        ports: [...BOX, { port: 5900, service: 'vnc', check: 'greeting' }],
        elements: [{ syn: ({ port }) => (port === 5900 ? 'port_unreachable' : 'pass') }],
      }),
  },
  {
    name: 'X17 ban on the scanner while its sibling is unfit',
    kind: 'block',
    truth: {
      verdicts: ['interfered'],
      classes: ['ips'],
      mechanisms: ['source_ban', 'network_ips', 'crowdsec', 'sshguard'],
    },
    draw: (roll) =>
      scan({
        faults: (who) => (who.role === 'sibling' ? { exhausted: 1, from: 5_000 } : null),
        elements: [ban({ trigger: sometime(between(roll, 10_000, LATE)), how: 'drop', lastsMs: 3_600_000 })],
      }),
  },
  {
    name: 'X20 a blip of 8 s on the path, then a ban 15 to 40 s later',
    kind: 'block',
    truth: {
      verdicts: ['interfered'],
      classes: ['ips'],
      mechanisms: ['source_ban', 'network_ips', 'crowdsec', 'sshguard'],
    },
    draw: (roll) => {
      const from = between(roll, 10_000, 20_000)
      return scan({
        watchMs: 90_000,
        paths: (who) => (isHome(who) ? { outages: [{ from, to: from + 8_000 }] } : {}),
        elements: [
          ban({ trigger: sometime(from + 8_000 + between(roll, 15_000, 40_000)), how: 'drop', lastsMs: 3_600_000 }),
        ],
      })
    },
  },
]
