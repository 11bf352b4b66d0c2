/** A guard bans the scanner after too many connections and resets everything that comes from it, on every port. */
import { block, HTTP, HTTPS, isScanner, type Story } from '../../../support/facts.ts'

export const story: Story = {
  ports: [HTTP, HTTPS, { port: 8443, service: 'tls', check: 'tls' }],
  sees: block(isScanner, { sight: 'cut', code: 'ECONNRESET', syscall: 'read' }, 8_000),
}
