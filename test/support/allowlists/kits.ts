import { parseAddress } from '../../../schema/address.ts'
import { type Entry, entriesOf, type Kit, type Situation } from '../../../worker/allowlist/kit.ts'

export const AT = Date.UTC(2026, 10, 28)

/** A small fleet of both families: a network, a single address, one in another country. */
export const FLEET: readonly Entry[] = entriesOf([
  { cidr: '198.51.100.16/28', site: 'fra-1', country: 'DE' },
  { cidr: '203.0.113.7/32', site: 'nyc-1', country: 'US' },
  { cidr: '2001:db8:100::/48', site: 'fra-1', country: 'DE' },
  { cidr: '2001:db8:200::7/128', site: 'nyc-1', country: null },
])

export const kitOf = (entries: readonly Entry[], more: Partial<Kit> = {}): Kit => ({
  entries,
  list: { version: '2026-11-01T00:00:00.000Z', url: 'https://scan.example/ip-ranges.json' },
  situation: null,
  expiresAt: null,
  madeAt: AT,
  ...more,
})

const address = (text: string) => {
  const found = parseAddress(text)
  if (!found) throw new Error(text)
  return found
}

export const SITUATION: Situation = {
  issueId: 'iss_0123456789abcdefghij',
  target: 'shop.example',
  addresses: [address('192.0.2.9')],
  ports: [22, 443, 8443],
  services: ['ssh', 'https'],
  scanner: address('198.51.100.18'),
  gone: null,
  isPolicy: false,
}
