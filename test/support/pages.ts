/** Page data for portal tests: one scan in which a host tool banned the scanner, and what else a page may have to show. */
import type { PanelMember } from '../../schema/facts.ts'
import type { PortVerdict } from '../../schema/judgement.ts'
import type { ProofCell, ProofRow } from '../../schema/proof.ts'
import type { CellWord } from '../../schema/words.ts'
import type { Matter, ProbeHealth, ScanMark } from '../../worker/portal/overview-views.ts'
import type { Frame, IssueRow, ProofView, ScanRow, ScanView, TargetRow, TargetView } from '../../worker/portal/views.ts'

export const NOW = Date.UTC(2026, 10, 22, 14, 10, 0)
export const START = Date.UTC(2026, 10, 22, 14, 2, 0)
export const HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'

export const frame: Frame = {
  tenant: 'Example Ltd',
  stopped: false,
  mayWrite: true,
  mayAdmin: true,
  isOperator: true,
  openIssues: 1,
  now: NOW,
}

export const openPort = (port: number, service: PortVerdict['service']): PortVerdict => ({
  address: '203.0.113.9',
  port,
  transport: 'tcp',
  service,
  firstSeenOpenAt: START + 4_000,
  verdict: 'open',
  strength: null,
  recheck: 'open',
  lostAt: null,
  fastAt: null,
  confirmedAt: null,
  eValue: 1,
  llr: 0,
  connects: 0,
  recovery: null,
  recoveredBetween: null,
  cause: null,
  evidence: [],
  coverage: { reachableSeconds: 118, lostSeconds: 0, share: 1 },
  remediation: null,
  probes: [],
})

export const bannedPort: PortVerdict = {
  ...openPort(22, 'ssh'),
  verdict: 'interfered',
  strength: 'confirmed',
  recheck: 'closed',
  lostAt: START + 41_000,
  fastAt: START + 53_000,
  confirmedAt: START + 75_000,
  eValue: 1544.2,
  llr: 11.3,
  connects: 30,
  recovery: 'seen',
  recoveredBetween: [START + 100_000, START + 104_000],
  cause: {
    class: 'ips',
    mechanism: 'fail2ban',
    vendor: null,
    confidence: 0.86,
    alternatives: [{ class: 'ips', mechanism: 'source_ban', confidence: 0.09 }],
    indistinguishable: ['source_ban'],
    askOwner: 'the ban line for 198.51.100.7 near 14:02:41Z in fail2ban.log',
  },
  evidence: [
    {
      rule: 'SEL-1',
      supports: true,
      text: '4 of 4 others reached the port while the scanner was refused.',
      observations: ['run_a.1', 'run_a.2'],
    },
    {
      rule: 'SIB-1',
      supports: true,
      text: 'The sibling reached it over the same path in the same seconds.',
      observations: ['run_b.1'],
    },
    { rule: 'REC-1', supports: false, text: 'It came back after a minute; the default ban is ten.', observations: [] },
  ],
  coverage: { reachableSeconds: 41, lostSeconds: 79, share: 0.34 },
  remediation: {
    title: 'Let our addresses through fail2ban',
    steps: ['Add our ranges to ignoreip in jail.local.', 'Reload with: fail2ban-client reload.', 'Ask for a retest.'],
    formats: ['fail2ban', 'nftables'],
  },
  probes: ['prb_0123456789abcdefghij', 'prb_abcdefghij0123456789'],
}

const member = (
  role: PanelMember['role'],
  site: string,
  last: number,
  more: Partial<PanelMember> = {},
): PanelMember => ({
  probeId: `prb_${site.replace('-', '')}0000000000${last}`,
  role,
  site,
  provider: 'Hetzner',
  country: 'DE',
  asn: 24940,
  sourceAddress: `198.51.100.${last}`,
  fit: true,
  rested: true,
  ...more,
})

