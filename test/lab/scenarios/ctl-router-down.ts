import { scenario } from '../scenario.ts'

export const ctlRouterDown = scenario({
  name: 'ctl-router-down',
  group: 'control',
  tool: 'nothing passes to the target’s network any more',
  real: 'simulated',
  needs: ['nft'],
  ports: '22,80,1000-1005',
  profile: 'accompany',
  accompanySeconds: 40,
  anchored: true,
  target: 'listeners 22 80',
  async meanwhile({ progress, seconds, onRouter }) {
    await progress(/ready: start your scanner/)
    await seconds(4)
    await onRouter(`nft -f - <<'N'
table inet cut {
  chain through { type filter hook forward priority 0; policy accept; oifname "r-target" counter drop; iifname "r-target" counter drop; }
}
N`)
  },
  truth: { happened: { on: 'router', run: 'nft list tables', fits: /inet cut/ } },
  expect: {
    ports: [80],
    verdicts: ['service_down', 'path_outage'],
    classes: ['service_change', 'path'],
    mechanisms: ['host_down', 'upstream_outage'],
    others: ['service_down', 'path_outage', 'inconclusive'],
  },
})
