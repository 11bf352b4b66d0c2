import type { CauseClass, Mechanism, VerdictWord } from '../../schema/words.ts'
import { ANSWERS } from './hypotheses/answers.ts'
import { INNOCENT } from './hypotheses/innocent.ts'
import { IPS } from './hypotheses/ips.ts'
import { POLICY } from './hypotheses/policy.ts'
import type { Hypothesis } from './hypothesis.ts'

/**
 * From the cause table of detection-science.md, section 5.1 (C01 …) and the defaults of section 1. Figures by
 * judgement, held against the simulator and the laboratory. Unseen combinations keep a floor, see cause.ts.
 */
export const HYPOTHESES: readonly Hypothesis[] = [...IPS, ...ANSWERS, ...POLICY, ...INNOCENT]

/** Which classes can stand behind a verdict: what the tests have settled is not asked again. */
const BLOCKS: readonly CauseClass[] = [
  'ips',
  'waf',
  'ddos_protection',
  'mail_protection',
  'firewall_policy',
  'hosting_provider',
]
export const CLASSES_OF: Record<VerdictWord, readonly CauseClass[]> = {
  open: [],
  transient: [],
  interfered: BLOCKS,
  degraded: [...BLOCKS, 'overload', 'load_balancer'],
  app_blocked: [...BLOCKS, 'overload', 'load_balancer'],
  blocked_before: BLOCKS,
  service_down: ['service_change', 'overload', 'firewall_policy', 'hosting_provider', 'path', 'load_balancer'],
  path_outage: ['path'],
  phantom: ['phantom'],
  inconclusive: [],
}

/** The word for a class when its mechanisms cannot be told apart. */
export const GENERIC: Partial<Record<CauseClass, Mechanism>> = { ips: 'source_ban', waf: 'http_block_page' }

/** Bans that look the same from outside when duration, scope and threshold are set by hand (detection-science Q1). */
export const LOOKALIKES: readonly (readonly Mechanism[])[] = [
  [
    'fail2ban',
    'sshguard',
    'crowdsec',
    'csf_lfd',
    'psad',
    'portsentry',
    'network_ips',
    'self_renewing_ban',
    'source_ban',
  ],
  ['source_ban', 'network_ips', 'provider_block', 'null_route'],
  ['range_ban', 'geo_policy', 'reputation_list'],
  ['proxy_reject', 'tcp_wrappers', 'connection_count_limit', 'source_ban'],
  ['connection_rate_limit', 'connection_count_limit'],
  ['openssh_penalty', 'openssh_max_startups'],
  ['service_stopped', 'crashed_by_scan'],
  ['null_route', 'host_down', 'acl_change'],
  ['postscreen', 'smtp_limit'],
  ['http_block_page', 'modsecurity'],
]

/** What the owner should look up, by class. `{source}` and `{time}` are filled in. */
export const ASK: Partial<Record<CauseClass, string>> = {
  ips: 'the ban line for {source} near {time}',
  waf: 'the rule id that was logged for {source} near {time}',
  mail_protection: 'the mail log line for {source} near {time}',
  ddos_protection: 'the limit or stick-table entry of {source} near {time}',
  firewall_policy: 'the firewall log line for {source} near {time}',
  hosting_provider: 'any notice of your provider about traffic from {source} near {time}',
  overload: 'the limit that the service logged near {time}',
  service_change: 'what stopped or restarted the service near {time}',
}
