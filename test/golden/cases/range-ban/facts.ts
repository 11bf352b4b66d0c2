/** The whole prefix of the scanner is refused by a firewall; others get through. */
import { block, HTTP, HTTPS, isHome, type Story } from '../../../support/facts.ts'

export const story: Story = {
  ports: [HTTP, HTTPS],
  sees: block(isHome, { sight: 'closed', code: 'ECONNREFUSED' }, 8_000),
}
