/** The scanner's probe dies in the middle of the scan and never comes back. */
import { HTTP, HTTPS, type Story } from '../../../support/facts.ts'

export const story: Story = { ports: [HTTP, HTTPS], sees: () => 'open', scanMs: 60_000, scannerGoneAt: 15_000 }
