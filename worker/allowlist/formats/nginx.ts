import { type Kit, type Renderer, sampleOf, whoseOf } from '../kit.ts'

const BEHIND = 'behind a CDN or balancer nginx sees its address until real_ip_header and set_real_ip_from are set'

export const nginx: Renderer = {
  title: 'nginx, not counted by limit_req and limit_conn',
  file: 'portwitness.conf',
  type: 'text/plain',
  comment: '#',
  notes: (kit) => ({
    where: [
      'keep it as /etc/nginx/conf.d/portwitness.conf (context http, before the zones)',
      'in limit_req_zone and limit_conn_zone write $portwitness_limit_key in the place of $binary_remote_addr',
      'nginx -t && systemctl reload nginx',
    ],
    check: ['nginx -t', `no new "limiting requests" or "limiting connections" with ${sampleOf(kit)} in the error log`],
    undo: ['put $binary_remote_addr back, delete the file, restart'],
    traps: [
      'a reload is not enough the first time: a zone in use keeps its old key, and nginx says so in its log alone',
      'an empty key is not counted: that is all the exemption',
      BEHIND,
      'a deny wants the format nginx-allow; in the rewrite phase $portwitness is 1 for the scanner',
    ],
  }),
  body: (kit) => [
    'geo $portwitness {',
    '  default 0;',
    ...kit.entries.map((entry) => `  ${entry.cidr.text} 1; # ${whoseOf(entry)}`),
    '}',
    'map $portwitness $portwitness_limit_key {',
    '  0 $binary_remote_addr;',
    '  1 "";',
    '}',
  ],
}

export const nginxAllow: Renderer = {
  title: 'nginx, allowed before a deny',
  file: 'portwitness.allow',
  type: 'text/plain',
  comment: '#',
  notes: (kit) => ({
    where: [
      'keep it as /etc/nginx/portwitness.allow, and write: include /etc/nginx/portwitness.allow;',
      'before the first deny of the http, server or location block that has it',
      'nginx -t && systemctl reload nginx',
    ],
    check: ['nginx -t', `no new "access forbidden by rule" with ${sampleOf(kit)} in the error log`],
    undo: ['take the include out and reload'],
    traps: [
      'the first line that matches wins, and a block with lines of its own does not inherit these',
      'without a deny after it, it allows what is allowed anyway',
      BEHIND,
    ],
  }),
  body: (kit) => allows(kit),
  exclusiveNotes: () => ({
    where: [
      'keep it as /etc/nginx/portwitness.allow, and in the server or location block to be shut write: include /etc/nginx/portwitness.allow;',
      'nginx -t && systemctl reload nginx',
    ],
  }),
  exclusive: (kit) => [...allows(kit), 'deny all;'],
}

const allows = (kit: Kit): string[] => kit.entries.map((entry) => `allow ${entry.cidr.text}; # ${whoseOf(entry)}`)
