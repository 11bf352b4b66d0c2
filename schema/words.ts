/**
 * The closed word lists. Tables, messages and decisions use the same list; a new word is added here and nowhere else.
 */

/** What one touch saw on the wire. A fact, never a cause. All but `open` and `probe_fault` are losses. */
export const SIGHTS = [
  'open',
  'closed',
  'unresponsive',
  'unreachable',
  'mute',
  'cut',
  'notice',
  'page',
  'probe_fault',
] as const
export type Sight = (typeof SIGHTS)[number]

/** A sight that says the service was not reached. `probe_fault` says nothing about the target. */
export const isLoss = (sight: Sight): boolean => sight !== 'open' && sight !== 'probe_fault'

/**
 * Why a touch was not made, as the `code` of its `probe_fault`: the ration was spent, there was no lease, the address may not be
 * touched. Nobody looked, which is no fault, and says nothing of how fit the probe was.
 */
export const UNMADE = ['RATION', 'LEASE', 'REFUSED_BY_PROBE'] as const
export type Unmade = (typeof UNMADE)[number]
const isUnmade = (code: string): code is Unmade => (UNMADE as readonly string[]).includes(code)

/** Why nobody looked; null of a touch that was made. */
export const whyUnmade = ({ sight, code }: { sight: Sight; code?: string | undefined }): Unmade | null =>
  sight === 'probe_fault' && code !== undefined && isUnmade(code) ? code : null

/** The service, or who stands before it, speaks and turns the source away. */
export const refuses = (sight: Sight): boolean => sight === 'notice' || sight === 'page'

/** The target's side accepted the connection: the probe's own way out works, whatever else is away at that moment. */
const ACCEPTED: readonly Sight[] = ['open', 'cut', 'notice', 'page']
export const wasAccepted = (sight: Sight): boolean => ACCEPTED.includes(sight)

/** How a port is touched. `tcp` is a bare connect; the others wait for the least application exchange. */
export const CHECKS = ['tcp', 'greeting', 'tls', 'http', 'https'] as const
export type CheckName = (typeof CHECKS)[number]

/** What a request of the engagement was: as anybody asks, a path that scanners ask for, or shaped like an attack. */
export const STIMULI = ['plain', 'path', 'attack'] as const
export type StimulusWord = (typeof STIMULI)[number]

/** Why a touch was made. */
export const PURPOSES = [
  'discover',
  'phantom',
  'identify',
  'baseline',
  'engage',
  'watch',
  'canary',
  /** a connection that another scanner made from the scanner's address; no touch of ours */
  'company',
  'verify',
  'explain',
  'recheck',
  'recover',
  'prove',
  'beacon',
  'anchor',
] as const
export type Purpose = (typeof PURPOSES)[number]

/** The experiments of the method, by number. */
export const EXPERIMENTS = ['E1', 'E2', 'E3', 'E4', 'E5', 'E6', 'E7', 'E8'] as const
export type Experiment = (typeof EXPERIMENTS)[number]

export const SERVICES = [
  'ssh',
  'smtp',
  'imap',
  'pop3',
  'ftp',
  'http',
  'https',
  'tls',
  'imaps',
  'pop3s',
  'smtps',
  'mysql',
  'telnet',
  'vnc',
  'silent',
  'unknown',
] as const
export type Service = (typeof SERVICES)[number]

/** Services whose daemons count every connection without a login against the source. */
export const RATIONED: readonly Service[] = [
  'ssh',
  'smtp',
  'imap',
  'pop3',
  'ftp',
  'imaps',
  'pop3s',
  'smtps',
  'mysql',
  'vnc',
]

/** `control`: fetches of the token by which an address proves who controls it. */
export const RUN_KINDS = ['scan', 'baseline', 'verify', 'recover', 'prove', 'control'] as const
export type RunKind = (typeof RUN_KINDS)[number]
export const RUN_STATES = ['due', 'leased', 'done', 'ended'] as const
export type RunState = (typeof RUN_STATES)[number]

export const ROLES = ['scanner', 'sibling', 'witness'] as const
export type Role = (typeof ROLES)[number]

export const PROFILES = ['discovery', 'standard', 'assertive', 'accompany'] as const
export type Profile = (typeof PROFILES)[number]

export const SCAN_STATES = ['queued', 'running', 'finished', 'failed', 'cancelled'] as const
export type ScanState = (typeof SCAN_STATES)[number]
export const ENDED_STATES: readonly ScanState[] = ['finished', 'failed', 'cancelled']
export const hasEnded = (state: ScanState): boolean => ENDED_STATES.includes(state)

export const PHASES = ['discover', 'baseline', 'engage', 'verify', 'explain', 'recheck', 'judge'] as const
export type Phase = (typeof PHASES)[number]

