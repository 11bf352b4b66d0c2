import { DOWN, scenario } from '../scenario.ts'

export const ctlHostReboot = scenario({
  name: 'ctl-host-reboot',
  group: 'control',
  tool: 'the target is away for 15 s, its services for some more',
  real: 'simulated',
  ports: '22,80,1000-1005',
  profile: 'accompany',
  accompanySeconds: 60,
  target: 'listeners 22 80',
  async meanwhile({ progress, seconds, onTarget, target }) {
    await progress(/ready: start your scanner/)
    await seconds(4)
    const gateway = target.replace(/\d+$/, '1')
    await onTarget('kill $(cat /run/listeners.pid); ip link set eth0 down')
    await seconds(15)
    await onTarget(`ip link set eth0 up; ip route replace default via ${gateway}`)
    await seconds(3)
    await onTarget('listeners 22 80 < /dev/null; touch /run/restarted')
  },
  truth: { happened: { on: 'target', run: 'ls /run/restarted', fits: /restarted/ } },
  expect: {
    ports: [80],
    verdicts: ['open', 'transient', 'service_down'],
    classes: [],
    mechanisms: [],
    others: DOWN,
  },
})
