import type { PanelMember } from '../../../schema/facts.ts'
import { PANEL } from '../../support/facts.ts'
import { ban } from '../elements/ban.ts'
import { policy } from '../elements/policy.ts'
import { sometime } from '../elements/trigger.ts'
import { BOX, portsOf, TELNET } from './hosts.ts'
import { between, oneOf, type Scenario } from './scenario.ts'

/** The first witness stands in the scanner's country. */
const SAME_COUNTRY: readonly PanelMember[] = PANEL.map((who) =>
  who.probeId === 'prb_witness0001' ? { ...who, country: 'FR' } : who,
)
const isFrench = (who: PanelMember) => who.country === 'FR'
const isHome = (who: PanelMember) => who.role !== 'witness'

/** Who may come at all: by country, by list; from the start, or from a moment on. */
export const POLICIES: readonly Scenario[] = [
  {
    name: 'P27 country shut from the start (also N11)',
    kind: 'before',
    truth: {
      verdicts: ['blocked_before'],
      classes: ['firewall_policy'],
      mechanisms: ['geo_policy', 'reputation_list'],
    },
    draw: (roll) => ({
      focus: [443, 8443],
      setting: {
        ports: BOX,
        panel: SAME_COUNTRY,
        profile: 'accompany',
        watchMs: 30_000,
        elements: [
          policy(isFrench, oneOf(roll, ['drop', 'port_unreachable']), 0, Number.POSITIVE_INFINITY, [443, 8443]),
        ],
      },
    }),
  },
  {
    name: 'P27b our range on a list from the start',
    kind: 'before',
    truth: {
      verdicts: ['blocked_before'],
      classes: ['firewall_policy'],
      mechanisms: ['geo_policy', 'reputation_list'],
    },
    draw: () => ({
      focus: [443, 8443],
      setting: {
        ports: BOX,
        profile: 'accompany',
        watchMs: 30_000,
        elements: [policy(isHome, 'drop', 0, Number.POSITIVE_INFINITY, [443, 8443])],
      },
    }),
  },
  {
    name: 'P27c country shut in mid-scan, anchor answers',
    kind: 'block',
    truth: {
      verdicts: ['interfered'],
      classes: ['firewall_policy', 'ips'],
      mechanisms: ['geo_policy', 'range_ban', 'reputation_list'],
    },
    draw: (roll) => ({
      focus: portsOf(BOX),
      setting: {
        ports: BOX,
        panel: SAME_COUNTRY,
        anchors: 1,
        profile: 'accompany',
        watchMs: 60_000,
        elements: [ban({ trigger: sometime(between(roll, 10_000, 40_000)), whom: 'country', how: 'drop' })],
      },
    }),
  },
  {
    name: 'P35 the whole fleet banned',
    kind: 'question',
    truth: { verdicts: ['inconclusive', 'service_down'], classes: [], mechanisms: [], mostConfidence: 0.5 },
    draw: (roll) => ({
      focus: portsOf(BOX),
      setting: {
        ports: BOX,
        anchors: 1,
        profile: 'accompany',
        watchMs: 60_000,
        elements: [ban({ trigger: sometime(between(roll, 10_000, 40_000)), whom: 'all', how: 'drop' })],
      },
    }),
  },
  {
    name: 'X10 access list edited, all are out (Q2, Q7)',
    kind: 'given',
    // Silent for all: what shut it cannot be told from outside.
    truth: { verdicts: ['service_down'], classes: [], mechanisms: [] },
    draw: (roll) => ({
      focus: [TELNET.port],
      setting: {
        ports: BOX,
        profile: 'accompany',
        watchMs: 60_000,
        elements: [policy(() => true, 'drop', between(roll, 10_000, 40_000), Number.POSITIVE_INFINITY, [TELNET.port])],
      },
    }),
  },
  {
    name: 'X11 range ban, silent, no anchor (Q4)',
    kind: 'question',
    truth: { verdicts: ['path_outage', 'inconclusive', 'interfered'], classes: [], mechanisms: [] },
    draw: (roll) => ({
      focus: portsOf(BOX),
      setting: {
        ports: BOX,
        profile: 'accompany',
        watchMs: 60_000,
        elements: [ban({ trigger: sometime(between(roll, 10_000, 40_000)), whom: 'range', how: 'drop' })],
      },
    }),
  },
  {
    name: 'N12 scanner allowed, witnesses shut out from the start',
    kind: 'innocent',
    truth: { verdicts: ['open', 'transient', 'inconclusive'], classes: [], mechanisms: [] },
    draw: () => ({
      focus: portsOf(BOX),
      setting: {
        ports: BOX,
        profile: 'assertive',
        elements: [policy((who) => who.role === 'witness', 'drop')],
      },
    }),
  },
  {
    name: 'N12b witnesses banned in mid-scan, then the service stops',
    kind: 'innocent',
    truth: { verdicts: ['service_down', 'inconclusive'], classes: [], mechanisms: [] },
    draw: (roll) => {
      const from = between(roll, 10_000, 30_000)
      return {
        focus: [8443],
        setting: {
          ports: BOX,
          profile: 'accompany',
          watchMs: 60_000,
          elements: [
            policy((who) => who.role === 'witness', 'drop', from - 3_000),
            policy(() => true, 'reset', from, Number.POSITIVE_INFINITY, [8443]),
          ],
        },
      }
    },
  },
]
