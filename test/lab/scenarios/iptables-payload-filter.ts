import { scenario } from '../scenario.ts'

export const iptablesPayloadFilter = scenario({
  name: 'iptables-payload-filter',
  group: 'positive',
  tool: 'iptables string match on three signatures of attacks: the connection that carries one is reset, the source goes on',
  real: 'recipe',
  needs: ['iptables'],
  ports: '22,80,1000-1005',
  profile: 'assertive',
  long: true,
  target: `
    listeners 22 80
    for signature in etc/passwd UNION script; do
      iptables -A INPUT -p tcp --dport 80 -m string --algo bm --string $signature -j REJECT --reject-with tcp-reset
    done
  `,
  truth: { happened: { on: 'target', run: `iptables -nvxL INPUT | grep -c '^ *[1-9].*STRING'`, fits: /[1-9]/ } },
  expect: { ports: [80], verdicts: ['app_blocked'], classes: ['ips'], mechanisms: ['payload_filter'] },
})
