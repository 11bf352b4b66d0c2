import { ban } from '../elements/ban.ts'
import { connectionCount, connectionRate, requestRate } from '../elements/limit.ts'
import { PAGES } from '../elements/pages.ts'
import { deeds } from '../elements/trigger.ts'
import type { Work } from '../line/setting.ts'
import { BOX, portsOf, SHELL_BOX, WEB_HOST } from './hosts.ts'
import { between, oneOf, type Scenario, type Truth } from './scenario.ts'

/** The other scanner asks one port again and again, as crawlers do. */
const crawl = (roll: () => number, port: number, perSecond: number, seconds = 90): Work[] => [
  {
    port,
    deed: 'odd',
    from: between(roll, 10_000, 20_000),
    everyMs: 1_000 / perSecond,
    times: Math.round(perSecond * seconds),
  },
]
const SLOWED = ['degraded', 'interfered'] as const

/** Either name is right for connections that are counted and dropped in silence. */
const COUNTED: Truth = {
  verdicts: SLOWED,
  classes: ['ddos_protection'],
  once: true,
  mechanisms: ['connection_rate_limit', 'connection_count_limit'],
}

/** Limits on how fast or how many, and proxies that reject. */
export const LIMITS: readonly Scenario[] = [
  {
    name: 'P14 connection rate 5/s per source, drop, other scanner at 12/s',
    kind: 'rate',
    truth: COUNTED,
    draw: (roll) => ({
      focus: portsOf(BOX),
      setting: {
        ports: BOX,
        profile: 'accompany',
        watchMs: 80_000,
        other: crawl(roll, 80, 12),
        elements: [connectionRate({ perSecond: 5, burst: 5, how: 'drop' })],
      },
    }),
  },
  {
    name: 'P14b connection rate 2/s per source, drop, our own engagement',
    kind: 'rate',
    truth: COUNTED,
    draw: () => ({
      focus: portsOf(BOX),
      setting: {
        ports: BOX,
        profile: 'assertive',
        elements: [connectionRate({ perSecond: 2, burst: 4, how: 'drop' })],
      },
    }),
  },
  {
    name: 'P14c one bucket for the whole host: 30 SYNs, then one in two seconds, our own engagement',
    kind: 'rate',
    truth: COUNTED,
    draw: () => ({
      focus: portsOf(SHELL_BOX),
      setting: {
        ports: SHELL_BOX,
        profile: 'assertive',
        elements: [connectionRate({ perSecond: 0.5, burst: 30, how: 'drop' })],
      },
    }),
  },
  {
    name: 'P14d connection rate 20/s per source, drop: only the search for ports meets it',
    kind: 'rate',
    truth: { ...COUNTED, verdicts: ['degraded'] },
    draw: () => ({
      focus: portsOf(BOX),
      setting: {
        ports: BOX,
        profile: 'discovery',
        heldBack: { offered: 300, passed: 20 },
        elements: [connectionRate({ perSecond: 20, burst: 40, how: 'drop' })],
      },
    }),
  },
  {
    name: 'P17 request rate, 503 or 429, other scanner at 10/s',
    kind: 'rate',
    truth: { verdicts: ['app_blocked', 'degraded'], classes: ['ddos_protection'], mechanisms: ['http_rate_limit'] },
    draw: (roll) => ({
      focus: [80, 443],
      setting: {
        ports: BOX,
        profile: 'accompany',
        watchMs: 80_000,
        other: crawl(roll, 80, 10),
        elements: [requestRate(1, 5, oneOf(roll, [PAGES.limit503, PAGES.limit429]))],
      },
    }),
  },
  {
    name: 'P17b request rate 1/s, our own engagement',
    kind: 'rate',
    truth: {
      verdicts: ['app_blocked', 'degraded'],
      classes: ['ddos_protection'],
      mechanisms: ['http_rate_limit'],
      once: true,
    },
    draw: (roll) => ({
      focus: [80, 443],
      setting: {
        ports: BOX,
        profile: 'assertive',
        elements: [requestRate(1, 5, oneOf(roll, [PAGES.limit503, PAGES.limit429]))],
      },
    }),
  },
  {
    name: 'P19 HAProxy rejects a fast source, table 10 to 60 s',
    kind: 'block',
    truth: { verdicts: ['interfered', 'degraded'], classes: ['ddos_protection'], mechanisms: ['proxy_reject'] },
    draw: (roll) => ({
      focus: [80, 443],
      setting: {
        ports: BOX,
        profile: 'accompany',
        watchMs: 80_000,
        other: crawl(roll, 80, 12),
        recoverMs: 3_600_000,
        elements: [
          ban({
            trigger: deeds(['odd', 'visit', 'attack'], 40, 10_000, [80, 443]),
            ports: [80, 443],
            how: { answer: { do: 'cut', how: 'reset_at_once' } },
            lastsMs: between(roll, 10_000, 60_000),
            renews: true,
          }),
        ],
      },
    }),
  },
  {
    name: 'P20 HAProxy silent-drop of a fast source',
    kind: 'block',
    truth: { verdicts: ['interfered', 'degraded'], classes: ['ddos_protection'], mechanisms: ['proxy_silent_drop'] },
    draw: (roll) => ({
      focus: [80, 443],
      setting: {
        ports: BOX,
        profile: 'accompany',
        watchMs: 80_000,
        other: crawl(roll, 80, 12),
        elements: [
          ban({
            trigger: deeds(['odd', 'visit', 'attack'], 40, 10_000, [80, 443]),
            ports: [80, 443],
            how: { answer: { do: 'mute' } },
            lastsMs: between(roll, 30_000, 60_000),
            renews: true,
          }),
        ],
      },
    }),
  },
  {
    name: 'P20b HAProxy tarpit of a fast source',
    kind: 'block',
    truth: {
      verdicts: ['interfered', 'degraded', 'app_blocked'],
      classes: ['ddos_protection'],
      mechanisms: ['proxy_silent_drop', 'proxy_reject'],
    },
    draw: (roll) => ({
      focus: [80, 443],
      setting: {
        ports: BOX,
        profile: 'accompany',
        watchMs: 80_000,
        other: crawl(roll, 80, 12),
        elements: [
          ban({
            trigger: deeds(['odd', 'visit', 'attack'], 40, 10_000, [80, 443]),
            ports: [80, 443],
            how: { answer: { do: 'wait', ms: 10_000 } },
            lastsMs: 60_000,
            renews: true,
          }),
        ],
      },
    }),
  },
  {
    name: 'P25 connections at once per source (xinetd), closed at once',
    kind: 'rate',
    truth: {
      verdicts: SLOWED,
      classes: ['ddos_protection'],
      mechanisms: ['connection_count_limit', 'connection_rate_limit', 'proxy_reject'],
    },
    draw: (roll) => {
      const from = between(roll, 10_000, 30_000)
      return {
        focus: [8443],
        setting: {
          ports: BOX,
          profile: 'accompany',
          watchMs: 80_000,
          elements: [
            connectionCount({
              most: 10,
              whom: 'source',
              ports: [8443],
              how: { answer: { do: 'cut', how: 'end' } },
              // The other scanner holds its connections, a few fewer now and then.
              held: (name, at) => (name.endsWith('.7') && at >= from ? (roll() < 0.85 ? 10 : 8) : 0),
              roll,
            }),
          ],
        },
      }
    },
  },
  {
    name: 'P25b connections at once per source (connlimit), refused by ICMP',
    kind: 'rate',
    truth: {
      verdicts: SLOWED,
      classes: ['ddos_protection', 'ips'],
      mechanisms: ['connection_count_limit', 'connection_rate_limit', 'fail2ban', 'source_ban'],
    },
    draw: (roll) => {
      const from = between(roll, 10_000, 30_000)
      return {
        focus: [443],
        setting: {
          ports: WEB_HOST,
          profile: 'accompany',
          watchMs: 80_000,
          elements: [
            connectionCount({
              most: 20,
              whom: 'source',
              ports: [443],
              how: 'port_unreachable',
              held: (name, at) => (name.endsWith('.7') && at >= from ? (roll() < 0.85 ? 20 : 15) : 0),
              roll,
            }),
          ],
        },
      }
    },
  },
]
