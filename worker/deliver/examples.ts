/** An example of each event, of documentation addresses: for tests of a channel and for previews where nothing happened yet. */
import type { AnyEvent, EventOf } from '../../schema/events.ts'
import type { NoticeName } from '../../schema/words.ts'
import { controlNotice } from '../core/notices/control.ts'
import {
  allowlistNotice,
  offlineNotice,
  onlineNotice,
  rangesNotice,
  switchedOffNotice,
  type ToldRange,
} from '../core/notices/fleet.ts'
import { failureNotice, type ToldScan } from '../core/notices/scan.ts'

const SCAN: ToldScan = {
  id: 'scn_00000000000000000000',
  profile: 'standard',
  startedAt: null,
  scanner: { sourceAddress: '198.51.100.7', site: 'fra-1' },
  target: { id: 'tgt_00000000000000000000', name: 'Example target', address: '203.0.113.9', tags: ['example'] },
  hasOutput: false,
}
const PROBE = {
  id: 'prb_00000000000000000000',
  site: 'fra-1',
  sourceAddress: '198.51.100.7',
  country: 'DE',
  provider: 'Example Hosting',
}
const RANGE: ToldRange = {
  cidr: '198.51.100.7/32',
  site: 'fra-1',
  country: 'DE',
  state: 'announced',
  activeFrom: null,
  retireAfter: null,
}
const ISSUE_ID = 'iss_00000000000000000000'

export function exampleOf(name: NoticeName, now: number): AnyEvent {
  switch (name) {
    case 'issue.opened':
    case 'issue.updated':
      return trouble(name, now)
    case 'issue.resolved':
      return resolved(now)
    case 'scan.finished':
      return finished(now)
    case 'scan.failed':
      return failureNotice(
        SCAN,
        { code: 'probe_lost', detail: 'The probe fell silent before it had found an open port.' },
        now,
      )
    case 'ip_ranges.changed':
      return rangesNotice(
        {
          serial: 2,
          previousSerial: 1,
          sha256: '0'.repeat(64),
          added: [RANGE],
          changed: [],
          removed: [],
          advice: 'Let it through before that day, or scans from it will be blocked.',
          version: '/ip-ranges/versions/2.json',
          changes: null,
        },
        now,
      )
    case 'allowlist.outdated':
      return allowlistNotice(
        { target: SCAN.target, confirmed: null, serial: 2, missing: [RANGE], issueId: null, format: 'nftables' },
        now,
      )
    case 'probe.offline':
      return offlineNotice({ ...PROBE, seenAt: now - 7 * 60_000 }, 1, now)
    case 'probe.online':
      return onlineNotice({ ...PROBE, seenAt: now }, now - 7 * 60_000, now)
    case 'control.failing':
      return controlNotice(
        {
          target: SCAN.target,
          address: SCAN.target.address,
          state: 'failing',
          method: 'http',
          expiresAt: now + 6 * 86_400_000,
          problem: { code: 'bad_status', detail: '198.51.100.7 was answered with status 404.' },
        },
        now,
      )
    case 'channel.switched_off':
      return switchedOffNotice(
        { id: 'chn_00000000000000000000', kind: 'webhook', name: 'Example channel' },
        '410: Gone',
        3,
        now,
      )
  }
}

function trouble<N extends 'issue.opened' | 'issue.updated'>(type: N, now: number): EventOf<N> {
  const cause = { class: 'ips', mechanism: 'fail2ban', vendor: null, confidence: 0.86 }
  const at = new Date(now).toISOString()
  return {
    type,
    version: 1,
    timestamp: at,
    data: {
      severity: 'error',
      title: 'Example target: the scan was interfered with on port 22',
      text: 'Port 22 was lost after 41 s: findings on it are incomplete; the other 11 ports were reachable throughout.',
      issue: {
        id: ISSUE_ID,
        finding: 'interference',
        title: 'Example target: the scan was interfered with on port 22',
      },
      target: { ...SCAN.target, tags: [...SCAN.target.tags] },
      ...(type === 'issue.updated' ? { proof: null } : {}),
      scan: { id: SCAN.id, profile: 'standard', verdict: 'interference', startedAt: at, scanner: SCAN.scanner },
      coverage: {
        share: 0.93,
        statement: 'Port 22 was lost after 41 s: findings on it are incomplete.',
        portsAsked: 1_000,
        portsTested: 1_000,
        untested: '',
      },
      losses: [
        {
          verdict: 'interfered',
          strength: 'confirmed',
          cause,
          addresses: [SCAN.target.address],
          ports: [22],
          portsTotal: 1,
          evidence: ['4 of 4 others reached the port while the scanner was refused'],
          askOwner: 'the ban line for 198.51.100.7',
        },
      ],
      lossesTotal: 1,
      ports: [
        {
          ...{ address: SCAN.target.address, port: 22, transport: 'tcp', service: 'ssh', verdict: 'interfered' },
          ...{ strength: 'confirmed', lostAt: at, recheck: 'closed', cause, occurrenceId: null },
        },
      ],
      portsTotal: 1,
      remedies: [
        {
          title: 'Let our addresses past fail2ban',
          steps: [{ kind: 'change', text: 'Add to `ignoreip` in jail.local: `198.51.100.7/32`' }],
          ...{ stepsTotal: 1, formats: ['fail2ban'], ports: [22], portsTotal: 1 },
        },
      ],
      remediesTotal: 1,
      links: {
        issue: `/issues/${ISSUE_ID}`,
        scan: `/scans/${SCAN.id}`,
        output: null,
        allowlist: '/ip-ranges/fail2ban',
      },
    },
  } as EventOf<N>
}

function resolved(now: number): EventOf<'issue.resolved'> {
  const { issue, target, links } = trouble('issue.opened', now).data
  return {
    type: 'issue.resolved',
    version: 1,
    timestamp: new Date(now).toISOString(),
    data: {
      severity: 'info',
      title: 'Example target: proved fixed',
      text: 'A retest from the same address with the same stimulus reached every lost port and ended clear.',
      issue,
      target,
      proof: { by: 'retest', id: SCAN.id },
      coverage: null,
      links: { issue: links.issue, proof: links.scan, output: null },
    },
  }
}

function finished(now: number): EventOf<'scan.finished'> {
  const { issue, links, severity, title, text, ...rest } = trouble('issue.opened', now).data
  return {
    type: 'scan.finished',
    version: 1,
    timestamp: new Date(now).toISOString(),
    data: {
      ...rest,
      ...{ severity, title, text, portsOpen: 11, issueIds: [issue.id] },
      links: { scan: links.scan, output: links.output, allowlist: links.allowlist },
    },
  }
}
