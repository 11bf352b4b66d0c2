/** Only the scanner loses the port, but its site has no second probe. */
import { block, HTTP, HTTPS, isScanner, PANEL, type Story } from '../../../support/facts.ts'

export const story: Story = {
  panel: PANEL.filter((member) => member.role !== 'sibling'),
  ports: [HTTP, HTTPS],
  sees: block(isScanner, 'unresponsive', 8_000, Number.POSITIVE_INFINITY, [443]),
}
