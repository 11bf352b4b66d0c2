import { scenario } from '../scenario.ts'

export const f2bSshdAllportsDrop = scenario({
  name: 'f2b-sshd-allports-drop',
  group: 'positive',
  tool: 'fail2ban 1.0.2, its sshd filter in aggressive mode, iptables-allports with DROP; OpenSSH 9.2',
  real: 'third-party',
  needs: ['fail2ban-server', 'sshd', 'rsyslogd', 'iptables'],
  ports: '22,80,443,1000-1005',
  profile: 'assertive',
  anchored: true,
  banSeconds: { scaled: 90, full: 600 },
  target: `
    listeners 80 443
    ssh_server
    fail2ban <<F
[sshd]
enabled = true
mode = aggressive
port = 0:65535
logpath = $LOG/auth.log
maxretry = 5
findtime = 600
bantime = $BAN_S
action = iptables-allports[name=sshd, protocol=all, blocktype=DROP]
F
  `,
  truth: { list: { on: 'target', run: 'fail2ban-client -s /run/fail2ban/f.sock get sshd banip --with-time' } },
  expect: {
    ports: [22, 80, 443],
    verdicts: ['interfered'],
    classes: ['ips'],
    mechanisms: ['fail2ban', 'source_ban', 'sshguard', 'crowdsec'],
  },
  quick: true,
})
