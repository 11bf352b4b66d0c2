import { scenario } from '../scenario.ts'

export const nginxLimitReq444 = scenario({
  name: 'nginx-limit-req-444',
  group: 'positive',
  tool: 'nginx 1.22.1 limit_req, 20 requests a minute, burst 10, 444: closed without a word',
  real: 'third-party',
  needs: ['nginx'],
  ports: '22,80,1000-1005',
  profile: 'assertive',
  target: `
    listeners 22
    nginx_server <<'N'
limit_req_zone $binary_remote_addr zone=a:1m rate=20r/m;
limit_req_status 444;
server { listen 80; limit_req zone=a burst=10 nodelay; }
N
  `,
  truth: { list: { on: 'target', run: `grep -o 'limiting requests.*client: [0-9.]*' "$LOG/nginx.error.log"` } },
  expect: {
    ports: [80],
    verdicts: ['degraded', 'interfered'],
    classes: ['ddos_protection'],
    mechanisms: ['http_rate_limit', 'proxy_reject', 'connection_rate_limit'],
  },
})
