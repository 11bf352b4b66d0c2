/** Six defences that fire while ports are looked for, and a target with services all over the range. */
import type { Scenario } from '../scenario.ts'
import { scenario } from '../scenario.ts'

export const OPEN: readonly number[] = [
  ...[22, 25, 80, 443, 1234, 2222, 3306, 5432, 8080, 8443, 12_000, 20_000, 30_000, 40_000, 50_000, 60_000],
]
const PORTS = OPEN.join(',')
const LISTEN = `listeners ${OPEN.join(' ')}`

/** How the owner lifts all of it. */
export const LIFT = {
  target:
    'pkill crowdsec; pkill fail2ban-server; pkill portsentry; nft flush ruleset; iptables -P INPUT ACCEPT; iptables -F',
  router: 'nft flush ruleset',
} as const

const defence = (
  words: Pick<Scenario, 'name' | 'tool' | 'real' | 'needs' | 'target' | 'truth'> & { router?: string },
) =>
  scenario({
    group: 'positive',
    ports: '1-65535',
    profile: 'discovery',
    banSeconds: { scaled: 60, full: 600 },
    expect: { ports: [], verdicts: [], classes: [], mechanisms: [] },
    ...words,
  })

export const DEFENCES: readonly Scenario[] = [
  defence({
    name: 'portsentry',
    tool: 'portsentry 1.2, trap ports',
    real: 'third-party',
    needs: ['portsentry', 'rsyslogd', 'iptables'],
    target: `${LISTEN}\nportsentry_guard '/usr/sbin/iptables -I INPUT -s $TARGET$ -j DROP'`,
    truth: { list: { on: 'target', run: 'iptables -S INPUT | grep DROP' } },
  }),
  defence({
    name: 'scanlogd-f2b',
    tool: 'scanlogd 2.2.7 and fail2ban 1.0.2, all ports',
    real: 'third-party',
    needs: ['scanlogd', 'fail2ban-server', 'rsyslogd', 'iptables'],
    target: `${LISTEN}
syslog
mkdir -p /run/scanlogd/empty
scanlogd
printf '[Definition]\\nfailregex = scanlogd: <HOST>(:\\d+)? to \\n' > /etc/fail2ban/filter.d/scanlogd.conf
fail2ban <<F
[scanlogd]
enabled = true
filter = scanlogd
logpath = $LOG/daemon.log
maxretry = 1
bantime = $BAN_S
action = iptables-allports[name=scanlogd, protocol=all, blocktype=DROP]
F`,
    truth: { list: { on: 'target', run: 'fail2ban-client -s /run/fail2ban/f.sock get scanlogd banip --with-time' } },
  }),
  defence({
    name: 'nft-portscan-list',
    tool: 'nftables set, 20 closed ports a minute',
    real: 'recipe',
    needs: ['nft'],
    target: `${LISTEN}
nft -f - <<N
table inet fw {
  set bad { type ipv4_addr; flags dynamic,timeout; timeout \${BAN_S}s; }
  set tries { type ipv4_addr; flags dynamic,timeout; timeout 60s; }
  chain in {
    type filter hook input priority 0; policy accept;
    iif lo accept
    ct state established,related accept
    ip saddr @bad drop
    tcp dport { ${PORTS} } accept
    ip protocol tcp update @tries { ip saddr limit rate over 20/minute burst 20 packets } add @bad { ip saddr } drop
    meta l4proto tcp reject with tcp reset
  }
}
N`,
    truth: { list: { on: 'target', run: 'nft list set inet fw bad' } },
  }),
  defence({
    name: 'hashlimit',
    tool: 'iptables hashlimit, 50 new connections a second',
    real: 'recipe',
    needs: ['iptables'],
    target: `${LISTEN}
iptables -N OVER
iptables -A OVER -m recent --name over --set -j DROP
iptables -A INPUT -p tcp --syn -m hashlimit --hashlimit-above 50/second --hashlimit-burst 100 --hashlimit-mode srcip --hashlimit-name syn -j OVER`,
    truth: { list: { on: 'target', run: 'cat /proc/net/xt_recent/over' } },
  }),
  defence({
    name: 'mbx-syn-limit',
    tool: 'nftables on the router, 200 SYN a second',
    real: 'recipe',
    needs: ['nft'],
    target: LISTEN,
    router: `nft -f - <<N
table inet scrub {
  set bad { type ipv4_addr; flags dynamic,timeout; timeout \${BAN_S}s; }
  set rate { type ipv4_addr; flags dynamic,timeout; timeout 30s; }
  chain through {
    type filter hook forward priority 0; policy accept;
    ip saddr @bad drop
    iifname != "r-target" tcp flags & (syn|ack) == syn update @rate { ip saddr limit rate over 200/second burst 400 packets } add @bad { ip saddr } drop
  }
}
N`,
    truth: { list: { on: 'router', run: 'nft list set inet scrub bad' } },
  }),
  defence({
    name: 'crowdsec',
    tool: 'CrowdSec 1.4.6, iptables-scan-multi_ports',
    real: 'third-party',
    needs: ['crowdsec', 'cscli', 'crowdsec-firewall-bouncer', 'ulogd', 'nft', 'iptables'],
    target: `${LISTEN}
drop_and_log ${OPEN.slice(0, 15).join(',')}
iptables -I INPUT 4 -p tcp --dport ${OPEN[15]} -j ACCEPT
crowdsec_guard syslog "$LOG/kern.log" iptables-logs iptables-scan-multi_ports`,
    truth: { list: { on: 'target', run: 'nft list set ip crowdsec crowdsec-blacklists' } },
  }),
]
