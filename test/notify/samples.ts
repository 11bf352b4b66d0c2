/** Events as the product makes them: judgements with real remedies, told by the real composers. */
import type { AnyEvent } from '../../schema/events.ts'
import type { Cause, Judgement, PortVerdict } from '../../schema/judgement.ts'
import type { Service } from '../../schema/words.ts'
import { type IssueStep, stepsOf } from '../../worker/core/issue.ts'
import { controlNotice } from '../../worker/core/notices/control.ts'
import {
  allowlistNotice,
  offlineNotice,
  onlineNotice,
  rangesNotice,
  switchedOffNotice,
  type ToldRange,
} from '../../worker/core/notices/fleet.ts'
import { failureNotice, issueNotice, scanNotice, type ToldScan } from '../../worker/core/notices/scan.ts'
import { remediationOf } from '../../worker/core/remedy.ts'
import type { Message } from '../../worker/notify/channel.ts'

export const NOW = Date.UTC(2026, 10, 28, 14, 5, 40)
export const BASE = 'https://portwitness.example.net'

export const SCAN: ToldScan = {
  id: 'scn_7bLYFHMGaCAJGIpmZwGt',
  profile: 'assertive',
  startedAt: NOW - 140_000,
  scanner: { sourceAddress: '198.51.100.7', site: 'fra-1' },
  target: { id: 'tgt_1A2b3C4d5E6f7G8h9I0j', name: 'shop.example.com', address: '203.0.113.9', tags: ['web', 'pci'] },
  hasOutput: true,
}
const ISSUE = 'iss_4fKq81ZtLm3XwPbS9dYr'

const FAIL2BAN: Cause = {
  class: 'ips',
  mechanism: 'fail2ban',
  vendor: null,
  confidence: 0.86,
  alternatives: [{ class: 'ips', mechanism: 'source_ban', confidence: 0.09 }],
  indistinguishable: ['source_ban'],
  askOwner: 'the ban line for 198.51.100.7 near 14:04:01Z',
}
export const WAF: Cause = { ...FAIL2BAN, class: 'waf', mechanism: 'cdn_waf', vendor: 'Cloudflare', confidence: 0.93 }

export function lostPort(
  port: number,
  service: Service,
  cause: Cause | null,
  extra: Partial<PortVerdict> = {},
): PortVerdict {
  const situation = {
    source: '198.51.100.7',
    target: '203.0.113.9',
    port,
    service,
    lostAt: NOW - 99_000,
    highestCleanRate: 40,
  }
  return {
    ...{ address: '203.0.113.9', port, transport: 'tcp', service, firstSeenOpenAt: NOW - 130_000 },
    ...{ verdict: 'interfered', strength: 'confirmed', recheck: 'unresponsive', lostAt: NOW - 99_000 },
    ...{ fastAt: NOW - 84_000, confirmedAt: NOW - 60_000, eValue: 1_544, llr: 9, connects: 30 },
    ...{ recovery: 'pending', recoveredBetween: null, cause, probes: [] },
    evidence: [
      {
        rule: 'SEL-1',
        supports: true,
        text: '4 of 4 others reached the port in the same seconds, in 5 rounds, while the scanner was refused',
        observations: [],
      },
    ],
    coverage: { reachableSeconds: 41, lostSeconds: 79, share: 0.34 },
    remediation: remediationOf(cause, situation),
    ...extra,
  } as PortVerdict
}

export const judgementOf = (lost: readonly PortVerdict[]): Judgement => ({
  rules: '1',
  judgedAt: NOW,
  verdict: lost.length > 0 ? 'interference' : 'clear',
  coverage: {
    share: lost.length > 0 ? 0.74 : 1,
    statement:
      lost.length > 0
        ? 'Ports 22, 80 and 443 were lost after 41 s: findings on them are incomplete; the other 9 open ports were reachable throughout.'
        : 'All 12 open ports were reachable throughout.',
    portsAsked: 1_000,
    portsTested: lost.length > 0 ? 740 : 1_000,
    untested: lost.length > 0 ? '8000-8259' : '',
  },
  waf: null,
  ports: [
    ...lost,
    ...[25, 143].map((port) => ({ ...lostPort(port, 'smtp', null), verdict: 'open', strength: null }) as PortVerdict),
  ],
})

const LOST = [
  lostPort(22, 'ssh', FAIL2BAN),
  lostPort(80, 'http', FAIL2BAN),
  lostPort(443, 'https', WAF, { verdict: 'app_blocked' }),
]

