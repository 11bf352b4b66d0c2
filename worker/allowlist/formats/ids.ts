/** Suricata and Snort: pass rules, which share their grammar. */
import { chunked, type Kit, type Renderer, textsOf } from '../kit.ts'

/** So many networks stand in one rule: rules stay below 4 kB, which every version reads. */
const PER_RULE = 50
const FIRST_SID = 1_000_001

export const suricata: Renderer = {
  title: 'Suricata, pass rules',
  file: 'portwitness.rules',
  type: 'text/plain',
  comment: '#',
  notes: () => ({
    where: [
      'keep it beside your rules (Debian: /etc/suricata/rules/portwitness.rules) and name it under rule-files in suricata.yaml',
      'then suricatasc -c ruleset-reload-nonblocking',
    ],
    check: ['suricata -T -c /etc/suricata/suricata.yaml'],
    undo: ['take it out of rule-files and reload'],
    traps: [...TRAPS, 'pass rules must come first in action-order, as they do unless it was changed'],
  }),
  body: (kit) => passRules(kit),
}

export const snort: Renderer = {
  title: 'Snort, pass rules',
  file: 'portwitness.rules',
  type: 'text/plain',
  comment: '#',
  notes: () => ({
    where: [
      'keep it beside your rules; Snort 2: include $RULE_PATH/portwitness.rules in snort.conf; Snort 3: include it in ips.rules',
      'then reload Snort',
    ],
    check: ['snort -T -c /etc/snort/snort.conf'],
    undo: ['take the include out and reload'],
    traps: [
      ...TRAPS,
      'Snort 2 must be told to look at pass rules first: config order: pass alert log activation dynamic, or --alert-before-pass left out',
    ],
  }),
  body: (kit) => passRules(kit),
}

const TRAPS = [
  `the sids from ${FIRST_SID} on must be free`,
  'what is passed is not logged either: keep the file for the time of the scan if you want to see the rest',
  'port scan and rate detection of preprocessors have lists of their own',
]

function passRules(kit: Kit): string[] {
  const targets = kit.situation?.addresses.map(({ text }) => text) ?? []
  const to = targets.length === 0 ? '$HOME_NET' : `[${targets.join(',')}]`
  return chunked(textsOf(kit.entries), PER_RULE).map(
    (some, i) =>
      `pass ip [${some.join(',')}] any <> ${to} any (msg:"portwitness scanner"; sid:${FIRST_SID + i}; rev:1;)`,
  )
}
