import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkOf, firstCheck, identify, isRationed, looksLikeNotice, overTls } from '../../schema/service.ts'
import { CHECKS, SERVICES } from '../../schema/words.ts'

const bytes = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0))
const mysql = (body: string) => bytes(`${String.fromCharCode(body.length)}\0\0\0${body}`)
const MYSQL_8 = mysql('\x0a8.0.36\0\x08\0\0\0abcdefgh\0')
const MYSQL_BLOCKED = mysql("\xff\x69\x04Host '198.51.100.7' is blocked because of many connection errors")

describe('first bytes tell the service, on whatever port', () => {
  test.each([
    ['ssh', 'SSH-2.0-OpenSSH_9.6p1 Ubuntu-3\r\n', 2222],
    ['ssh', 'Welcome to the jump host\r\nSSH-2.0-dropbear_2022.83\r\n', 22],
    ['ssh', 'Exceeded MaxStartups\r\n', 22],
    ['ssh', 'Not allowed at this time\r\n', 443],
    ['smtp', '220 mx1.example.com ESMTP Postfix (Debian/GNU)\r\n', 25],
    ['smtp', '220 ftp.example.com ESMTP Exim 4.97\r\n', 21],
    ['smtp', '220-mail.example.com Microsoft ESMTP MAIL Service ready\r\n', 2525],
    ['smtp', '220 mx.example.com\r\n', 25],
    ['smtp', '554 5.7.1 Service unavailable; client blocked using zen.example\r\n', 25],
    ['smtp', '421 4.7.0 mx.example.com Too many connections\r\n', 25],
    ['ftp', '220 (vsFTPd 3.0.5)\r\n', 21],
    ['ftp', '220 ProFTPD Server (Debian) [::ffff:203.0.113.9]\r\n', 2121],
    ['ftp', '220---------- Welcome to Pure-FTPd [privsep] [TLS] ----------\r\n', 2100],
    ['ftp', '220-FileZilla Server 1.8.0\r\n', 9021],
    ['ftp', '220 Microsoft FTP Service\r\n', 21],
    ['ftp', '220 ready\r\n', 21],
    ['ftp', '421 Too many connections (8) from this IP\r\n', 21],
    ['ftp', '530 Sorry, the maximum number of clients is connected\r\n', 2021],
    ['imap', '* OK [CAPABILITY IMAP4rev1 SASL-IR] Dovecot ready.\r\n', 143],
    ['imap', '* PREAUTH ready\r\n', 1143],
    ['imap', '* BYE Too many connections\r\n', 143],
    ['pop3', '+OK Dovecot ready.\r\n', 110],
    ['pop3', '-ERR [SYS/TEMP] try later\r\n', 110],
    ['http', 'HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n\r\n', 8081],
    ['http', '<!DOCTYPE html><html>', 80],
    ['https', 'HTTP/1.1 400 Bad Request\r\n\r\nThe plain HTTP request was sent to HTTPS port', 9999],
    ['vnc', 'RFB 003.008\n', 5901],
    ['telnet', '\xff\xfd\x18\xff\xfd\x20', 23],
    ['tls', '\x16\x03\x03\x00\x7a\x02', 4433],
    ['tls', '\x15\x03\x01\x00\x02\x02\x28', 636],
    ['https', '\x16\x03\x03\x00\x7a\x02', 8443],
    ['imaps', '\x15\x03\x03\x00\x02\x02\x46', 993],
    ['pop3s', '\x16\x03\x03\x00\x7a\x02', 995],
    ['smtps', '\x16\x03\x03\x00\x7a\x02', 465],
    ['silent', '', 22],
    ['unknown', 'AMQP\0\0\x09\x01', 5672],
    ['unknown', '200 something else\r\n', 119],
    ['unknown', '\0\0\0\0', 25],
  ] as const)('%s: %j on %i', (service, text, port) => expect(identify(bytes(text), port)).toBe(service))

  test('mysql by its packet, and by the error packet it sends instead', () => {
    expect(identify(MYSQL_8, 3307)).toBe('mysql')
    expect(identify(MYSQL_BLOCKED, 3306)).toBe('mysql')
  })
})

