import { type Renderer, sampleOf, textsOf } from '../kit.ts'

export const exim: Renderer = {
  title: 'Exim, a host list to accept first',
  file: 'portwitness.exim',
  type: 'text/plain',
  comment: '#',
  notes: (kit) => ({
    where: [
      'keep it as /etc/exim4/portwitness.exim, and among the main settings write: .include /etc/exim4/portwitness.exim',
      'first line of the ACL that acl_smtp_connect names, and of each that refuses or counts: accept hosts = +portwitness',
      'write !+portwitness into host_reject_connection and smtp_ratelimit_hosts; then restart Exim',
    ],
    check: ['exim -bV', `exim -bh ${sampleOf(kit)} plays a session: the greeting is 220`],
    undo: ['take the lines out and restart'],
    traps: [
      'in the ACL for recipients `accept` would also relay: keep it to connect, helo and mail',
      'the list is parted by semicolons, because IPv6 has colons',
    ],
  }),
  body: (kit) => {
    const texts = textsOf(kit.entries)
    return [
      'hostlist portwitness = <; \\',
      ...texts.map((text, i) => `  ${text}${i < texts.length - 1 ? ' ; \\' : ''}`),
    ]
  },
}
