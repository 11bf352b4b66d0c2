/** Port 443 is shut to the country of scanner and sibling all along; the last scan from elsewhere knows it. */
import { ADDRESS, HTTP, HTTPS, isHome, type Story } from '../../../support/facts.ts'

export const story: Story = {
  ports: [HTTP, { ...HTTPS, found: false }],
  lastKnown: [{ address: ADDRESS, port: 443, check: 'https', service: 'https' }],
  sees: (touch) => (isHome(touch) && touch.port === 443 ? 'unresponsive' : 'open'),
}
