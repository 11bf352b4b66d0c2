import { scenario } from '../scenario.ts'

export const f2bDovecot = scenario({
  name: 'f2b-dovecot',
  group: 'positive',
  tool: 'fail2ban 1.0.2, its dovecot filter in aggressive mode, nftables-multiport with drop; Dovecot 2.3.19',
  real: 'third-party',
  needs: ['dovecot', 'fail2ban-server', 'rsyslogd', 'nft'],
  ports: '25,80,110,143,1000-1005',
  profile: 'assertive',
  banSeconds: { scaled: 90, full: 600 },
  target: `
    listeners 25 80
    dovecot_server
    fail2ban <<F
[dovecot]
enabled = true
mode = aggressive
port = pop3,pop3s,imap,imaps
logpath = $LOG/mail.log
maxretry = 10
findtime = 600
bantime = $BAN_S
action = nftables-multiport[name=dovecot, port="pop3,pop3s,imap,imaps", blocktype=drop]
F
  `,
  truth: { list: { on: 'target', run: 'fail2ban-client -s /run/fail2ban/f.sock get dovecot banip --with-time' } },
  expect: {
    ports: [110, 143],
    verdicts: ['interfered'],
    classes: ['ips', 'mail_protection'],
    mechanisms: ['fail2ban', 'source_ban', 'mail_ban'],
  },
})
