import type { RemediesOf, Remedy, RemedyFor } from './remedy.ts'

const modsecurity: RemedyFor = ({ source, near }) => ({
  title: 'Switch ModSecurity off for the scanner',
  happened: `ModSecurity found requests of ${source} to be attacks and refuses them.`,
  confirm: `\`grep -A20 ${source} /var/log/apache2/modsec_audit.log\`${near} (or the file that \`SecAuditLog\` names) gives the rule’s id.`,
  change: [
    `In a file that is loaded before the Core Rule Set: \`SecRule REMOTE_ADDR "@ipMatch ${source}" "id:1000001,phase:1,pass,nolog,ctl:ruleEngine=Off"\`, the published ranges after the address, separated by commas, with a free id.`,
    'Then `apache2ctl configtest && systemctl reload apache2`, or `nginx -t && systemctl reload nginx`.',
  ],
  undo: 'delete the rule and reload.',
  limit:
    'Behind a proxy `REMOTE_ADDR` is the proxy’s until mod_remoteip or real_ip is set. A fail2ban jail on this log needs its own exemption.',
  formats: ['modsecurity2', 'modsecurity3'],
})

const anyNetwork: RemedyFor = ({ source, vendor, near }) => ({
  title: `Let the scanner through ${vendor ?? 'the content network'}’s firewall`,
  happened: `${vendor ?? 'The content network'} answers ${source} with a block or challenge page in place of the site.`,
  confirm: `Look up ${source}${near} in its security events: they name the rule that acted, and the page carries its reference.`,
  change: [
    'Put the published ranges on an IP list, and make it the first rule to allow or skip: managed rules, rate limits and bot protection.',
  ],
  undo: 'delete that rule and the list.',
  limit: 'An allow in the firewall may leave rate limits and bot protection in force: both need the exemption.',
  formats: ['plain', 'csv'],
})

/** One firewall in a content network: what is particular to it. */
const network =
  (
    parts: (source: string) => Pick<Remedy, 'confirm' | 'change' | 'undo' | 'formats'> & { limit?: string },
  ): RemedyFor =>
  (scene) => ({ ...anyNetwork(scene), ...parts(scene.source) })

