import { scenario } from '../scenario.ts'

export const ctlLoss5 = scenario({
  name: 'ctl-loss-5',
  group: 'control',
  tool: 'nftables numgen on the router: 5 % of the packets lost each way',
  real: 'simulated',
  needs: ['nft'],
  ports: '22,25,80,443,1000-1020',
  profile: 'assertive',
  loss: 0.05,
  target: 'listeners 22 25 80 443',
  truth: { happened: { on: 'router', run: 'nft list table inet loss_scenario', fits: /packets [1-9]/ } },
  expect: { ports: [], verdicts: [], classes: [], mechanisms: [] },
})
