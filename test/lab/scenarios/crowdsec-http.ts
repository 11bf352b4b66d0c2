import { scenario } from '../scenario.ts'

export const crowdsecHttp = scenario({
  name: 'crowdsec-http',
  group: 'positive',
  tool: 'CrowdSec 1.4.6, scenario http-probing of its hub on nginx logs, nftables bouncer 0.0.25',
  real: 'third-party',
  needs: ['crowdsec', 'cscli', 'crowdsec-firewall-bouncer', 'nginx', 'nft'],
  ports: '22,80,1000-1005',
  profile: 'assertive',
  anchored: true,
  // The tool reads a log and bans a second or two later: the scan is still at work then.
  rate: 8,
  banSeconds: { scaled: 90, full: 14_400 },
  target: `
    listeners 22
    nginx_server <<< 'server { listen 80; }'
    crowdsec_guard nginx "$LOG/nginx.access.log" nginx-logs http-probing
  `,
  truth: { list: { on: 'target', run: 'nft list set ip crowdsec crowdsec-blacklists' } },
  expect: {
    ports: [22, 80],
    verdicts: ['interfered'],
    classes: ['ips', 'waf'],
    mechanisms: ['crowdsec', 'source_ban', 'network_ips', 'fail2ban'],
  },
})
