import { type Kit, type Renderer, textsOf } from '../kit.ts'

export const caddy: Renderer = {
  title: 'Caddy, a matcher for everybody but the scanner',
  file: 'portwitness.caddy',
  type: 'text/plain',
  comment: '#',
  notes: () => ({
    where: [
      'keep it as /etc/caddy/portwitness.caddy; in the Caddyfile, after the block of global options: import /etc/caddy/portwitness.caddy',
      'in the site: import portwitness; then name @not_portwitness in whatever refuses or limits: respond @not_portwitness 403, rate_limit @not_portwitness',
      'caddy validate --config /etc/caddy/Caddyfile --adapter caddyfile && systemctl reload caddy',
    ],
    check: ['caddy validate --config /etc/caddy/Caddyfile --adapter caddyfile'],
    undo: ['take the matcher and both imports out and reload'],
    traps: [
      'a directive takes one matcher: where it has one already, put the line of @not_portwitness into that matcher',
      'behind a proxy write client_ip for remote_ip and set trusted_proxies (2.7 and newer)',
    ],
  }),
  body: (kit) => snippet(kit, []),
  exclusiveNotes: () => ({
    where: [
      'keep it as /etc/caddy/portwitness.caddy; in the Caddyfile, after the block of global options: import /etc/caddy/portwitness.caddy',
      'in the site to be shut, before everything else: import portwitness',
      'caddy validate --config /etc/caddy/Caddyfile --adapter caddyfile && systemctl reload caddy',
    ],
  }),
  exclusive: (kit) => snippet(kit, ['\tabort @not_portwitness']),
}

const snippet = (kit: Kit, more: readonly string[]): string[] => [
  '(portwitness) {',
  `\t@not_portwitness not remote_ip ${textsOf(kit.entries).join(' ')}`,
  ...more,
  '}',
]
