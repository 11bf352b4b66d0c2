import { scenario } from '../scenario.ts'

export const postfixClientRate = scenario({
  name: 'postfix-client-rate',
  group: 'positive',
  tool: 'Postfix 3.7.11 smtpd_client_connection_rate_limit: more than 8 connections in 10 min get 421',
  real: 'third-party',
  needs: ['postfix', 'rsyslogd'],
  ports: '22,25,80,1000-1005',
  profile: 'assertive',
  target: `
    listeners 22 80
    postfix_server smtpd_client_connection_rate_limit=8 anvil_rate_time_unit=600s smtpd_client_event_limit_exceptions=
  `,
  truth: { list: { on: 'target', run: `grep -o 'Connection rate limit exceeded.*' "$LOG/mail.log"` } },
  expect: {
    ports: [25],
    verdicts: ['app_blocked'],
    classes: ['mail_protection'],
    mechanisms: ['smtp_limit', 'postscreen'],
  },
  quick: true,
})
