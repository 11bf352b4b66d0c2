import { scenario } from '../scenario.ts'

export const postscreenDenylist = scenario({
  name: 'postscreen-denylist',
  group: 'positive',
  tool: 'Postfix 3.7.11 postscreen: the scanner is put on its access list in mid-scan, denylist action drop (521)',
  real: 'third-party',
  needs: ['postfix', 'rsyslogd'],
  ports: '25,80,1000-1005',
  profile: 'accompany',
  accompanySeconds: 20,
  target: `
    listeners 80
    echo '192.0.2.1/32 reject' > /etc/postfix/access.cidr
    POSTSCREEN=1 postfix_server postscreen_access_list=cidr:/etc/postfix/access.cidr postscreen_denylist_action=drop postscreen_greet_wait=2s
  `,
  async meanwhile({ progress, seconds, onTarget }) {
    await progress(/ready: start your scanner/)
    await seconds(4)
    await onTarget('echo "$SCANNER/32 reject" >> /etc/postfix/access.cidr; postfix -c /etc/postfix reload')
  },
  truth: { list: { on: 'target', run: 'cat /etc/postfix/access.cidr' } },
  expect: {
    ports: [25],
    verdicts: ['app_blocked'],
    classes: ['mail_protection'],
    mechanisms: ['postscreen', 'smtp_limit'],
  },
})
