import { type Kit, ofFamily, portPartsOf, type Renderer, widthTrap } from '../kit.ts'

const IPV = { 4: 'ipv4', 6: 'ipv6' } as const

/** Rich rules rather than the zone `trusted`: that would also give up what the zone is there for. */
export const firewalld: Renderer = {
  title: 'firewalld, rich rules of highest priority for two ipsets',
  file: 'portwitness-firewalld.sh',
  type: 'text/plain',
  comment: '#',
  notes: (kit) => ({
    where: [
      'run it as root: sh portwitness-firewalld.sh',
      'it changes the default zone; for another one add --zone=NAME to the lines with --add-rich-rule',
    ],
    check: ['firewall-cmd --check-config', 'firewall-cmd --list-rich-rules; firewall-cmd --info-ipset=portwitness4'],
    undo: [
      'firewall-cmd --permanent --remove-rich-rule=RULE with each rule as below',
      'firewall-cmd --permanent --delete-ipset=portwitness4, the same with portwitness6, then firewall-cmd --reload',
    ],
    traps: [
      'a second run says that sets and rules are there already, and does no harm; what is no longer published stays until the set is deleted',
      'rich rules of a lower priority number, and direct rules, come earlier',
      ...widthTrap(
        kit,
        (ports) =>
          `instead of each rule below one for each of ${ports.join(', ')}: port port="N" protocol="tcp" before accept`,
      ),
    ],
  }),
  body: (kit) => [
    ...([4, 6] as const).flatMap((family) => {
      const entries = ofFamily(kit, family)
      if (entries.length === 0) return []
      const set = `portwitness${family}`
      return [
        `firewall-cmd --permanent --new-ipset=${set} --type=hash:net --option=family=${family === 4 ? 'inet' : 'inet6'}`,
        ...entries.map(({ cidr }) => `firewall-cmd --permanent --ipset=${set} --add-entry=${cidr.text}`),
        ...rulesOf(kit, family).map((rule) => `firewall-cmd --permanent --add-rich-rule='${rule}'`),
      ]
    }),
    'firewall-cmd --reload',
  ],
}

function rulesOf(kit: Kit, family: 4 | 6): string[] {
  const source = `rule priority="-30000" family="${IPV[family]}" source ipset="portwitness${family}"`
  const parts = portPartsOf(kit)
  return parts.length === 0
    ? [`${source} accept`]
    : parts.map((port) => `${source} port port="${port}" protocol="tcp" accept`)
}
