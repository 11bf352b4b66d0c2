import { scenario } from '../scenario.ts'

export const ctlLbOneDead = scenario({
  name: 'ctl-lb-one-dead',
  group: 'control',
  tool: 'nftables load balancer in front of three backends, one of them dead',
  real: 'recipe',
  needs: ['nft'],
  ports: '22,80,1000-1005',
  profile: 'assertive',
  long: true,
  target: `
    listeners 22 8081 8082
    nft -f - <<'N'
table ip lb {
  chain pre { type nat hook prerouting priority -100; tcp dport 80 redirect to numgen random mod 3 map { 0 : 8081, 1 : 8082, 2 : 8083 }; }
}
N
  `,
  truth: {},
  expect: {
    ports: [80],
    verdicts: ['open', 'transient', 'service_down', 'inconclusive'],
    classes: [],
    mechanisms: [],
  },
})
