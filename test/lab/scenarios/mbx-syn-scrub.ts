import { scenario } from '../scenario.ts'

export const mbxSynScrub = scenario({
  name: 'mbx-syn-scrub',
  group: 'positive',
  tool: 'nftables on the router: more than 60 SYN a second of a source to the network, and it is dropped there',
  real: 'recipe',
  needs: ['nft'],
  ports: '1-1024',
  profile: 'discovery',
  rate: 500,
  banSeconds: { scaled: 60, full: 900 },
  target: 'listeners 22 25 80 443',
  router: `nft -f - <<N
table inet scrub {
  set bad { type ipv4_addr; flags dynamic,timeout; timeout \${BAN_S}s; }
  set rate { type ipv4_addr; flags dynamic,timeout; timeout 30s; }
  chain through {
    type filter hook forward priority 0; policy accept;
    ip saddr @bad drop
    iifname != "r-target" tcp flags & (syn|ack) == syn update @rate { ip saddr limit rate over 60/second burst 120 packets } add @bad { ip saddr } drop
  }
}
N`,
  truth: { list: { on: 'router', run: 'nft list set inet scrub bad' } },
  expect: {
    ports: [22, 25, 80, 443],
    some: true,
    verdicts: ['interfered'],
    classes: ['ips', 'ddos_protection', 'hosting_provider'],
    mechanisms: ['network_ips', 'source_ban', 'connection_rate_limit', 'psad', 'portsentry', 'crowdsec'],
  },
})
