import { chunked, type Entry, type Kit, portPartsOf, type Renderer, spanned, whoseOf, widthTrap } from '../kit.ts'

/** The multiport match takes 15 ports, and a range counts as two. */
const PORTS_PER_RULE = 7

/** One file for both families: each of the two restore commands passes over the lines of the other. */
export const iptables: Renderer = {
  title: 'iptables and ip6tables, at the front of INPUT',
  file: 'portwitness.rules',
  type: 'text/plain',
  comment: '#',
  notes: (kit) => ({
    where: [
      'keep it as /etc/iptables/portwitness.rules',
      'iptables-restore --noflush /etc/iptables/portwitness.rules',
      'ip6tables-restore --noflush /etc/iptables/portwitness.rules',
      'on a router also for what it forwards: the same jump at the front of FORWARD',
    ],
    check: [
      'iptables-restore --noflush --test /etc/iptables/portwitness.rules, and the same with ip6tables-restore',
      'iptables -nvL INPUT --line-numbers: the jump is first; iptables -nvL PORTWITNESS counts what it let in',
    ],
    undo: [
      'iptables -D INPUT -j PORTWITNESS; iptables -F PORTWITNESS; iptables -X PORTWITNESS; the same with ip6tables',
    ],
    traps: [
      'it must come before rules that drop and before those that count (recent, hashlimit, connlimit)',
      'each run inserts the jump once more, which does no harm; a tool that writes the ruleset anew (ufw, firewalld, csf) takes it away',
      'what drops in the raw or mangle table, or in nftables, comes earlier and is not reached by it',
      ...widthTrap(kit, (ports) => `write -p tcp -m multiport --dports ${spanned(ports)} after each network`),
    ],
  }),
  body: (kit) => [
    '*filter',
    ':PORTWITNESS - [0:0]',
    ...kit.entries.flatMap((entry) => acceptOf(kit, entry)),
    '-I INPUT 1 -j PORTWITNESS',
    'COMMIT',
  ],
}

function acceptOf(kit: Kit, entry: Entry): string[] {
  const parts = portPartsOf(kit)
  const matches =
    parts.length === 0
      ? ['']
      : chunked(parts, PORTS_PER_RULE).map((some) => ` -p tcp -m multiport --dports ${spanned(some)}`)
  const { cidr } = entry
  return matches.map(
    (match) =>
      `-${cidr.family} -A PORTWITNESS -s ${cidr.text}${match} -m comment --comment "portwitness ${whoseOf(entry)}" -j ACCEPT`,
  )
}
