/** sshguard drops everything that comes from the scanner, on all ports, and lifts the ban after 120 s. */
import { block, HTTP, HTTPS, isScanner, SSH, type Story } from '../../../support/facts.ts'

export const story: Story = {
  ports: [SSH, HTTP, HTTPS],
  sees: block(isScanner, 'unresponsive', 8_000, 128_000),
  recoverMs: 1_200_000,
}
