import { scenario } from '../scenario.ts'

export const ctlPathOutage = scenario({
  name: 'ctl-path-outage',
  group: 'control',
  tool: 'the scanner’s network is cut off the target for good: scanner and sibling, and the anchor with it',
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
  },
  truth: { happened: { on: 'router', run: 'nft list tables', fits: /inet cut/ } },
  expect: {
    ports: [22, 80],
    verdicts: ['path_outage'],
    classes: ['path'],
    mechanisms: ['upstream_outage', 'probe_path'],
  },
})
