/**
 * Another scanner holds every worker of one web port (the laboratory's socat with three children and a backlog of one): its queue is
 * full, and the kernel drops whoever comes. No handshake comes about at all; the other port of the host goes on.
 */
import { block, HTTP, type Story } from '../../../support/facts.ts'

export const story: Story = {
  ports: [HTTP, { ...HTTP, port: 8080 }],
  scanMs: 30_000,
  company: { port: 8080, at: [] },
  sees: block(() => true, 'unresponsive', 8_000, undefined, [8080]),
}
