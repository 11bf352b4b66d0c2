import { scenario } from '../scenario.ts'

export const ctlF2bQuiet = scenario({
  name: 'ctl-f2b-quiet',
  group: 'control',
  tool: 'fail2ban 1.0.2 with the sshd jail as Debian ships it, which a scan does not set off; OpenSSH 9.2',
  real: 'third-party',
  needs: ['fail2ban-server', 'sshd', 'rsyslogd', 'iptables'],
  ports: '22,80,1000-1005',
  profile: 'assertive',
  target: `
    listeners 80
    ssh_server
    fail2ban <<F
[sshd]
enabled = true
port = ssh
logpath = $LOG/auth.log
F
  `,
  truth: {
    happened: {
      on: 'target',
      run: 'fail2ban-client -s /run/fail2ban/f.sock status sshd',
      fits: /Currently banned:\s+0/,
    },
  },
  expect: { ports: [], verdicts: [], classes: [], mechanisms: [] },
})
