/** The forms in which the published ranges can be had, as the page names them. */
import type { Format } from '../../schema/formats.ts'

export interface Form {
  href: string
  name: string
  /** what it is for, in a few words */
  say: string
}

export const LISTS: readonly Form[] = [
  { href: '/ip-ranges.json', name: 'JSON', say: 'the life of each range; signed' },
  { href: '/ip-ranges.txt', name: 'Plain text', say: 'one network a line' },
  { href: '/ips-v4', name: 'IPv4', say: 'one network a line' },
  { href: '/ips-v6', name: 'IPv6', say: 'one network a line' },
  { href: '/ip-ranges.aws.json', name: 'AWS layout', say: 'for what reads ip-ranges.amazonaws.com' },
  { href: '/ip-ranges.google.json', name: 'Google layout', say: 'for what reads crawlers’ lists' },
  { href: '/geofeed.csv', name: 'Geofeed', say: 'where each network is; RFC 8805' },
  { href: '/ip-ranges.misp.json', name: 'MISP warninglist', say: 'a known scanner, not an attack' },
]

const NAMES: Partial<Record<Format, string>> = {
  pf: 'pf (BSD)',
  sshguard: 'SSHGuard',
  crowdsec: 'CrowdSec',
  'crowdsec-allowlist': 'CrowdSec allowlist',
  'nginx-allow': 'nginx, allow',
  suricata: 'Suricata',
  snort: 'Snort',
  'tcp-wrappers': 'TCP wrappers',
  openssh: 'OpenSSH',
  csf: 'CSF / lfd',
  apache: 'Apache',
  modsecurity2: 'ModSecurity 2',
  modsecurity3: 'ModSecurity 3',
  haproxy: 'HAProxy',
  caddy: 'Caddy',
  traefik: 'Traefik',
  squid: 'Squid',
  varnish: 'Varnish',
  postscreen: 'postscreen',
  postfix: 'Postfix',
  exim: 'Exim',
  dovecot: 'Dovecot',
  cloudflare: 'Cloudflare',
  'cloudflare-api': 'Cloudflare API',
  'cloudflare-dashboard': 'Cloudflare dashboard',
  'aws-waf': 'AWS WAF',
  'aws-security-group': 'AWS security group',
  'aws-prefix-list': 'AWS prefix list',
  'google-cloud-armor': 'Google Cloud Armor',
  'azure-waf': 'Azure WAF',
  'azure-nsg': 'Azure NSG',
  akamai: 'Akamai',
  fastly: 'Fastly',
  'palo-alto-edl': 'Palo Alto EDL',
  fortigate: 'FortiGate',
  plain: 'Plain CIDR',
  csv: 'CSV',
}
/** As its makers write it; most write it as we do. */
export const nameOf = (format: Format): string => NAMES[format] ?? format
