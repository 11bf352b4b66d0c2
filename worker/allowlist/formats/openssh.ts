import { type Renderer, sampleOf, textsOf } from '../kit.ts'

export const openssh: Renderer = {
  title: 'OpenSSH 9.8 and newer, exempt from penalties',
  file: 'portwitness.conf',
  type: 'text/plain',
  comment: '#',
  notes: (kit) => ({
    where: ['keep it as /etc/ssh/sshd_config.d/portwitness.conf, then: sshd -t && systemctl reload ssh'],
    check: [
      'sshd -T | grep -i persourcepenaltyexemptlist',
      `no new "drop connection" with ${sampleOf(kit)} and "penalty" in: journalctl -u ssh -u sshd`,
    ],
    undo: ['delete the file and reload'],
    traps: [
      'sshd before 9.8 knows no penalties and refuses to start with this line: sshd -t tells before a reload does',
      'a list that sshd_config already has wins or loses by which comes first: only one line counts, so put the networks together',
      'MaxStartups and PerSourceMaxStartups know no exemption',
    ],
  }),
  body: (kit) => [`PerSourcePenaltyExemptList ${textsOf(kit.entries).join(',')}`],
}
