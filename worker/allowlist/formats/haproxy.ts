import { chunked, type Kit, type Renderer, sampleOf, textsOf } from '../kit.ts'

/** A line of HAProxy's configuration has room for 64 words. */
const PER_LINE = 40

export const haproxy: Renderer = {
  title: 'HAProxy, accepted before counters and denials',
  file: 'portwitness.cfg',
  type: 'text/plain',
  comment: '#',
  notes: (kit) => ({
    where: [
      'put these lines into the frontend, before its first tcp-request and http-request line; leave out http-request in mode tcp',
      'haproxy -c -f /etc/haproxy/haproxy.cfg && systemctl reload haproxy',
      `forget what was counted: echo "clear table NAME key ${sampleOf(kit)}" | socat stdio /run/haproxy/admin.sock`,
    ],
    check: [
      'haproxy -c -f /etc/haproxy/haproxy.cfg',
      `echo "show table NAME key ${sampleOf(kit)}" on the same socket stays empty`,
    ],
    undo: ['delete the lines and reload'],
    traps: [
      '`accept` and `allow` end the search: rules after them, redirects and headers too, are not carried out for the scanner',
      'behind another proxy `src` is its address unless PROXY protocol is used',
      'maxconn of a frontend counts everybody',
    ],
  }),
  body: (kit) => [
    ...acls(kit),
    '  tcp-request connection accept if portwitness',
    '  tcp-request content accept if portwitness',
    '  http-request allow if portwitness',
  ],
  exclusive: (kit) => [...acls(kit), '  tcp-request connection reject unless portwitness'],
}

const acls = (kit: Kit): string[] =>
  chunked(textsOf(kit.entries), PER_LINE).map((some) => `  acl portwitness src ${some.join(' ')}`)
