import { ofFamily, type Renderer, sampleOf, spanned, textsOf, widthLine } from '../kit.ts'

/** What `ipset restore` reads; one set for each family. */
export const ipset: Renderer = {
  title: 'ipset, two sets for rules of iptables and ip6tables',
  file: 'portwitness.ipset',
  type: 'text/plain',
  comment: null,
  notes: (kit) => {
    const sample = sampleOf(kit)
    return {
      where: [
        'keep it as /etc/portwitness.ipset and load it: ipset restore -file /etc/portwitness.ipset',
        'once: iptables -I INPUT -m set --match-set portwitness4 src -j ACCEPT; ip6tables -I INPUT -m set --match-set portwitness6 src -j ACCEPT',
      ],
      check: [`ipset test portwitness${sample.includes(':') ? 6 : 4} ${sample}`],
      undo: [
        'delete the two rules with -D in the place of -I, then ipset destroy portwitness4; ipset destroy portwitness6',
      ],
      traps: [
        'sets are gone after a restart unless they are loaded before the rules that name them',
        'to take something off a block list instead, a rule for these sets must come before the rule for that list',
        widthLine(kit, (ports) => `write -p tcp -m multiport --dports ${spanned(ports)} before -m set in both rules`),
      ],
    }
  },
  body: (kit) =>
    ([4, 6] as const).flatMap((family) => {
      const set = `portwitness${family}`
      return [
        `create ${set} hash:net family ${family === 4 ? 'inet' : 'inet6'} -exist`,
        `flush ${set}`,
        ...textsOf(ofFamily(kit, family)).map((text) => `add ${set} ${text} -exist`),
      ]
    }),
}
