import { portPartsOf, type Renderer, sampleOf, whoseOf, widthTrap } from '../kit.ts'

export const pf: Renderer = {
  title: 'pf, a table and a quick pass',
  file: 'portwitness.pf',
  type: 'text/plain',
  comment: '#',
  notes: (kit) => ({
    where: [
      'keep it as /etc/portwitness.pf, and in /etc/pf.conf, before the first block or limit: include "/etc/portwitness.pf"',
      'pfctl -f /etc/pf.conf',
    ],
    check: ['pfctl -nf /etc/pf.conf', `pfctl -t portwitness -T test ${sampleOf(kit)}`],
    undo: ['take the include out, pfctl -f /etc/pf.conf, pfctl -t portwitness -T kill'],
    traps: [
      '`quick` ends the search here: rules before it still win',
      'a table of an overload rule keeps the address until: pfctl -t TABLE -T delete ADDRESS',
      'FreeBSD before 14 knows no include: put the lines into pf.conf itself',
      ...widthTrap(
        kit,
        (ports) => `pass in quick proto tcp from <portwitness> to any port { ${ports.join(' ').replaceAll('-', ':')} }`,
      ),
    ],
  }),
  body: (kit) => {
    const ports = portPartsOf(kit).map((part) => part.replace('-', ':'))
    return [
      'table <portwitness> persist {',
      ...kit.entries.map((entry) => `  ${entry.cidr.text} # ${whoseOf(entry)}`),
      '}',
      ports.length === 0
        ? 'pass in quick from <portwitness> to any'
        : `pass in quick proto tcp from <portwitness> to any port { ${ports.join(' ')} }`,
    ]
  },
}
