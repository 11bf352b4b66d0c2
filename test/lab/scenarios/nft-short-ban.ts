import { scenario } from '../scenario.ts'

export const nftShortBan = scenario({
  name: 'nft-short-ban',
  group: 'positive',
  tool: 'nftables set with a timeout of 15 s: more than 25 new connections of a source to the web ports within some seconds, and it is dropped',
  real: 'recipe',
  needs: ['nft'],
  ports: '22,80,443,1000-1005',
  profile: 'accompany',
  accompanySeconds: 40,
  anchored: true,
  // The shortest that real tools use, at full length (detection-science.md, section 1).
  banSeconds: { scaled: 15, full: 15 },
  target: `
    listeners 22 80 443
    nft -f - <<N
table inet fw {
  set bad { type ipv4_addr; flags dynamic,timeout; timeout \${BAN_S}s; }
  set tries { type ipv4_addr; flags dynamic,timeout; timeout 60s; }
  chain in {
    type filter hook input priority 0; policy accept;
    ip saddr @bad drop
    tcp dport { 80, 443 } ct state new update @tries { ip saddr limit rate over 60/minute burst 25 packets } add @bad { ip saddr } drop
  }
}
N
  `,
  async meanwhile({ progress, seconds, attack }) {
    await progress(/ready: start your scanner/)
    await seconds(4)
    // What it still tries while it is shut out is too little to be banned anew.
    await attack('gets', 80, 40)
  },
  truth: { list: { on: 'target', run: 'nft list set inet fw bad' } },
  expect: {
    ports: [80, 443],
    verdicts: ['interfered'],
    classes: ['ips'],
    mechanisms: ['source_ban', 'network_ips', 'sshguard', 'fail2ban', 'crowdsec'],
    others: ['interfered'],
  },
})
