import { scenario } from '../scenario.ts'

export const nftHoneypot = scenario({
  name: 'nft-honeypot',
  group: 'positive',
  tool: 'nftables set: more than 20 closed ports a minute, and a honeypot answers the source on every port',
  real: 'recipe',
  needs: ['nft'],
  ports: '1-1024',
  profile: 'discovery',
  anchored: true,
  long: true,
  banSeconds: { scaled: 60, full: 600 },
  target: `
    listeners 22 25 80 443 2000
    nft -f - <<N
table inet fw {
  set bad { type ipv4_addr; flags dynamic,timeout; timeout \${BAN_S}s; }
  set tries { type ipv4_addr; flags dynamic,timeout; timeout 60s; }
  chain pre {
    type nat hook prerouting priority -100; policy accept;
    iif != lo ip saddr @bad meta l4proto tcp redirect to :2000
  }
  chain in {
    type filter hook input priority 0; policy accept;
    iif lo accept
    ct state established,related accept
    ct status dnat accept
    tcp dport { 22, 25, 80, 443 } accept
    ip protocol tcp update @tries { ip saddr limit rate over 20/minute burst 20 packets } add @bad { ip saddr } drop
    meta l4proto tcp reject with tcp reset
  }
}
N
  `,
  truth: { list: { on: 'target', run: `nft list set inet fw bad` } },
  expect: {
    ports: [22, 25, 80, 443],
    some: true,
    verdicts: ['interfered', 'app_blocked'],
    classes: ['ips'],
    mechanisms: ['source_ban', 'network_ips'],
  },
})
