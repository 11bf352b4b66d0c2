const HOST = [
  'nftables',
  'iptables',
  'ipset',
  'ufw',
  'firewalld',
  'pf',
  'fail2ban',
  'sshguard',
  'crowdsec',
  'crowdsec-allowlist',
  'suricata',
  'snort',
  'tcp-wrappers',
  'openssh',
  'csf',
] as const
const SERVER = [
  'nginx',
  'nginx-allow',
  'apache',
  'modsecurity2',
  'modsecurity3',
  'haproxy',
  'caddy',
  'traefik',
  'squid',
  'varnish',
  'postscreen',
  'postfix',
  'exim',
  'dovecot',
  'rspamd',
] as const
const CLOUD = [
  'cloudflare',
  'cloudflare-api',
  'cloudflare-dashboard',
  'aws-waf',
  'aws-security-group',
  'aws-prefix-list',
  'google-cloud-armor',
  'azure-waf',
  'azure-nsg',
  'akamai',
  'fastly',
  'palo-alto-edl',
  'fortigate',
] as const
const ANY = ['plain', 'csv'] as const

/** The allowlist exports that the published ranges come in, by the name in `/ip-ranges/{format}`. */
export const FORMATS = [...HOST, ...SERVER, ...CLOUD, ...ANY] as const
export type Format = (typeof FORMATS)[number]

/** The formats by what stands in the way. */
export const DEFENCES: readonly { name: string; formats: readonly Format[] }[] = [
  { name: 'Host and network', formats: HOST },
  { name: 'Web, mail and proxies', formats: SERVER },
  { name: 'Cloud and appliances', formats: CLOUD },
  { name: 'Anything else', formats: ANY },
]
