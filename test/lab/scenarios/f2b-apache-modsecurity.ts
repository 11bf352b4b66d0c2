import { scenario } from '../scenario.ts'

/** What a target needs for it, wherever it is tried. `maxretry`: hits of the rule set before the ban. */
export const apacheModsecurity = (maxretry: number) =>
  ({
    tool: 'Apache 2.4, ModSecurity 2.9.7 with OWASP CRS 3.3.4, fail2ban 1.0.2 with its apache-modsecurity filter, DROP',
    real: 'third-party',
    needs: [
      'apache2',
      'fail2ban-server',
      'iptables',
      '/usr/lib/apache2/modules/mod_security2.so',
      '/usr/share/modsecurity-crs',
    ],
    target: `
      listeners 22 443
      mkdir -p /run/modsec
      chmod 777 /run/modsec
      apache_server <<A
LoadFile $(ls /usr/lib/*/libxml2.so.2 | head -1)
LoadModule security2_module /usr/lib/apache2/modules/mod_security2.so
Include /etc/modsecurity/modsecurity.conf-recommended
SecDataDir /run/modsec
SecRuleEngine On
SecAuditEngine Off
Include /etc/modsecurity/crs/crs-setup.conf
Include /usr/share/modsecurity-crs/rules/*.conf
A
      fail2ban <<F
[apache-modsecurity]
enabled = true
port = http,https
logpath = $LOG/apache.error.log
maxretry = ${maxretry}
findtime = 600
bantime = $BAN_S
action = iptables-multiport[name=modsec, port="http,https", blocktype=DROP]
F
    `,
    truth: {
      list: { on: 'target', run: 'fail2ban-client -s /run/fail2ban/f.sock get apache-modsecurity banip --with-time' },
    },
    expect: {
      ports: [80, 443],
      verdicts: ['interfered'],
      classes: ['waf', 'ips'],
      mechanisms: ['modsecurity', 'fail2ban', 'source_ban', 'http_block_page'],
    },
  }) as const

export const f2bApacheModsecurity = scenario({
  ...apacheModsecurity(5),
  name: 'f2b-apache-modsecurity',
  group: 'positive',
  ports: '22,80,443,1000-1005',
  profile: 'assertive',
  // The tool reads a log and bans a second or two later: the scan is still at work then.
  rate: 8,
  banSeconds: { scaled: 90, full: 600 },
  quick: true,
  long: true,
})
