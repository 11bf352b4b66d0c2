import { scenario } from '../scenario.ts'

export const haproxyHttp429 = scenario({
  name: 'haproxy-http-429',
  group: 'positive',
  tool: 'HAProxy 2.6.12 stick table, more than 15 requests in 30 s: 429',
  real: 'third-party',
  needs: ['haproxy', 'socat'],
  ports: '22,80,1000-1005',
  profile: 'assertive',
  target: `
    listeners 22
    haproxy_server <<'H'
frontend web
 bind :80
 stick-table type ip size 1k expire 90s store http_req_rate(30s)
 http-request track-sc0 src
 http-request deny deny_status 429 if { sc0_http_req_rate gt 15 }
 http-request return status 200 content-type text/plain string ok
H
  `,
  truth: { list: { on: 'target', run: 'haproxy_above web http_req_rate 15' } },
  expect: {
    ports: [80],
    verdicts: ['app_blocked', 'degraded'],
    classes: ['ddos_protection', 'waf'],
    mechanisms: ['http_rate_limit'],
  },
})
