import { type Kit, type Renderer, sampleOf, textsOf } from '../kit.ts'

const BEHIND_PROXY = 'behind a proxy Apache sees its address until mod_remoteip is set'

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
      BEHIND_PROXY,
    ],
  }),
  body: (kit) => requires(kit),
  exclusiveNotes: (kit) => ({
    where: [
      'keep it as /etc/apache2/conf-available/portwitness.conf; a2enconf portwitness',
      'apache2ctl configtest && systemctl reload apache2',
    ],
    check: [
      'apache2ctl configtest',
      `from elsewhere every page answers 403; no new AH01630 "client denied" with ${sampleOf(kit)} in the error log`,
    ],
    undo: ['a2disconf portwitness, then reload'],
    traps: [
      '`AuthMerging And` leaves what is shut already shut, also to the scanner: files that are denied, pages that want a password',
      'a <Location> or <If> that is read after it (virtual hosts are) and has Require lines of its own takes its place there: write AuthMerging And into each',
      'Allow, Deny and Order of mod_access_compat, and Satisfy Any with them, are decided beside it: turn them into Require lines',
      BEHIND_PROXY,
    ],
  }),
  // Sections of <Location> come after all others, and without AuthMerging they would take the place of what those require.
  exclusive: (kit) => [
    '<Location "/">',
    'AuthMerging And',
    '<RequireAny>',
    ...requires(kit),
    '</RequireAny>',
    '</Location>',
  ],
}

const requires = (kit: Kit): string[] => textsOf(kit.entries).map((text) => `Require ip ${text}`)
