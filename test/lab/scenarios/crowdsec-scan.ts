import { scenario } from '../scenario.ts'

export const crowdsecScan = scenario({
  name: 'crowdsec-scan',
  group: 'positive',
  tool: 'CrowdSec 1.4.6, scenario iptables-scan-multi_ports of its hub, nftables bouncer 0.0.25',
  real: 'third-party',
  needs: ['crowdsec', 'cscli', 'crowdsec-firewall-bouncer', 'ulogd', 'nft', 'iptables'],
  ports: '1-1024',
  profile: 'discovery',
  banSeconds: { scaled: 60, full: 14_400 },
  target: `
    listeners 22 25 80 443
    drop_and_log 22,25,80,443
    crowdsec_guard syslog "$LOG/kern.log" iptables-logs iptables-scan-multi_ports
  `,
  truth: { list: { on: 'target', run: 'nft list set ip crowdsec crowdsec-blacklists' } },
  expect: {
    ports: [22, 25, 80, 443],
    some: true,
    verdicts: ['interfered'],
    classes: ['ips'],
    mechanisms: ['crowdsec', 'psad', 'source_ban', 'network_ips', 'portsentry'],
  },
})
