/** Scanner and sibling alone: nobody elsewhere can say who lost the port. */
import { block, HTTP, HTTPS, isScanner, PANEL, type Story } from '../../../support/facts.ts'

export const story: Story = {
  panel: PANEL.filter((member) => member.role !== 'witness'),
  ports: [HTTP, HTTPS],
  sees: block(isScanner, 'unresponsive', 8_000),
}
