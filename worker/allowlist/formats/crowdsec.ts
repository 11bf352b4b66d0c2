import { type Renderer, sampleOf, textsOf, whoseOf } from '../kit.ts'
import { shellWord, yamlString } from '../label.ts'

const DAY_MS = 24 * 3_600_000

export const crowdsec: Renderer = {
  title: 'CrowdSec, a whitelist of the parsers (any version)',
  file: 'portwitness.yaml',
  type: 'text/plain',
  comment: '#',
  notes: (kit) => ({
    where: [
      'keep it as /etc/crowdsec/parsers/s02-enrich/portwitness.yaml, then: systemctl reload crowdsec',
      `lift a ban that is there already: cscli decisions delete --ip ${sampleOf(kit)}`,
    ],
    check: ['crowdsec -c /etc/crowdsec/config.yaml -t', 'cscli parsers list shows portwitness/scanner as local'],
    undo: ['delete the file, then: systemctl reload crowdsec'],
    traps: [
      'it keeps local detection quiet, not the community block list: from version 1.6.8 use an allowlist instead',
    ],
  }),
  body: (kit) => [
    'name: portwitness/scanner',
    'description: "addresses of the vulnerability scanner"',
    'whitelist:',
    '  reason: "portwitness scanner"',
    '  cidr:',
    ...textsOf(kit.entries).map((text) => `    - ${yamlString(text)}`),
  ],
}

export const crowdsecAllowlist: Renderer = {
  title: 'CrowdSec, an allowlist by cscli (1.6.8 and newer)',
  file: 'portwitness-crowdsec.sh',
  type: 'text/plain',
  comment: '#',
  notes: (kit) => ({
    where: ['run it as root on the machine of the local API: sh portwitness-crowdsec.sh'],
    check: ['cscli allowlists inspect portwitness', `cscli allowlists check ${sampleOf(kit)}`],
    undo: ['cscli allowlists delete portwitness'],
    traps: [
      'older versions answer "unknown command": use the whitelist of the parsers there',
      'it covers local detection and the community block list; decisions made by hand stay',
    ],
  }),
  body: (kit) => {
    const { expiresAt, madeAt } = kit
    const end = expiresAt === null ? '' : ` -e ${Math.max(1, Math.ceil((expiresAt - madeAt) / DAY_MS))}d`
    return [
      `cscli allowlists create portwitness -d ${shellWord('vulnerability scanner')}`,
      ...kit.entries.map(
        (entry) => `cscli allowlists add portwitness ${entry.cidr.text} -d ${shellWord(whoseOf(entry))}${end}`,
      ),
      ...(kit.situation?.scanner ? [`cscli decisions delete --ip ${kit.situation.scanner.text}`] : []),
    ]
  },
}
