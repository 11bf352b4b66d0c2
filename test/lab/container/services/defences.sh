# The defences. Filters, actions and scenarios are the packages' own; thresholds come from the laboratory's scenarios.

fail2ban() { # jail.local after [DEFAULT] on standard input
  mkdir -p /run/fail2ban
  rm -f /etc/fail2ban/jail.d/*
  {
    printf '[DEFAULT]\nbackend = polling\nusedns = no\nignoreself = false\nignoreip =\ndbpurgeage = 1h\n'
    cat
  } > /etc/fail2ban/jail.local
  sed -i "s#^logtarget *=.*#logtarget = $LOG/fail2ban.log#; s#^dbfile *=.*#dbfile = None#" /etc/fail2ban/fail2ban.conf
  fail2ban-server -xb -s /run/fail2ban/f.sock -p /run/fail2ban/f.pid start > "$LOG/fail2ban.out" 2>&1 || {
    cat "$LOG/fail2ban.out"
    fail "fail2ban did not start"
  }
  wait_for fail2ban-client -s /run/fail2ban/f.sock ping
  wait_line "$LOG/fail2ban.log" "Jail '.*' started"
}

sshguard_guard() { # THRESHOLD
  cat > /etc/sshguard/sshguard.conf <<S
BACKEND="/usr/libexec/sshguard/sshg-fw-nft-sets"
FILES="$LOG/auth.log"
THRESHOLD=$1
BLOCK_TIME=$BAN_S
DETECTION_TIME=1800
WHITELIST_FILE=/etc/sshguard/whitelist
S
  : > /etc/sshguard/whitelist
  sshguard > "$LOG/sshguard.log" 2>&1 &
  wait_for sh -c 'nft list tables | grep -q sshguard'
  sleep 1
}

portsentry_guard() { # KILL_ROUTE: what it runs on the first touch of a trap port
  [ -S /run/log.sock ] || syslog
  cat > /etc/portsentry/portsentry.conf <<P
TCP_PORTS="1,11,15,79,119,540,635,1080,1524,2000,5742,6667"
UDP_PORTS="1,7"
ADVANCED_PORTS_TCP="1024"
ADVANCED_PORTS_UDP="1024"
ADVANCED_EXCLUDE_TCP="113,139"
ADVANCED_EXCLUDE_UDP="520,138,137,67"
IGNORE_FILE="/etc/portsentry/portsentry.ignore"
HISTORY_FILE="/var/lib/portsentry/portsentry.history"
BLOCKED_FILE="/var/lib/portsentry/portsentry.blocked"
RESOLVE_HOST = "0"
BLOCK_UDP="1"
BLOCK_TCP="1"
KILL_ROUTE="$1"
SCAN_TRIGGER="0"
P
  echo 127.0.0.1/32 > /etc/portsentry/portsentry.ignore
  mkdir -p /var/lib/portsentry
  rm -f /var/lib/portsentry/*.blocked*
  portsentry -tcp
  wait_line "$LOG/daemon.log" 'is now active'
}

# The host's firewall logs and drops all but these ports: what CrowdSec and psad read.
drop_and_log() { # PORTS
  packet_log
  iptables -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
  iptables -A INPUT -i lo -j ACCEPT
  iptables -A INPUT -p tcp -m multiport --dports "$1" -j ACCEPT
  iptables -A INPUT -j NFLOG --nflog-group 1 --nflog-prefix 'DROP '
  iptables -A INPUT -j DROP
}

crowdsec_guard() { # LOG-TYPE FILE PARSER SCENARIO…: the agent with these parts of its hub, and the nftables bouncer
  local conf=/etc/crowdsec hub=/usr/share/crowdsec/hub type=$1 file=$2 parser=$3 each key
  shift 3
  rm -rf $conf/scenarios $conf/parsers $conf/collections $conf/postoverflows $conf/hub /var/lib/crowdsec/data/*.db*
  mkdir -p $conf/scenarios $conf/parsers/s00-raw $conf/parsers/s01-parse $conf/parsers/s02-enrich $conf/postoverflows \
    $conf/acquis.d $conf/bouncers /var/lib/crowdsec/data
  for each in "$@"; do ln -s "$hub/scenarios/crowdsecurity/$each.yaml" $conf/scenarios/; done
  ln -s $hub/parsers/s00-raw/crowdsecurity/syslog-logs.yaml $conf/parsers/s00-raw/
  ln -s "$hub/parsers/s01-parse/crowdsecurity/$parser.yaml" $conf/parsers/s01-parse/
  for each in dateparse-enrich http-logs; do
    ln -s "$hub/parsers/s02-enrich/crowdsecurity/$each.yaml" $conf/parsers/s02-enrich/
  done
  printf 'filenames:\n  - %s\nlabels:\n  type: %s\n' "$file" "$type" > $conf/acquis.yaml
  printf 'name: ban\nfilters:\n - Alert.Remediation == true && Alert.GetScope() == "Ip"\ndecisions:\n - type: ban\n   duration: %ss\non_success: break\n' "$BAN_S" > $conf/profiles.yaml
  sed -i 's/^    online_client:.*//; s/^      credentials_path: .*online.*//; s/log_media: file/log_media: stdout/; s/daemonize: true/daemonize: false/; s#listen_uri: .*#listen_uri: 127.0.0.1:18080#' $conf/config.yaml
  printf 'url: http://127.0.0.1:18080\nlogin: lab\npassword: labpassword\n' > $conf/local_api_credentials.yaml
  cscli -c $conf/config.yaml machines add lab --password labpassword --force -f $conf/local_api_credentials.yaml > "$LOG/cscli.out" 2>&1
  sed -i 's#^url:.*#url: http://127.0.0.1:18080#' $conf/local_api_credentials.yaml
  key=$(cscli -c $conf/config.yaml bouncers add fw -o raw 2>> "$LOG/cscli.out" | tail -1)
  crowdsec -c $conf/config.yaml > "$LOG/crowdsec.log" 2>&1 &
  wait_ports 18080
  cat > $conf/bouncers/lab.yaml <<B
mode: nftables
pid_dir: /run/
update_frequency: 2s
daemonize: false
log_mode: stdout
log_level: info
api_url: http://127.0.0.1:18080/
api_key: $key
disable_ipv6: true
deny_action: DROP
deny_log: false
supported_decisions_types: [ban]
blacklists_ipv4: crowdsec-blacklists
nftables:
  ipv4: {enabled: true, set-only: false, table: crowdsec, chain: crowdsec-chain}
  ipv6: {enabled: false}
prometheus: {enabled: false}
B
  crowdsec-firewall-bouncer -c $conf/bouncers/lab.yaml > "$LOG/bouncer.log" 2>&1 &
  wait_for sh -c 'nft list tables | grep -q crowdsec'
  sleep 1
}

