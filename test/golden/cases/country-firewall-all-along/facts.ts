/**
 * A firewall lets only some countries reach 443 and 8443: scanner, sibling and a witness of another provider in the same
 * country never get through; two witnesses abroad do. Port 80 is open to all.
 */
import { ADDRESS, HTTP, HTTPS, member, OTHER, PANEL, type Story } from '../../../support/facts.ts'

const neighbour = member('prb_witness0004', 'witness', 'fra-2')
const shut = [443, 8443]
export const story: Story = {
  panel: [...PANEL.slice(0, 2), neighbour, ...PANEL.slice(3)],
  ports: [HTTP, { ...HTTPS, found: false }, { ...OTHER, found: false }],
  lastKnown: [
    { address: ADDRESS, port: 443, check: 'https', service: 'https' },
    { address: ADDRESS, port: 8443, check: 'tls', service: 'tls' },
  ],
  sees: ({ member: { country }, port }) => (country === 'FR' && shut.includes(port) ? 'unresponsive' : 'open'),
}
