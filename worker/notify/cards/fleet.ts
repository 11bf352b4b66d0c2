import type { EventOf, EventRange } from '../../../schema/events.ts'
import { count } from '../../core/text.ts'
import { codeSpan, type Line } from '../spans.ts'
import type { Body, Cut, Section } from './body.ts'
import { targetFact } from './scan.ts'

export const rangesBody = ({ data }: EventOf<'ip_ranges.changed'>, cut: Cut): Body => ({
  kicker: 'Scanner addresses',
  tone: data.severity,
  facts: [
    {
      name: 'List',
      value: [`serial ${data.serial}`, ...(data.previousSerial === null ? [] : [`, before it ${data.previousSerial}`])],
    },
  ],
  sections: [
    rangeSection('Added', data.added, data.addedTotal, cut),
    rangeSection('Removed', data.removed, data.removedTotal, cut),
    rangeSection('Changed', data.changed, data.changedTotal, cut),
  ],
  links: [
    { label: 'Current list', to: data.links.ranges },
    { label: 'Changes', to: data.links.changes },
  ],
})

export const allowlistBody = ({ data }: EventOf<'allowlist.outdated'>, cut: Cut): Body => ({
  kicker: 'Allowlist outdated',
  tone: data.severity,
  facts: [
    targetFact(data.target),
    {
      name: 'Last known to be whole',
      value: [data.confirmed ? data.confirmed.at.slice(0, 10) : 'never'],
    },
    { name: 'Current list', value: [`serial ${data.serial}`] },
  ],
  sections: [rangeSection('Missing', data.missing, data.missingTotal, cut)],
  links: [
    { label: 'Allowlist', to: data.links.allowlist },
    { label: 'Open target', to: data.links.target },
    { label: 'Open issue', to: data.links.issue },
  ],
})

function probeKicker(type: 'probe.offline' | 'probe.online', isDistrusted: boolean): string {
  if (type === 'probe.online') return 'Probe online'
  return isDistrusted ? 'Probe in quarantine' : 'Probe offline'
}

export const probeBody = ({ type, data }: EventOf<'probe.offline'> | EventOf<'probe.online'>): Body => ({
  kicker: probeKicker(type, 'reason' in data && data.reason !== undefined),
  tone: type === 'probe.online' ? 'good' : data.severity,
  facts: [
    { name: 'Probe', value: [codeSpan(data.probe.sourceAddress, 45), ' in ', codeSpan(data.probe.site, 64)] },
    ...(data.probe.provider || data.probe.country
      ? [
          {
            name: 'Hosted',
            value: [codeSpan([data.probe.provider, data.probe.country].filter(Boolean).join(', '), 80)],
          },
        ]
      : []),
  ],
  sections: [],
  links: [{ label: 'Open overview', to: data.links.probes }],
})

export const controlBody = ({ data }: EventOf<'control.failing'>): Body => ({
  kicker: data.state === 'lapsed' ? 'Control lapsed' : 'Control in doubt',
  tone: data.severity,
  facts: [
    targetFact(data.target),
    { name: 'Address', value: [codeSpan(data.address, 45)] },
    { name: data.state === 'lapsed' ? 'Proved until' : 'Holds until', value: [data.expiresAt.slice(0, 10)] },
  ],
  sections: [],
  links: [{ label: 'Open target', to: data.links.target }],
})

export const channelBody = ({ data }: EventOf<'channel.switched_off'>): Body => ({
  kicker: 'Channel switched off',
  tone: data.severity,
  facts: [
    { name: 'Channel', value: [codeSpan(data.channel.name, 100), ` (${data.channel.kind.replaceAll('_', ' ')})`] },
    { name: 'It answered', value: [codeSpan(data.reason, 300)] },
    { name: 'Waiting', value: [count(data.waiting, 'message')] },
  ],
  sections: [],
  links: [{ label: 'Open channels', to: data.links.channels }],
})

function rangeSection(heading: string, ranges: readonly EventRange[], total: number, cut: Cut): Section {
  const shown = ranges.slice(0, cut.lines)
  const rest = total - shown.length
  return {
    heading,
    isNumbered: false,
    lines: shown.map(rangeLine),
    more: rest > 0 ? (shown.length > 0 ? `And ${count(rest, 'more range')}.` : `${count(rest, 'range')}.`) : null,
  }
}

function rangeLine({ cidr, site, state, activeFrom, retireAfter }: EventRange): Line {
  const when =
    state === 'announced' && activeFrom
      ? `, used from ${activeFrom.slice(0, 10)}`
      : state === 'retiring' && retireAfter
        ? `, used until ${retireAfter.slice(0, 10)}`
        : ''
  return [codeSpan(cidr, 49), ' in ', codeSpan(site, 64), `: ${state}${when}`]
}
