import { readHead } from '../../../probe-node/checks/http.ts'
import type { Service } from '../../../schema/words.ts'
import { bytes } from '../../support/facts.ts'

/** What each service says when all is well, and the name by which it is known again. */
const SAYS: Partial<Record<Service, string>> = {
  ssh: 'SSH-2.0-OpenSSH_9.6\r\n',
  smtp: '220 mail.example ESMTP Postfix\r\n',
  imap: '* OK IMAP4rev1 ready\r\n',
  pop3: '+OK ready\r\n',
  ftp: '220 ftp.example FTP server ready\r\n',
  telnet: '\xff\xfd\x18\xff\xfd\x20',
  mysql: 'J\0\0\0\n8.0.36\0',
}
export const HTTP_OK =
  'HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: text/html\r\nETag: "5f-1"\r\nAccept-Ranges: bytes\r\n\r\n'
export const HTTP_ODD = 'HTTP/1.1 404 Not Found\r\nServer: nginx\r\nContent-Type: text/html\r\n\r\n'

export const isWeb = (service: Service): boolean => service === 'http' || service === 'https'
/** Services that speak before the client does. */
export const speaksFirst = (service: Service): boolean => service in SAYS

export const ownWords = (service: Service): string | null => SAYS[service] ?? null

const encoded = new Map<string, string>()
/** Base64 of a text, remembered: the same few are said a million times. */
export function base64Of(text: string): string {
  const known = encoded.get(text)
  if (known !== undefined) return known
  const fresh = bytes(text.slice(0, 512))
  if (encoded.size < 10_000) encoded.set(text, fresh)
  return fresh
}

const heads = new Map<string, readonly string[]>()
/** The steady headers of an answer as the probe reads them, remembered as well. */
export function headOf(text: string): readonly string[] {
  const known = heads.get(text)
  if (known) return known
  const { head = [] } = readHead(Buffer.from(text))
  if (heads.size < 10_000) heads.set(text, head)
  return head
}