psad_guard() { # reads the packet log, blocks by iptables
  local conf=/etc/psad/psad.conf
  sed -i -E "s#^(ENABLE_AUTO_IDS +)N;#\1Y;#; s#^(AUTO_IDS_DANGER_LEVEL +)[0-9]+;#\13;#; s#^(AUTO_BLOCK_TIMEOUT +)[0-9]+;#\1$BAN_S;#
    s#^(IPT_SYSLOG_FILE +).*#\1$LOG/kern.log;#; s#^(IPTABLES_BLOCK_METHOD +).*#\1Y;#; s#^(HOSTNAME +).*#\1target;#
    s#^(ALERTING_METHODS +).*#\1noemail;#; s#^(ENABLE_DSHIELD_ALERTS +).*#\1N;#; s#^(ENABLE_WHOIS_LOOKUPS +).*#\1N;#
    s#^(ENABLE_DNS_LOOKUPS +).*#\1N;#; s#^(FW_CHECK +).*#\1N;#
    s#^(ENABLE_OVERRIDE_FW_CMD +).*#\1Y;#; s#^(FW_CMD +).*#\1/usr/sbin/iptables;#" "$conf" # not firewalld, where that is installed
  mkdir -p /var/log/psad /var/lib/psad /run/psad
  psad --no-whois --no-rdns --no-netstat > "$LOG/psad.out" 2>&1
  wait_for test -s /run/psad/psad.pid
}
