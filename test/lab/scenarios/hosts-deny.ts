import { scenario } from '../scenario.ts'

export const hostsDeny = scenario({
  name: 'hosts-deny',
  group: 'positive',
  tool: 'OpenSSH 9.2 with TCP wrappers; hosts.deny gets a line in mid-scan, as DenyHosts writes it',
  real: 'third-party',
  needs: ['sshd', 'rsyslogd'],
  ports: '22,80,1000-1005',
  profile: 'accompany',
  long: true,
  accompanySeconds: 75,
  target: `
    listeners 80
    : > /etc/hosts.deny
    : > /etc/hosts.allow
    ssh_server
  `,
  async meanwhile({ progress, seconds, onTarget, scanner }) {
    await progress(/ready: start your scanner/)
    await seconds(8)
    await onTarget(`echo 'sshd: ${scanner}' > /etc/hosts.deny`)
  },
  truth: { list: { on: 'target', run: 'cat /etc/hosts.deny' } },
  expect: { ports: [22], verdicts: ['interfered'], classes: ['ips'], mechanisms: ['tcp_wrappers'] },
})
