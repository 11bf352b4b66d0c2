import { scenario } from '../scenario.ts'

export const ctlUnfitProbe = scenario({
  name: 'ctl-unfit-probe',
  group: 'control',
  tool: 'the scanner’s own machine cuts it off from everything, its beacon too, for 25 s; target and sibling are well',
  real: 'simulated',
  needs: ['nft'],
  ports: '22,80,1000-1005',
  profile: 'accompany',
  accompanySeconds: 50,
  target: 'listeners 22 80',
  async meanwhile({ progress, seconds, inRole, scanner }) {
    await progress(/ready: start your scanner/)
    await seconds(4)
    await inRole(
      'scan',
      `nft 'add table inet own; add chain inet own out { type filter hook output priority 0; }; add rule inet own out ip saddr ${scanner} drop'`,
    )
    await seconds(25)
    await inRole('scan', 'nft delete table inet own')
  },
  async after({ inRole }) {
    await inRole('scan', 'nft flush ruleset')
  },
  truth: {},
  expect: {
    ports: [22, 80],
    verdicts: ['open', 'transient', 'inconclusive', 'path_outage'],
    classes: [],
    mechanisms: [],
  },
})
