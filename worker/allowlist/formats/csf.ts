import { type Renderer, sampleOf, whoseOf, widthLine } from '../kit.ts'

export const csf: Renderer = {
  title: 'ConfigServer Firewall, csf.allow and csf.ignore',
  file: 'portwitness.csf',
  type: 'text/plain',
  comment: '#',
  notes: (kit) => ({
    where: [
      'add it to /etc/csf/csf.allow and to /etc/csf/csf.ignore: the one lets packets in, the other keeps lfd from blocking',
      `then csf -dr ${sampleOf(kit)}; csf -tr ${sampleOf(kit)}; csf -ra`,
    ],
    check: [`csf -g ${sampleOf(kit)}`],
    undo: ['take the lines out of both files, then: csf -ra'],
    traps: [
      'one file alone is half of it',
      'networks of IPv6 need IPV6 = 1 in csf.conf',
      'GLOBAL_ALLOW and GLOBAL_IGNORE can fetch the plain list from its address by themselves',
      widthLine(
        kit,
        (ports) =>
          `in csf.allow write tcp|in|d=${ports.join(',').replaceAll('-', '_')}|s=NETWORK for each; csf.ignore stays as it is`,
      ),
    ],
  }),
  body: (kit) => kit.entries.map((entry) => `${entry.cidr.text} # portwitness ${whoseOf(entry)}`),
}