export const VERDICTS = [
  'open',
  'transient',
  'interfered',
  'degraded',
  'app_blocked',
  'blocked_before',
  'service_down',
  'path_outage',
  'phantom',
  'inconclusive',
] as const
export type VerdictWord = (typeof VERDICTS)[number]
/** Verdicts that carry a strength. */
export const SELECTIVE_VERDICTS: readonly VerdictWord[] = ['interfered', 'degraded', 'app_blocked', 'blocked_before']
/** Every endpoint verdict but these makes an occurrence. */
export const HARMLESS_VERDICTS: readonly VerdictWord[] = ['open', 'transient', 'phantom']
/** For lists that a person reads from the top. */
const WORST_FIRST: readonly VerdictWord[] = [
  ...SELECTIVE_VERDICTS,
  'service_down',
  'path_outage',
  'inconclusive',
  ...HARMLESS_VERDICTS.toReversed(),
]
/** The worst verdict first; those that are alike keep their order. */
export const worstFirst = (a: { verdict: VerdictWord }, b: { verdict: VerdictWord }): number =>
  WORST_FIRST.indexOf(a.verdict) - WORST_FIRST.indexOf(b.verdict)

export const STRENGTHS = ['likely', 'confirmed'] as const
export type Strength = (typeof STRENGTHS)[number]

export const SCAN_VERDICTS = ['interference', 'incomplete', 'clear'] as const
export type ScanVerdict = (typeof SCAN_VERDICTS)[number]

export const CAUSE_CLASSES = [
  'waf',
  'ips',
  'mail_protection',
  'ddos_protection',
  'firewall_policy',
  'overload',
  'hosting_provider',
  'service_change',
  'path',
  'load_balancer',
  'dns_change',
  'phantom',
  'probe_fault',
  'unexplained',
] as const
export type CauseClass = (typeof CAUSE_CLASSES)[number]

export const MECHANISM_CLASS = {
  fail2ban: 'ips',
  sshguard: 'ips',
  crowdsec: 'ips',
  csf_lfd: 'ips',
  psad: 'ips',
  portsentry: 'ips',
  network_ips: 'ips',
  source_ban: 'ips',
  self_renewing_ban: 'ips',
  range_ban: 'ips',
  tcp_wrappers: 'ips',
  openssh_penalty: 'ips',
  payload_filter: 'ips',
  modsecurity: 'waf',
  cdn_waf: 'waf',
  http_block_page: 'waf',
  http_rate_limit: 'ddos_protection',
  proxy_reject: 'ddos_protection',
  proxy_silent_drop: 'ddos_protection',
  connection_rate_limit: 'ddos_protection',
  connection_count_limit: 'ddos_protection',
  syn_proxy: 'ddos_protection',
  postscreen: 'mail_protection',
  smtp_limit: 'mail_protection',
  login_penalty: 'mail_protection',
  mail_ban: 'mail_protection',
  geo_policy: 'firewall_policy',
  acl_change: 'firewall_policy',
  reputation_list: 'firewall_policy',
  null_route: 'hosting_provider',
  provider_block: 'hosting_provider',
  openssh_max_startups: 'overload',
  accept_queue_overflow: 'overload',
  worker_limit: 'overload',
  state_table_full: 'overload',
  link_saturated: 'overload',
  crashed_by_scan: 'overload',
  service_stopped: 'service_change',
  service_restarted: 'service_change',
  host_down: 'service_change',
  one_shot_listener: 'service_change',
  upstream_outage: 'path',
  probe_path: 'path',
  backend_down: 'load_balancer',
  address_changed: 'dns_change',
  accepts_everything: 'phantom',
  tarpit: 'phantom',
  port_knocking: 'phantom',
  probe_egress: 'probe_fault',
  probe_overloaded: 'probe_fault',
} as const satisfies Record<string, CauseClass>
export type Mechanism = keyof typeof MECHANISM_CLASS
export const MECHANISMS = Object.keys(MECHANISM_CLASS) as [Mechanism, ...Mechanism[]]

export const RECHECKS = ['open', 'closed', 'unresponsive', 'reopened'] as const
export type Recheck = (typeof RECHECKS)[number]
export const RECOVERIES = ['pending', 'seen', 'expired'] as const
export type Recovery = (typeof RECOVERIES)[number]

export const ISSUE_STATES = ['open', 'snoozed', 'closed'] as const
export type IssueState = (typeof ISSUE_STATES)[number]
/** What an issue is about: the scan was interfered with, or it merely could not be completed, or it may not be made: control of an address is not proved. */
export const FINDINGS = ['interference', 'incomplete', 'unproved'] as const
export type Finding = (typeof FINDINGS)[number]
export const SNOOZE_REASONS = ['accepted_risk', 'false_positive', 'mitigated'] as const
export type SnoozeReason = (typeof SNOOZE_REASONS)[number]

