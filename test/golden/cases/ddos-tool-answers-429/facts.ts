/** A rate limit answers the scanner, and nobody else, with 429 for some minutes. */
import { block, bytes, HTTP, HTTPS, isScanner, SSH, type Story } from '../../../support/facts.ts'

const limit = 'HTTP/1.1 429 Too Many Requests\r\nServer: nginx\r\nRetry-After: 300\r\n\r\n'
export const story: Story = {
  ports: [SSH, HTTP, HTTPS],
  sees: block(isScanner, { sight: 'page', httpStatus: 429, firstBytes: bytes(limit) }, 8_000, 308_000, [80, 443]),
}
