/** postscreen asks a DNS list that names the scanner since a few seconds, and drops it on port 25; IMAP and the web go on. */
import { block, bytes, HTTPS, isScanner, type Port, type Story } from '../../../support/facts.ts'

const SMTP: Port = { port: 25, service: 'smtp', check: 'greeting' }
const IMAP: Port = { port: 143, service: 'imap', check: 'greeting' }
const refusal = '521 5.7.1 Service unavailable; client [198.51.100.7] blocked using dnsbl.example.net\r\n'
export const story: Story = {
  ports: [SMTP, IMAP, HTTPS],
  sees: block(isScanner, { sight: 'notice', firstBytes: bytes(refusal) }, 8_000, undefined, [25]),
}
