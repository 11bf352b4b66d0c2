import { type Renderer, sampleOf, textsOf } from '../kit.ts'

export const postscreen: Renderer = {
  title: 'Postfix postscreen, permitted before its tests',
  file: 'postscreen_access.cidr',
  type: 'text/plain',
  comment: '#',
  notes: (kit) => ({
    where: [
      'add it at the front of /etc/postfix/postscreen_access.cidr',
      'main.cf: postscreen_access_list = permit_mynetworks, cidr:/etc/postfix/postscreen_access.cidr',
      'then: postfix reload',
    ],
    check: [
      `postmap -q ${sampleOf(kit)} cidr:/etc/postfix/postscreen_access.cidr prints permit, and nothing on stderr`,
    ],
    undo: ['take the lines out, then: postfix reload'],
    traps: [
      'a wrong line is left out with no more than a warning',
      'the first line that matches wins',
      'limits on clients (anvil) are another list: see the format postfix',
    ],
  }),
  body: (kit) => textsOf(kit.entries).map((text) => `${text} permit`),
}

export const postfix: Renderer = {
  title: 'Postfix, not counted by the limits on clients',
  file: 'portwitness-main.cf',
  type: 'text/plain',
  comment: '#',
  notes: () => ({
    where: [
      'put it into /etc/postfix/main.cf, in the place of a smtpd_client_event_limit_exceptions of yours; then: postfix reload',
    ],
    check: ['postconf smtpd_client_event_limit_exceptions', 'postfix check'],
    undo: ['take the lines out, then: postfix reload'],
    traps: [
      'networks of IPv6 are in brackets here, and only here',
      'it lifts the limits on rate and number; postscreen and access lists are others',
    ],
  }),
  body: (kit) => [
    'smtpd_client_event_limit_exceptions = $mynetworks',
    ...kit.entries.map(({ cidr }) => `  ${cidr.family === 4 ? cidr.text : `[${cidr.address.text}]/${cidr.prefix}`}`),
  ],
}
