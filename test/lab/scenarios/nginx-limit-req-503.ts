import { scenario } from '../scenario.ts'
import { limitReq } from './nginx-limit-req.ts'

export const nginxLimitReq503 = scenario({
  name: 'nginx-limit-req-503',
  tool: 'nginx 1.22.1 limit_req, 20 requests a minute, burst 10, status 503',
  ...limitReq(20, 10),
  expect: {
    ports: [80],
    verdicts: ['app_blocked', 'degraded'],
    classes: ['ddos_protection', 'waf'],
    mechanisms: ['http_rate_limit'],
  },
  quick: true,
})
