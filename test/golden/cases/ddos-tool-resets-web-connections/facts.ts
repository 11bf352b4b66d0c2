/** A proxy before the web ports marks an address that connects too often, and resets it for five minutes; SSH does not pass through it. */
import { block, HTTP, HTTPS, isScanner, OTHER, SSH, type Story } from '../../../support/facts.ts'

export const story: Story = {
  ports: [SSH, HTTP, HTTPS, OTHER],
  sees: block(isScanner, { sight: 'cut', code: 'ECONNRESET', syscall: 'connect' }, 8_000, 308_000, [80, 443, 8443]),
}
