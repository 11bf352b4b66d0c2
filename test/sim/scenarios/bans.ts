import { ban } from '../elements/ban.ts'
import { deeds, portScan, sometime } from '../elements/trigger.ts'
import { BOX, portsOf, SHELL_BOX, WEB_HOST } from './hosts.ts'
import { between, oneOf, type Scenario } from './scenario.ts'
import { accompany, assertive, DAY, HOUR, logins, on, truth } from './shape.ts'

/** Bans on the source address by a host tool. */
export const HOST_BANS: readonly Scenario[] = [
  {
    name: 'P01 fail2ban sshd, reject',
    kind: 'block',
    truth: truth(['fail2ban']),
    draw: (roll) =>
      on(
        [22],
        accompany(WEB_HOST, {
          other: logins(roll),
          elements: [
            ban({
              trigger: deeds(['login'], 5, 600_000),
              ports: [22],
              how: 'port_unreachable',
              lagMs: between(roll, 500, 3_000),
              lastsMs: 600_000,
            }),
          ],
        }),
      ),
  },
  {
    name: 'P02 fail2ban sshd, drop',
    kind: 'block',
    truth: truth(['fail2ban', 'source_ban']),
    draw: (roll) =>
      on(
        [22],
        accompany(WEB_HOST, {
          other: logins(roll),
          elements: [
            ban({
              trigger: deeds(['login'], 5, 600_000),
              ports: [22],
              how: 'drop',
              lagMs: between(roll, 500, 3_000),
              lastsMs: 600_000,
            }),
          ],
        }),
      ),
  },
  {
    name: 'P03 fail2ban aggressive, banners only',
    kind: 'block',
    truth: truth(['fail2ban']),
    draw: (roll) =>
      on(
        [22],
        assertive(WEB_HOST, {
          elements: [
            ban({
              trigger: deeds(['junk'], 5, 600_000, [22]),
              ports: [22],
              how: 'port_unreachable',
              lagMs: between(roll, 300, 2_000),
              lastsMs: 600_000,
            }),
          ],
        }),
      ),
  },
  {
    name: 'P04 fail2ban recidive, all ports, reject',
    kind: 'block',
    truth: truth(['fail2ban', 'source_ban']),
    draw: (roll) =>
      on(
        portsOf(SHELL_BOX),
        accompany(SHELL_BOX, {
          other: logins(roll),
          elements: [
            ban({
              trigger: deeds(['login'], 5, 600_000),
              how: 'port_unreachable',
              lagMs: between(roll, 500, 3_000),
              lastsMs: 7 * DAY,
            }),
          ],
        }),
      ),
  },
  {
    name: 'P05 sshguard, drop all 120 s',
    kind: 'block',
    truth: truth(['sshguard', 'source_ban']),
    draw: (roll) =>
      on(
        portsOf(SHELL_BOX),
        accompany(SHELL_BOX, {
          other: logins(roll),
          elements: [
            ban({
              trigger: deeds(['login', 'junk'], 3, 1_800_000, [22]),
              how: 'drop',
              lagMs: between(roll, 100, 1_500),
              lastsMs: between(roll, 120_000, 140_000),
              grows: 1.5,
            }),
          ],
        }),
      ),
  },
  {
    name: 'P06 CrowdSec ssh-bf, drop all 4 h',
    kind: 'block',
    truth: truth(['crowdsec', 'source_ban']),
    draw: (roll) =>
      on(
        portsOf(SHELL_BOX),
        accompany(SHELL_BOX, {
          other: logins(roll),
          elements: [
            ban({
              trigger: deeds(['login'], 6, 50_000),
              how: 'drop',
              lagMs: between(roll, 0, 10_000),
              lastsMs: 4 * HOUR,
            }),
          ],
        }),
      ),
  },
  {
    name: 'P07 CrowdSec http-probing, drop all 4 h',
    kind: 'block',
    truth: truth(['crowdsec', 'source_ban']),
    draw: (roll) =>
      on(
        portsOf(BOX),
        assertive(BOX, {
          elements: [
            ban({
              trigger: deeds(['odd'], 10, 100_000),
              how: 'drop',
              lagMs: between(roll, 0, 10_000),
              lastsMs: 4 * HOUR,
              sparesFlows: roll() < 0.5,
            }),
          ],
        }),
      ),
  },
  {
    name: 'P08 psad, drop all 1 h',
    kind: 'block',
    truth: truth(['psad', 'source_ban']),
    draw: (roll) => {
      const lagMs = between(roll, 3_500, 8_000)
      return on(
        portsOf(BOX),
        accompany(BOX, {
          watchMs: 40_000,
          sweep: { ms: 2_500, perSecond: 200 },
          elements: [ban({ trigger: portScan(15, 5_000), how: 'drop', lagMs, lastsMs: HOUR })],
        }),
      )
    },
  },
  {
    name: 'P09 portsentry trap port, drop for good',
    kind: 'block',
    truth: truth(['portsentry', 'source_ban']),
    draw: (roll) =>
      on(
        portsOf(BOX),
        accompany(BOX, {
          watchMs: 40_000,
          sweep: { ms: 2_500, perSecond: 100 },
          elements: [ban({ trigger: portScan(1, 5_000), how: 'drop', lagMs: between(roll, 3_500, 6_000) })],
        }),
      ),
  },
  {
    name: 'P13 self-renewing list, drop 60 s',
    kind: 'block',
    truth: truth(['self_renewing_ban', 'source_ban']),
    draw: (roll) =>
      on(
        portsOf(BOX),
        accompany(BOX, {
          elements: [
            ban({ trigger: sometime(between(roll, 8_000, 40_000)), how: 'drop', lastsMs: 60_000, renews: true }),
          ],
        }),
      ),
  },
  {
    name: 'P16 fail2ban on a WAF’s log, web ports, reject',
    kind: 'block',
    truth: truth(['fail2ban']),
    draw: (roll) =>
      on(
        [80, 443],
        assertive(BOX, {
          elements: [
            ban({
              trigger: deeds(['attack'], 2, 600_000),
              ports: [80, 443],
              how: 'port_unreachable',
              lagMs: between(roll, 500, 3_000),
              lastsMs: 600_000,
            }),
          ],
        }),
      ),
  },
  {
    name: 'P36 stateful ban, canary lives',
    kind: 'block',
    truth: truth(['source_ban', 'csf_lfd', 'crowdsec', 'network_ips']),
    draw: (roll) =>
      on(
        portsOf(BOX),
        accompany(BOX, {
          elements: [
            ban({ trigger: sometime(between(roll, 8_000, 40_000)), how: 'drop', lastsMs: HOUR, sparesFlows: true }),
          ],
        }),
      ),
  },
  {
    name: 'X01 CSF/LFD, drop for good',
    kind: 'block',
    truth: truth(['csf_lfd', 'source_ban']),
    draw: (roll) =>
      on(
        portsOf(SHELL_BOX),
        accompany(SHELL_BOX, {
          other: logins(roll),
          elements: [
            ban({
              trigger: deeds(['login'], 5, 3_600_000),
              how: 'drop',
              lagMs: between(roll, 1_000, 5_000),
              sparesFlows: true,
            }),
          ],
        }),
      ),
  },
  {
    name: 'X02 tcp_wrappers, cut after accept',
    kind: 'block',
    truth: truth(['tcp_wrappers', 'source_ban', 'proxy_reject']),
    draw: (roll) =>
      on(
        [22],
        accompany(WEB_HOST, {
          other: logins(roll),
          elements: [
            ban({
              trigger: deeds(['login'], 5, 600_000),
              ports: [22],
              how: { answer: { do: 'cut', how: oneOf(roll, ['end', 'reset']) } },
              lagMs: between(roll, 1_000, 20_000),
            }),
          ],
        }),
      ),
  },
  {
    name: 'X03 very short ban, 15 to 30 s, drop all',
    kind: 'block',
    truth: truth(['source_ban', 'network_ips', 'sshguard']),
    draw: (roll) =>
      on(
        portsOf(BOX),
        accompany(BOX, {
          elements: [
            ban({
              trigger: sometime(between(roll, 8_000, 40_000)),
              how: 'drop',
              lastsMs: between(roll, 15_000, 30_000),
            }),
          ],
        }),
      ),
  },
  {
    name: 'X04 escalating ban 60 s ×2, drop all',
    kind: 'block',
    truth: truth(['source_ban', 'network_ips', 'sshguard', 'fail2ban']),
    draw: (roll) =>
      on(
        portsOf(BOX),
        accompany(BOX, {
          other: [{ port: 80, deed: 'attack', from: between(roll, 8_000, 20_000), everyMs: 2_000, times: 40 }],
          elements: [ban({ trigger: deeds(['attack'], 2, 60_000), how: 'drop', lastsMs: 60_000, grows: 2 })],
        }),
      ),
  },
]
