import { acceptRule, type RemediesOf, type RemedyFor, withdrawRule } from './remedy.ts'

/** Rates, counts, and proxies that reject. */
export const DDOS: RemediesOf<'ddos_protection'> = {
  http_rate_limit: ({ source, cidr, slower, near }) => ({
    title: 'Leave the scanner out of the request limit',
    happened: `The web server or content network limits how often one address may ask, and ${source} went over it.`,
    confirm: `nginx: \`grep 'limiting requests' /var/log/nginx/error.log | grep ${source}\`${near}. A content network: its rate limiting events.`,
    change: [
      `nginx: \`geo $scanner { default 0; ${cidr} 1; }\`, \`map $scanner $limit_key { 0 $binary_remote_addr; 1 ""; }\`, and \`$limit_key\` in \`limit_req_zone\`: an empty key is not counted. A content network: skip its rate limiting rules for the published ranges.`,
      slower,
    ],
    undo: 'put the old key back into `limit_req_zone`, or delete the skip rule, and reload.',
    limit: 'Behind a content network nginx counts the network’s address until real_ip is set.',
    formats: ['nginx', 'haproxy', 'cloudflare', 'aws-waf', 'google-cloud-armor', 'fastly'],
  }),
  proxy_reject: ({ source, slower }) => ({
    title: 'Let the proxy accept the scanner',
    happened: `A proxy accepts ${source} and resets at once, because the address opened too many connections.`,
    confirm: `HAProxy: \`echo 'show table NAME key ${source}' | socat stdio /run/haproxy/admin.sock\` shows its counters (\`show table\` the names). Rejects at connect are not logged, only counted (\`dcon\` in \`show stat\`).`,
    change: [
      `In the frontend, before \`track-sc0\` and \`reject\`: \`tcp-request connection accept if { src ${source} }\` with the published ranges; then \`haproxy -c -f /etc/haproxy/haproxy.cfg && systemctl reload haproxy\`.`,
      `Forget what was counted: \`clear table NAME key ${source}\` on the same socket. ${slower}`,
    ],
    undo: 'delete the line and reload.',
    formats: ['haproxy'],
  }),
  proxy_silent_drop: ({ source, slower }) => ({
    title: 'Let the proxy answer the scanner',
    happened: `A proxy takes the connections of ${source} and then says nothing: a silent drop or a tarpit.`,
    confirm: `HAProxy: \`grep -nE 'silent-drop|tarpit' /etc/haproxy/haproxy.cfg\`, and \`echo 'show table NAME key ${source}' | socat stdio /run/haproxy/admin.sock\` for its counters.`,
    change: [
      `Before that rule: \`http-request allow if { src ${source} }\`, or in TCP mode \`tcp-request connection accept if { src ${source} }\`, with the published ranges; then reload.`,
      slower,
    ],
    undo: 'delete the line and reload.',
    formats: ['haproxy'],
  }),
  connection_rate_limit: (scene) => ({
    title: 'Leave the scanner out of the connection rate limit',
    happened: `A rule lets ${scene.source} open only so many connections a second and drops the rest.`,
    confirm: `\`nft list ruleset | grep -E 'limit rate|meter|dynamic'\`, \`${scene.iptables}-save | grep -E 'hashlimit|recent|limit'\` or \`ufw status\` (LIMIT) shows it.`,
    change: [
      `Before that rule: ${acceptRule(scene)}; with ufw \`ufw prepend allow from ${scene.source}\`.`,
      scene.slower,
    ],
    undo: withdrawRule(scene),
    limit: 'Slow touches pass, so the port looks open again at once: only a scan at full rate shows that it is cured.',
    formats: ['nftables', 'iptables', 'ufw', 'firewalld', 'pf'],
  }),
  connection_count_limit: (scene) => ({
    title: 'Leave the scanner out of the limit on open connections',
    happened: `A rule lets ${scene.source} hold only so many connections at once.`,
    confirm: `\`nft list ruleset | grep 'ct count'\`, \`${scene.iptables}-save | grep connlimit\`, nginx “limiting connections by zone”, xinetd “per_source_limit from=${scene.source}” or sshd “past MaxStartups” in the log${scene.near}.`,
    change: [
      `Before that rule: ${acceptRule(scene)}; in nginx an empty key for \`limit_conn_zone\`; in xinetd a higher \`per_source\`, in sshd a higher \`PerSourceMaxStartups\`.`,
      scene.slower,
    ],
    undo: withdrawRule(scene),
    formats: ['nftables', 'iptables', 'nginx', 'haproxy'],
  }),
  syn_proxy: (scene) => ({
    title: 'Take the scanner past the SYN proxy',
    happened: `Something before ${scene.target} completes handshakes in the service’s name and does not hand on those of ${scene.source}.`,
    confirm: `On the host \`nft list ruleset | grep -i synproxy\` or \`${scene.iptables}-save | grep -i synproxy\`; else ask whether scrubbing was active${scene.near}.`,
    change: [
      'Exempt the published ranges from the SYN proxy, on the host before its notrack rule, or in the protection service’s allowlist.',
    ],
    undo: 'delete the exemption.',
    limit: 'Ports that were found open through a SYN proxy may not exist.',
    formats: ['nftables', 'iptables', 'plain'],
  }),
}

export const anyLimit: RemedyFor = (scene) => ({
  title: 'Raise the limit for the scanner’s addresses',
  happened: `A limit on rate or connections turned ${scene.source} away.`,
  confirm: `Look for ${scene.source}${scene.near} in the counters of firewall, proxy, service and protection service; \`nft list ruleset\`, HAProxy’s \`show table\` and nginx’s error log are the usual places.`,
  change: ['Leave the published ranges out of that counter.', scene.slower],
  undo: 'put the ranges back under the counter.',
  formats: ['haproxy', 'nginx', 'nftables', 'iptables', 'cloudflare'],
})
