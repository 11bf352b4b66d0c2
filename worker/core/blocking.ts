import type { Hypothesis } from './hypothesis.ts'

const scannerOnly = { scanner: 0.96, partial: 0.02, range: 0.01, all: 0.01 }
const ban = { slow: { blocked: 0.98, passes: 0.02 }, onset: { during: 0.9, before: 0.1 } } as const
const limit = { slow: { blocked: 0.15, passes: 0.85 } } as const
const mostlySsh = { ssh: 0.6, mail: 0.2, web: 0.12, other: 0.08 }

/**
 * From the cause table of detection-science.md, section 5.1 (C01 …) and the defaults of section 1. First figures by
 * judgement; the laboratory's runs are to replace them. Unseen combinations keep a floor, see cause.ts.
 */
export const BLOCKING: readonly Hypothesis[] = [
  // ips: a ban on the source
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
    },
  },
  {
    // A guard or inline box that lets the handshake pass and then resets: it does so to the whole host.
    class: 'ips',
    mechanism: 'source_ban',
    prior: 6,
    expects: {
      ...ban,
      mode: { cut: 0.97 },
      cut: { reset: 0.7, reset_at_once: 0.22, end: 0.08 },
      who: scannerOnly,
      area: { all: 0.92, some: 0.05, web: 0.02, one: 0.01 },
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
      service: { ssh: 0.6, mail: 0.2 },
      canary: { frozen: 0.9 },
      away: { minutes: 0.9 },
    },
  },
  {
    class: 'ips',
    mechanism: 'crowdsec',
    prior: 5,
    expects: { ...ban, mode: { silent: 0.95 }, who: scannerOnly, area: { all: 0.95 }, away: { longer: 0.9 } },
  },
  {
    class: 'ips',
    mechanism: 'csf_lfd',
    prior: 3,
    expects: {
      ...ban,
      mode: { silent: 0.95 },
      who: { scanner: 0.9, range: 0.08 },
      area: { all: 0.95 },
      canary: { alive: 0.7 },
      away: { longer: 0.7, hour: 0.2 },
    },
  },
  {
    class: 'ips',
    mechanism: 'psad',
    prior: 1,
    expects: { ...ban, mode: { silent: 0.95 }, who: scannerOnly, area: { all: 0.95 }, away: { hour: 0.9 } },
  },
  {
    class: 'ips',
    mechanism: 'portsentry',
    prior: 1,
    expects: { ...ban, mode: { silent: 0.9 }, who: scannerOnly, area: { all: 0.95 }, away: { longer: 0.95 } },
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
      neighbour: { lost: 0.8, answers: 0.2 },
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
      service: { ssh: 0.6, mail: 0.2, other: 0.18 },
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
  // waf
  {
    class: 'waf',
    mechanism: 'http_block_page',
    prior: 3,
    expects: {
      mode: { page: 0.97 },
      who: scannerOnly,
      service: { web: 0.98 },
      page: { forbidden: 0.4, other: 0.55 },
      content: { attack_only: 0.45, any: 0.55 },
    },
  },
  {
    class: 'waf',
    mechanism: 'modsecurity',
    prior: 3,
    expects: {
      mode: { page: 0.97 },
      who: scannerOnly,
      service: { web: 0.98 },
      page: { forbidden: 0.95 },
      content: { attack_only: 0.5, any: 0.5 },
    },
  },
  {
    class: 'waf',
    mechanism: 'cdn_waf',
    prior: 5,
    expects: {
      mode: { page: 0.95 },
      who: scannerOnly,
      service: { web: 0.98 },
      page: { vendor: 0.94 },
      content: { attack_only: 0.4, any: 0.6 },
    },
  },
  // ddos_protection: rates, counts and proxies
  {
    class: 'ddos_protection',
    mechanism: 'http_rate_limit',
    prior: 5,
    expects: {
      mode: { page: 0.97 },
      who: { scanner: 0.9, all: 0.05 },
      service: { web: 0.98 },
      page: { rate: 0.93 },
      slow: { passes: 0.6, blocked: 0.4 },
    },
  },
  {
    class: 'ddos_protection',
    mechanism: 'proxy_reject',
    prior: 7,
    expects: {
      // A table that marks a source keeps rejecting it for its window, however slowly it asks.
      slow: { blocked: 0.5, passes: 0.5 },
      mode: { cut: 0.96 },
      cut: { reset_at_once: 0.4, reset: 0.35, end: 0.25 },
      who: scannerOnly,
      service: { web: 0.8, other: 0.14, mail: 0.03, ssh: 0.03 },
      area: { one: 0.4, web: 0.4, some: 0.1, all: 0.1 },
      onset: { during: 0.98 },
    },
  },
  {
    class: 'ddos_protection',
    mechanism: 'proxy_silent_drop',
    prior: 3,
    expects: {
      mode: { mute: 0.85, silent: 0.1 },
      who: scannerOnly,
      service: { web: 0.75, other: 0.2 },
      slow: { blocked: 0.4, passes: 0.6 },
      onset: { during: 0.98 },
    },
  },
  {
    class: 'ddos_protection',
    mechanism: 'connection_rate_limit',
    prior: 5,
    expects: {
      ...limit,
      mode: { silent: 0.7, refused: 0.2, cut: 0.08 },
      who: { scanner: 0.9, partial: 0.05 },
      onset: { during: 0.98 },
    },
  },
  {
    class: 'ddos_protection',
    mechanism: 'connection_count_limit',
    prior: 3,
    expects: {
      slow: { blocked: 0.45, passes: 0.55 },
      mode: { cut: 0.5, silent: 0.18, refused: 0.3 },
      cut: { end: 0.5, reset: 0.35, reset_at_once: 0.15 },
      area: { one: 0.7, web: 0.1, some: 0.1, all: 0.1 },
      who: { scanner: 0.9, partial: 0.05 },
      onset: { during: 0.98 },
    },
  },
  // mail_protection
  {
    class: 'mail_protection',
    mechanism: 'smtp_limit',
    prior: 4,
    expects: {
      mode: { notice: 0.93, cut: 0.05 },
      who: scannerOnly,
      service: { mail: 0.99 },
      text: { smtp_try_later: 0.93 },
    },
  },
  {
    class: 'mail_protection',
    mechanism: 'postscreen',
    prior: 4,
    expects: {
      mode: { notice: 0.93, mute: 0.04 },
      who: scannerOnly,
      service: { mail: 0.99 },
      text: { smtp_refused: 0.8, smtp_try_later: 0.18 },
    },
  },
  {
    class: 'mail_protection',
    mechanism: 'login_penalty',
    prior: 1,
    expects: { mode: { mute: 0.8, notice: 0.15 }, who: scannerOnly, service: { mail: 0.99 } },
  },
  {
    class: 'mail_protection',
    mechanism: 'mail_ban',
    prior: 1,
    expects: {
      ...ban,
      mode: { silent: 0.4, refused: 0.5 },
      who: scannerOnly,
      service: { mail: 0.99 },
      area: { some: 0.7, one: 0.25 },
    },
  },
  // firewall_policy: static
  {
    class: 'firewall_policy',
    mechanism: 'geo_policy',
    prior: 5,
    expects: {
      mode: { silent: 0.75, refused: 0.12, unreachable: 0.06, page: 0.04 },
      who: { range: 0.9, partial: 0.06, scanner: 0.03 },
      country: { fails: 0.97, reaches: 0.03 },
      onset: { before: 0.93, during: 0.07 },
      slow: { blocked: 0.99 },
    },
  },
  {
    class: 'firewall_policy',
    mechanism: 'reputation_list',
    prior: 2,
    expects: {
      mode: { silent: 0.7, page: 0.15, refused: 0.1 },
      who: { range: 0.45, scanner: 0.5 },
      country: { fails: 0.25, reaches: 0.75 },
      onset: { before: 0.9, during: 0.1 },
      slow: { blocked: 0.99 },
    },
  },
  {
    class: 'firewall_policy',
    mechanism: 'acl_change',
    prior: 1.5,
    expects: {
      mode: { silent: 0.85, refused: 0.08, unreachable: 0.06 },
      who: { all: 0.7, scanner: 0.1, range: 0.15 },
      onset: { during: 0.6, before: 0.4 },
      slow: { blocked: 0.99 },
    },
  },
  // hosting_provider
  {
    class: 'hosting_provider',
    mechanism: 'null_route',
    prior: 1,
    expects: {
      ...ban,
      mode: { silent: 0.85, unreachable: 0.14 },
      who: { all: 0.6, scanner: 0.35 },
      area: { all: 0.98 },
      neighbour: { answers: 0.6, lost: 0.4 },
    },
  },
  {
    class: 'hosting_provider',
    mechanism: 'provider_block',
    prior: 1,
    expects: {
      ...ban,
      mode: { silent: 0.9 },
      who: { scanner: 0.6, range: 0.35 },
      area: { all: 0.98 },
      neighbour: { lost: 0.95, answers: 0.05 },
      platform: { managed: 0.75, none: 0.25 },
    },
  },
]
