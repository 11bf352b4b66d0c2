import { scenario } from '../scenario.ts'

export const sshdPerSource = scenario({
  name: 'sshd-per-source',
  group: 'positive',
  tool: 'OpenSSH 9.2 PerSourceMaxStartups 2, taken up by another scanner of the same address',
  real: 'third-party',
  needs: ['sshd', 'rsyslogd'],
  ports: '22,80,1000-1005',
  profile: 'accompany',
  accompanySeconds: 45,
  target: `
    listeners 80
    ssh_server -o PerSourceMaxStartups=2 -o MaxStartups=100:100:100 -o LoginGraceTime=600
  `,
  async meanwhile({ progress, seconds, attack }) {
    await progress(/ready: start your scanner/)
    await seconds(3)
    // Until the scan ends: a service that counts touches is looked at again only then.
    await attack('hold', 22, 5, 300)
  },
  truth: { happened: { on: 'target', run: `grep -c 'past MaxStartups' "$LOG/auth.log"`, fits: /[1-9]/ } },
  expect: {
    ports: [22],
    verdicts: ['app_blocked', 'degraded'],
    classes: ['ddos_protection'],
    mechanisms: ['connection_count_limit'],
  },
})
