import { scenario } from '../scenario.ts'

export const iptablesConnlimit = scenario({
  name: 'iptables-connlimit',
  group: 'positive',
  tool: 'iptables connlimit: more than 5 connections of a source to 80 at once get a reset',
  real: 'recipe',
  needs: ['iptables'],
  ports: '22,80,1000-1005',
  profile: 'accompany',
  accompanySeconds: 30,
  target: `
    listeners 22 80
    iptables -N OVER
    iptables -A OVER -m recent --name over --set
    iptables -A OVER -p tcp -j REJECT --reject-with tcp-reset
    iptables -A INPUT -p tcp --syn --dport 80 -m connlimit --connlimit-above 5 -j OVER
  `,
  async meanwhile({ progress, seconds, attack }) {
    await progress(/ready: start your scanner/)
    await seconds(3)
    for (let round = 0; round < 30; round++) await attack('hold', 80, 8, 9)
  },
  truth: { list: { on: 'target', run: 'cat /proc/net/xt_recent/over' } },
  expect: {
    ports: [80],
    verdicts: ['interfered', 'degraded'],
    classes: ['ddos_protection'],
    mechanisms: ['connection_count_limit', 'connection_rate_limit', 'proxy_reject'],
  },
})
