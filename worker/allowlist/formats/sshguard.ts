import { type Renderer, sampleOf, textsOf } from '../kit.ts'

export const sshguard: Renderer = {
  title: 'sshguard, its whitelist',
  file: 'portwitness.sshguard',
  type: 'text/plain',
  comment: '#',
  notes: (kit) => ({
    where: [
      'add it to the file that WHITELIST_FILE in sshguard.conf names (Debian: /etc/sshguard/whitelist)',
      'then systemctl restart sshguard: it reads the list anew',
    ],
    check: [`no new line "Blocking ${sampleOf(kit)}" in: journalctl -t sshguard`],
    undo: ['take the lines out and restart sshguard'],
    traps: [
      'an accept rule of your own does not help: sshguard drops in a table of its own',
      'a wrong line of the list is passed over in silence',
    ],
  }),
  body: (kit) => textsOf(kit.entries),
}
