import { scenario } from '../scenario.ts'

export const nftRangeBan = scenario({
  name: 'nft-range-ban',
  group: 'positive',
  tool: 'nftables set: more than 8 new SSH connections a minute, and the whole /24 is dropped; a neighbour of the target is its anchor',
  real: 'recipe',
  needs: ['nft'],
  ports: '22,80,443,1000-1005',
  profile: 'assertive',
  banSeconds: { scaled: 90, full: 600 },
  anchored: true,
  target: `
    listeners 22 80 443
    nft -f - <<N
table inet fw {
  set bad { type ipv4_addr; flags dynamic,timeout; timeout \${BAN_S}s; }
  set tries { type ipv4_addr; flags dynamic,timeout; timeout 60s; }
  chain in {
    type filter hook input priority 0; policy accept;
    ip saddr and 255.255.255.0 @bad drop
    tcp dport 22 ct state new update @tries { ip saddr limit rate over 8/minute burst 8 packets } add @bad { ip saddr and 255.255.255.0 } drop
  }
}
N
  `,
  truth: { list: { on: 'target', run: `nft list set inet fw bad | sed 's/10.203.1.0/10.203.1.0\\/24/'` } },
  expect: {
    ports: [22, 80, 443],
    verdicts: ['interfered'],
    classes: ['ips', 'firewall_policy'],
    mechanisms: ['range_ban', 'geo_policy'],
  },
})
