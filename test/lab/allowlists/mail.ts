/** Mail servers and their gates. */
import type { Case } from './case.ts'

export const MAIL: readonly Case[] = [
  {
    format: 'postscreen',
    defence: 'Postfix postscreen, the network on its deny list',
    checker: 'postmap -q',
    needs: ['postfix', 'postmap', 'rsyslogd'],
    up: `
      echo '10.203.1.0/24 reject' > /etc/postfix/postscreen_access.cidr
      POSTSCREEN=1 postfix_server 'postscreen_access_list=permit_mynetworks, cidr:/etc/postfix/postscreen_access.cidr' postscreen_denylist_action=drop postscreen_greet_wait=2s`,
    allow: `
      cat "$ALLOW" /etc/postfix/postscreen_access.cidr > /run/new.cidr
      cp /run/new.cidr /etc/postfix/postscreen_access.cidr
      postfix -c /etc/postfix reload > "$LOG/reload.out" 2>&1; sleep 1`,
    check:
      '[ "$(postmap -q "$SCANNER" cidr:/etc/postfix/postscreen_access.cidr 2>&1)" = permit ] && [ "$(postmap -q fd00:203:1::12 cidr:/etc/postfix/postscreen_access.cidr 2>&1)" = permit ]',
    try: { port: 25, kind: 'greeting', count: 0 },
    through: /^220 /,
  },
  {
    format: 'postfix',
    defence: 'Postfix smtpd, 2 connections a minute from one client',
    checker: 'postfix check',
    needs: ['postfix', 'rsyslogd'],
    up: 'postfix_server smtpd_client_connection_rate_limit=2 anvil_rate_time_unit=60s',
    allow: `
      cat "$ALLOW" >> /etc/postfix/main.cf
      postfix -c /etc/postfix reload > "$LOG/reload.out" 2>&1; sleep 2`,
    check:
      'postconf -c /etc/postfix smtpd_client_event_limit_exceptions 2> "$LOG/conf.err" | grep -q "\\[fd00:203:1::10\\]/124" && [ ! -s "$LOG/conf.err" ] && postfix -c /etc/postfix check 2> "$LOG/check.err"',
    try: { port: 25, kind: 'greeting', count: 4, pauseMs: 100 },
    through: /^220 /,
  },
  {
    format: 'exim',
    defence: 'Exim 4.96, deny in the ACL at connect',
    checker: 'exim -bV, exim -bh',
    needs: ['dpkg-deb'],
    apart: 'exim',
    up: `
      grep -q Debian-exim /etc/passwd || { echo 'Debian-exim:x:999:999::/var/spool/exim4:/usr/sbin/nologin' >> /etc/passwd; echo 'Debian-exim:x:999:' >> /etc/group; }
      mkdir -p /var/spool/exim4 /var/log/exim4 /etc/exim4; chown -R Debian-exim:Debian-exim /var/spool/exim4 /var/log/exim4
      cat > /etc/exim4/lab.conf <<'X'
primary_hostname = target.lab.test
host_lookup =
rfc1413_hosts =
acl_smtp_connect = connect
begin acl
connect:
  deny hosts = 10.203.1.0/24
       message = not welcome
  accept
X
      echo /etc/exim4/lab.conf > /etc/exim4/trusted_configs
      exim4 -C /etc/exim4/lab.conf -bdf -oX 25 > "$LOG/exim.out" 2>&1 &
      EXIM=$!
      wait_ports 25`,
    allow: `
      cp "$ALLOW" /etc/exim4/portwitness.exim
      sed -i 's#^begin acl#.include /etc/exim4/portwitness.exim\\n&#; s#^connect:#&\\n  accept hosts = +portwitness#' /etc/exim4/lab.conf
      kill $EXIM; wait $EXIM
      exim4 -C /etc/exim4/lab.conf -bdf -oX 25 > "$LOG/exim2.out" 2>&1 &
      wait_ports 25`,
    check:
      'exim4 -C /etc/exim4/lab.conf -bV > "$LOG/t.out" 2>&1 && exim4 -C /etc/exim4/lab.conf -bh "$SCANNER" < /dev/null 2> "$LOG/bh.err" | grep -q "^220"',
    try: { port: 25, kind: 'greeting', count: 0 },
    through: /^220 /,
  },
  {
    format: 'dovecot',
    defence: 'Dovecot, one connection for a user and address',
    checker: 'doveconf -n',
    needs: ['dovecot', 'doveconf', 'rsyslogd'],
    up: `
      dovecot_server
      mkdir -p /var/labmail; chmod 777 /var/labmail
      {
        grep -v '^mail_location' /etc/dovecot/lab.conf | sed 's#home=/root#home=/var/labmail#'
        printf 'mail_location = maildir:/var/labmail/Maildir\\nmail_max_userip_connections = 1\\n!include_try /etc/dovecot/lab.d/*.conf\\n'
      } > /run/new.conf
      cp /run/new.conf /etc/dovecot/lab.conf
      mkdir -p /etc/dovecot/lab.d
      doveadm -c /etc/dovecot/lab.conf reload; sleep 1`,
    allow: `
      cp "$ALLOW" /etc/dovecot/lab.d/99-portwitness.conf
      doveadm -c /etc/dovecot/lab.conf reload; sleep 1`,
    check:
      'doveconf -n -c /etc/dovecot/lab.conf > "$LOG/t.out" 2>&1 && grep -q "remote fd00:203:1::10/124" "$LOG/t.out"',
    try: { port: 143, kind: 'imap', count: 0 },
    through: /\| a OK/,
  },
  {
    format: 'rspamd',
    defence: 'rspamd, a rate limit of 2 mails an hour for an address',
    checker: 'rspamadm configtest',
    needs: ['rspamd', 'rspamadm', 'redis-server', 'curl'],
    up: `
      redis-server --port 6379 --bind 127.0.0.1 --save '' --daemonize no > "$LOG/redis.out" 2>&1 &
      wait_ports 6379
      mkdir -p /etc/rspamd/local.d/maps.d /run/rspamd /var/lib/rspamd /var/log/rspamd
      echo 'servers = "127.0.0.1";' > /etc/rspamd/local.d/redis.conf
      printf 'local_addrs = ["127.0.0.0/8"];\\ndisable_hyperscan = true;\\ndns { nameserver = ["127.0.0.1:9"]; }\\n' > /etc/rspamd/local.d/options.inc
      # All of the world's suffixes would take half a minute to compile.
      echo test > /usr/share/rspamd/effective_tld_names.dat
      printf 'type = "console";\\n' > /etc/rspamd/local.d/logging.inc
      printf 'rates {\\n lab { selector = "ip"; bucket { burst = 2; rate = "2 / 1h"; } }\\n}\\n' > /etc/rspamd/local.d/ratelimit.conf
      rspamd -f -i > "$LOG/rspamd.out" 2>&1 &
      RSPAMD=$!
      wait_ports 11333`,
    allow: `
      cp "$ALLOW" /etc/rspamd/local.d/maps.d/portwitness.map
      echo 'whitelisted_ip = "/etc/rspamd/local.d/maps.d/portwitness.map";' >> /etc/rspamd/local.d/ratelimit.conf
      kill $RSPAMD; wait $RSPAMD
      rspamd -f -i > "$LOG/rspamd2.out" 2>&1 &
      wait_ports 11333; sleep 2`,
    check: 'rspamadm configtest -q > "$LOG/t.out" 2>&1',
    try: {
      shell: `
        mail='From: a@lab.test\\nTo: b@lab.test\\nSubject: x\\nMessage-Id: <1@lab.test>\\nDate: Sat, 28 Nov 2026 12:00:00 +0000\\n\\ntext\\n'
        for i in 1 2 3 4 5; do
          said=$(printf "$mail" | curl -sS --max-time 20 -H "IP: $SOURCE" -H 'From: a@lab.test' -H 'Rcpt: b@lab.test' --data-binary @- http://127.0.0.1:11333/checkv2)
        done
        echo "$said" | grep -o '"action":"[a-z ]*"' | head -1`,
    },
    through: /"action":"(?!soft reject)[a-z ]+"/,
  },
]
