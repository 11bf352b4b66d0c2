import { DOWN, scenario } from '../scenario.ts'

export const ctlHostDown = scenario({
  name: 'ctl-host-down',
  group: 'control',
  tool: 'the target’s link goes down for good',
  real: 'simulated',
  needs: ['nginx'],
  ports: '22,80,1000-1005',
  profile: 'accompany',
  accompanySeconds: 25,
  target: `
    listeners 22
    nginx_server <<< 'server { listen 80; }'
  `,
  async meanwhile({ progress, seconds, onTarget }) {
    await progress(/ready: start your scanner/)
    await seconds(4)
    await onTarget('ip link set eth0 down')
  },
  truth: { happened: { on: 'target', run: 'ip link show eth0', fits: /state DOWN/ } },
  expect: { ports: [22, 80], verdicts: DOWN, classes: ['service_change'], mechanisms: ['host_down'], others: DOWN },
})
