import { scenario } from '../scenario.ts'

export const apacheEvasive = scenario({
  name: 'apache-evasive',
  group: 'positive',
  tool: 'Apache 2.4 with mod_evasive 1.10.1: more than 15 requests in 5 s, then 403 for everything',
  real: 'third-party',
  needs: ['apache2', '/usr/lib/apache2/modules/mod_evasive20.so'],
  ports: '22,80,1000-1005',
  profile: 'assertive',
  banSeconds: { scaled: 90, full: 600 },
  target: `
    listeners 22
    mkdir -p /run/evasive
    chmod 777 /run/evasive
    apache_server <<A
LoadModule evasive20_module /usr/lib/apache2/modules/mod_evasive20.so
DOSHashTableSize 3097
DOSPageCount 100
DOSPageInterval 1
DOSSiteCount 15
DOSSiteInterval 5
DOSBlockingPeriod $BAN_S
DOSLogDir /run/evasive
A
  `,
  truth: { list: { on: 'target', run: 'ls /run/evasive' } },
  expect: {
    ports: [80],
    verdicts: ['app_blocked'],
    classes: ['ddos_protection', 'waf'],
    mechanisms: ['http_rate_limit', 'http_block_page', 'modsecurity'],
  },
})
