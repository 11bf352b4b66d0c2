/** The uplink of the scanner's site goes down for five minutes: scanner and sibling lose every port, silently. */
import { block, HTTP, HTTPS, isHome, type Story } from '../../../support/facts.ts'

export const story: Story = { ports: [HTTP, HTTPS], sees: block(isHome, 'unresponsive', 8_000, 308_000) }
