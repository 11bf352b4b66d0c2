import { type Renderer, sampleOf, textsOf } from '../kit.ts'

/** Dovecot's penalty knows no exemption but trust; so its text leaves that alone and lifts what can be lifted. */
export const dovecot: Renderer = {
  title: 'Dovecot, no limit on connections from the scanner',
  file: '99-portwitness.conf',
  type: 'text/plain',
  comment: '#',
  notes: (kit) => ({
    where: ['keep it as /etc/dovecot/conf.d/99-portwitness.conf, then: doveadm reload'],
    check: ['doveconf -n', `doveadm penalty ${sampleOf(kit)}`],
    undo: ['delete the file, then: doveadm reload'],
    traps: [
      'the penalty after failed logins knows no exempt address: leave logins out of the scan, or switch it off for its time (service anvil, unix_listener anvil-auth-penalty, mode = 0)',
      'keep the scanner out of login_trusted_networks: they may also forge the address of their clients, and log in without TLS',
      'a ban by fail2ban or CrowdSec on the mail log is lifted there',
    ],
  }),
  body: (kit) =>
    textsOf(kit.entries).flatMap((text) => [`remote ${text} {`, '  mail_max_userip_connections = 1000', '}']),
}
