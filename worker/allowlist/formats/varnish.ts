import { type Kit, type Renderer, whoseOf } from '../kit.ts'

export const varnish: Renderer = {
  title: 'Varnish, past the rules of vcl_recv',
  file: 'portwitness.vcl',
  type: 'text/plain',
  comment: '#',
  notes: () => ({
    where: [
      'keep it as /etc/varnish/portwitness.vcl; in your VCL, below the line of its version: include "/etc/varnish/portwitness.vcl";',
      'varnishd -C -f /etc/varnish/default.vcl, then: varnishreload',
    ],
    check: ['varnishd -C -f /etc/varnish/default.vcl'],
    undo: ['take the include out and reload'],
    traps: [
      'it ends vcl_recv for the scanner: a backend that is chosen there must be chosen before the include',
      'answers come from the backend, not from the cache, which is what a scan wants',
      'behind another proxy client.ip is its address unless PROXY protocol is used',
    ],
  }),
  body: (kit) => [...acl(kit), 'sub vcl_recv {', '  if (client.ip ~ portwitness) { return (pass); }', '}'],
  exclusive: (kit) => [...acl(kit), 'sub vcl_recv {', '  if (client.ip !~ portwitness) { return (synth(403)); }', '}'],
}

const acl = (kit: Kit): string[] => [
  'acl portwitness {',
  ...kit.entries.map((entry) => `  "${entry.cidr.address.text}"/${entry.cidr.prefix}; # ${whoseOf(entry)}`),
  '}',
]