export function opened(
  lost: readonly PortVerdict[] = LOST,
  scan: ToldScan = SCAN,
  type: 'open' | 'restate' = 'open',
): AnyEvent {
  const judgement = judgementOf(lost)
  const occurrences = lost.map((verdict) => ({ address: verdict.address, port: verdict.port, verdict }))
  const [step = { do: 'nothing' }]: IssueStep[] = stepsOf({
    scanId: scan.id,
    target: scan.target.name ?? scan.target.address,
    judgement,
    openIssues: type === 'open' ? [] : [{ id: ISSUE, finding: 'interference', state: 'open', snoozedUntil: null }],
    retestOf: null,
    retestIsProof: false,
    now: NOW,
  })
  const ids = occurrences.map(({ address, port }) => ({ id: `occ_${String(port).padStart(20, '0')}`, address, port }))
  const event = issueNotice(step, { issueId: ISSUE, occurrences: ids }, scan, judgement, NOW)
  if (!event) throw new Error('nobody would be told')
  return event
}

export function resolved(): AnyEvent {
  const scan = { ...SCAN, id: 'scn_9ZyXwVuTsRqPoNmLkJiH' }
  const step: IssueStep = { do: 'close', issueId: ISSUE, finding: 'interference', by: scan.id, notify: true }
  const event = issueNotice(step, { issueId: ISSUE, occurrences: [] }, scan, judgementOf([]), NOW + 3_600_000)
  if (!event) throw new Error('nobody would be told')
  return event
}

const range = (cidr: string, state: ToldRange['state']): ToldRange => ({
  cidr,
  site: 'fra-1',
  country: 'DE',
  state,
  activeFrom: NOW + 30 * 86_400_000,
  retireAfter: state === 'retiring' ? NOW + 60 * 86_400_000 : null,
})
const PROBE = {
  id: 'prb_0A1b2C3d4E5f6G7h8I9j',
  site: 'fra-1',
  sourceAddress: '198.51.100.7',
  country: 'DE',
  provider: 'Example Hosting',
  seenAt: NOW - 900_000,
}

/** One of each. */
export const SAMPLES: Record<AnyEvent['type'], AnyEvent> = {
  'issue.opened': opened(),
  'issue.updated': opened(LOST.slice(0, 1), SCAN, 'restate'),
  'issue.resolved': resolved(),
  'scan.finished': scanNotice(SCAN, judgementOf([]), [], NOW),
  'scan.failed': failureNotice(
    SCAN,
    { code: 'probe_lost', detail: 'The probe fell silent before it had found an open port.' },
    NOW,
  ),
  'ip_ranges.changed': rangesNotice(
    {
      serial: 8,
      previousSerial: 7,
      sha256: '3b'.repeat(32),
      advice: 'Allow the added ranges before 2026-12-20, when the first of them is used.',
      version: '/ip-ranges/versions/8.json',
      added: [range('198.51.100.64/28', 'announced'), range('2001:db8:7::/48', 'announced')],
      changed: [range('198.51.100.0/28', 'retiring')],
      removed: [],
      changes: '/ip-ranges/changes?from=7&to=8',
    },
    NOW,
  ),
  'allowlist.outdated': allowlistNotice(
    {
      target: SCAN.target,
      confirmed: { at: NOW - 40 * 86_400_000 },
      serial: 8,
      missing: [range('198.51.100.64/28', 'active')],
      issueId: ISSUE,
      format: 'fail2ban',
    },
    NOW,
  ),
  'probe.offline': offlineNotice(PROBE, 2, NOW),
  'probe.online': onlineNotice(PROBE, NOW - 900_000, NOW),
  'control.failing': controlNotice(
    {
      target: SCAN.target,
      address: '198.51.100.20',
      state: 'failing',
      method: 'http',
      expiresAt: NOW + 6 * 86_400_000,
      problem: { code: 'bad_status', detail: '192.0.2.7 was answered with status 404.' },
    },
    NOW,
  ),
  'channel.switched_off': switchedOffNotice(
    { id: 'chn_5Tg7Hy2Jk9Lp0Qw3Er6Z', kind: 'slack', name: 'Security team' },
    '404: no_service',
    3,
    NOW,
  ),
}

export const messageOf = (event: AnyEvent, id = 'ntc_5Tg7Hy2Jk9Lp0Qw3Er6Z'): Message => ({ id, event, base: BASE })
