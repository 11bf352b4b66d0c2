/** All workers of the web server are taken: it accepts everybody and answers nobody for three minutes; SSH goes on. */
import { block, HTTP, SSH, type Story } from '../../../support/facts.ts'

export const story: Story = {
  ports: [SSH, HTTP],
  sees: block(() => true, 'mute', 8_000, 188_000, [80]),
}
