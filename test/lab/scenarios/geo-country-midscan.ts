import { scenario } from '../scenario.ts'

export const geoCountryMidscan = scenario({
  name: 'geo-country-midscan',
  group: 'positive',
  tool: 'nftables country set on the target; the scanner’s country is added in mid-scan; a neighbour of the target is its anchor',
  real: 'recipe',
  needs: ['nft'],
  ports: '22,25,80,443,1000-1005',
  profile: 'accompany',
  accompanySeconds: 25,
  anchored: true,
  target: `
    listeners 22 25 80 443
    nft -f - <<'N'
table inet geo {
  set shut { type ipv4_addr; flags interval;  }
  chain in { type filter hook input priority 0; policy accept; ip saddr @shut drop; }
}
N
  `,
  async meanwhile({ progress, seconds, onTarget }) {
    await progress(/ready: start your scanner/)
    await seconds(4)
    await onTarget("nft add element inet geo shut '{ 10.203.1.0/24 }'")
  },
  truth: { list: { on: 'target', run: 'nft list set inet geo shut' } },
  expect: {
    ports: [22, 25, 80, 443],
    verdicts: ['interfered'],
    classes: ['firewall_policy', 'ips'],
    mechanisms: ['geo_policy', 'range_ban'],
  },
})
