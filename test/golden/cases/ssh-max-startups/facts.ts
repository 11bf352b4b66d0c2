/** sshd is full: it refuses everybody in words. */
import { block, bytes, HTTP, SSH, type Story } from '../../../support/facts.ts'

export const story: Story = {
  ports: [SSH, HTTP],
  sees: block(
    () => true,
    { sight: 'notice', firstBytes: bytes('Exceeded MaxStartups\r\n') },
    8_000,
    Number.POSITIVE_INFINITY,
    [22],
  ),
}
