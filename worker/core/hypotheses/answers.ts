import type { Hypothesis } from '../hypothesis.ts'

const scannerOnly = { scanner: 0.96, partial: 0.02, range: 0.01, all: 0.01 }
const ban = { slow: { blocked: 0.98, passes: 0.02 }, onset: { during: 0.9, before: 0.1 } } as const
/** A limit on new connections leaves the established ones alone. */
const sparesFlows = { alive: 0.9, frozen: 0.05, reset: 0.05 } as const
const limit = {
  slow: { blocked: 0.15, passes: 0.85 },
  burst: { limited: 0.75, mixed: 0.17, blocked: 0.04, passes: 0.04 },
} as const

/** Those that answer or limit: web application firewalls, DDoS protection, mail protection. */
export const ANSWERS: readonly Hypothesis[] = [
  // waf
  {
    class: 'waf',
    mechanism: 'http_block_page',
    prior: 3,
    expects: {
      mode: { page: 0.97 },
      who: scannerOnly,
      service: { web: 0.98 },
      page: { forbidden: 0.33, other: 0.62 },
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
      page: { forbidden: 0.76, modsecurity: 0.2 },
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
      flicker: { never: 0.75, now_and_then: 0.25 },
      mode: { page: 0.97 },
      who: { scanner: 0.9, all: 0.05 },
      service: { web: 0.98 },
      page: { rate: 0.93 },
      slow: { passes: 0.6, blocked: 0.4 },
      burst: { limited: 0.75, mixed: 0.1, blocked: 0.1, passes: 0.05 },
    },
  },
  {
    class: 'ddos_protection',
    mechanism: 'proxy_reject',
    prior: 7,
    expects: {
      flicker: { never: 0.85, now_and_then: 0.15 },
      // A table that marks a source keeps rejecting it for its window, however slowly it asks.
      slow: { blocked: 0.5, passes: 0.5 },
      burst: { limited: 0.4, mixed: 0.12, blocked: 0.43, passes: 0.05 },
      mode: { cut: 0.96 },
      cut: { reset_at_once: 0.4, reset: 0.35, end: 0.25 },
      who: scannerOnly,
      service: { web: 0.62, ssh: 0.16, other: 0.14, mail: 0.08 },
      area: { one: 0.4, web: 0.4, some: 0.1, all: 0.1 },
      onset: { during: 0.98 },
    },
  },
  {
    class: 'ddos_protection',
    mechanism: 'proxy_silent_drop',
    prior: 3,
    expects: {
      flicker: { never: 0.7, now_and_then: 0.3 },
      mode: { mute: 0.85, silent: 0.1 },
      who: scannerOnly,
      service: { web: 0.75, other: 0.2 },
      // It holds back what it is asked to serve, and leaves the connections that it serves already alone.
      area: { one: 0.4, web: 0.4, some: 0.1, all: 0.1 },
      canary: sparesFlows,
      slow: { blocked: 0.4, passes: 0.6 },
      onset: { during: 0.98 },
    },
  },
  {
    class: 'ddos_protection',
    mechanism: 'connection_rate_limit',
    prior: 5,
    expects: {
      flicker: { never: 0.72, now_and_then: 0.28 },
      amid: { through: 0.3 },
      canary: sparesFlows,
      company: { through: 0.6 },
      ends: { at_once: 0.06 },
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
      flicker: { never: 0.72, now_and_then: 0.28 },
      amid: { through: 0.1 },
      canary: sparesFlows,
      company: { through: 0.6 },
      ends: { at_once: 0.06 },
      slow: { blocked: 0.45, passes: 0.55 },
      burst: { limited: 0.48, mixed: 0.14, blocked: 0.33, passes: 0.05 },
      mode: { cut: 0.5, silent: 0.18, refused: 0.3 },
      cut: { end: 0.5, reset: 0.35, reset_at_once: 0.15 },
      area: { one: 0.7, web: 0.1, some: 0.1, all: 0.1 },
      who: { scanner: 0.9, partial: 0.05 },
      onset: { during: 0.98 },
    },
  },
  {
    // A service of its own that counts connections by source, and says so: FTP, databases.
    class: 'ddos_protection',
    mechanism: 'connection_count_limit',
    prior: 2,
    expects: {
      flicker: { never: 0.72, now_and_then: 0.28 },
      slow: { blocked: 0.45, passes: 0.55 },
      mode: { notice: 0.92, cut: 0.06 },
      who: { scanner: 0.9, partial: 0.05 },
      service: { other: 0.96 },
      area: { one: 0.9 },
      text: { too_many: 0.9 },
      onset: { during: 0.98 },
    },
  },
  {
    // sshd since 8.5 counts unfinished logins by source too (PerSourceMaxStartups), and has one text for both.
    class: 'ddos_protection',
    mechanism: 'connection_count_limit',
    prior: 2,
    expects: {
      flicker: { never: 0.72, now_and_then: 0.28 },
      slow: { blocked: 0.6, passes: 0.4 },
      mode: { notice: 0.85, cut: 0.13 },
      who: { scanner: 0.94, partial: 0.04 },
      service: { ssh: 0.99 },
      area: { one: 0.95 },
      text: { max_startups: 0.9, ssh_penalty: 0.05 },
      onset: { during: 0.98 },
    },
  },
  // mail_protection
  {
    class: 'mail_protection',
    mechanism: 'smtp_limit',
    prior: 4,
    expects: {
      flicker: { never: 0.7, now_and_then: 0.3 },
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
]
