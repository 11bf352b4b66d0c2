import { scenario } from '../scenario.ts'

export const ctlBurstOutage = scenario({
  name: 'ctl-burst-outage',
  group: 'control',
  tool: 'the scanner’s network is cut off the target for 8 s: scanner and sibling',
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
  chain through { type filter hook forward priority 0; policy accept; iifname "r-scan" counter drop; oifname "r-scan" counter drop; }
}
N`)
    await seconds(8)
    await onRouter('nft delete table inet cut')
  },
  truth: {},
  expect: { ports: [80], verdicts: ['open', 'transient', 'path_outage'], classes: [], mechanisms: [] },
})
