/** The web server goes on, but gives the scanner a 403 page with signs of its maker. */
import { block, bytes, HTTP, HTTPS, isScanner, type Story } from '../../../support/facts.ts'

const page = 'HTTP/1.1 403 Forbidden\r\nServer: cloudflare\r\nCF-RAY: 8a1b2c3d4e5f-FRA\r\n\r\nerror code: 1020'
export const story: Story = {
  ports: [HTTP, HTTPS],
  sees: block(isScanner, { sight: 'page', httpStatus: 403, firstBytes: bytes(page) }, 8_000),
}
