/**
 * A managed hosting provider shuts the scanner out of its whole network: every port of the target falls silent, and so
 * does the address of another customer beside it; sibling and witnesses reach both.
 */
import { bytes, HTTP, HTTPS, isScanner, type Story } from '../../../support/facts.ts'

const NEIGHBOUR = '192.0.2.40'
const page = 'HTTP/1.1 200 OK\r\nServer: nginx\r\nX-Powered-By: WP Engine\r\nX-Cacheable: SHORT\r\n\r\n'
export const story: Story = {
  ports: [HTTP, HTTPS],
  anchors: [{ address: NEIGHBOUR, port: 443 }],
  sees: (touch) =>
    isScanner(touch) && touch.at >= 8_000
      ? 'unresponsive'
      : { sight: 'open', httpStatus: 200, firstBytes: bytes(page) },
}
