import { scenario } from '../scenario.ts'

export const ctlServiceRestart = scenario({
  name: 'ctl-service-restart',
  group: 'control',
  tool: 'nginx 1.22.1 stopped, and started again 6 s later',
  real: 'simulated',
  needs: ['nginx'],
  ports: '22,80,1000-1005',
  profile: 'accompany',
  accompanySeconds: 40,
  target: `
    listeners 22
    nginx_server <<< 'server { listen 80; }'
  `,
  async meanwhile({ progress, seconds, onTarget }) {
    await progress(/ready: start your scanner/)
    await seconds(4)
    await onTarget('kill -TERM $(cat /run/nginx.pid)')
    await seconds(6)
    await onTarget('nginx_start < /dev/null > /dev/null 2>&1; touch /run/restarted')
  },
  truth: { happened: { on: 'target', run: 'ls /run/restarted', fits: /restarted/ } },
  expect: { ports: [80], verdicts: ['open', 'transient', 'service_down'], classes: [], mechanisms: [] },
})
