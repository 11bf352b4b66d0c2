/**
 * Another scanner holds as many connections from our address as the web port allows (iptables connlimit, a reset for what is above):
 * whenever it lets go and begins anew, it is through before one of our touches is.
 */
import { HTTP, isScanner, SSH, type Story } from '../../../support/facts.ts'

export const story: Story = {
  ports: [SSH, HTTP],
  scanMs: 56_000,
  company: { port: 80, at: Array.from({ length: 12 }, (_, i) => 8_000 + i * 9_500) },
  sees: (touch) =>
    isScanner(touch) && touch.port === 80 && touch.at >= 20_000
      ? { sight: 'closed', code: 'ECONNREFUSED', afterMs: 1 }
      : 'open',
}
