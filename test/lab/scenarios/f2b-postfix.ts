import { scenario } from '../scenario.ts'

export const f2bPostfix = scenario({
  name: 'f2b-postfix',
  group: 'positive',
  tool: 'fail2ban 1.0.2, its postfix filter in aggressive mode, iptables-multiport with REJECT; Postfix 3.7.11',
  real: 'third-party',
  needs: ['postfix', 'fail2ban-server', 'rsyslogd', 'iptables'],
  ports: '22,25,80,1000-1005',
  profile: 'assertive',
  banSeconds: { scaled: 90, full: 600 },
  target: `
    listeners 22 80
    postfix_server
    fail2ban <<F
[postfix]
enabled = true
mode = aggressive
port = smtp,465,submission
logpath = $LOG/mail.log
maxretry = 6
findtime = 600
bantime = $BAN_S
banaction = iptables-multiport
F
  `,
  truth: { list: { on: 'target', run: 'fail2ban-client -s /run/fail2ban/f.sock get postfix banip --with-time' } },
  expect: {
    ports: [25],
    verdicts: ['interfered'],
    classes: ['ips', 'mail_protection'],
    mechanisms: ['fail2ban', 'source_ban', 'mail_ban'],
  },
})
