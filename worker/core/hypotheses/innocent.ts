import type { Hypothesis } from '../hypothesis.ts'

/** What gives way under load gives way in part. */
const flicker = { never: 0.85, now_and_then: 0.15 } as const
const everybody = { all: 0.95, partial: 0.03, scanner: 0.01, range: 0.01 }

/** What makes a port go away without a block on the scanner: limits that gave way, changes, paths. Same source. */
export const INNOCENT: readonly Hypothesis[] = [
  // overload: the target or its limits gave way, for everyone
  {
    class: 'overload',
    mechanism: 'openssh_max_startups',
    prior: 3,
    expects: {
      flicker,
      mode: { notice: 0.6, cut: 0.38 },
      who: { all: 0.85, partial: 0.13 },
      service: { ssh: 0.99 },
      area: { one: 0.95 },
      text: { max_startups: 0.7, ssh_penalty: 0.28 },
    },
  },
  {
    class: 'overload',
    mechanism: 'accept_queue_overflow',
    prior: 2,
    expects: {
      flicker,
      company: { through: 0.5 },
      // A full queue drops every SYN until a place is free.
      seeps: { shut: 0.78, through: 0.22 },
      mode: { silent: 0.45, mute: 0.53 },
      who: { all: 0.9, partial: 0.09 },
      // Each listening socket has a queue of its own.
      area: { one: 0.85, web: 0.12 },
      speed: { slower: 0.5, steady: 0.5 },
    },
  },
  {
    class: 'overload',
    mechanism: 'worker_limit',
    prior: 3,
    expects: {
      flicker,
      company: { through: 0.5 },
      seeps: { shut: 0.7, through: 0.3 },
      mode: { cut: 0.3, mute: 0.42, silent: 0.1, refused: 0.1, notice: 0.07 },
      who: { all: 0.9, partial: 0.09 },
      // One server often answers on every web port of the host.
      area: { one: 0.66, web: 0.28 },
      speed: { slower: 0.7, steady: 0.3 },
    },
  },
  {
    // One that has words for it.
    class: 'overload',
    mechanism: 'worker_limit',
    prior: 2,
    expects: {
      flicker,
      mode: { notice: 0.95 },
      who: { all: 0.9, partial: 0.09 },
      service: { other: 0.96 },
      area: { one: 0.95 },
      text: { too_many: 0.9 },
    },
  },
  {
    class: 'overload',
    mechanism: 'state_table_full',
    prior: 1,
    expects: {
      flicker,
      company: { through: 0.5 },
      seeps: { through: 0.75, shut: 0.25 },
      mode: { silent: 0.95 },
      who: { all: 0.8, partial: 0.18 },
      area: { all: 0.8, some: 0.15 },
      canary: { alive: 0.9 },
    },
  },
  {
    class: 'overload',
    mechanism: 'link_saturated',
    prior: 1,
    expects: {
      flicker,
      company: { through: 0.5 },
      seeps: { through: 0.75, shut: 0.25 },
      mode: { silent: 0.95 },
      who: { all: 0.5, partial: 0.48 },
      area: { all: 0.9 },
    },
  },
  {
    class: 'overload',
    mechanism: 'crashed_by_scan',
    prior: 3,
    expects: { mode: { refused: 0.95 }, who: everybody, area: { one: 0.85, some: 0.13 } },
  },
  // innocent
  {
    class: 'service_change',
    mechanism: 'service_stopped',
    prior: 14,
    expects: {
      mode: { refused: 0.95, silent: 0.02 },
      who: everybody,
      area: { one: 0.7, some: 0.2, all: 0.1 },
      throttle: { rst: 0.95 },
    },
  },
  {
    class: 'service_change',
    mechanism: 'service_restarted',
    prior: 4,
    expects: {
      mode: { refused: 0.95 },
      who: everybody,
      area: { one: 0.8, some: 0.15 },
      away: { under_30s: 0.4, minutes: 0.55 },
    },
  },
  {
    class: 'service_change',
    mechanism: 'host_down',
    prior: 8,
    expects: { mode: { silent: 0.7, unreachable: 0.29 }, who: everybody, area: { all: 0.97 } },
  },
  {
    class: 'path',
    mechanism: 'probe_path',
    prior: 10,
    expects: {
      // A way that loses large packets lets the handshake pass: what comes after it goes silent, where it is large (N16).
      mode: { silent: 0.82, unreachable: 0.09, mute: 0.08 },
      who: { range: 0.96, scanner: 0.03 },
      area: { all: 0.8, some: 0.09, web: 0.05, one: 0.06 },
      onset: { during: 0.95 },
    },
  },
  {
    class: 'path',
    mechanism: 'upstream_outage',
    prior: 3,
    expects: { mode: { silent: 0.8, unreachable: 0.19 }, who: { all: 0.6, range: 0.3 }, area: { all: 0.98 } },
  },
  {
    class: 'load_balancer',
    mechanism: 'backend_down',
    prior: 2,
    expects: {
      flicker,
      mode: { refused: 0.4, page: 0.4, cut: 0.15 },
      who: { partial: 0.9, all: 0.05 },
      area: { one: 0.85 },
      // Every so many-th connect meets it, however fast they come.
      burst: { limited: 0.03, mixed: 0.3, blocked: 0.4, passes: 0.27 },
    },
  },
  {
    // By source: one address meets it each time, others never (detection-science.md 5.3, Q5).
    class: 'load_balancer',
    mechanism: 'backend_down',
    prior: 1,
    expects: {
      mode: { page: 0.94 },
      who: { scanner: 0.7, range: 0.1, partial: 0.15 },
      service: { web: 0.98 },
      page: { gateway: 0.82, other: 0.12, rate: 0.02 },
      slow: { blocked: 0.95 },
      area: { one: 0.6, web: 0.3 },
    },
  },
  { class: 'phantom', mechanism: 'accepts_everything', prior: 1, expects: {} },
]
