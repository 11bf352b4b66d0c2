/** The sentences that people read. A word without its sentence does not compile. */
import type {
  CauseClass,
  FailureWord,
  Finding,
  Mechanism,
  RangePurpose,
  RangeState,
  Recheck,
  Recovery,
  ScanState,
  ScanVerdict,
  SnoozeReason,
  VerdictWord,
} from '../../schema/words.ts'

/** How a badge looks: never by colour alone, each tone has its own sign. */
export type Tone = 'bad' | 'warn' | 'good' | 'info' | 'mute'

export const VERDICT: Record<VerdictWord, { tone: Tone; sentence: string }> = {
  open: { tone: 'good', sentence: 'It answered the scanner throughout.' },
  transient: { tone: 'good', sentence: 'It was away for a moment and came back: ordinary loss.' },
  interfered: { tone: 'bad', sentence: 'Only our scanning address lost it. Others reached it in the same seconds.' },
  degraded: { tone: 'bad', sentence: 'The scanner is treated worse than others, in part or by rate.' },
  app_blocked: { tone: 'bad', sentence: 'The service answers, and its answer turns the scanner away.' },
  blocked_before: { tone: 'bad', sentence: 'It is open to others, and was shut to us from the start.' },
  service_down: { tone: 'warn', sentence: 'Everybody lost it: the service went away.' },
  path_outage: { tone: 'warn', sentence: 'The way to it failed, not the target.' },
  phantom: { tone: 'mute', sentence: 'It was never a real service: the host accepts everything.' },
  inconclusive: { tone: 'warn', sentence: 'It was lost, and we could not look well enough to say why.' },
}

export const SCAN_VERDICT: Record<ScanVerdict, { tone: Tone; title: string; sentence: string }> = {
  interference: { tone: 'bad', title: 'Interference', sentence: 'Something stood in the way of this scan.' },
  incomplete: { tone: 'warn', title: 'Incomplete', sentence: 'Part of the target could not be tested.' },
  clear: { tone: 'good', title: 'Clear', sentence: 'Nothing stood in the way of this scan.' },
}

/** Of a clear scan that met no open port. */
export const NOTHING_OPEN = 'No open port was found, so nothing could be lost.'

export const SCAN_STATE: Record<ScanState, { tone: Tone; sentence: string }> = {
  queued: { tone: 'info', sentence: 'It waits for its probe.' },
  running: { tone: 'info', sentence: 'It is under way.' },
  finished: { tone: 'mute', sentence: 'It has ended.' },
  failed: { tone: 'bad', sentence: 'It could not be carried out.' },
  cancelled: { tone: 'mute', sentence: 'It was cancelled before it ended.' },
}

export const FAILURE: Record<FailureWord, string> = {
  no_probe: 'No fit probe was there to scan it.',
  address_refused: 'The address may not be scanned.',
  name_not_resolved: 'The name led to no address.',
  timed_out: 'It did not end in time.',
  probe_lost: 'The probe fell silent.',
  probe_unfit: 'The probe itself was not fit to measure.',
  refused_by_probe: 'The probe refuses this target.',
  range_inactive: 'The scanner’s address is in no active range.',
  stopped: 'It was stopped before it ended.',
  internal: 'A fault of ours.',
}

export const CAUSE: Record<CauseClass, { name: string; sentence: string }> = {
  waf: { name: 'Web application firewall', sentence: 'A web application firewall turns our requests away.' },
  ips: { name: 'Ban on the source', sentence: 'A host tool or network box has banned our scanning address.' },
  mail_protection: { name: 'Mail protection', sentence: 'The mail server defends itself against our connections.' },
  ddos_protection: {
    name: 'Rate or connection limit',
    sentence: 'A limit on rate or connections, or a proxy, rejects us.',
  },
  firewall_policy: {
    name: 'Firewall policy',
    sentence: 'A standing rule shuts our address out: a list, or geography.',
  },
  overload: { name: 'Overload', sentence: 'The target or its limits gave way, for everyone.' },
  hosting_provider: { name: 'Hosting provider', sentence: 'The provider has cut the address off.' },
  service_change: { name: 'Service change', sentence: 'The service was stopped or restarted.' },
  path: { name: 'Path', sentence: 'The network between us and the target failed.' },
  load_balancer: { name: 'Load balancer', sentence: 'A machine behind the balancer is away.' },
  dns_change: { name: 'Changed name', sentence: 'The name now leads to another address.' },
  phantom: { name: 'Phantom', sentence: 'There never was a real service.' },
  probe_fault: { name: 'Our probe', sentence: 'Our own probe was not fit to see it.' },
  unexplained: { name: 'Unexplained', sentence: 'The facts do not single out a cause.' },
}

