/** Both versions read the same rule; they are put in place and checked differently. */
import { chunked, type Kit, type Notes, type Renderer, sampleOf, textsOf } from '../kit.ts'

const FIRST_ID = 1_000_001
const PER_RULE = 50

const rules = (kit: Kit): string[] =>
  chunked(textsOf(kit.entries), PER_RULE).map(
    (some, i) =>
      `SecRule REMOTE_ADDR "@ipMatch ${some.join(',')}" "id:${FIRST_ID + i},phase:1,pass,nolog,ctl:ruleEngine=Off"`,
  )
const checkOf = (kit: Kit): string => `no new entry with ${sampleOf(kit)} in the audit log (SecAuditLog)`
const TRAPS = [
  `the ids from ${FIRST_ID} on must be free`,
  'behind a proxy REMOTE_ADDR is the proxy until mod_remoteip or real_ip is set',
  'a fail2ban jail on the log of ModSecurity needs an exemption of its own',
]

export const modsecurity2: Renderer = {
  title: 'ModSecurity 2 in Apache, off for the scanner',
  file: 'portwitness-modsecurity.conf',
  type: 'text/plain',
  comment: '#',
  notes: (kit): Notes => ({
    where: [
      'keep it as /etc/modsecurity/00-portwitness.conf: it must be read before the Core Rule Set',
      'apache2ctl configtest && systemctl reload apache2',
    ],
    check: ['apache2ctl configtest', checkOf(kit)],
    undo: ['delete the file and reload'],
    traps: TRAPS,
  }),
  body: rules,
}

export const modsecurity3: Renderer = {
  title: 'ModSecurity 3 in nginx, off for the scanner',
  file: 'portwitness-modsecurity.conf',
  type: 'text/plain',
  comment: '#',
  notes: (kit): Notes => ({
    where: [
      'keep it as /etc/nginx/portwitness-modsecurity.conf, and in the file that modsecurity_rules_file names, before the Core Rule Set:',
      'Include /etc/nginx/portwitness-modsecurity.conf',
      'nginx -t && systemctl reload nginx',
    ],
    check: ['nginx -t', checkOf(kit)],
    undo: ['take the Include out and reload'],
    traps: TRAPS,
  }),
  body: rules,
}
