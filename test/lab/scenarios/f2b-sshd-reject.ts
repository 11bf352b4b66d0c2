import { scenario } from '../scenario.ts'

export const f2bSshdReject = scenario({
  name: 'f2b-sshd-reject',
  group: 'positive',
  tool: 'fail2ban 1.0.2, its sshd filter in aggressive mode, iptables-multiport with REJECT; OpenSSH 9.2',
  real: 'third-party',
  needs: ['fail2ban-server', 'sshd', 'rsyslogd', 'iptables'],
  ports: '22,80,443,1000-1005',
  profile: 'assertive',
  banSeconds: { scaled: 90, full: 600 },
  target: `
    listeners 80 443
    ssh_server
    fail2ban <<F
[sshd]
enabled = true
mode = aggressive
port = ssh
logpath = $LOG/auth.log
maxretry = 5
findtime = 600
bantime = $BAN_S
banaction = iptables-multiport
F
  `,
  truth: { list: { on: 'target', run: 'fail2ban-client -s /run/fail2ban/f.sock get sshd banip --with-time' } },
  expect: { ports: [22], verdicts: ['interfered'], classes: ['ips'], mechanisms: ['fail2ban', 'source_ban'] },
  quick: true,
})
