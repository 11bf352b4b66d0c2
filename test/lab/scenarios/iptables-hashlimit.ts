import { scenario } from '../scenario.ts'

export const iptablesHashlimit = scenario({
  name: 'iptables-hashlimit',
  group: 'positive',
  tool: 'iptables hashlimit: new connections of a source above 30 a minute, burst 30, are dropped',
  real: 'recipe',
  needs: ['iptables'],
  ports: '22,25,80,443,1000-1050',
  profile: 'assertive',
  target: `
    listeners 22 25 80 443
    iptables -N OVER
    iptables -A OVER -m recent --name over --set -j DROP
    iptables -A INPUT -p tcp --syn -m hashlimit --hashlimit-above 30/minute --hashlimit-burst 30 --hashlimit-mode srcip --hashlimit-name syn -j OVER
  `,
  truth: { list: { on: 'target', run: 'cat /proc/net/xt_recent/over' } },
  expect: {
    ports: [22, 25, 80, 443],
    some: true,
    verdicts: ['degraded', 'interfered'],
    classes: ['ddos_protection'],
    mechanisms: ['connection_rate_limit'],
    others: ['degraded', 'interfered'],
  },
})
