/** Lists that machines fetch by themselves: nothing but networks. */
import { type Kit, type Renderer, textsOf } from '../kit.ts'
import { label, plainUrl } from '../label.ts'

const lines = (kit: Kit): string[] => textsOf(kit.entries)
const feedOf = ({ list }: Kit, format: string): string =>
  `${plainUrl(list.url).replace(/\/[^/]*$/, '')}/ip-ranges/${format}`

export const plain: Renderer = {
  title: 'plain text, one network a line',
  file: 'portwitness.txt',
  type: 'text/plain',
  comment: null,
  notes: () => ({
    where: ['wherever a list of networks can be pasted or fetched'],
    check: ['the number of lines is the number of ranges'],
    undo: ['take the networks out again'],
    traps: ['networks of IPv4 come first; ask with ?family=4 or ?family=6 where only one can be had'],
  }),
  body: lines,
}

export const csv: Renderer = {
  title: 'CSV, with site and country',
  file: 'portwitness.csv',
  type: 'text/csv',
  comment: null,
  notes: () => ({
    where: ['a spreadsheet, a ticket, a letter to a provider'],
    check: ['the number of lines is the number of ranges, and one for the head'],
    undo: ['take the networks out again'],
    traps: [],
  }),
  body: (kit) => [
    'prefix,family,site,country',
    ...kit.entries.map(({ cidr, site, country }) =>
      [cidr.text, cidr.family, field(label(site)), field(country === null ? '' : label(country))].join(','),
    ),
  ],
}

/** RFC 4180; the alphabet of labels has no quote, and none begins with what a spreadsheet takes for a formula. */
const field = (text: string): string => (text.includes(',') ? `"${text}"` : text)

export const paloAltoEdl: Renderer = {
  title: 'Palo Alto, an external dynamic list',
  file: 'portwitness-edl.txt',
  type: 'text/plain',
  comment: null,
  notes: (kit) => ({
    where: [
      `Objects > External Dynamic Lists > Add: type IP List, source ${feedOf(kit, 'palo-alto-edl')}, check for updates hourly`,
      'use the list as source of an allow rule without threat profiles at the front, and as exemption of the zone protection (reconnaissance, source address exclusion)',
    ],
    check: ['request system external-list show type ip name NAME'],
    undo: ['delete the rule, then the list, and commit'],
    traps: [
      'an address in Monitor > Block IP List stays blocked until it is taken out or its time is over',
      'the list counts against the limit of the model',
    ],
  }),
  body: lines,
}

export const fortigate: Renderer = {
  title: 'FortiGate, a threat feed used as an address list',
  file: 'portwitness-fortigate.txt',
  type: 'text/plain',
  comment: null,
  notes: (kit) => ({
    where: [
      'config system external-resource; edit "portwitness"; set type address',
      `set resource "${feedOf(kit, 'fortigate')}"; set refresh-rate 60; next; end`,
      'use it as source of a policy at the front without IPS profile, and in the exemptions of the DoS policy',
    ],
    check: ['diagnose sys external-resource stats; diagnose firewall iprope list shows the policy'],
    undo: ['delete the policy, then the external resource'],
    traps: [
      'an address in quarantine stays there: diagnose user banned-ip delete src4 ADDRESS',
      'FortiADC takes at most 1 MB and 5,000 lines',
    ],
  }),
  body: lines,
}
