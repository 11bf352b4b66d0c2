import { HTTP, HTTPS, OTHER, type Port, SSH } from '../../support/facts.ts'

export const TELNET: Port = { port: 23, service: 'telnet', check: 'greeting' }
export const MYSQL: Port = { port: 3306, service: 'mysql', check: 'greeting' }
export const SMTP: Port = { port: 25, service: 'smtp', check: 'greeting' }
export const SUBMISSION: Port = { port: 587, service: 'smtp', check: 'greeting' }
export const IMAP: Port = { port: 143, service: 'imap', check: 'greeting' }
export const POP3: Port = { port: 110, service: 'pop3', check: 'greeting' }

/** Hosts as they are met: a web server with a shell, a mail server, a box of several things. */
export const WEB_HOST: readonly Port[] = [SSH, HTTP, HTTPS]
export const BOX: readonly Port[] = [HTTP, HTTPS, OTHER, TELNET]
export const SHELL_BOX: readonly Port[] = [SSH, HTTP, HTTPS, MYSQL]
export const MAIL_HOST: readonly Port[] = [SMTP, SUBMISSION, IMAP, POP3, HTTPS]

export const portsOf = (ports: readonly Port[]): number[] => ports.map(({ port }) => port)
