import type { Hypothesis } from '../hypothesis.ts'

const scannerOnly = { scanner: 0.96, partial: 0.02, range: 0.01, all: 0.01 }
const ban = { slow: { blocked: 0.98, passes: 0.02 }, onset: { during: 0.9, before: 0.1 } } as const
/** Of a host that is lost whole the service says little: most hosts have SSH. */
const hostWide = { ssh: 0.6, web: 0.25, mail: 0.1, other: 0.05 }
const mostlySsh = { ssh: 0.6, mail: 0.2, web: 0.12, other: 0.08 }

/** Of defences that drop all of a source: where and how its ports go silent. */
const hostDrop = { ...ban, mode: { silent: 0.95 }, who: scannerOnly, area: { all: 0.95 }, service: hostWide }
const afterSweep = { sweep: 0.94, web: 0.02, ssh: 0.02, mail: 0.01, other: 0.01 }

/** Bans on a source, and what bars a source without a word. */
export const IPS: readonly Hypothesis[] = [
  {
    class: 'ips',
    mechanism: 'fail2ban',
    prior: 12,
    expects: {
      ...ban,
      mode: { refused: 0.78, silent: 0.16 },
      who: scannerOnly,
      area: { one: 0.64, web: 0.1, some: 0.15, all: 0.11 },
      service: mostlySsh,
      throttle: { icmp: 0.93, rst: 0.07 },
      trigger: { ssh: 0.5, web: 0.25, mail: 0.2, sweep: 0.03, other: 0.02 },
      canary: { frozen: 0.75, alive: 0.15, reset: 0.1 },
      away: { ten_minutes: 0.7, longer: 0.15 },
    },
  },
  {
    class: 'ips',
    mechanism: 'source_ban',
    prior: 16,
    expects: {
      ...ban,
      mode: { silent: 0.66, refused: 0.22, unreachable: 0.08, cut: 0.02 },
      who: scannerOnly,
      area: { all: 0.7, some: 0.11, web: 0.06, one: 0.13 },
      service: hostWide,
    },
  },
  {
    // A guard or inline box that lets the handshake pass and then resets, or drops what follows: to the whole host.
    class: 'ips',
    mechanism: 'source_ban',
    prior: 6,
    expects: {
      ...ban,
      mode: { cut: 0.86, mute: 0.12 },
      cut: { reset: 0.7, reset_at_once: 0.22, end: 0.08 },
      who: scannerOnly,
      area: { all: 0.92, some: 0.05, web: 0.02, one: 0.01 },
      service: hostWide,
    },
  },
  {
    // A redirect of whoever scans to a honeypot: what speaks first says nothing there, or something else.
    class: 'ips',
    mechanism: 'source_ban',
    prior: 6,
    only: 'lure',
    expects: {
      ...ban,
      mode: { mute: 0.6, cut: 0.25, notice: 0.05, page: 0.05 },
      who: scannerOnly,
      lure: { accepts: 0.95 },
      trigger: afterSweep,
    },
  },
  {
    // A service that keeps a list of its own and says so: MySQL after max_connect_errors, FTP servers with mod_ban.
    class: 'ips',
    mechanism: 'source_ban',
    prior: 2,
    expects: {
      ...ban,
      mode: { notice: 0.95 },
      who: scannerOnly,
      service: { other: 0.96 },
      area: { one: 0.9 },
      text: { barred: 0.9 },
    },
  },
  {
    class: 'ips',
    mechanism: 'sshguard',
    prior: 4,
    expects: {
      ...ban,
      mode: { silent: 0.97 },
      who: scannerOnly,
      area: { all: 0.95 },
      service: { ssh: 0.85, mail: 0.1 },
      trigger: { ssh: 0.85, mail: 0.1, web: 0.03, sweep: 0.01, other: 0.01 },
      canary: { frozen: 0.9 },
      away: { minutes: 0.9 },
    },
  },
  {
    class: 'ips',
    mechanism: 'crowdsec',
    prior: 5,
    expects: {
      ...hostDrop,
      trigger: { web: 0.35, sweep: 0.3, ssh: 0.3, mail: 0.03, other: 0.02 },
      away: { longer: 0.9 },
    },
  },
  {
    class: 'ips',
    mechanism: 'csf_lfd',
    prior: 3,
    expects: {
      ...hostDrop,
      who: { scanner: 0.9, range: 0.08 },
      canary: { alive: 0.7 },
      away: { longer: 0.7, hour: 0.2 },
    },
  },
  {
    class: 'ips',
    mechanism: 'psad',
    prior: 1,
    expects: {
      ...hostDrop,
      trigger: afterSweep,
      away: { hour: 0.9 },
    },
  },
  {
    class: 'ips',
    mechanism: 'portsentry',
    prior: 1,
    expects: {
      ...hostDrop,
      mode: { silent: 0.9 },
      trigger: afterSweep,
      away: { longer: 0.95 },
    },
  },
  {
    class: 'ips',
    mechanism: 'network_ips',
    prior: 6,
    expects: {
      ...ban,
      mode: { silent: 0.75, refused: 0.1, cut: 0.1 },
      who: { scanner: 0.9, range: 0.08 },
      area: { all: 0.92 },
      service: hostWide,
      neighbour: { lost: 0.8, answers: 0.2 },
      trigger: { sweep: 0.5, web: 0.35, ssh: 0.07, mail: 0.04, other: 0.04 },
      away: { minutes: 0.3, ten_minutes: 0.3, hour: 0.35 },
    },
  },
  {
    class: 'ips',
    mechanism: 'range_ban',
    prior: 5,
    expects: {
      ...ban,
      mode: { silent: 0.6, refused: 0.2, cut: 0.15 },
      who: { range: 0.96 },
      area: { all: 0.65, some: 0.15, web: 0.04, one: 0.16 },
      neighbour: { answers: 0.7, lost: 0.3 },
    },
  },
  {
    class: 'ips',
    mechanism: 'self_renewing_ban',
    prior: 2,
    expects: {
      ...ban,
      mode: { silent: 0.85, refused: 0.12 },
      who: scannerOnly,
      area: { all: 0.7, one: 0.25 },
      service: hostWide,
      renewal: { renewed: 0.92, fixed: 0.08 },
      away: { minutes: 0.8 },
    },
  },
  {
    class: 'ips',
    mechanism: 'openssh_penalty',
    prior: 4,
    expects: {
      mode: { notice: 0.85, cut: 0.13 },
      who: scannerOnly,
      service: { ssh: 0.99 },
      area: { one: 0.95 },
      text: { ssh_penalty: 0.97 },
      onset: { during: 0.97 },
      slow: { blocked: 0.8, passes: 0.2 },
      away: { under_30s: 0.3, minutes: 0.5 },
    },
  },
  {
    class: 'ips',
    mechanism: 'tcp_wrappers',
    prior: 1,
    expects: {
      ...ban,
      mode: { cut: 0.96 },
      cut: { end: 0.6, reset: 0.35, reset_at_once: 0.05 },
      who: scannerOnly,
      service: { ssh: 0.68, mail: 0.23, other: 0.08 },
      area: { one: 0.85, some: 0.13 },
    },
  },
  {
    class: 'ips',
    mechanism: 'payload_filter',
    prior: 3,
    expects: {
      mode: { mute: 0.48, cut: 0.48 },
      who: scannerOnly,
      service: { web: 0.85, other: 0.1 },
      area: { one: 0.6, web: 0.3 },
      content: { attack_only: 0.98, any: 0.02 },
    },
  },
]
