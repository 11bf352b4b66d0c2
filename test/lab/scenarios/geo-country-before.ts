import { scenario } from '../scenario.ts'

export const geoCountryBefore = scenario({
  name: 'geo-country-before',
  group: 'positive',
  tool: 'nftables country set on the target that has held the scanner’s country from the start',
  real: 'recipe',
  needs: ['nft'],
  ports: '22,25,80,443,1000-1005',
  profile: 'standard',
  anchored: true,
  target: `
    listeners 22 25 80 443
    nft -f - <<'N'
table inet geo {
  set shut { type ipv4_addr; flags interval; elements = { 10.203.1.0/24 } }
  chain in { type filter hook input priority 0; policy accept; ip saddr @shut drop; }
}
N
  `,
  truth: { list: { on: 'target', run: 'nft list set inet geo shut' } },
  expect: {
    ports: [22, 25, 80, 443],
    verdicts: ['blocked_before'],
    classes: ['firewall_policy'],
    mechanisms: ['geo_policy', 'acl_change', 'reputation_list'],
  },
  quick: true,
})
