import { scenario } from '../scenario.ts'

export const ctlPhantom = scenario({
  name: 'ctl-phantom',
  group: 'control',
  tool: 'nftables synproxy on the router accepts every port',
  real: 'recipe',
  needs: ['nft'],
  ports: '22,80,1000-1030',
  profile: 'standard',
  target: 'listeners 22 80',
  router: `sysctl -qw net.netfilter.nf_conntrack_tcp_loose=0 net.ipv4.tcp_syncookies=1 net.ipv4.tcp_timestamps=1
nft -f - <<'N'
table inet proxy {
  chain pre { type filter hook prerouting priority -300; policy accept; iifname != "r-target" fib daddr type != local tcp flags & (syn|ack) == syn notrack; }
  chain through {
    type filter hook forward priority 0; policy accept;
    iifname != "r-target" meta l4proto tcp ct state invalid,untracked synproxy mss 1460 wscale 7 timestamp sack-perm
    ct state invalid drop
  }
}
N`,
  async after({ onRouter }) {
    await onRouter('sysctl -qw net.netfilter.nf_conntrack_tcp_loose=1')
  },
  truth: {},
  expect: { ports: [], verdicts: [], classes: [], mechanisms: [] },
})
