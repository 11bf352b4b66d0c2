import { scenario } from '../scenario.ts'

export const ctlScannerAllowlisted = scenario({
  name: 'ctl-scanner-allowlisted',
  group: 'control',
  tool: 'nftables on the target lets only the scanner’s network in: the witnesses never saw the ports',
  real: 'recipe',
  needs: ['nft'],
  ports: '22,80,443,1000-1005',
  profile: 'assertive',
  target: `
    listeners 22 80 443
    nft -f - <<'N'
table inet fw {
  chain in { type filter hook input priority 0; policy accept; tcp dport { 22, 80, 443 } ip saddr != 10.203.1.0/24 drop; }
}
N
  `,
  truth: {},
  expect: { ports: [], verdicts: [], classes: [], mechanisms: [] },
})
