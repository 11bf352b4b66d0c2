/** Every format has its renderer: a new word in FORMATS does not compile without one. */
import type { Format } from '../core/remedies/remedy.ts'
import { apache } from './formats/apache.ts'
import { awsPrefixList, awsSecurityGroup, awsWaf } from './formats/aws.ts'
import { azureNsg, azureWaf } from './formats/azure.ts'
import { caddy } from './formats/caddy.ts'
import { akamai, fastly } from './formats/cdn.ts'
import { cloudflare, cloudflareApi, cloudflareDashboard } from './formats/cloudflare.ts'
import { crowdsec, crowdsecAllowlist } from './formats/crowdsec.ts'
import { csf } from './formats/csf.ts'
import { dovecot } from './formats/dovecot.ts'
import { exim } from './formats/exim.ts'
import { fail2ban } from './formats/fail2ban.ts'
import { csv, fortigate, paloAltoEdl, plain } from './formats/feeds.ts'
import { firewalld } from './formats/firewalld.ts'
import { googleCloudArmor } from './formats/google.ts'
import { haproxy } from './formats/haproxy.ts'
import { snort, suricata } from './formats/ids.ts'
import { ipset } from './formats/ipset.ts'
import { iptables } from './formats/iptables.ts'
import { modsecurity2, modsecurity3 } from './formats/modsecurity.ts'
import { nftables } from './formats/nftables.ts'
import { nginx, nginxAllow } from './formats/nginx.ts'
import { openssh } from './formats/openssh.ts'
import { pf } from './formats/pf.ts'
import { postfix, postscreen } from './formats/postfix.ts'
import { rspamd } from './formats/rspamd.ts'
import { squid } from './formats/squid.ts'
import { sshguard } from './formats/sshguard.ts'
import { tcpWrappers } from './formats/tcp-wrappers.ts'
import { traefik } from './formats/traefik.ts'
import { ufw } from './formats/ufw.ts'
import { varnish } from './formats/varnish.ts'
import type { Renderer } from './kit.ts'

export const RENDERERS = {
  nftables,
  iptables,
  ipset,
  ufw,
  firewalld,
  pf,
  fail2ban,
  sshguard,
  crowdsec,
  'crowdsec-allowlist': crowdsecAllowlist,
  suricata,
  snort,
  'tcp-wrappers': tcpWrappers,
  openssh,
  csf,
  nginx,
  'nginx-allow': nginxAllow,
  apache,
  modsecurity2,
  modsecurity3,
  haproxy,
  caddy,
  traefik,
  squid,
  varnish,
  postscreen,
  postfix,
  exim,
  dovecot,
  rspamd,
  cloudflare,
  'cloudflare-api': cloudflareApi,
  'cloudflare-dashboard': cloudflareDashboard,
  'aws-waf': awsWaf,
  'aws-security-group': awsSecurityGroup,
  'aws-prefix-list': awsPrefixList,
  'google-cloud-armor': googleCloudArmor,
  'azure-waf': azureWaf,
  'azure-nsg': azureNsg,
  akamai,
  fastly,
  'palo-alto-edl': paloAltoEdl,
  fortigate,
  plain,
  csv,
} satisfies Record<Format, Renderer>
