/** What guards the target while another scanner works: three defences that each kind of scanner sets off. */
import type { Scenario } from '../scenario.ts'
import { apacheModsecurity } from '../scenarios/f2b-apache-modsecurity.ts'

export type Guard = Pick<
  Scenario,
  'name' | 'tool' | 'real' | 'needs' | 'ports' | 'anchored' | 'banSeconds' | 'target' | 'truth' | 'expect'
> & {
  /** it fires when the other scanner's work is all but done, and refuses what is left at once */
  endsWork?: boolean
}

const BAN = { scaled: 90, full: 600 }

/** A service that never says a word, which the other scanner works on for long. We are not asked for it. */
const SILENT_SERVICE = 'socat -u TCP-LISTEN:1000,fork,reuseaddr OPEN:/dev/null &'

/** What `nmap -sV` sets off. */
export const PORT_GUARDS: readonly Guard[] = [
  {
    name: 'portsentry',
    tool: 'portsentry 1.2, trap ports, KILL_ROUTE with iptables DROP',
    real: 'third-party',
    needs: ['portsentry', 'rsyslogd', 'iptables'],
    ports: '22,25,80,443',
    anchored: true,
    target: `
    listeners 22 25 80 443
    portsentry_guard '/usr/sbin/iptables -I INPUT -s $TARGET$ -j DROP'
  `,
    truth: { list: { on: 'target', run: `iptables -S INPUT | sed -n 's#^.* -s \\([0-9.]*\\)/32 -j DROP$#\\1#p'` } },
    expect: {
      ports: [22, 25, 80, 443],
      verdicts: ['interfered'],
      classes: ['ips'],
      mechanisms: ['portsentry', 'psad', 'source_ban', 'network_ips', 'crowdsec'],
    },
  },
  {
    name: 'fail2ban-sshd',
    tool: 'fail2ban 1.0.2, its sshd filter in aggressive mode, iptables-allports with REJECT; OpenSSH 9.2',
    real: 'third-party',
    needs: ['fail2ban-server', 'sshd', 'rsyslogd', 'iptables'],
    ports: '22,80,443',
    banSeconds: BAN,
    endsWork: true,
    target: `
    listeners 80 443
    ssh_server
    fail2ban <<F
[sshd]
enabled = true
mode = aggressive
port = 0:65535
logpath = $LOG/auth.log
maxretry = 7
findtime = 600
bantime = $BAN_S
action = iptables-allports[name=sshd, protocol=tcp]
F
  `,
    truth: { list: { on: 'target', run: 'fail2ban-client -s /run/fail2ban/f.sock get sshd banip --with-time' } },
    expect: {
      ports: [22, 80, 443],
      verdicts: ['interfered'],
      classes: ['ips'],
      mechanisms: ['fail2ban', 'source_ban', 'sshguard'],
    },
  },
  {
    name: 'haproxy-conn-reject',
    tool: 'HAProxy 2.6.12 stick table, more than 15 connections in 30 s: reject',
    real: 'third-party',
    needs: ['haproxy', 'socat'],
    ports: '22,80',
    target: `
    listeners 22
    ${SILENT_SERVICE}
    haproxy_server <<'H'
frontend web
 bind :80
 stick-table type ip size 1k expire 90s store conn_rate(30s)
 tcp-request connection track-sc0 src
 tcp-request connection reject if { sc0_conn_rate gt 15 }
 http-request return status 200 content-type text/plain string ok
H
  `,
    truth: { list: { on: 'target', run: 'haproxy_above web conn_rate 15' } },
    expect: {
      ports: [80],
      verdicts: ['interfered', 'degraded'],
      classes: ['ddos_protection'],
      mechanisms: ['proxy_reject', 'connection_rate_limit'],
    },
  },
  {
    name: 'nft-portscan-list',
    tool: 'nftables set: more than 20 closed ports a minute, and the source is dropped',
    real: 'recipe',
    needs: ['nft'],
    ports: '22,25,80,443',
    anchored: true,
    banSeconds: BAN,
    target: `
    listeners 22 25 80 443
    nft -f - <<N
table inet fw {
  set bad { type ipv4_addr; flags dynamic,timeout; timeout \${BAN_S}s; }
  set tries { type ipv4_addr; flags dynamic,timeout; timeout 60s; }
  chain in {
    type filter hook input priority 0; policy accept;
    iif lo accept
    ct state established,related accept
    ip saddr @bad drop
    tcp dport { 22, 25, 80, 443 } accept
    ip protocol tcp update @tries { ip saddr limit rate over 20/minute burst 20 packets } add @bad { ip saddr } drop
    meta l4proto tcp reject with tcp reset
  }
}
N
  `,
    truth: { list: { on: 'target', run: 'nft list set inet fw bad' } },
    expect: {
      ports: [22, 25, 80, 443],
      verdicts: ['interfered'],
      classes: ['ips'],
      mechanisms: ['source_ban', 'network_ips', 'psad', 'portsentry', 'crowdsec'],
    },
  },
]

/** What an HTTP attack run sets off. */
export const WEB_GUARDS: readonly Guard[] = [
  {
    ...apacheModsecurity(20),
    name: 'fail2ban-modsecurity',
    ports: '22,80,443',
    banSeconds: BAN,
  },
  {
    name: 'haproxy-http-429',
    tool: 'HAProxy 2.6.12 stick table, more than 40 requests in 30 s: 429',
    real: 'third-party',
    needs: ['haproxy', 'socat'],
    ports: '22,80',
    target: `
    listeners 22
    haproxy_server <<'H'
frontend web
 bind :80
 stick-table type ip size 1k expire 90s store http_req_rate(30s)
 http-request track-sc0 src
 http-request deny deny_status 429 if { sc0_http_req_rate gt 40 }
 http-request return status 200 content-type text/plain string ok
H
  `,
    truth: { list: { on: 'target', run: 'haproxy_above web http_req_rate 40' } },
    expect: {
      ports: [80],
      verdicts: ['app_blocked', 'degraded'],
      classes: ['ddos_protection', 'waf'],
      mechanisms: ['http_rate_limit'],
    },
  },
  {
    name: 'crowdsec-http-probing',
    tool: 'CrowdSec 1.4.6, scenario http-probing of its hub on nginx logs, nftables bouncer 0.0.25',
    real: 'third-party',
    needs: ['crowdsec', 'cscli', 'crowdsec-firewall-bouncer', 'nginx', 'nft'],
    ports: '22,80',
    anchored: true,
    banSeconds: BAN,
    target: `
    listeners 22
    nginx_server <<< 'server { listen 80; }'
    crowdsec_guard nginx "$LOG/nginx.access.log" nginx-logs http-probing
  `,
    truth: { list: { on: 'target', run: 'nft list set ip crowdsec crowdsec-blacklists' } },
    expect: {
      ports: [22, 80],
      verdicts: ['interfered'],
      classes: ['ips', 'waf'],
      mechanisms: ['crowdsec', 'source_ban', 'network_ips', 'fail2ban'],
    },
  },
]
