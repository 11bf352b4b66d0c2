/** A web server gives way: most connects meet silence, whoever makes them; one in five is accepted and never answered. */
import { HTTP, PANEL, SSH, type Story } from '../../../support/facts.ts'

export const story: Story = {
  ports: [SSH, HTTP],
  sees: ({ port, at, member }) => {
    if (port !== 80 || at < 8_000) return 'open'
    const turn = Math.floor(at / 1_000) + PANEL.indexOf(member)
    return turn % 5 === 0 ? { sight: 'mute', connectMs: 3_015 } : 'unresponsive'
  },
}
