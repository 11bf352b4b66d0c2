/** Which service speaks, told by its first bytes. The port number is a prior: it only settles what the bytes leave open. */
import { type CheckName, RATIONED, type Service } from './words.ts'

/** Enough to tell every service here; a greeting may go on for much longer. */
const TEXT_BYTES = 512
const latin1 = (bytes: Uint8Array): string => String.fromCharCode(...bytes.subarray(0, TEXT_BYTES))

const HTTPS_PORTS = [
  443, 832, 981, 1311, 2053, 2083, 2087, 2096, 4443, 5443, 5986, 6443, 7443, 8243, 8443, 8834, 9443, 10443,
]
const HTTP_PORTS = [
  80, 81, 88, 591, 631, 2052, 2082, 2086, 2095, 2375, 3000, 3128, 4567, 5000, 5357, 5601, 5984, 5985, 7001, 8000, 8001,
  8008, 8080, 8081, 8082, 8083, 8086, 8088, 8089, 8090, 8096, 8123, 8161, 8180, 8200, 8500, 8880, 8888, 9000, 9080,
  9090, 9091, 9200, 10000, 15672,
]
/** What runs over TLS from the first byte, by its registered port. */
const TLS_SERVICE: Readonly<Record<number, Service>> = { 465: 'smtps', 993: 'imaps', 995: 'pop3s' }
const TLS_PORTS = [465, 563, 636, 853, 989, 990, 992, 993, 994, 995, 2376, 3269, 4433, 5061, 5671, 6697, 8883]
const FTP_PORTS = [20, 21, 2100, 2121]

/**
 * The service behind these bytes, as they came on the wire before any TLS. `silent` when none came. For what was said
 * inside a TLS session, see `overTls`.
 */
export function identify(firstBytes: Uint8Array, port: number): Service {
  if (firstBytes.length === 0) return 'silent'
  if (isTls(firstBytes)) return TLS_SERVICE[port] ?? (HTTPS_PORTS.includes(port) ? 'https' : 'tls')
  if (isMysql(firstBytes)) return 'mysql'
  // IAC and one of WILL, WON'T, DO, DON'T: option negotiation comes first (RFC 854)
  if (firstBytes[0] === 0xff && (firstBytes[1] ?? 0) >= 0xfb && (firstBytes[1] ?? 0) <= 0xfe) return 'telnet'
  const text = latin1(firstBytes)
  if (/^HTTP\/[0-9]/.test(text)) return /plain HTTP request was sent to HTTPS port/i.test(text) ? 'https' : 'http'
  // RFC 4253 4.2 lets a server send other lines before its version
  if (/^SSH-[0-9]|\nSSH-[12]\./.test(text) || SSH_NOTICE.test(text)) return 'ssh'
  if (/^RFB [0-9]{3}\.[0-9]{3}\n/.test(text)) return 'vnc'
  if (/^\* (OK|PREAUTH|BYE)\b/i.test(text)) return 'imap'
  if (/^(\+OK|-ERR)\b/.test(text)) return 'pop3'
  if (/^[1-5][0-9]{2}[ -]/.test(text)) return mailOrFiles(text, port)
  if (/^\s*(<!doctype html|<html)/i.test(text)) return 'http'
  return 'unknown'
}

/** SMTP and FTP share their answer codes; the words after them differ, and a bare code is left to the port. */
function mailOrFiles(text: string, port: number): Service {
  const code = text.slice(0, 3)
  // 220 and the host's own name: `220 ftp.example.com ESMTP Postfix` is mail for all that
  const words = text.slice(4).replace(/^[\w-]+(\.[\w-]+)+ /, '')
  if (/\bE?SMTP\b|postfix|exim|sendmail|rbl|spam|blocked using|mail/i.test(words)) return 'smtp'
  if (/ftp|filezilla/i.test(words) || code === '120' || code === '530') return 'ftp'
  if (code === '220' || code === '421' || code === '450' || code === '451' || code[0] === '5') {
    return FTP_PORTS.includes(port) ? 'ftp' : 'smtp'
  }
  return 'unknown'
}

