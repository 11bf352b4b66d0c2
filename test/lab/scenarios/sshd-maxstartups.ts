import { scenario } from '../scenario.ts'

export const sshdMaxstartups = scenario({
  name: 'sshd-maxstartups',
  group: 'positive',
  tool: 'OpenSSH 9.2 MaxStartups 5:100:5, taken up by another scanner of the same address',
  real: 'third-party',
  needs: ['sshd', 'rsyslogd'],
  ports: '22,80,1000-1005',
  profile: 'accompany',
  accompanySeconds: 30,
  target: `
    listeners 80
    ssh_server -o MaxStartups=5:100:5 -o LoginGraceTime=600
  `,
  async meanwhile({ progress, seconds, attack }) {
    await progress(/ready: start your scanner/)
    await seconds(3)
    await attack('hold', 22, 8, 300)
  },
  truth: { happened: { on: 'target', run: `grep -c 'drop connection' "$LOG/auth.log"`, fits: /[1-9]/ } },
  expect: { ports: [22], verdicts: ['service_down'], classes: ['overload'], mechanisms: ['openssh_max_startups'] },
})
