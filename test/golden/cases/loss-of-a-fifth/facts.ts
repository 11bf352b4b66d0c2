/** One packet in five is lost on the scanner's way; one touch fails, then all is well. */
import { HTTP, HTTPS, isScanner, type Story } from '../../../support/facts.ts'

export const story: Story = {
  ports: [HTTP, HTTPS],
  sees: (touch) => {
    if (isScanner(touch) && touch.port === 443 && touch.purpose === 'watch' && touch.at > 9_000 && touch.at < 15_000)
      return 'unresponsive'
    // A third of the connects needs a second SYN.
    const slow = isScanner(touch) && Math.floor(touch.at / 500) % 3 === 0
    return { sight: 'open', connectMs: slow ? 1_012 : 12, afterMs: slow ? 1_030 : 30 }
  },
}
