/** Page data for the pages of an issue: that of the scan in pages.ts, seen for the second time. */
import { saidOf } from '../../schema/issue.ts'
import type { ListAsk } from '../../worker/portal/parts/listing.tsx'
import type { AllowlistView, IssueView } from '../../worker/portal/views.ts'
import { bannedPort, issueRow, START, scanRow, scanView } from './pages.ts'

export const issueView: IssueView = {
  ...issueRow,
  targetRemovedAt: null,
  closedBy: null,
  before: null,
  snooze: null,
  lastProofId: null,
  tags: ['pci'],
  causes: [
    {
      class: 'ips',
      mechanism: 'fail2ban',
      vendor: null,
      confidence: 0.86,
      strength: 'confirmed',
      ports: [22],
      count: 1,
    },
  ],
  scan: {
    id: scanRow.id,
    site: 'fra-1',
    profile: 'assertive',
    startedAt: START,
    finishedAt: START + 120_000,
    panel: scanView.panel,
    outputBytes: 18_231,
    coverage: scanView.judgement?.coverage ?? null,
  },
  rules: '3',
  lost: [bannedPort],
  lostCount: 1,
  album: null,
  checks: { '203.0.113.9:22': { planned: 29, done: 10 } },
  occurrences: [
    {
      id: 'occ_0123456789abcdefghij',
      scanId: scanRow.id,
      address: '203.0.113.9',
      port: 22,
      seenAt: START + 121_000,
      said: saidOf(bannedPort),
    },
    {
      id: 'occ_abcdefghij0123456789',
      scanId: 'scn_older00000000000000',
      address: '203.0.113.9',
      port: 22,
      seenAt: START - 3 * 86_400_000,
      said: null,
    },
  ],
  occurrencesNext: null,
  outputs: [scanRow.id],
  seen: 2,
  sightings: [
    { scanId: scanRow.id, at: START + 121_000, ports: 1 },
    { scanId: 'scn_older00000000000000', at: START - 3 * 86_400_000, ports: 1 },
  ],
  retests: [],
  proofs: [],
  deeds: [],
}

/** What the page of an issue shows to be put in place. */
export const allowlistView: AllowlistView = {
  format: 'fail2ban',
  title: 'fail2ban, ignoreip',
  text: '[DEFAULT]\nignoreip = 127.0.0.1/8 ::1 198.51.100.0/28\n',
  isCut: false,
  file: 'portwitness.local',
  href: '/api/v1/issues/iss_0123456789abcdefghij/allowlist/fail2ban',
  where: ['/etc/fail2ban/jail.d/portwitness.local'],
  check: ['fail2ban-client get sshd ignoreip'],
  undo: ['remove the file, fail2ban-client reload'],
  traps: ['a jail with an ignoreip of its own needs them there'],
  fitting: [
    { format: 'fail2ban', name: 'fail2ban', href: '/issues/iss_0123456789abcdefghij?allow=fail2ban#allowlist' },
    { format: 'nftables', name: 'nftables', href: '/issues/iss_0123456789abcdefghij?allow=nftables#allowlist' },
  ],
}

export const listAsk: ListAsk = { path: '/issues', q: '', sort: '', desc: false, filters: {}, cursor: '' }
