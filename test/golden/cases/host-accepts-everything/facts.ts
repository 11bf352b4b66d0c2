/** Random high ports accept as well: nothing that was found is a service. */
import { block, HTTP, HTTPS, isScanner, type Story } from '../../../support/facts.ts'

export const story: Story = {
  ports: [
    { ...HTTP, phantom: true },
    { ...HTTPS, phantom: true },
  ],
  sees: block(isScanner, 'mute', 8_000),
}
