import { looksLikeNotice } from '../../schema/service.ts'
import type { Service } from '../../schema/words.ts'
import type { Check } from './check.ts'
import { exchange, identityOf, touchedBy } from './exchange.ts'

const FAREWELL: Partial<Record<Service, string>> = {
  smtp: 'QUIT\r\n',
  pop3: 'QUIT\r\n',
  ftp: 'QUIT\r\n',
  imap: '1 LOGOUT\r\n',
}

/**
 * Waits for the server to speak first and says nothing itself: on port 25 a client that speaks first is what mail
 * protection looks for, and for sshd one read of the banner is one connection counted against us.
 */
export const greeting: Check = async (options) => {
  const seen = await exchange(options, {
    enough: (bytes) => bytes.includes(10) || bytes.length >= 512,
    ...(FAREWELL[options.service] ? { farewell: FAREWELL[options.service] } : {}),
  })
  const touched = await touchedBy('greeting', options, seen)
  if (!touched.firstBytes) return touched
  if (looksLikeNotice(options.service, touched.firstBytes)) return { ...touched, sight: 'notice' }
  return { ...touched, identity: greetingIdentity(touched.firstBytes) }
}

/** The same as long as the service is the same. */
export const greetingIdentity = (bytes: Uint8Array): string => identityOf(stableLine(bytes))

/** The first line without what changes by itself: mail servers put the time and a queue number into it. */
function stableLine(bytes: Uint8Array): string {
  const line = Buffer.from(bytes).toString('latin1').split(/\r?\n/, 1)[0] ?? ''
  return line.startsWith('SSH-') ? line : line.replace(/[0-9a-fA-F]*\d[0-9a-fA-F]*/g, '#')
}