/** By the names that worker/core/waf.ts gives. */
export const NETWORKS: Readonly<Record<string, RemedyFor>> = {
  Cloudflare: network((source) => ({
    confirm: `Cloudflare dashboard, Security > Events, filter by IP address ${source}: “Service” says what acted – custom rule, managed rules, rate limiting or Bot Fight Mode.`,
    change: [
      `First switch: Security > WAF > Tools > IP Access Rules: \`${source}\`, Allow, this website. The same for each published range.`,
      `Second switch: Security > WAF > Custom rules, a rule in first place: \`(ip.src in {${source}})\` with all published ranges, action Skip, ticking remaining custom rules, rate limiting, managed rules and Super Bot Fight Mode.`,
    ],
    undo: 'delete the access rules and the skip rule.',
    limit:
      'No rule can skip Bot Fight Mode of the free plan; an access rule that matches keeps it quiet, else turn it off for the scan. Access rules take single addresses, IPv4 /16 and /24, IPv6 /32, /48 and /64 only.',
    formats: ['cloudflare'],
  })),
  Akamai: network((source) => ({
    confirm: `Akamai Control Center, Security Center > Web Security Analytics, filter by client IP ${source}; the “Reference #” of the page can be translated in the diagnostic tools.`,
    change: [
      'Put the published ranges on a network list, add it to the exceptions of IP/Geo Firewall, rate policies and bot protection, and activate the list and the configuration in production.',
    ],
    undo: 'take the list out of the exceptions and activate again.',
    limit: 'A list that was saved and not activated changes nothing.',
    formats: ['akamai'],
  })),
  Imperva: network((source) => ({
    confirm: `Imperva console, Security Events: search the incident id of the page, or the client ${source}.`,
    change: [
      'Add the published ranges to the site’s allowlisted IP addresses, which security rules and bot control then leave out.',
    ],
    undo: 'remove them from the allowlist.',
    formats: ['plain'],
  })),
  'F5 BIG-IP ASM': network((source) => ({
    confirm: `BIG-IP, Security > Event Logs > Application > Requests: search the support id of the page, or the source ${source}.`,
    change: [
      `Security > Application Security > IP Addresses > IP Address Exceptions: \`${source}\` and the published ranges with “Never block this IP”, then Apply Policy.`,
    ],
    undo: 'delete the exceptions and apply the policy.',
    limit: 'Bot and DoS protection have lists of their own, in the profiles of the virtual server.',
    formats: ['plain'],
  })),
  Sucuri: network((source) => ({
    confirm: `Sucuri firewall dashboard, Audit Trails: search ${source}.`,
    change: ['Access Control > Allow IP addresses: add the published ranges.'],
    undo: 'remove them from the allowlist.',
    formats: ['plain'],
  })),
  'AWS CloudFront': network((source) => ({
    confirm: `AWS WAF, the distribution’s web ACL, Sampled requests or logs: entries with clientIp ${source} and action BLOCK name the \`terminatingRuleId\`.`,
    change: [
      'Create an IP set with the published ranges (scope CLOUDFRONT, region us-east-1; one set for each address family) and a rule that allows it, with the lowest priority number of the web ACL.',
    ],
    undo: 'delete the rule, then the IP sets.',
    limit:
      'Geographic restrictions of the distribution know no exception for an address: only scanning from an allowed country helps.',
    formats: ['aws-waf'],
  })),
  Fastly: network((source) => ({
    confirm: `Fastly Next-Gen WAF, Requests: search \`ip:${source}\`; without it, the service’s VCL and ACLs.`,
    change: [
      'Put the published ranges on an IP list or ACL and add a request rule that allows it before all others; activate the version.',
    ],
    undo: 'delete the rule and the list, and activate.',
    formats: ['fastly'],
  })),
  Wordfence: network((source) => ({
    confirm: `WordPress, Wordfence > Tools > Live Traffic: look for ${source}; Wordfence > Blocking lists the block.`,
    change: [
      'Wordfence > Firewall > All Firewall Options > Allowlisted IP addresses that bypass all rules: add the published ranges. Lift the block under Blocking.',
    ],
    undo: 'remove them from that field.',
    formats: ['plain'],
  })),
  'Azure WAF': network((source) => ({
    confirm: `The firewall log of the gateway or Front Door in Log Analytics: entries with client IP ${source} name the rule.`,
    change: [
      'In the WAF policy add a custom rule with the lowest priority number: RemoteAddr, IPMatch, the published ranges, action Allow.',
    ],
    undo: 'delete the custom rule.',
    limit: 'An Allow of a custom rule ends evaluation, later rate rules included.',
    formats: ['azure-waf'],
  })),
  ModSecurity: modsecurity,
}

export const WAF: RemediesOf<'waf'> = {
  modsecurity,
  cdn_waf: (scene) => (scene.vendor === null ? anyNetwork : (NETWORKS[scene.vendor] ?? anyNetwork))(scene),
  http_block_page: ({ source, port, near }) => ({
    title: 'Let the web server answer the scanner',
    happened: `The web server on port ${port} gives ${source} a page that refuses it, and others the usual one.`,
    confirm: `\`grep ${source}\` in the access log${near} shows the refused requests; the error log says who refuses: “access forbidden by rule” (nginx), “client denied by server configuration” (Apache), a ModSecurity id, or nothing, then it is the application.`,
    change: [
      `nginx: \`allow ${source};\` before the \`deny\` that matched. Apache: \`Require ip ${source}\` in a \`<RequireAny>\` beside the existing rule. An application’s firewall: its list of allowed addresses.`,
      'Add the published ranges in the same place and reload.',
    ],
    undo: 'remove the lines and reload.',
    limit: 'An allow that is the only rule left shuts everyone else out.',
    formats: ['nginx', 'apache', 'modsecurity2', 'modsecurity3', 'caddy', 'traefik', 'varnish', 'squid'],
  }),
}