export const scanRow: ScanRow = {
  id: 'scn_0123456789abcdefghij',
  targetId: 'tgt_0123456789abcdefghij',
  target: 'shop.example.com',
  site: 'fra-1',
  profile: 'assertive',
  state: 'finished',
  verdict: 'interference',
  coverage: 'Port 22 was lost after 41 s: findings on it are incomplete; the other 11 ports were reachable throughout.',
  createdAt: START - 2_000,
  finishedAt: START + 120_000,
  retestOf: null,
}

export const scanView: ScanView = {
  ...scanRow,
  targetRemovedAt: null,
  addresses: ['203.0.113.9'],
  startedAt: START,
  phase: null,
  progress: null,
  isStopping: false,
  album: null,
  failure: null,
  scannerProbeId: 'prb_fra100000000007',
  panel: [
    member('scanner', 'fra-1', 7),
    member('sibling', 'fra-1', 8),
    member('witness', 'nyc-1', 21, { provider: 'Vultr', country: 'US', asn: 20473 }),
    member('witness', 'sgp-1', 31, { provider: null, country: 'SG', asn: null, rested: false }),
    member('witness', 'par-1', 41, { fit: false }),
  ],
  retestOf: null,
  judgement: {
    rules: '1',
    judgedAt: START + 121_000,
    verdict: 'interference',
    coverage: {
      share: 0.93,
      statement: scanRow.coverage ?? '',
      portsAsked: 1_000,
      portsTested: 988,
      untested: '8000-8011',
    },
    waf: { vendor: 'Cloudflare', evidence: ['server: cloudflare', 'cf-ray header'] },
    ports: [
      bannedPort,
      openPort(80, 'http'),
      openPort(443, 'https'),
      { ...openPort(9100, 'silent'), verdict: 'transient' },
    ],
  },
  outputBytes: 18_231,
  issueOf: { '203.0.113.9:22': 'iss_0123456789abcdefghij' },
  checks: { '203.0.113.9:22': { planned: 29, done: 10 }, '203.0.113.9:80': { planned: 41, done: 41 } },
}

export const issueRow: IssueRow = {
  id: 'iss_0123456789abcdefghij',
  targetId: scanRow.targetId,
  target: scanRow.target,
  finding: 'interference',
  state: 'open',
  title: 'shop.example.com: the scan was interfered with on port 22',
  openedAt: START - 3 * 86_400_000,
  restatedAt: START + 121_000,
  answeredAt: null,
  closedAt: null,
}

export const probes: ProbeHealth[] = [
  {
    id: 'prb_1',
    site: 'fra-1',
    sourceAddress: '198.51.100.7',
    country: 'DE',
    provider: 'Hetzner',
    state: 'fit',
    reasons: [],
    seenAt: NOW - 40_000,
  },
  {
    id: 'prb_2',
    site: 'nyc-1',
    sourceAddress: '2001:db8:1234:5678:9abc:def0:1234:5678',
    country: 'US',
    provider: null,
    state: 'not_fit',
    reasons: ['clock is 4 s off'],
    seenAt: NOW - 90_000,
  },
  {
    id: 'prb_3',
    site: 'lab',
    sourceAddress: '10.0.0.31',
    country: null,
    provider: null,
    state: 'offline',
    reasons: [],
    seenAt: NOW - 9 * 3_600_000,
  },
]

