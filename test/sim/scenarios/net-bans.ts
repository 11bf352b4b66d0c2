import { ban } from '../elements/ban.ts'
import { MANAGED } from '../elements/pages.ts'
import { deeds, portScan, sometime } from '../elements/trigger.ts'
import { isWeb } from '../net/words.ts'
import { BOX, portsOf } from './hosts.ts'
import { between, oneOf, type Scenario } from './scenario.ts'
import { accompany, assertive, HOUR, on, truth } from './shape.ts'

/** Bans by a box before the host, or by whoever runs the net. */
export const NET_BANS: readonly Scenario[] = [
  {
    name: 'P10 port-scan list on the router, drop, neighbours too',
    kind: 'block',
    truth: truth(['network_ips', 'source_ban']),
    draw: (roll) =>
      on(
        portsOf(BOX),
        accompany(BOX, {
          anchors: 1,
          watchMs: 40_000,
          sweep: { ms: 2_500, perSecond: 200 },
          elements: [
            ban({
              trigger: portScan(20, 5_000),
              how: 'drop',
              place: 'router',
              lagMs: between(roll, 3_500, 6_000),
              lastsMs: 60_000,
            }),
          ],
        }),
      ),
  },
  {
    name: 'P11 the same, by reset',
    kind: 'block',
    truth: truth(['network_ips', 'source_ban']),
    draw: (roll) =>
      on(
        portsOf(BOX),
        accompany(BOX, {
          anchors: 1,
          watchMs: 40_000,
          sweep: { ms: 2_500, perSecond: 200 },
          elements: [
            ban({
              trigger: portScan(20, 5_000),
              how: 'reset',
              place: 'router',
              lagMs: between(roll, 3_500, 6_000),
              lastsMs: 300_000,
            }),
          ],
        }),
      ),
  },
  {
    name: 'P12 rejected as prohibited',
    kind: 'block',
    truth: truth(['source_ban', 'network_ips']),
    draw: (roll) =>
      on(
        portsOf(BOX),
        accompany(BOX, {
          elements: [ban({ trigger: sometime(between(roll, 8_000, 40_000)), how: 'prohibited', lastsMs: HOUR })],
        }),
      ),
  },
  {
    name: 'P28 range ban /24, drop, anchor answers',
    kind: 'block',
    truth: truth(['range_ban', 'geo_policy', 'reputation_list'], ['ips', 'firewall_policy']),
    draw: (roll) =>
      on(
        portsOf(BOX),
        accompany(BOX, {
          anchors: 1,
          elements: [
            ban({ trigger: sometime(between(roll, 8_000, 40_000)), whom: 'range', how: 'drop', lastsMs: HOUR }),
          ],
        }),
      ),
  },
  {
    name: 'P28b range ban /24, one port, reject',
    kind: 'block',
    truth: truth(['range_ban', 'fail2ban', 'geo_policy', 'reputation_list'], ['ips', 'firewall_policy']),
    draw: (roll) =>
      on(
        [443],
        accompany(BOX, {
          elements: [
            ban({
              trigger: sometime(between(roll, 8_000, 40_000)),
              whom: 'range',
              ports: [443],
              how: 'port_unreachable',
              lastsMs: HOUR,
            }),
          ],
        }),
      ),
  },
  {
    name: 'X05 provider drops the source for an hour, neighbours too',
    kind: 'block',
    truth: truth(['provider_block', 'null_route', 'source_ban', 'network_ips'], ['hosting_provider', 'ips']),
    draw: (roll) =>
      on(
        portsOf(BOX),
        accompany(BOX, {
          anchors: 1,
          elements: [
            ban({ trigger: sometime(between(roll, 8_000, 40_000)), place: 'router', how: 'drop', lastsMs: HOUR }),
          ],
        }),
      ),
  },
  {
    name: 'X05b managed platform drops the source, neighbours too',
    kind: 'block',
    truth: truth(['provider_block', 'null_route'], ['hosting_provider']),
    draw: (roll) =>
      on(
        portsOf(BOX),
        assertive(BOX, {
          anchors: 1,
          elements: [
            ban({ trigger: deeds(['attack'], 2, 60_000), place: 'router', how: 'drop', lastsMs: HOUR }),
            { talk: ({ service }) => (isWeb(service) ? oneOf(roll, MANAGED) : null) },
          ],
        }),
      ),
  },
  {
    name: 'X06 silent ban of some ports only',
    kind: 'block',
    truth: truth(['source_ban', 'fail2ban', 'network_ips']),
    draw: (roll) =>
      on(
        [80, 443],
        accompany(BOX, {
          elements: [
            ban({ trigger: sometime(between(roll, 8_000, 40_000)), ports: [80, 443], how: 'drop', lastsMs: HOUR }),
          ],
        }),
      ),
  },
  {
    name: 'X07 IPS quarantine in mid-engagement, reset all',
    kind: 'block',
    truth: truth(['network_ips', 'source_ban']),
    draw: (roll) =>
      on(
        portsOf(BOX),
        assertive(BOX, {
          elements: [
            ban({
              trigger: deeds(['attack'], 1, 60_000),
              how: 'reset',
              lagMs: between(roll, 0, 500),
              lastsMs: 600_000,
            }),
          ],
        }),
      ),
  },
  {
    name: 'X08 nine SYNs in ten of the source dropped',
    kind: 'rate',
    truth: truth(
      ['connection_rate_limit', 'connection_count_limit', 'source_ban', 'network_ips'],
      ['ddos_protection', 'ips'],
      ['degraded', 'interfered'],
    ),
    draw: (roll) =>
      on(
        portsOf(BOX),
        accompany(BOX, {
          elements: [ban({ trigger: sometime(between(roll, 8_000, 40_000)), how: 'drop', share: 0.9, roll })],
        }),
      ),
  },
]
