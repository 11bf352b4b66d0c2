/** What the profiles do to an open port, as data. Everything sent is listed in the raw output. */
import type { SecureVersion } from 'node:tls'
import type { TouchTarget } from '../../schema/wire.ts'
import type { CheckName, Profile, Service, StimulusWord } from '../../schema/words.ts'

export type Stimulus =
  /** the endpoint's own least exchange */
  | { kind: 'touch'; check: CheckName }
  /** connect, send a first line, read what comes */
  | { kind: 'line'; send: string }
  | { kind: 'tls'; version: SecureVersion | null }
  | { kind: 'http'; method: 'GET' | 'HEAD' | 'OPTIONS'; path: string; as: StimulusWord }

const touchOf = (check: CheckName): Stimulus => ({ kind: 'touch', check })
const get = (path: string, as: StimulusWord): Stimulus => ({ kind: 'http', method: 'GET', path, as })
const PLAIN_GET = get('/', 'plain')

const TLS_VERSIONS: readonly Stimulus[] = (['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const).map((version) => ({
  kind: 'tls',
  version,
}))

/** Paths that vulnerability scanners ask for on every web server (nikto, nuclei and nmap's http-enum have them all). */
const SCANNER_PATHS = [
  '/robots.txt',
  '/.git/config',
  '/.env',
  '/.svn/entries',
  '/.htaccess',
  '/wp-login.php',
  '/xmlrpc.php',
  '/server-status',
  '/phpinfo.php',
  '/phpmyadmin/',
  '/admin/',
  '/manager/html',
  '/actuator/health',
  '/cgi-bin/test.cgi',
  '/backup.zip',
  '/portwitness-no-such-page',
]
/** Shaped like attacks, but inert: they name no file that exists, change nothing and run nothing. */
const ATTACK_SHAPES = [
  "/?id=1'%20OR%20'1'='1",
  '/?id=1%20UNION%20SELECT%20NULL--',
  '/?q=%3Cscript%3Ealert(1)%3C/script%3E',
  '/?file=../../../../etc/passwd',
  '/?page=php://filter/convert.base64-encode/resource=portwitness',
  '/?cmd=%3Bcat%20/etc/passwd',
  '/?x=$%7Bjndi:ldap://127.0.0.1/portwitness%7D',
  '/?s=%7B%7B7*7%7D%7D',
]
const WEB: readonly Stimulus[] = [
  PLAIN_GET,
  { kind: 'http', method: 'OPTIONS', path: '/', as: 'path' },
  ...SCANNER_PATHS.map((path) => get(path, 'path')),
  ...ATTACK_SHAPES.map((path) => get(path, 'attack')),
  // Whether the attack shapes were refused for what they are, or the scanner for having sent them.
  get('/?q=portwitness', 'plain'),
  PLAIN_GET,
]

/** Repeated service probes, as version detection makes them: protocol-typical first lines, one connection each. */
const TIMES = 12
const lines = (...texts: readonly string[]): readonly Stimulus[] =>
  Array.from({ length: TIMES }, (_, i) => ({ kind: 'line', send: texts[i % texts.length] as string }))

const FIRST_LINES: Partial<Record<Service, readonly Stimulus[]>> = {
  ssh: lines('SSH-2.0-Portwitness_0.1\r\n', 'SSH-1.5-Portwitness_0.1\r\n', '\r\n\r\n'),
  smtp: lines('EHLO probe.invalid\r\n', 'HELP\r\n', 'VRFY root\r\n', 'EXPN root\r\n', 'STARTTLS\r\n'),
  ftp: lines('HELP\r\n', 'USER anonymous\r\n', 'SYST\r\n', 'FEAT\r\n'),
  pop3: lines('CAPA\r\n', 'USER probe\r\n', 'STLS\r\n'),
  imap: lines('1 CAPABILITY\r\n', '1 LOGIN probe probe\r\n', '1 STARTTLS\r\n'),
  mysql: lines('\r\n\r\n'),
  telnet: lines('\r\n', 'help\r\n'),
  vnc: lines('RFB 003.008\n'),
}
const ANY_LINES = lines(
  'GET / HTTP/1.0\r\n\r\n',
  '\r\n\r\n',
  'HELP\r\n',
  'OPTIONS / RTSP/1.0\r\n\r\n',
  'OPTIONS sip:nm SIP/2.0\r\n\r\n',
  'QUIT\r\n',
)

/** The stimuli for one endpoint, in order. */
export function stimuliFor(
  profile: Profile,
  { service, check }: Pick<TouchTarget, 'service' | 'check'>,
): readonly Stimulus[] {
  switch (profile) {
    case 'discovery':
    case 'accompany':
      return []
    case 'standard':
      if (check === 'http') return [PLAIN_GET]
      if (check === 'https') return [{ kind: 'tls', version: null }, PLAIN_GET]
      return check === 'tls' ? [{ kind: 'tls', version: null }] : [touchOf(check)]
    case 'assertive':
      if (check === 'http') return WEB
      if (check === 'https') return [...TLS_VERSIONS, ...WEB]
      if (check === 'tls') return [...TLS_VERSIONS, ...Array.from({ length: TIMES }, () => touchOf(check))]
      return [touchOf(check), ...(FIRST_LINES[service] ?? ANY_LINES)]
  }
}
