import { scenario } from '../scenario.ts'

export const nginxLimitReq429 = scenario({
  name: 'nginx-limit-req-429',
  group: 'positive',
  tool: 'nginx 1.22.1 limit_req, 6 requests a minute, burst 12, status 429',
  real: 'third-party',
  needs: ['nginx'],
  ports: '22,80,1000-1005',
  profile: 'assertive',
  target: `
    listeners 22
    nginx_server <<'N'
limit_req_zone $binary_remote_addr zone=a:1m rate=6r/m;
limit_req_status 429;
server { listen 80; limit_req zone=a burst=12 nodelay; }
N
  `,
  truth: { list: { on: 'target', run: `grep -o 'limiting requests.*client: [0-9.]*' "$LOG/nginx.error.log"` } },
  expect: {
    ports: [80],
    verdicts: ['app_blocked', 'degraded'],
    classes: ['ddos_protection', 'waf'],
    mechanisms: ['http_rate_limit'],
  },
})
