import { DOWN, scenario } from '../scenario.ts'

export const ctlOverload = scenario({
  name: 'ctl-overload',
  group: 'control',
  tool: 'socat 1.7.4 with three children and a backlog of one, all taken up: the service gives way for everyone',
  real: 'simulated',
  needs: ['socat'],
  ports: '80,8080,1000-1005',
  profile: 'accompany',
  accompanySeconds: 30,
  target: `
    listeners 80
    printf '#!/bin/sh\\nread line\\nprintf "HTTP/1.0 200 OK\\\\r\\\\n\\\\r\\\\nok\\\\n"\\n' > /root/answer
    chmod +x /root/answer
    socat TCP4-LISTEN:8080,reuseaddr,fork,max-children=3,backlog=1 EXEC:/root/answer > "$LOG/socat.out" 2>&1 &
    wait_ports 8080
  `,
  async meanwhile({ progress, seconds, attack }) {
    await progress(/ready: start your scanner/)
    await seconds(4)
    await attack('hold', 8080, 10, 300)
  },
  truth: { happened: { on: 'target', run: 'ss -Htn state established sport = :8080 | wc -l', fits: /^[3-9]/ } },
  expect: {
    ports: [8080],
    verdicts: DOWN,
    classes: ['overload'],
    mechanisms: ['worker_limit', 'accept_queue_overflow'],
  },
})
