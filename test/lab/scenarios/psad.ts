import { scenario } from '../scenario.ts'

export const psad = scenario({
  name: 'psad',
  group: 'positive',
  tool: 'psad 2.4.6 with ENABLE_AUTO_IDS at danger level 3, iptables blocks',
  real: 'third-party',
  needs: ['psad', 'rsyslogd', 'ulogd', 'iptables'],
  ports: '1-1024',
  profile: 'discovery',
  banSeconds: { scaled: 60, full: 3_600 },
  target: `
    syslog
    listeners 22 25 80 443
    drop_and_log 22,25,80,443
    psad_guard
  `,
  truth: { list: { on: 'target', run: 'iptables -S PSAD_BLOCK_INPUT' } },
  expect: {
    ports: [22, 25, 80, 443],
    some: true,
    verdicts: ['interfered'],
    classes: ['ips'],
    mechanisms: ['psad', 'crowdsec', 'source_ban', 'network_ips', 'portsentry'],
  },
})