export const RANGE_STATES = ['announced', 'active', 'retiring', 'retired'] as const
export type RangeState = (typeof RANGE_STATES)[number]
/** What comes from a range. `scan`: anything; `recheck`: touches that look again, never a scan; `webhook`: our notices alone. */
export const RANGE_PURPOSES = ['scan', 'recheck', 'webhook'] as const
export type RangePurpose = (typeof RANGE_PURPOSES)[number]
/** What a line of the change log tells: the state that a range came to, what it is now for, or that something else that is said of it was changed. */
export const RANGE_DEEDS = [...RANGE_STATES, 'repurposed', 'changed'] as const
export type RangeDeed = (typeof RANGE_DEEDS)[number]

/** What a key may do. `read` sees, `write` also changes targets, scans and issues, `admin` also fleet, keys and switches. */
export const SCOPES = ['read', 'write', 'admin'] as const
export type Scope = (typeof SCOPES)[number]

/** What is known of a canary endpoint. */
export const CANARY_STATES = ['open', 'closed'] as const

/** How a proof stands, and what it came to. `incomplete`: some address could not look at some endpoint, and none is shut out. */
export const PROOF_STATES = ['running', 'finished', 'failed'] as const
export type ProofState = (typeof PROOF_STATES)[number]
export const PROOF_VERDICTS = ['proved', 'not_proved', 'incomplete'] as const
export type ProofVerdict = (typeof PROOF_VERDICTS)[number]
/**
 * What a proof found of one endpoint from one address. `shut`: not reached, or lost on the way. `limited`: reached, but part of
 * it went unanswered. `unseen`: nobody could look. `waiting`: not yet.
 */
export const CELL_WORDS = ['passed', 'shut', 'limited', 'unseen', 'waiting'] as const
export type CellWord = (typeof CELL_WORDS)[number]
/** Why an address has not looked as it should. */
export const SOURCE_STATES = ['waiting', 'running', 'done', 'offline', 'silent', 'refused', 'stopped'] as const
export type SourceState = (typeof SOURCE_STATES)[number]
/** Which token the `Portwitness-Proof` header carries to a target. */
export const PROOF_HEADERS = ['tenant', 'target', 'none'] as const
export type ProofHeader = (typeof PROOF_HEADERS)[number]

export const NOTICES = [
  'issue.opened',
  'issue.updated',
  'issue.resolved',
  'allowlist.outdated',
  'scan.finished',
  'scan.failed',
  'ip_ranges.changed',
  'probe.offline',
  'probe.online',
  'channel.switched_off',
  'control.failing',
] as const
export type NoticeName = (typeof NOTICES)[number]

/** How much a notice matters, gravest first. `error`: findings are missing. `critical`: our scan itself did harm. */
export const SEVERITIES = ['critical', 'error', 'warning', 'info'] as const
export type Severity = (typeof SEVERITIES)[number]

/** Where notices can be sent. */
export const CHANNEL_KINDS = [
  'slack',
  'teams',
  'discord',
  'google_chat',
  'mattermost',
  'rocket_chat',
  'telegram',
  'zulip',
  'matrix',
  'pagerduty',
  'webhook',
] as const
export type ChannelKind = (typeof CHANNEL_KINDS)[number]

/** `off`: by a person. `switched_off`: by us, because the platform said that it is gone. */
export const CHANNEL_STATES = ['on', 'off', 'switched_off'] as const
export type ChannelState = (typeof CHANNEL_STATES)[number]

/** `gathered`: a later message speaks for it. `dropped`: nobody wanted it any more (its issue was snoozed). */
export const DELIVERY_STATES = ['waiting', 'sending', 'sent', 'failed', 'gathered', 'dropped'] as const
export type DeliveryState = (typeof DELIVERY_STATES)[number]

/** What a scan's event stream can say. */
export const EVENTS = ['phase', 'progress', 'port', 'alarm', 'verdict', 'accompany.ready', 'ended'] as const
export type EventName = (typeof EVENTS)[number]

/** Why a scan failed; `detail` beside it is for people. */
export const FAILURES = [
  'no_probe',
  'address_refused',
  'unproved_address',
  'name_not_resolved',
  'timed_out',
  'probe_lost',
  'probe_unfit',
  'refused_by_probe',
  'range_inactive',
  'stopped',
  'internal',
] as const
export type FailureWord = (typeof FAILURES)[number]

/** HTTP statuses by which web servers, firewalls and limiters turn a client away or put it off. */
export const REFUSING_STATUSES: ReadonlySet<number> = new Set([403, 406, 429, 503])
