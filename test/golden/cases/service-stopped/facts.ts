/** The owner stops the service: refused for everyone. */
import { block, HTTP, HTTPS, type Story } from '../../../support/facts.ts'

export const story: Story = {
  ports: [HTTP, HTTPS],
  sees: block(() => true, { sight: 'closed', code: 'ECONNREFUSED' }, 8_000, Number.POSITIVE_INFINITY, [443]),
}
