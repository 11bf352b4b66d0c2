import { scenario } from '../scenario.ts'

export const ctlLoss20 = scenario({
  name: 'ctl-loss-20',
  group: 'control',
  tool: 'nftables numgen on the router: 20 % of the packets lost each way',
  real: 'simulated',
  needs: ['nft'],
  ports: '22,25,80,443,1000-1020',
  profile: 'assertive',
  long: true,
  loss: 0.2,
  target: 'listeners 22 25 80 443',
  truth: { happened: { on: 'router', run: 'nft list table inet loss_scenario', fits: /packets [1-9]/ } },
  expect: { ports: [], verdicts: [], classes: [], mechanisms: [] },
})
