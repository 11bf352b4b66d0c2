import type { Service } from '../../../schema/words.ts'
import { acceptRule, type RemediesOf, withdrawRule } from './remedy.ts'

/** Services that count connections without a login themselves and then refuse the source in words; none can exempt an address. */
const OWN_LISTS: Partial<Record<Service, readonly string[]>> = {
  mysql: [
    'Where the database itself says “blocked because of many connection errors”: `mysqladmin flush-hosts` lets the address in again, and a higher `max_connect_errors` puts off the next time.',
  ],
  vnc: [
    'Where the VNC server itself says “Too many security failures”: it forgets at its restart; in TigerVNC a higher `BlacklistThreshold` puts off the next time.',
  ],
}

/** Bans on the source, by a host tool or a network box. Facts: the tools' manuals and sources. */
export const IPS: RemediesOf<'ips'> = {
  fail2ban: ({ source, port, near }) => ({
    title: 'Let fail2ban ignore the scanner',
    happened: `fail2ban counted log lines of ${source} as attacks and its jail closed port ${port} to that address.`,
    confirm: `\`fail2ban-client banned ${source}\` names the jail; \`grep ${source} /var/log/fail2ban.log\` shows its Ban line${near}.`,
    change: [
      `In \`/etc/fail2ban/jail.local\`, section \`[DEFAULT]\`, write \`ignoreip = 127.0.0.1/8 ::1 ${source}\` and the other published ranges on the same line; a jail with an \`ignoreip\` of its own needs them there.`,
      `Then \`fail2ban-client reload\` and \`fail2ban-client unban ${source}\`.`,
    ],
    undo: 'take the addresses out of `ignoreip` and run `fail2ban-client reload`.',
    limit:
      '`fail2ban-client -t` passes wrong networks and `fail2ban.local` is not read for this: check with `fail2ban-client get JAIL ignoreip`.',
    formats: ['fail2ban'],
  }),
  sshguard: ({ source, ip, near }) => ({
    title: 'Put the scanner on sshguard’s whitelist',
    happened: `sshguard scored log lines of ${source} as attacks and drops all its packets, on every port.`,
    confirm: `\`journalctl -t sshguard | grep ${source}\` shows “Blocking”${near}; with nftables also \`nft list set ${ip} sshguard attackers\`.`,
    change: [
      `Add a line \`${source}\`, and one for each published range, to the file that \`WHITELIST_FILE\` in \`sshguard.conf\` names (Debian: \`/etc/sshguard/whitelist\`).`,
      'Then `systemctl restart sshguard`: it reads the list anew and, with nftables, lifts the present blocks.',
    ],
    undo: 'remove the lines and restart sshguard.',
    limit:
      'An accept rule of your own does not help, because sshguard drops in a table of its own. A wrong line in the list is passed over in silence.',
    formats: ['sshguard'],
  }),
  crowdsec: ({ source }) => ({
    title: 'Put the scanner on a CrowdSec allowlist',
    happened: `CrowdSec decided to ban ${source}, and its bouncer drops the address on every port.`,
    confirm: `\`cscli decisions list --ip ${source} --all\` shows the decision, \`cscli alerts list --ip ${source}\` the scenario behind it.`,
    change: [
      `\`cscli allowlists create scanner -d 'vulnerability scanner'\`, then \`cscli allowlists add scanner ${source}\` with the other published ranges, then \`cscli decisions delete --ip ${source}\`.`,
      'Before version 1.6.8 write a parser whitelist under `/etc/crowdsec/parsers/s02-enrich/` instead and reload crowdsec.',
    ],
    undo: `\`cscli allowlists remove scanner ${source}\`, or delete the whitelist file and reload.`,
    limit: 'A parser whitelist covers local detection only, not the community blocklist; the allowlist covers both.',
    formats: ['crowdsec'],
  }),
  csf_lfd: ({ source, near }) => ({
    title: 'Let CSF allow and lfd ignore the scanner',
    happened: `lfd counted failures of ${source} and CSF blocks the address, perhaps its whole network.`,
    confirm: `\`csf -g ${source}\` shows the rule and its reason, \`grep ${source} /var/log/lfd.log\` the block${near}.`,
    change: [
      `Add \`${source}\` and the published ranges to \`/etc/csf/csf.allow\` and to \`/etc/csf/csf.ignore\`.`,
      `Lift the block with \`csf -dr ${source}\` (permanent) and \`csf -tr ${source}\` (temporary), then \`csf -ra\`.`,
    ],
    undo: 'remove the lines from both files and run `csf -ra`.',
    limit:
      'Both files are needed: `csf.allow` lets packets in, only `csf.ignore` keeps lfd from blocking the address again.',
    formats: ['csf'],
  }),
  psad: ({ source }) => ({
    title: 'Give the scanner danger level 0 in psad',
    happened: `psad took the packets of ${source} for a port scan and blocked the address.`,
    confirm: `\`psad --status-ip ${source}\` shows its danger level, \`psad --fw-list-auto\` the blocking rules.`,
    change: [
      `Add \`${source} 0;\` and a line for each published range to \`/etc/psad/auto_dl\`, then \`psad -H\` and \`psad --fw-rm-block-ip ${source}\`.`,
    ],
    undo: 'remove the lines from `auto_dl` and run `psad -H`.',
    formats: ['plain'],
  }),
  portsentry: ({ source, iproute, iptables }) => ({
    title: 'Let portsentry ignore the scanner',
    happened: `${source} touched a port that portsentry guards as a trap, and the host cut off the address for good.`,
    confirm: `\`grep -rs ${source} /var/lib/portsentry /etc/hosts.deny\` shows the trap; \`${iproute} route show ${source}\` a reject route.`,
    change: [
      `Add \`${source}\` and the published ranges to \`/etc/portsentry/portsentry.ignore.static\` (outside Debian \`portsentry.ignore\`) and restart portsentry.`,
      `Lift what it did: the line in \`/etc/hosts.deny\`, and \`${iproute} route del unreachable ${source}\` or \`${iptables} -D INPUT -s ${source} -j DROP\`, whichever \`KILL_ROUTE\` names.`,
    ],
    undo: 'remove the lines from the ignore file and restart portsentry.',
    limit: 'Its bans have no end: nothing but lifting them by hand brings the scanner back.',
    formats: ['plain', 'tcp-wrappers'],
  }),
  network_ips: ({ source, target, isIpv6, near }) => ({
    title: 'Exempt the scanner on the network IPS',
    happened: `An IPS or firewall before ${target} put ${source} in quarantine and drops it on every port.`,
    confirm: `Its threat log${near} by source ${source}: Palo Alto “Monitor > Block IP List”, FortiGate \`diagnose user banned-ip list\`, Suricata \`grep ${source} /var/log/suricata/fast.log\`.`,
    change: [
      'Put the published ranges into an address group that the IPS, DoS and port scan profiles exempt; feeds for Palo Alto and FortiGate follow the ranges by themselves.',
      `Delete the quarantine: in the Block IP List, or \`diagnose user banned-ip delete ${isIpv6 ? 'src6' : 'src4'} ${source}\`. Suricata: \`pass ip ${source} any -> $HOME_NET any (msg:"scanner"; sid:1000001; rev:1;)\`.`,
    ],
    undo: 'take the group out of the exemptions, or delete the pass rule and reload.',
    limit: 'An IPS of your provider cannot be changed from the host: ask its operator.',
    formats: ['palo-alto-edl', 'fortigate', 'suricata', 'snort', 'plain'],
  }),
  source_ban: (scene) => ({
    title: 'Find the ban on the scanner and exempt its addresses',
    happened: `Something bans ${scene.source}; which tool it is cannot be told from outside.`,
    confirm: `One of these names it: \`fail2ban-client banned ${scene.source}\`, \`cscli decisions list --ip ${scene.source} --all\`, \`csf -g ${scene.source}\`, \`nft list ruleset | grep ${scene.source}\`, \`${scene.iptables}-save | grep ${scene.source}\`. Else look before the host.`,
    change: [
      ...(OWN_LISTS[scene.service] ?? []),
      'Lift the ban in that tool and exempt the published ranges there: fail2ban `ignoreip`, a CrowdSec allowlist, `csf.allow` with `csf.ignore`, sshguard’s whitelist, an address group of the IPS.',
      `A rule of the firewall itself: ${acceptRule(scene)}.`,
    ],
    undo: `take the ranges out of that list; ${withdrawRule(scene)}`,
    limit: 'In nftables an accept in one table does not stop another table from dropping.',
    formats: ['fail2ban', 'crowdsec', 'csf', 'sshguard', 'nftables', 'iptables', 'ipset', 'palo-alto-edl'],
  }),
  self_renewing_ban: (scene) => ({
    title: 'Take the scanner out of a ban that renews itself',
    happened: `Every packet from ${scene.source} renews the ban on it, so whoever keeps trying stays banned.`,
    confirm: `\`nft list ruleset | grep -E 'update @|timeout'\` shows the set, \`${scene.iptables}-save | grep -e --update\` a recent list; \`grep -l ${scene.source} /proc/net/xt_recent/*\` its name.`,
    change: [
      `Before the rule that renews: ${acceptRule(scene)}.`,
      `Take the address out: \`nft delete element inet filter NAME { ${scene.source} }\` or \`echo -${scene.source} > /proc/net/xt_recent/NAME\`.`,
    ],
    undo: withdrawRule(scene),
    limit: 'Without that the ban ends only after the scanner has been silent for its whole length.',
    formats: ['nftables', 'iptables', 'ufw', 'firewalld'],
  }),
  range_ban: (scene) => ({
    title: 'Let the scanner’s network through again',
    happened: `The network around ${scene.source} is shut out, its neighbours that never scanned included.`,
    confirm: `Look for a network that contains ${scene.source}: \`nft list ruleset\`, \`ipset list\`, \`csf -g ${scene.source}\` (\`LF_NETBLOCK\`), \`cscli decisions list --range ${scene.cidr} --contained\`, the firewall’s block lists.`,
    change: [
      'Delete that entry, or allow the published ranges before it.',
      `In the host’s firewall: ${acceptRule(scene)}.`,
    ],
    undo: withdrawRule(scene),
    limit: 'A list that others keep may add the network again; the exemption has to come before it.',
    formats: ['nftables', 'iptables', 'ipset', 'csf', 'crowdsec', 'palo-alto-edl', 'fortigate'],
  }),
  tcp_wrappers: ({ source, bracketed, service, near }) => {
    const daemon = service === 'ssh' ? 'sshd' : 'ALL'
    return {
      title: 'Allow the scanner in hosts.allow',
      happened: `The service accepts ${source} and hangs up at once: TCP wrappers, DenyHosts or a list of its own refuses it.`,
      confirm: `\`grep ${source} /etc/hosts.deny\`; \`journalctl | grep 'refused connect from'\`${near}; \`tcpdmatch ${service === 'ssh' ? 'sshd' : 'DAEMON'} ${source}\` says denied.`,
      change: [
        `Add \`${daemon}: ${bracketed}\` and the published ranges to \`/etc/hosts.allow\`, which is read first, and remove the line from \`/etc/hosts.deny\`.`,
        'DenyHosts: stop it, list the addresses in its `allowed-hosts` file, start it.',
      ],
      undo: 'remove the line from `/etc/hosts.allow`; it takes effect with the next connection.',
      limit: 'IPv4 networks are written with a netmask (192.0.2.0/255.255.255.0), IPv6 ones in brackets.',
      formats: ['tcp-wrappers'],
    }
  },
  openssh_penalty: ({ source, near }) => ({
    title: 'Exempt the scanner from OpenSSH’s penalties',
    happened: `sshd (9.8 or newer) counts connections of ${source} that do not log in, and for 15 s to 10 min turns the address away in words.`,
    confirm: `\`journalctl -u ssh -u sshd | grep 'drop connection'\`${near} gives a penalty as the reason; \`sshd -T | grep -i persource\` shows the limits.`,
    change: [
      `In \`/etc/ssh/sshd_config\`: \`PerSourcePenaltyExemptList ${source}\` with the published ranges after it, separated by commas; then \`sshd -t && systemctl reload ssh\`.`,
    ],
    undo: 'remove the line and reload sshd.',
    limit: 'A penalty under way may last up to 10 min. Versions before 9.8 know neither penalties nor this keyword.',
    formats: ['openssh'],
  }),
  payload_filter: ({ source, port, near }) => ({
    title: 'Let the scanner’s requests through the inspecting filter',
    happened: `A filter cuts connections to port ${port} as soon as they carry what looks like an attack; plain ones pass.`,
    confirm: `The IPS log${near} by source ${source} names the signature; Suricata: \`grep ${source} /var/log/suricata/fast.log\`.`,
    change: [
      'Exempt the published ranges from that signature or profile.',
      `Suricata, Snort: \`pass ip ${source} any -> $HOME_NET any (msg:"scanner"; sid:1000001; rev:1;)\`, then reload the rules.`,
    ],
    undo: 'delete the exemption or the pass rule and reload.',
    limit: 'Without it every finding that needs such a request is missing, though the port looks open.',
    formats: ['suricata', 'snort', 'palo-alto-edl', 'fortigate'],
  }),
}
