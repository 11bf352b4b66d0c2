import type { Cause, Remediation } from '../../schema/judgement.ts'
import type { CauseClass, Mechanism } from '../../schema/words.ts'

const PROVE =
  'Then ask for a proof: every published address touches the port, and a retest with the same stimulus closes the issue.'

/** What to do, by class; the innocent classes ask for no allowlist. */
const BY_CLASS: Record<CauseClass, Remediation | null> = {
  ips: {
    title: 'Exempt the scanner’s addresses from the ban',
    steps: [
      'Find the ban in the tool’s log or ban list, lift it, and note which rule made it.',
      'Add the published scanner ranges to the allowlist of that tool, on the host or on the network box.',
      PROVE,
    ],
    formats: ['fail2ban', 'crowdsec', 'csf', 'nftables', 'ipset', 'edl'],
  },
  waf: {
    title: 'Let the scanner through the web application firewall',
    steps: [
      'Look up the blocked requests in the firewall’s log by the scanner’s address.',
      'Add a rule that skips the managed rules and the rate rules for the published scanner ranges. An allow rule before a rate rule may not be enough.',
      PROVE,
    ],
    formats: ['modsecurity', 'nginx', 'cloudflare', 'aws-waf'],
  },
  ddos_protection: {
    title: 'Raise the limit for the scanner’s addresses',
    steps: [
      'Find the rate or connection limit that was hit, on the proxy, the firewall or the protection service.',
      'Leave the published scanner ranges out of the counter, or lower the scan’s connects per second below the limit.',
      PROVE,
    ],
    formats: ['haproxy', 'nginx', 'nftables', 'cloudflare'],
  },
  mail_protection: {
    title: 'Exempt the scanner’s addresses from the mail gate',
    steps: [
      'Find the refusal in the mail log by the scanner’s address.',
      'Permit the published scanner ranges in the access list of postscreen and in the connection limits of the daemon.',
      PROVE,
    ],
    formats: ['postfix', 'fail2ban'],
  },
  firewall_policy: {
    title: 'Allow the scanner’s addresses in the firewall policy',
    steps: [
      'Check country, network and reputation rules as well as access lists for the scanner’s address.',
      'Add the published scanner ranges before those rules. An allowlist that is the only permitted source shuts everyone else out.',
      PROVE,
    ],
    formats: ['edl', 'nftables', 'iptables', 'aws-waf', 'cloudflare'],
  },
  overload: {
    title: 'The service gave way under the scan',
    steps: [
      'Look for the limit in the service’s log: workers, connections, backlog, state table.',
      'Raise that limit, or lower the scan’s connects per second and its profile.',
      'Scan again at the lower rate; the port must stay reachable for everyone throughout.',
    ],
    formats: [],
  },
  hosting_provider: {
    title: 'Tell the hosting provider about the scan',
    steps: [
      'Ask the provider whether traffic to or from the host was filtered or null-routed at that time.',
      'Give the provider the published scanner ranges, the scan window and your consent in writing.',
      PROVE,
    ],
    formats: ['csv'],
  },
  service_change: {
    title: 'The service went away for everyone',
    steps: [
      'Check whether the service was stopped, restarted or deployed at that time, or whether the scan made it fall over.',
      'When it runs again, scan once more: findings on this port are incomplete.',
    ],
    formats: [],
  },
  path: {
    title: 'The way between scanner and target was interrupted',
    steps: ['Nothing on the target is to be changed.', 'Scan again: findings on this port are incomplete.'],
    formats: [],
  },
  load_balancer: {
    title: 'One of several backends does not answer',
    steps: ['Check the health of the backends behind this port.', 'Scan again when all of them answer.'],
    formats: [],
  },
  dns_change: {
    title: 'The name points elsewhere now',
    steps: ['Check that the target’s name and address still belong together.', 'Scan again.'],
    formats: [],
  },
  phantom: null,
  probe_fault: {
    title: 'The probe itself was at fault',
    steps: ['See the probe’s health in the fleet.', 'Scan again when it is fit.'],
    formats: [],
  },
  unexplained: {
    title: 'The scanner is shut out, and nothing says by what',
    steps: ['Look for the scanner’s address in the logs of firewall, host and service at that time.', PROVE],
    formats: ['nftables', 'edl', 'csv'],
  },
}

/** What a mechanism needs beyond its class: the first step, and the formats that fit. */
const BY_MECHANISM: Partial<Record<Mechanism, { step: string; formats: readonly string[] }>> = {
  fail2ban: {
    step: '`fail2ban-client banned` names the jail; add the ranges to `ignoreip` of that jail and of `recidive`, then `fail2ban-client unban` the address.',
    formats: ['fail2ban'],
  },
  sshguard: {
    step: 'Add the ranges to sshguard’s whitelist file and flush its set (`nft flush set inet sshguard attackers`).',
    formats: ['sshguard', 'nftables'],
  },
  crowdsec: {
    step: '`cscli decisions list` shows the ban; add an allowlist with the ranges and delete the decision.',
    formats: ['crowdsec'],
  },
  csf_lfd: {
    step: 'Add the ranges to csf.allow **and** csf.ignore, then remove the address with `csf -dr` or `csf -tr`.',
    formats: ['csf'],
  },
  openssh_penalty: { step: 'Add the ranges to `PerSourcePenaltyExemptList` in sshd_config.', formats: ['openssh'] },
  openssh_max_startups: {
    step: 'Raise `MaxStartups` in sshd_config, or scan SSH with fewer connections at once.',
    formats: [],
  },
  modsecurity: {
    step: 'Add an `@ipMatch` rule with `ctl:ruleEngine=Off` that is loaded before the Core Rule Set.',
    formats: ['modsecurity'],
  },
  proxy_reject: {
    step: 'In HAProxy: `tcp-request connection accept` for the ranges before the reject, and leave them out of the stick table.',
    formats: ['haproxy'],
  },
  proxy_silent_drop: {
    step: 'In HAProxy: `tcp-request connection accept` for the ranges before the silent-drop.',
    formats: ['haproxy'],
  },
  http_rate_limit: {
    step: 'In nginx: give the ranges an empty limit key with `geo` and `map`; in a CDN: skip the rate-limiting phase.',
    formats: ['nginx', 'cloudflare', 'aws-waf'],
  },
  postscreen: { step: 'Permit the ranges in `postscreen_access_list` (cidr table).', formats: ['postfix'] },
  tcp_wrappers: {
    step: 'Look in hosts.deny and in the service’s own deny list; allow the ranges in hosts.allow.',
    formats: ['hosts-allow'],
  },
}

/** What to do about a cause; null when there is nothing to be done. */
export function remediationOf(cause: Cause | null): Remediation | null {
  if (!cause) return null
  const general = BY_CLASS[cause.class]
  if (!general) return null
  const special = cause.mechanism ? BY_MECHANISM[cause.mechanism] : undefined
  if (!special) return { ...general, steps: [...general.steps], formats: [...general.formats] }
  return {
    title: general.title,
    steps: [special.step, ...general.steps],
    formats: [...new Set([...special.formats, ...general.formats])],
  }
}
