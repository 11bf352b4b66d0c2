/** ModSecurity saw attack strings and answers the scanner's address with its 403 from then on; the status line is all that a HEAD request gets. */
import { block, bytes, HTTP, HTTPS, isScanner, SSH, type Story } from '../../../support/facts.ts'

const refusal =
  'HTTP/1.1 403 Forbidden\r\nServer: Apache/2.4.62 (Debian)\r\nContent-Type: text/html; charset=iso-8859-1\r\n\r\n'
export const story: Story = {
  ports: [SSH, HTTP, HTTPS],
  sees: block(isScanner, { sight: 'page', httpStatus: 403, firstBytes: bytes(refusal) }, 12_000, undefined, [80, 443]),
}
