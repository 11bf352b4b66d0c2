import { type Kit, type Renderer, whoseOf } from '../kit.ts'

export const squid: Renderer = {
  title: 'Squid, allowed before a deny',
  file: 'portwitness.conf',
  type: 'text/plain',
  comment: '#',
  notes: () => ({
    where: [
      'keep it as /etc/squid/conf.d/portwitness.conf, and see that it is included before the http_access line that denies',
      'squid -k parse && squid -k reconfigure',
    ],
    check: ['squid -k parse'],
    undo: ['delete the file, then: squid -k reconfigure'],
    traps: [
      'on a forward proxy it lets the scanner use it as a proxy: keep the file to reverse proxies, or add a dst',
      'delay pools and maxconn lines have lists of their own: write !portwitness there',
    ],
  }),
  body: (kit) => [...acls(kit), 'http_access allow portwitness'],
  exclusive: (kit) => [...acls(kit), 'http_access deny !portwitness'],
}

const acls = (kit: Kit): string[] =>
  kit.entries.map((entry) => `acl portwitness src ${entry.cidr.text} # ${whoseOf(entry)}`)
