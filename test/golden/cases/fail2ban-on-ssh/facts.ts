/** fail2ban refuses the scanner on port 22 alone; SSH is rationed, so no more than likely. */
import { block, HTTP, isScanner, SSH, type Story } from '../../../support/facts.ts'

export const story: Story = {
  ports: [SSH, HTTP],
  sees: block(isScanner, { sight: 'closed', code: 'ECONNREFUSED' }, 8_000, Number.POSITIVE_INFINITY, [22]),
}