export const MECHANISM: Record<Mechanism, string> = {
  fail2ban: 'fail2ban',
  sshguard: 'SSHGuard',
  crowdsec: 'CrowdSec',
  csf_lfd: 'CSF / lfd',
  psad: 'psad',
  portsentry: 'PortSentry',
  network_ips: 'network IPS',
  source_ban: 'a ban by a tool not told apart',
  self_renewing_ban: 'a ban that our own touches renew',
  range_ban: 'a ban on our whole range',
  tcp_wrappers: 'TCP wrappers',
  openssh_penalty: 'OpenSSH penalties',
  payload_filter: 'a filter on payloads',
  modsecurity: 'ModSecurity',
  cdn_waf: 'the firewall of a CDN',
  http_block_page: 'a block page',
  http_rate_limit: 'an HTTP rate limit',
  proxy_reject: 'a proxy that rejects',
  proxy_silent_drop: 'a proxy that drops silently',
  connection_rate_limit: 'a limit on new connections',
  connection_count_limit: 'a limit on open connections',
  syn_proxy: 'a SYN proxy',
  postscreen: 'Postfix postscreen',
  smtp_limit: 'an SMTP limit',
  login_penalty: 'a penalty for logins',
  mail_ban: 'a ban by the mail server',
  geo_policy: 'a rule by geography',
  acl_change: 'a changed access list',
  reputation_list: 'a reputation list',
  null_route: 'a null route',
  provider_block: 'a block by the provider',
  openssh_max_startups: 'OpenSSH MaxStartups',
  accept_queue_overflow: 'a full accept queue',
  worker_limit: 'all workers busy',
  state_table_full: 'a full state table',
  link_saturated: 'a saturated link',
  crashed_by_scan: 'crashed under the scan',
  service_stopped: 'the service was stopped',
  service_restarted: 'the service was restarted',
  host_down: 'the host is down',
  one_shot_listener: 'a listener that serves once',
  upstream_outage: 'an outage upstream',
  probe_path: 'the probe’s own path',
  backend_down: 'a backend is down',
  address_changed: 'the address changed',
  accepts_everything: 'accepts everything',
  tarpit: 'a tarpit',
  port_knocking: 'port knocking',
  probe_egress: 'the probe’s egress filter',
  probe_overloaded: 'the probe was overloaded',
}

export const RECHECK: Record<Recheck, string> = {
  open: 'still open',
  closed: 'closed',
  unresponsive: 'unresponsive',
  reopened: 'lost and open again',
}
export const RECOVERY: Record<Recovery, string> = {
  pending: 'not back yet; we look at growing intervals',
  seen: 'back',
  expired: 'not back within 24 hours',
}
export const FINDING: Record<Finding, Tone> = { interference: 'bad', incomplete: 'warn' }
export const RANGE: Record<RangeState, Tone> = { announced: 'info', active: 'good', retiring: 'warn', retired: 'mute' }
export const PURPOSE: Record<RangePurpose, string> = {
  scan: 'scans',
  recheck: 'second looks',
  webhook: 'notices',
}
export const SNOOZE: Record<SnoozeReason, string> = {
  accepted_risk: 'accepted risk',
  false_positive: 'false positive',
  mitigated: 'mitigated',
}

/** `blocked_before` → `blocked before` */
export const spoken = (word: string): string => word.replaceAll('_', ' ')
