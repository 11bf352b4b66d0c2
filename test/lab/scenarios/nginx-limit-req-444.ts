import { scenario } from '../scenario.ts'
import { limitReq } from './nginx-limit-req.ts'

export const nginxLimitReq444 = scenario({
  name: 'nginx-limit-req-444',
  tool: 'nginx 1.22.1 limit_req, 20 requests a minute, burst 10, 444: closed without a word',
  ...limitReq(20, 10, 444),
  expect: {
    ports: [80],
    verdicts: ['degraded', 'interfered'],
    classes: ['ddos_protection'],
    mechanisms: ['http_rate_limit', 'proxy_reject', 'connection_rate_limit'],
  },
})