test('the number of a port never overrules what the service said', () => {
  const said = [
    ['SSH-2.0-OpenSSH_9.6\r\n', 'ssh'],
    ['* OK IMAP4rev1 ready\r\n', 'imap'],
    ['+OK ready\r\n', 'pop3'],
    ['HTTP/1.0 200 OK\r\n', 'http'],
  ]
  for (const [text = '', service] of said) {
    for (const port of [21, 22, 25, 80, 110, 143, 443, 993, 3306, 65_535])
      expect(identify(bytes(text), port)).toBe(service)
  }
})

describe('a service that refuses us in words', () => {
  test.each([
    ['ssh', 'Exceeded MaxStartups\r\n'],
    ['ssh', 'Not allowed at this time\r\n'],
    ['smtp', '421 4.7.0 Error: too many connections from 198.51.100.7\r\n'],
    ['smtp', '521 5.7.1 Service unavailable\r\n'],
    ['smtp', '550 5.7.1 Access denied\r\n'],
    ['smtp', '554 mx.example.com ESMTP not accepting connections\r\n'],
    ['smtp', '554-mx.example.com\r\n554 Your access has been rejected due to its reputation\r\n'],
    ['smtp', '220-mx.example.com ESMTP\r\n550 5.5.1 Protocol error\r\n'],
    ['ftp', '421 Too many connections (8) from this IP\r\n'],
    ['ftp', '530 Too many connections\r\n'],
    ['imap', '* BYE Maximum number of connections from user+IP exceeded\r\n'],
    ['pop3', '-ERR too many connections\r\n'],
    ['vnc', 'RFB 003.003\n\0\0\0\0\0\0\0\x1aToo many security failures'],
  ] as const)('%s: %j', (service, text) => {
    expect(looksLikeNotice(service, bytes(text))).toBe(true)
    expect(identify(bytes(text), service === 'ftp' ? 21 : 25)).toBe(service)
  })

  test.each([
    ['ssh', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['ssh', ''],
    ['smtp', '220 mx.example.com ESMTP ready in 421 ms\r\n'],
    ['smtp', '220-mx.example.com ESMTP\r\n220 ready\r\n'],
    ['ftp', '220 530 days without an accident\r\n'],
    ['imap', '* OK BYE is a word too\r\n'],
    ['pop3', '+OK -ERR\r\n'],
    ['vnc', 'RFB 003.008\n'],
    ['vnc', 'RFB 003.003\n\0\0\0\x02'],
    ['http', 'HTTP/1.1 503 Service Unavailable\r\n\r\n421 '],
    ['unknown', '554 what is this'],
    ['silent', ''],
  ] as const)('but not %s: %j', (service, text) => expect(looksLikeNotice(service, bytes(text))).toBe(false))

  test('mysql that blocks the host, but not its handshake', () => {
    expect(looksLikeNotice('mysql', MYSQL_BLOCKED)).toBe(true)
    expect(looksLikeNotice('mysql', MYSQL_8)).toBe(false)
  })
})

test('every service has a check, and services that count us are rationed', () => {
  for (const service of SERVICES) expect(CHECKS).toContain(checkOf(service))
  expect(SERVICES.filter(isRationed)).toEqual([
    'ssh',
    'smtp',
    'imap',
    'pop3',
    'ftp',
    'imaps',
    'pop3s',
    'smtps',
    'mysql',
    'vnc',
  ])
  expect([checkOf('ssh'), checkOf('https'), checkOf('imaps'), checkOf('silent')]).toEqual([
    'greeting',
    'https',
    'tls',
    'tcp',
  ])
})

test('before anything is known, the port says how to ask', () => {
  expect([22, 80, 443, 993, 8080, 8443, 31_337].map(firstCheck)).toEqual([
    'greeting',
    'http',
    'https',
    'tls',
    'http',
    'https',
    'greeting',
  ])
})

test('what is said inside TLS is named for it', () => {
  expect([overTls('http'), overTls('imap'), overTls('unknown')]).toEqual(['https', 'imaps', 'tls'])
})

test('no bytes make it throw, and only silence is silent', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), fc.integer({ min: 1, max: 65_535 }), (sent, port) => {
      const service = identify(sent, port)
      expect(SERVICES).toContain(service)
      expect(service === 'silent').toBe(sent.length === 0)
      for (const each of SERVICES) looksLikeNotice(each, sent)
    }),
  )
})
