import { type Renderer, sampleOf, textsOf } from '../kit.ts'

export const fail2ban: Renderer = {
  title: 'fail2ban, addresses that every jail ignores',
  file: 'portwitness.local',
  type: 'text/plain',
  comment: '#',
  notes: (kit) => ({
    where: [
      'keep it as /etc/fail2ban/jail.d/portwitness.local, then: fail2ban-client reload',
      `lift a ban that is there already: fail2ban-client unban ${sampleOf(kit)}`,
    ],
    check: ['fail2ban-client get JAIL ignoreip lists the networks'],
    undo: ['delete the file, then: fail2ban-client reload'],
    traps: [
      'it takes the place of an ignoreip of yours in jail.local: add your own networks to the list below',
      'a jail with an ignoreip of its own needs the networks there as well',
      'fail2ban-client -t passes wrong networks; fail2ban.local is not read for this',
    ],
  }),
  body: (kit) => [
    '[DEFAULT]',
    'ignoreip = 127.0.0.1/8 ::1',
    ...textsOf(kit.entries).map((text) => `           ${text}`),
  ],
}