export const mark: ScanMark = { ...scanRow, share: 0.93, failureCode: null }
export const matters: Matter[] = [
  {
    kind: 'interference',
    id: 'iss_1',
    text: 'Web shop: port 22',
    why: null,
    at: NOW - 86_400_000,
    total: 6,
    isLeast: false,
  },
  {
    kind: 'incomplete',
    id: 'iss_2',
    text: 'Mail: port 25 went away',
    why: null,
    at: NOW - 3_600_000,
    total: 1,
    isLeast: false,
  },
  {
    kind: 'unproved',
    id: 'iss_3',
    text: 'DNS: control is not proved',
    why: null,
    at: NOW - 3_600_000,
    total: 1,
    isLeast: false,
  },
  {
    kind: 'lapsed',
    id: 'tgt_1',
    text: '203.0.113.9',
    why: 'Nothing answered on port 80.',
    at: NOW - 1_000,
    total: 1,
    isLeast: false,
  },
  { kind: 'outdated', id: 'tgt_2', text: 'Web shop', why: null, at: null, total: 1, isLeast: false },
  {
    kind: 'channel',
    id: 'chn_1',
    text: 'On-call',
    why: 'The platform said it is gone.',
    at: NOW,
    total: 1,
    isLeast: false,
  },
]

export const targetRow: TargetRow = {
  id: scanRow.targetId,
  address: 'shop.example.com',
  name: 'Web shop',
  ports: '22,80,443,8000-8100',
  profile: 'assertive',
  schedule: '0 3 * * 1',
  timezone: 'Europe/Berlin',
  nextDueAt: NOW + 3 * 86_400_000,
  tags: ['pci'],
  control: 'proved',
  openIssues: 1,
  lastScanId: scanRow.id,
  lastScannedAt: scanRow.finishedAt,
  lastVerdict: 'interference',
  lastShare: 0.93,
  retest: null,
}

export const targetView: TargetView = {
  id: scanRow.targetId,
  address: 'shop.example.com',
  name: 'Web shop',
  ports: '22,80,443,8000-8100',
  profile: 'assertive',
  schedule: '0 3 * * 1',
  timezone: 'Europe/Berlin',
  tags: ['pci'],
  maxConnectsPerSecond: 300,
  highestCleanRate: 120,
  waf: { vendor: 'Cloudflare', evidence: ['cf-ray header'] },
  nextDueAt: NOW + 3 * 86_400_000,
  skipped: 0,
  badgeUrl: null,
  portsSeen: 3,
  portsTroubled: 1,
  newestWhole: scanRow.id,
  strips: [
    { address: '203.0.113.9', port: 22, service: 'ssh', cells: { [scanRow.id]: 'interfered', scn_2: 'open' } },
    { address: '203.0.113.9', port: 443, service: 'https', cells: { [scanRow.id]: 'open' } },
  ],
  verification: {
    targetId: scanRow.targetId,
    state: 'unproved',
    method: 'http',
    provedAt: null,
    expiresAt: null,
    checkedAt: null,
    checking: false,
    problem: null,
    addresses: [
      {
        address: '203.0.113.9',
        state: 'unproved',
        method: 'http',
        provedAt: null,
        expiresAt: null,
        checkedAt: new Date(NOW - 60_000).toISOString(),
        checking: false,
        problem: { code: 'bad_status', detail: '198.51.100.7 was answered with status 404.' },
        task: {
          method: 'http',
          steps: ['On the machine that has the address, serve a plain text file.', 'Leave the file where it is.'],
          url: 'the file',
          record: null,
          content: 'portwitness-verification=0123456789abcdef0123456789abcdef01234567',
        },
      },
    ],
  },
  provedAt: NOW - 40 * 86_400_000,
  outdatedBy: [
    { rangeId: 'rng_0123456789abcdefghij', cidr: '198.51.100.64/28', site: 'lon-1', from: NOW + 12 * 86_400_000 },
  ],
  proofs: [
    {
      id: 'prf_0123456789abcdefghij',
      state: 'finished',
      verdict: 'not_proved',
      failure: null,
      statement: '1 of 3 addresses does not get through: 198.51.100.7 (fra-1).',
      createdAt: NOW - 7_200_000,
    },
  ],
  sites: [
    {
      site: 'fra-1',
      at: NOW - 480_000,
      scanId: scanRow.id,
      asked: null,
      ports: [
        { address: '203.0.113.9', port: 443, service: 'https', verdict: 'open' },
        { address: '203.0.113.9', port: 22, service: 'ssh', verdict: 'interfered' },
      ],
    },
    {
      site: 'nyc-1',
      at: NOW - 86_400_000,
      scanId: 'scn_b',
      asked: null,
      ports: [
        { address: '203.0.113.9', port: 22, service: 'ssh', verdict: 'open' },
        { address: '203.0.113.9', port: 25, service: 'smtp', verdict: 'a word of later' },
      ],
    },
  ],
  scans: [
    scanRow,
    {
      ...scanRow,
      id: 'scn_2',
      state: 'running',
      verdict: null,
      coverage: null,
      finishedAt: null,
      createdAt: NOW - 20_000,
    },
  ],
  issues: [issueRow],
}

