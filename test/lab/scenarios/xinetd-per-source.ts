import { scenario } from '../scenario.ts'

export const xinetdPerSource = scenario({
  name: 'xinetd-per-source',
  group: 'positive',
  tool: 'xinetd 2.3.15 per_source = 4, taken up by another scanner of the same address: accepted and closed',
  real: 'third-party',
  needs: ['xinetd'],
  ports: '22,80,1313',
  profile: 'accompany',
  long: true,
  accompanySeconds: 45,
  target: `
    listeners 22 80
    printf '#!/bin/sh\\necho ready\\nexec sleep 14\\n' > /usr/local/bin/lab-service
    chmod +x /usr/local/bin/lab-service
    cat > /etc/lab-xinetd.conf <<X
service lab
{
  type = UNLISTED
  port = 1313
  socket_type = stream
  protocol = tcp
  wait = no
  user = root
  server = /usr/local/bin/lab-service
  instances = 60
  cps = 200 5
  per_source = 4
  log_type = FILE $LOG/xinetd.log
  log_on_failure = HOST
}
X
    xinetd -f /etc/lab-xinetd.conf -dontfork > "$LOG/xinetd.out" 2>&1 &
    wait_ports 1313
  `,
  async meanwhile({ progress, seconds, attack }) {
    await progress(/ready: start your scanner/)
    await seconds(3)
    // Until the scan ends: what holds back a part of the touches is told by many of them.
    for (let round = 0; round < 12; round++) await attack('hold', 1313, 8, 12)
  },
  truth: { happened: { on: 'target', run: `grep -c 'per_source_limit' "$LOG/xinetd.log"`, fits: /[1-9]/ } },
  expect: {
    ports: [1313],
    verdicts: ['interfered', 'degraded'],
    classes: ['ddos_protection'],
    mechanisms: ['connection_count_limit', 'connection_rate_limit', 'proxy_reject'],
  },
})
