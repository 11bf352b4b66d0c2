import { scenario } from '../scenario.ts'

export const haproxySilentDrop = scenario({
  name: 'haproxy-silent-drop',
  group: 'positive',
  tool: 'HAProxy 2.6.12 stick table, more than 15 connections in 30 s: silent-drop',
  real: 'third-party',
  needs: ['haproxy', 'socat'],
  ports: '22,80,1000-1005',
  profile: 'assertive',
  target: `
    listeners 22
    haproxy_server <<'H'
frontend web
 bind :80
 stick-table type ip size 1k expire 90s store conn_rate(30s)
 tcp-request connection track-sc0 src
 tcp-request connection silent-drop if { sc0_conn_rate gt 15 }
 http-request return status 200 content-type text/plain string ok
H
  `,
  truth: { list: { on: 'target', run: 'haproxy_above web conn_rate 15' } },
  // To a client that speaks first it shows as a reset: the kernel no longer knows the connection.
  expect: {
    ports: [80],
    verdicts: ['interfered', 'degraded'],
    classes: ['ddos_protection'],
    mechanisms: ['proxy_silent_drop', 'connection_rate_limit', 'proxy_reject'],
  },
})
