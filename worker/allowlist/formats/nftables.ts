import type { Family } from '../../../schema/address.ts'
import { type Kit, ofFamily, portsOf, type Renderer, sampleOf, textsOf, widthTrap } from '../kit.ts'

const SET = { 4: 'portwitness4', 6: 'portwitness6' } as const
const TABLE = 'inet filter'

/** Sets and a chain of our own in the table that drops: an accept anywhere else does not keep that table from dropping. */
export const nftables: Renderer = {
  title: 'nftables, a jump at the front of the chain that drops',
  file: 'portwitness.nft',
  type: 'text/plain',
  comment: '#',
  notes: (kit) => {
    const sample = sampleOf(kit)
    return {
      where: [
        'keep it as /etc/nftables.d/portwitness.nft, with your own table and chain in the place of `inet filter` and `input`',
        'nft -f /etc/nftables.d/portwitness.nft, after your ruleset is loaded and after each change of the list',
      ],
      check: [
        'nft -c -f /etc/nftables.d/portwitness.nft',
        `nft get element ${TABLE} ${SET[sample.includes(':') ? 6 : 4]} { ${sample} }`,
        'nft list chain inet filter input: the jump comes before every rule that limits or drops',
      ],
      undo: [
        'nft -a list chain inet filter input shows the handle of the jump for: nft delete rule inet filter input handle N',
        'then nft delete chain inet filter portwitness, and the sets portwitness4 and portwitness6',
      ],
      traps: [
        'an accept in one table does not stop another base chain from dropping: sshguard, CrowdSec and fail2ban have tables of their own',
        'a chain of another hook or priority that drops (raw, prerouting) needs the jump as well',
        ...widthTrap(
          kit,
          (ports) => `write tcp dport { ${ports.join(', ')} } before counter in each rule of the chain`,
        ),
        ...(portsOf(kit) ? [`only the lost ports ${portsOf(kit)} are opened; without the dport part all are`] : []),
      ],
    }
  },
  body: (kit) => [
    ...([4, 6] as const).flatMap((family) => setOf(kit, family)),
    `add chain ${TABLE} portwitness`,
    `flush chain ${TABLE} portwitness`,
    ...([4, 6] as const).flatMap((family) => acceptOf(kit, family)),
    `insert rule ${TABLE} input jump portwitness comment "portwitness"`,
  ],
}

function setOf(kit: Kit, family: Family): string[] {
  const texts = textsOf(ofFamily(kit, family))
  if (texts.length === 0) return []
  const set = `${TABLE} ${SET[family]}`
  return [
    `add set ${set} { type ${family === 4 ? 'ipv4_addr' : 'ipv6_addr'}; flags interval; auto-merge; }`,
    `flush set ${set}`,
    `add element ${set} {`,
    ...texts.map((text) => `  ${text},`),
    '}',
  ]
}

function acceptOf(kit: Kit, family: Family): string[] {
  if (ofFamily(kit, family).length === 0) return []
  const ports = portsOf(kit)
  const only = ports === null ? '' : ` tcp dport { ${ports.replaceAll(',', ', ')} }`
  return [`add rule ${TABLE} portwitness ${family === 4 ? 'ip' : 'ip6'} saddr @${SET[family]}${only} counter accept`]
}
