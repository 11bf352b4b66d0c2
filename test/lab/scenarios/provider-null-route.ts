import { scenario } from '../scenario.ts'

export const providerNullRoute = scenario({
  name: 'provider-null-route',
  group: 'positive',
  tool: 'Linux blackhole rule for the scanner on the router, put in by the provider in mid-scan',
  real: 'recipe',
  ports: '22,25,80,443,1000-1005',
  profile: 'accompany',
  accompanySeconds: 25,
  target: 'listeners 22 25 80 443',
  async meanwhile({ progress, seconds, onRouter }) {
    await progress(/ready: start your scanner/)
    await seconds(4)
    await onRouter('ip rule add pref 102 from $SCANNER blackhole')
  },
  truth: { list: { on: 'router', run: 'ip rule show pref 102' } },
  expect: {
    ports: [22, 25, 80, 443],
    verdicts: ['interfered'],
    classes: ['hosting_provider', 'ips'],
    mechanisms: ['null_route', 'provider_block', 'source_ban', 'network_ips'],
  },
})
