import { type Renderer, textsOf } from '../kit.ts'

export const rspamd: Renderer = {
  title: 'rspamd, not counted by its rate limits',
  file: 'portwitness.map',
  type: 'text/plain',
  comment: '#',
  notes: () => ({
    where: [
      'keep it as /etc/rspamd/local.d/maps.d/portwitness.map',
      '/etc/rspamd/local.d/ratelimit.conf: whitelisted_ip = "/etc/rspamd/local.d/maps.d/portwitness.map";',
      'then: systemctl reload rspamd; later changes of the file are seen by themselves',
    ],
    check: ['rspamadm configtest -q'],
    undo: ['take the setting out and reload'],
    traps: ['greylisting has a list of its own: whitelisted_ip in greylist.conf takes the same file'],
  }),
  body: (kit) => textsOf(kit.entries),
}