/** A TLS record: handshake or alert, version 3.0 to 3.4 (RFC 8446 5.1). */
const isTls = (bytes: Uint8Array): boolean =>
  (bytes[0] === 0x16 || bytes[0] === 0x15) && bytes[1] === 3 && (bytes[2] ?? 255) <= 4

/** MySQL's first packet: three bytes of length, sequence 0, then protocol 10 or an error (dev.mysql.com, Handshake). */
function isMysql(bytes: Uint8Array): boolean {
  const [low = 0, mid = 0, high = 0, sequence, first] = bytes
  const length = low | (mid << 8) | (high << 16)
  return bytes.length >= 7 && sequence === 0 && length >= 3 && length < 4096 && (first === 10 || first === 0xff)
}

/** The same service, spoken inside TLS. */
export function overTls(service: Service): Service {
  const inside: Partial<Record<Service, Service>> = { http: 'https', imap: 'imaps', pop3: 'pop3s', smtp: 'smtps' }
  return inside[service] ?? 'tls'
}

/** How to touch a port of which nothing is known yet. Waiting for a greeting harms nobody, so it is the default. */
export function firstCheck(port: number): CheckName {
  if (HTTPS_PORTS.includes(port)) return 'https'
  if (TLS_PORTS.includes(port)) return 'tls'
  return HTTP_PORTS.includes(port) ? 'http' : 'greeting'
}

/** The least exchange that shows the service is there. */
const CHECK_OF: Record<Service, CheckName> = {
  ssh: 'greeting',
  smtp: 'greeting',
  imap: 'greeting',
  pop3: 'greeting',
  ftp: 'greeting',
  mysql: 'greeting',
  telnet: 'greeting',
  vnc: 'greeting',
  http: 'http',
  https: 'https',
  tls: 'tls',
  imaps: 'tls',
  pop3s: 'tls',
  smtps: 'tls',
  // Nothing may be expected of a service that we cannot name: only that it accepts.
  silent: 'tcp',
  unknown: 'tcp',
}
export const checkOf = (service: Service): CheckName => CHECK_OF[service]

/** Counts each connection without a login against its source; touches are held to a ration (design.md, section 3). */
export const isRationed = (service: Service): boolean => RATIONED.includes(service)

// sshd.c and srclimit.c of OpenSSH write these in place of the version line.
const SSH_NOTICE = /^(Exceeded MaxStartups|Not allowed at this time)/
// A first answer that is negative, transient or for good (RFC 5321 3.1, RFC 959 5.4), also after 220- lines (postscreen).
const NEGATIVE = /^(?:[123][0-9]{2}-[^\n]*\n)*[45][0-9]{2}(?:[ -]|\r?\n|$)/
const NOTICE: Partial<Record<Service, RegExp>> = {
  ssh: SSH_NOTICE,
  smtp: NEGATIVE,
  smtps: NEGATIVE,
  ftp: NEGATIVE,
  imap: /^\* (BYE|NO)\b/i,
  imaps: /^\* (BYE|NO)\b/i,
  pop3: /^-ERR\b/,
  pop3s: /^-ERR\b/,
  // A server waits for the client's version; one that goes on at once says security type 0, failed, and why (RFC 6143 7.1.2).
  vnc: /^RFB [0-9]{3}\.[0-9]{3}\n\0{4}/,
}

/** The service spoke, but to refuse us: too many connections, a listed address, a penalty. */
export function looksLikeNotice(service: Service, firstBytes: Uint8Array): boolean {
  // An error packet in place of the handshake: 1040 too many connections, 1129 host blocked, 1130 host not allowed
  if (service === 'mysql') return isMysql(firstBytes) && firstBytes[4] === 0xff
  return NOTICE[service]?.test(latin1(firstBytes)) ?? false
}
