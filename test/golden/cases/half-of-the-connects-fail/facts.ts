/** A limiter drops half of what the scanner asks, and nothing of what others ask. */
import { HTTP, HTTPS, isScanner, type Story } from '../../../support/facts.ts'

export const story: Story = {
  ports: [HTTP, HTTPS],
  scanMs: 30_000,
  sees: (touch) =>
    isScanner(touch) && touch.port === 443 && touch.at > 8_000 && Math.floor(touch.at / 1_000) % 3 !== 0
      ? 'unresponsive'
      : 'open',
}
