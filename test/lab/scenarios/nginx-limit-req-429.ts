import { scenario } from '../scenario.ts'
import { limitReq } from './nginx-limit-req.ts'

export const nginxLimitReq429 = scenario({
  name: 'nginx-limit-req-429',
  tool: 'nginx 1.22.1 limit_req, 6 requests a minute, burst 12, status 429',
  ...limitReq(6, 12, 429),
  expect: {
    ports: [80],
    verdicts: ['app_blocked', 'degraded'],
    classes: ['ddos_protection', 'waf'],
    mechanisms: ['http_rate_limit'],
  },
})
