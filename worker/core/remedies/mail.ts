import type { RemediesOf, RemedyFor } from './remedy.ts'

export const MAIL: RemediesOf<'mail_protection'> = {
  postscreen: ({ source, cidr, port, near }) => ({
    title: 'Permit the scanner in postscreen',
    happened: `postscreen took ${source} for a spam robot and refuses it before mail is spoken.`,
    confirm: `\`grep postscreen /var/log/mail.log | grep ${source}\`${near}: PREGREET, DNSBL rank or NOQUEUE: reject says why.`,
    change: [
      `Write \`${cidr} permit\` and a line for each published range to \`/etc/postfix/postscreen_access.cidr\`; in \`main.cf\` \`postscreen_access_list = permit_mynetworks, cidr:/etc/postfix/postscreen_access.cidr\`; then \`postfix reload\`.`,
      `\`postmap -q ${source} cidr:/etc/postfix/postscreen_access.cidr\` must print permit.`,
    ],
    undo: 'remove the lines and run `postfix reload`.',
    limit: `A wrong line is left out with no more than a warning. If a mail gateway of another firm answers on port ${port}, its allowlist is the place.`,
    formats: ['postscreen'],
  }),
  smtp_limit: ({ source, bracketed, slower, near }) => ({
    title: 'Leave the scanner out of the mail server’s limits',
    happened: `The mail server counts connections or commands of ${source} and tells it to come back later.`,
    confirm: `\`grep 'limit exceeded' /var/log/mail.log | grep ${source}\`${near}, Exim \`grep ${source} /var/log/exim4/mainlog\`, rspamd its log.`,
    change: [
      `Postfix, \`main.cf\`: \`smtpd_client_event_limit_exceptions = $mynetworks, ${bracketed}\` with the published ranges, then \`postfix reload\`. Exim: \`accept hosts = <; ${source}\` first in the connect ACL. rspamd: \`whitelisted_ip\` of the ratelimit module.`,
      slower,
    ],
    undo: 'remove the addresses and reload.',
    formats: ['postfix', 'exim', 'rspamd'],
  }),
  login_penalty: ({ source, isIpv6 }) => ({
    title: 'Scan without failed logins, or lift Dovecot’s penalty',
    happened: `Dovecot answers ${source} later and later after failed logins.`,
    confirm: `\`doveadm penalty ${source}\` shows the penalty.`,
    change: [
      'Leave login attempts out of the scan, then wait a minute: the penalty fades by itself.',
      'Or for the scan only: in the block `service anvil`, `unix_listener anvil-auth-penalty`, set `mode = 0` (each brace and setting on a line of its own), then `doveadm reload`.',
    ],
    undo: 'delete the block and run `doveadm reload`.',
    limit: `Keep the scanner out of \`login_trusted_networks\`: it lifts the penalty, but also trusts what the address says of its clients.${isIpv6 ? ' For IPv6 the penalty covers the whole /48.' : ''}`,
    formats: ['dovecot'],
  }),
  mail_ban: ({ source, port, near }) => ({
    title: 'Let the mail jails ignore the scanner',
    happened: `A tool that reads the mail log banned ${source} from port ${port} and the other mail ports.`,
    confirm: `\`fail2ban-client banned ${source}\` names the jail (postfix, dovecot, sieve …); \`cscli decisions list --ip ${source}\` with CrowdSec; the mail log${near} shows what was counted.`,
    change: [
      `fail2ban: \`ignoreip = 127.0.0.1/8 ::1 ${source}\` and the published ranges in \`[DEFAULT]\` of \`/etc/fail2ban/jail.local\`, then \`fail2ban-client reload\` and \`fail2ban-client unban ${source}\`.`,
      `CrowdSec: \`cscli allowlists add NAME ${source}\`, then \`cscli decisions delete --ip ${source}\`.`,
    ],
    undo: 'take the addresses out of the list and reload.',
    formats: ['fail2ban', 'crowdsec'],
  }),
}

export const anyMailGate: RemedyFor = ({ source, cidr, bracketed, near }) => ({
  title: 'Exempt the scanner’s addresses from the mail gate',
  happened: `A protection of the mail service turned ${source} away.`,
  confirm: `\`grep ${source} /var/log/mail.log\`${near} shows the refusal and who made it.`,
  change: [
    `postscreen: \`${cidr} permit\` in its access list. Postfix limits: \`smtpd_client_event_limit_exceptions = $mynetworks, ${bracketed}\`. fail2ban: \`ignoreip\`. A gateway of another firm: its allowlist.`,
    'Add all published ranges in the same place and reload.',
  ],
  undo: 'remove the addresses and reload.',
  formats: ['postscreen', 'postfix', 'exim', 'rspamd', 'fail2ban'],
})
