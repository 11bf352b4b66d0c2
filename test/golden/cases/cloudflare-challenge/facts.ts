/** Cloudflare stands before the site; it challenges the scanner, while everybody else gets the site through it. */
import { bytes, HTTP, HTTPS, isScanner, type Story } from '../../../support/facts.ts'

const passed = 'HTTP/1.1 200 OK\r\nServer: cloudflare\r\nCF-RAY: 8a1b2c3d4e5f6071-AMS\r\n\r\n'
const challenge =
  'HTTP/1.1 403 Forbidden\r\nServer: cloudflare\r\nCF-RAY: 8a1b2c3d4e5f6072-FRA\r\ncf-mitigated: challenge\r\n\r\n'
export const story: Story = {
  ports: [HTTP, HTTPS],
  sees: (touch) =>
    isScanner(touch) && touch.at >= 8_000
      ? { sight: 'page', httpStatus: 403, firstBytes: bytes(challenge) }
      : { sight: 'open', httpStatus: 200, firstBytes: bytes(passed) },
}
