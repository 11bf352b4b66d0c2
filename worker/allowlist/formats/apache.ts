import { type Kit, type Renderer, sampleOf, textsOf } from '../kit.ts'

export const apache: Renderer = {
  title: 'Apache, required beside your own rules',
  file: 'portwitness.require',
  type: 'text/plain',
  comment: '#',
  notes: (kit) => ({
    where: [
      'keep it as /etc/apache2/portwitness.require',
      'where the present Require lines stand: <RequireAny>, Include /etc/apache2/portwitness.require, <RequireAll>, your lines, </RequireAll>, </RequireAny>, each on a line of its own',
      'apache2ctl configtest && systemctl reload apache2',
    ],
    check: ['apache2ctl configtest', `no new AH01630 "client denied" with ${sampleOf(kit)} in the error log`],
    undo: ['take <RequireAny> and the Include away and reload'],
    traps: [
      'without your own lines beside it in <RequireAny> it shuts everybody else out',
      'mod_evasive has a list of its own (DOSWhitelist), without networks; so have mod_qos and mod_security',
      'behind a proxy Apache sees its address until mod_remoteip is set',
    ],
  }),
  body: (kit) => requires(kit),
  exclusiveWhere: [
    'keep it as /etc/apache2/conf-available/portwitness.conf; a2enconf portwitness',
    'apache2ctl configtest && systemctl reload apache2',
  ],
  exclusive: (kit) => ['<Location "/">', '<RequireAny>', ...requires(kit), '</RequireAny>', '</Location>'],
}

const requires = (kit: Kit): string[] => textsOf(kit.entries).map((text) => `Require ip ${text}`)
