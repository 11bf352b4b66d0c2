import { scenario } from '../scenario.ts'

export const portsentry = scenario({
  name: 'portsentry',
  group: 'positive',
  tool: 'portsentry 1.2, trap ports, KILL_ROUTE with iptables DROP',
  real: 'third-party',
  needs: ['portsentry', 'rsyslogd', 'iptables'],
  ports: '1-1024',
  profile: 'discovery',
  anchored: true,
  target: `
    listeners 22 25 80 443
    portsentry_guard '/usr/sbin/iptables -I INPUT -s $TARGET$ -j DROP'
  `,
  truth: { list: { on: 'target', run: 'iptables -S INPUT | grep DROP' } },
  expect: {
    ports: [22, 25, 80, 443],
    some: true,
    verdicts: ['interfered', 'blocked_before'],
    classes: ['ips'],
    mechanisms: ['portsentry', 'psad', 'source_ban', 'network_ips', 'crowdsec'],
    // The trap ports themselves answer anyone.
    others: ['interfered', 'blocked_before'],
  },
})
