import { scenario } from '../scenario.ts'

export const haproxyTarpit = scenario({
  name: 'haproxy-tarpit',
  group: 'positive',
  tool: 'HAProxy 2.6.12 stick table, more than 15 requests in 30 s: tarpit of 8 s, then 500',
  real: 'third-party',
  needs: ['haproxy', 'socat'],
  ports: '22,80,1000-1005',
  profile: 'assertive',
  long: true,
  target: `
    listeners 22
    haproxy_server <<'H'
frontend web
 bind :80
 stick-table type ip size 1k expire 90s store http_req_rate(30s)
 http-request track-sc0 src
 http-request tarpit if { sc0_http_req_rate gt 15 }
 http-request return status 200 content-type text/plain string ok
H
  `,
  truth: { list: { on: 'target', run: 'haproxy_above web http_req_rate 15' } },
  expect: {
    ports: [80],
    verdicts: ['interfered', 'degraded', 'app_blocked'],
    classes: ['ddos_protection', 'waf'],
    mechanisms: ['http_rate_limit', 'proxy_silent_drop', 'connection_rate_limit'],
  },
})
