import { chunked, type Entry, type Kit, portPartsOf, type Renderer, spanned, whoseOf, widthTrap } from '../kit.ts'
import { shellWord } from '../label.ts'

/** ufw takes 15 ports in a rule, and a range counts as two. */
const PORTS_PER_RULE = 7

export const ufw: Renderer = {
  title: 'ufw, allowed before every other rule',
  file: 'portwitness-ufw.sh',
  type: 'text/plain',
  comment: '#',
  notes: (kit) => ({
    where: ['run it as root: sh portwitness-ufw.sh'],
    check: ['ufw status numbered: the rules come first'],
    undo: ['sed -n "s/^ufw prepend/ufw --force delete/p" portwitness-ufw.sh | sh'],
    traps: [
      '`prepend` matters: an earlier deny or limit would win over `allow`',
      'what ufw keeps in before.rules comes first all the same',
      'networks of IPv6 need IPV6=yes in /etc/default/ufw',
      ...widthTrap(kit, (ports) => `write ufw prepend allow proto tcp from NETWORK to any port ${spanned(ports)}`),
    ],
  }),
  body: (kit) => kit.entries.flatMap((entry) => allowOf(kit, entry)),
}

function allowOf(kit: Kit, entry: Entry): string[] {
  const comment = shellWord(`portwitness ${whoseOf(entry)}`)
  const parts = portPartsOf(kit)
  if (parts.length === 0) return [`ufw prepend allow from ${entry.cidr.text} comment ${comment}`]
  return chunked(parts, PORTS_PER_RULE).map(
    (some) => `ufw prepend allow proto tcp from ${entry.cidr.text} to any port ${spanned(some)} comment ${comment}`,
  )
}
