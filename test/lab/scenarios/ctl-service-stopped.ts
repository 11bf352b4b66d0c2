import { DOWN, scenario } from '../scenario.ts'

export const ctlServiceStopped = scenario({
  name: 'ctl-service-stopped',
  group: 'control',
  tool: 'nginx 1.22.1 stopped by its administrator',
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
    await onTarget('kill -TERM $(cat /run/nginx.pid)')
  },
  truth: { happened: { on: 'target', run: 'ss -Hltn sport = :80 | wc -l', fits: /^0/ } },
  expect: { ports: [80], verdicts: DOWN, classes: ['service_change'], mechanisms: ['service_stopped'] },
  quick: true,
})
