import { scenario } from '../scenario.ts'

export const ctlStaticFilter = scenario({
  name: 'ctl-static-filter',
  group: 'control',
  tool: 'nftables rules that were there before the scan: 3306 dropped, 5432 reset, 6379 prohibited',
  real: 'recipe',
  needs: ['nft'],
  ports: '22,80,3306,5432,6379,1000-1005',
  profile: 'assertive',
  target: `
    listeners 22 80 3306 5432 6379
    nft -f - <<'N'
table inet fw {
  chain in { type filter hook input priority 0; policy accept; tcp dport 3306 drop; tcp dport 5432 reject with tcp reset; tcp dport 6379 reject with icmp type admin-prohibited; }
}
N
  `,
  truth: {},
  expect: { ports: [], verdicts: [], classes: [], mechanisms: [] },
})
