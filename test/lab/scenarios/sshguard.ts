import { scenario } from '../scenario.ts'

export const sshguard = scenario({
  name: 'sshguard',
  group: 'positive',
  tool: 'sshguard 2.4.2, nft-sets backend, threshold 6 (three broken-off handshakes); OpenSSH 9.2',
  real: 'third-party',
  needs: ['sshguard', 'sshd', 'rsyslogd', 'nft'],
  ports: '22,80,1000-1005',
  profile: 'assertive',
  anchored: true,
  // The tool reads a log and bans a second or two later: the scan is still at work then.
  rate: 8,
  banSeconds: { scaled: 90, full: 120 },
  target: `
    listeners 80
    ssh_server
    sshguard_guard 6
  `,
  truth: { list: { on: 'target', run: 'nft list set ip sshguard attackers' } },
  expect: {
    ports: [22, 80],
    verdicts: ['interfered'],
    classes: ['ips'],
    mechanisms: ['sshguard', 'source_ban', 'fail2ban', 'crowdsec'],
  },
  quick: true,
})