const cell = (port: number, word: CellWord, more: Partial<ProofCell> = {}): ProofCell => ({
  address: '203.0.113.9',
  port,
  service: port === 22 ? 'ssh' : 'http',
  word,
  sight: 'open',
  code: null,
  at: NOW - 60_000,
  stimuli: { planned: 29, done: 29 },
  ...more,
})
const source = (
  sourceAddress: string,
  site: string,
  cells: readonly ProofCell[],
  more: Partial<ProofRow> = {},
): ProofRow => ({
  probeId: `prb_${site}`,
  site,
  sourceAddress,
  state: 'done',
  verdict: 'proved',
  swept: { asked: 103, tested: 103 },
  cells,
  ...more,
})

/** Three addresses, two endpoints: one is shut out of SSH by a message that tries to be markup, one could not look. */
export const proofView: ProofView = {
  id: 'prf_0123456789abcdefghij',
  targetId: scanRow.targetId,
  target: scanRow.target,
  targetRemovedAt: null,
  failure: null,
  createdAt: NOW - 300_000,
  finishedAt: NOW - 60_000,
  ask: {
    sites: ['fra-1', 'nyc-1', 'sgp-1'],
    allSites: true,
    sources: [],
    endpoints: [
      { address: '203.0.113.9', port: 22, check: 'greeting', service: 'ssh' },
      { address: '203.0.113.9', port: 80, check: 'http', service: 'http' },
    ],
    leftOut: 3,
    stimulus: { profile: 'assertive', ports: '1-100', portsAsked: 103, maxConnectsPerSecond: 300, scanId: scanRow.id },
    watchMs: 20_000,
    issues: [
      {
        id: issueRow.id,
        lost: [{ address: '203.0.113.9', port: 22 }],
        scanners: [{ sourceAddress: '198.51.100.7', site: 'fra-1', inUse: true }],
      },
    ],
  },
  result: {
    verdict: 'not_proved',
    statement: '1 of 3 addresses does not get through: 198.51.100.7 (fra-1).',
    failing: [
      '198.51.100.7 (fra-1): 203.0.113.9 22/tcp closed (<b>ECONNREFUSED</b>)',
      '198.51.100.31 (sgp-1): its probe fell silent',
    ],
    rows: [
      source(
        '198.51.100.7',
        'fra-1',
        [cell(22, 'shut', { sight: 'closed', code: '<b>ECONNREFUSED</b>' }), cell(80, 'passed')],
        {
          verdict: 'not_proved',
        },
      ),
      source('198.51.100.19', 'nyc-1', [
        cell(22, 'passed'),
        cell(80, 'limited', { stimuli: { planned: 44, done: 12 } }),
      ]),
      source('198.51.100.31', 'sgp-1', [cell(22, 'unseen'), cell(80, 'unseen')], {
        state: 'silent',
        verdict: 'incomplete',
      }),
    ],
    closes: [],
  },
  outputBytes: 9_000,
}

/** Scripts are files of ours, never text inside a page: what is left without them may hold none. */
export const withoutOurScripts = (html: string): string =>
  html.replaceAll(/<script src="\/portal\/\w+\.js\?v=\w+" defer=""><\/script>/g, '')
