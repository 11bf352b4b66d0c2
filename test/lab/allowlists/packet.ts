/** Packet filters and tools that ban. */
import type { Case } from './case.ts'

const BURST = { port: 8080, kind: 'connect', count: 9 } as const

export const PACKET: readonly Case[] = [
  {
    format: 'nftables',
    defence: 'nftables, a ban of 60 s above 3 connections a minute',
    checker: 'nft -c',
    needs: ['nft'],
    up: `
      listeners 8080
      nft -f - <<'N'
table inet filter {
  set banned { type ipv4_addr; flags dynamic, timeout; timeout 60s; }
  set seen { type ipv4_addr; flags dynamic; }
  chain input {
    type filter hook input priority 0; policy accept;
    ip saddr @banned drop
    tcp dport 8080 ct state new add @seen { ip saddr limit rate over 3/minute burst 3 packets } add @banned { ip saddr } drop
  }
}
N`,
    allow: 'nft -f "$ALLOW" || fail "nft refused the text"',
    check: 'nft -c -f "$ALLOW" && nft get element inet filter portwitness4 { "$SCANNER" } > /dev/null',
    try: BURST,
    through: /^open$/,
  },
  {
    format: 'iptables',
    defence: 'iptables, hashlimit above 3 connections a minute',
    checker: 'iptables-restore --test, ip6tables-restore --test',
    needs: ['iptables', 'ip6tables'],
    up: `
      listeners 8080
      iptables -A INPUT -p tcp --dport 8080 --syn -m hashlimit --hashlimit-above 3/min --hashlimit-burst 3 --hashlimit-mode srcip --hashlimit-name lab -j DROP || fail hashlimit`,
    allow: 'iptables-restore --noflush "$ALLOW" && ip6tables-restore --noflush "$ALLOW" || fail "refused"',
    check:
      'iptables-restore --noflush --test "$ALLOW" && ip6tables-restore --noflush --test "$ALLOW" && iptables -S PORTWITNESS | grep -q 10.203.1.16/28 && ip6tables -S PORTWITNESS | grep -q fd00:203:1::10/124',
    try: BURST,
    through: /^open$/,
  },
  {
    format: 'ipset',
    defence: 'iptables, a rule that drops the network',
    checker: 'ipset restore, ipset test',
    needs: ['ipset', 'iptables', 'ip6tables'],
    up: `
      listeners 8080
      iptables -A INPUT -s "$SCAN_NET" -p tcp --dport 8080 -j DROP`,
    allow: `
      ipset restore -file "$ALLOW" || fail "ipset refused the text"
      iptables -I INPUT -m set --match-set portwitness4 src -j ACCEPT && ip6tables -I INPUT -m set --match-set portwitness6 src -j ACCEPT || fail match-set`,
    check: 'ipset test portwitness4 "$SCANNER" && ipset test portwitness6 fd00:203:1::12',
    try: { ...BURST, count: 1 },
    through: /^open$/,
  },
  {
    format: 'ufw',
    defence: 'ufw limit, 6 connections in 30 s',
    checker: 'ufw --dry-run',
    needs: ['ufw'],
    up: `
      listeners 8080
      sed -i 's/^IPV6=.*/IPV6=yes/' /etc/default/ufw
      ufw --force enable > "$LOG/ufw.out" 2>&1 || fail "ufw: $(tail -n 3 "$LOG/ufw.out")"
      ufw limit 8080/tcp >> "$LOG/ufw.out" 2>&1 || fail "ufw limit"`,
    allow: 'sh -e "$ALLOW" > "$LOG/ufw.out" 2>&1 || fail "ufw refused: $(tail -n 3 "$LOG/ufw.out")"',
    check:
      "sed 's/^ufw /ufw --dry-run /' \"$ALLOW\" | sh -e > /dev/null && ufw status numbered | grep -q '1\\] Anywhere.*10.203.1.16/28'",
    try: BURST,
    through: /^open$/,
  },
  {
    format: 'firewalld',
    defence: 'firewalld, a zone that lets only ssh in',
    checker: 'firewall-cmd --check-config',
    needs: ['firewalld', 'firewall-cmd', 'dbus-daemon'],
    up: `
      listeners 8080
      mkdir -p /run/dbus; dbus-uuidgen --ensure 2> /dev/null
      dbus-daemon --system --fork > "$LOG/dbus.out" 2>&1 || fail dbus
      firewalld --nofork --nopid > "$LOG/firewalld.out" 2>&1 &
      wait_for firewall-cmd --state`,
    allow: 'sh -e "$ALLOW" > "$LOG/fw.out" 2>&1 || fail "firewall-cmd refused: $(tail -n 3 "$LOG/fw.out")"',
    check:
      'firewall-cmd --check-config > /dev/null && firewall-cmd --info-ipset=portwitness6 | grep -q fd00:203:1::10/124',
    try: { ...BURST, count: 1 },
    through: /^open$/,
  },
  {
    format: 'fail2ban',
    defence: 'fail2ban, its sshd filter in aggressive mode',
    checker: 'fail2ban-client get JAIL ignoreip',
    needs: ['fail2ban-server', 'sshd', 'rsyslogd', 'iptables'],
    up: `
      ssh_server
      fail2ban <<F
[sshd]
enabled = true
mode = aggressive
port = ssh
logpath = $LOG/auth.log
maxretry = 3
findtime = 600
bantime = 300
banaction = iptables-multiport
F`,
    allow: `
      cp "$ALLOW" /etc/fail2ban/jail.d/portwitness.local
      fail2ban-client -s /run/fail2ban/f.sock reload > "$LOG/reload.out" || fail reload`,
    check:
      'fail2ban-client -s /run/fail2ban/f.sock get sshd ignoreip | grep -q 10.203.1.16/28 && fail2ban-client -d | grep -q addignoreip.*fd00:203:1::10/124',
    try: { port: 22, kind: 'greeting', count: 6, pauseMs: 400, settleMs: 4_000 },
    through: /^SSH-2\.0/,
  },
  {
    format: 'sshguard',
    defence: 'sshguard, threshold 6, nft-sets',
    checker: 'sshg-blocker -w',
    needs: ['sshguard', 'sshd', 'rsyslogd', 'nft'],
    up: `
      ssh_server
      # In a session of its own: when it ends it tells its whole process group to.
      sshguard() { exec setsid "$(type -P sshguard)"; }
      BAN_S=300 sshguard_guard 6
      GUARD=$!`,
    allow: `
      cat "$ALLOW" >> /etc/sshguard/whitelist
      kill -- -$GUARD; wait $GUARD 2> /dev/null
      # What it takes away at its end it must not take from its successor.
      sleep 2
      nft delete table ip sshguard 2> /dev/null; nft delete table ip6 sshguard 2> /dev/null
      sshguard > "$LOG/sshguard2.log" 2>&1 &
      wait_for sh -c 'nft list tables | grep -q sshguard'
      sleep 1`,
    check:
      'sshg=$(ls /usr/libexec/sshguard/sshg-blocker /usr/lib/*/sshg-blocker 2> /dev/null | head -1); printf "100 %s 4 10\\n100 10.203.1.15 4 10\\n" "$SCANNER" | timeout 5 "$sshg" -a 10 -w /etc/sshguard/whitelist > "$LOG/blocker.out" 2>&1; grep -q 10.203.1.15 "$LOG/blocker.out" && ! grep -q "block $SCANNER" "$LOG/blocker.out"',
    try: { port: 22, kind: 'greeting', count: 6, pauseMs: 400, settleMs: 4_000, text: 'SSH-2.0-knock' },
    through: /^SSH-2\.0/,
  },
  {
    format: 'crowdsec',
    defence: 'CrowdSec 1.4, http-probing on nginx logs, nftables bouncer',
    checker: 'crowdsec -t',
    needs: ['crowdsec', 'cscli', 'crowdsec-firewall-bouncer', 'nginx', 'nft'],
    up: `
      nginx_server <<< 'server { listen 80; }'
      BAN_S=300 crowdsec_guard nginx "$LOG/nginx.access.log" nginx-logs http-probing
      # What was logged before it looks does not count.
      wait_line "$LOG/crowdsec.log" 'Starting processing data'
      sleep 2`,
    allow: `
      cp "$ALLOW" /etc/crowdsec/parsers/s02-enrich/portwitness.yaml
      kill "$(pidof crowdsec)"; sleep 2
      crowdsec -c /etc/crowdsec/config.yaml > "$LOG/crowdsec2.log" 2>&1 &
      wait_line "$LOG/crowdsec2.log" 'Starting processing data'
      sleep 4`,
    check: 'crowdsec -c /etc/crowdsec/config.yaml -t > "$LOG/t.out" 2>&1',
    try: { port: 80, kind: 'http', count: 30, pauseMs: 50, settleMs: 8_000, text: 'random' },
    through: /^HTTP\/1\.1 /,
  },
  {
    format: 'tcp-wrappers',
    defence: 'TCP wrappers in sshd, hosts.deny',
    checker: 'tcpdmatch',
    needs: ['sshd', 'tcpdmatch', 'rsyslogd'],
    up: `
      echo 'ALL: ALL' > /etc/hosts.deny
      : > /etc/hosts.allow
      ssh_server`,
    allow: 'cat "$ALLOW" >> /etc/hosts.allow',
    check:
      'tcpdmatch sshd "$SCANNER" 2>&1 | grep -q granted && tcpdmatch sshd 10.203.1.15 2>&1 | grep -q denied && tcpdmatch sshd fd00:203:1::12 2>&1 | grep -q granted',
    try: { port: 22, kind: 'greeting', count: 0 },
    through: /^SSH-2\.0/,
  },
  {
    format: 'openssh',
    defence: 'OpenSSH 10.0 (backports), a penalty for connections without a login',
    checker: 'sshd -T',
    needs: ['dpkg-deb'],
    apart: 'openssh',
    up: `
      syslog
      ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/lab_key
      mkdir -p /etc/ssh/sshd_config.d; rm -f /etc/ssh/sshd_config.d/*
      printf 'Include /etc/ssh/sshd_config.d/*.conf\\nPort 22\\nHostKey /etc/ssh/lab_key\\nUsePAM no\\nPidFile none\\nPerSourcePenalties noauth:30s min:10s\\n' > /etc/ssh/sshd_config
      /usr/sbin/sshd -D > "$LOG/sshd.out" 2>&1 &
      SSHD=$!
      wait_ports 22`,
    allow: `
      cp "$ALLOW" /etc/ssh/sshd_config.d/portwitness.conf
      /usr/sbin/sshd -t && kill -HUP $SSHD || fail "sshd -t"
      sleep 1
      wait_ports 22`,
    check: '/usr/sbin/sshd -T | grep -qi "persourcepenaltyexemptlist 10.203.1.16/28,fd00:203:1::10/124"',
    try: { port: 22, kind: 'greeting', count: 4, pauseMs: 500 },
    through: /^SSH-2\.0/,
  },
  {
    format: 'suricata',
    defence: 'Suricata 7.0 (backports), a rule that alerts on every packet, read from a capture',
    checker: 'suricata -T',
    needs: ['dpkg-deb'],
    apart: 'suricata',
    up: `
      printf 'alert tcp any any -> any 8080 (msg:"hit"; sid:9; rev:1;)\\n' > /etc/lab.rules
      mkdir -p /var/log/suricata`,
    allow: 'cat "$ALLOW" >> /etc/lab.rules',
    check:
      'suricata -T -c /etc/suricata/suricata.yaml -S /etc/lab.rules -l /tmp > "$LOG/suricata.out" 2>&1 || { tail -n 3 "$LOG/suricata.out"; false; }',
    try: {
      shell: `
        out="$OVERLAY/suri.$SOURCE"; mkdir -p "$out"
        "$NODE" "$HERE/../allowlists/capture.ts" "$SOURCE" "$TARGET" 8080 > "$out/in.pcap"
        suricata -c /etc/suricata/suricata.yaml -S /etc/lab.rules -k none --set vars.address-groups.HOME_NET="[$TARGET]" -r "$out/in.pcap" -l "$out" > "$out/out" 2>&1
        echo "alerts $(grep -c hit "$out/fast.log")"`,
    },
    through: /^alerts 0$/m,
  },
]
