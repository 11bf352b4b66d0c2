/** The ban lifts by itself after a minute: the verdict stays, the recovery is told. */
import { block, HTTP, HTTPS, isScanner, type Story } from '../../../support/facts.ts'

export const story: Story = {
  ports: [HTTP, HTTPS],
  sees: block(isScanner, 'unresponsive', 8_000, 75_000),
  recoverMs: 400_000,
}
