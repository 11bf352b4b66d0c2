import { scenario } from '../scenario.ts'

export const ctlSlowHost = scenario({
  name: 'ctl-slow-host',
  group: 'control',
  tool: 'every service of the host waits 3.5 s before it says a word',
  real: 'simulated',
  ports: '22,25,80,1000-1005',
  profile: 'assertive',
  target: 'listeners --delay 3500 22 25 80',
  truth: {},
  expect: { ports: [], verdicts: [], classes: [], mechanisms: [] },
})
