import type { EventCoverage, EventLoss, EventOf, EventRemedy, EventScan, EventTarget } from '../../../schema/events.ts'
import { CAUSE, FATE, MECHANISM } from '../../core/names.ts'
import { count, percent } from '../../core/text.ts'
import { clipped } from '../plain.ts'
import { codeSpan, type Line, type Span, shortened, spansOf } from '../spans.ts'
import type { Body, Cut, Section } from './body.ts'

type Trouble = EventOf<'issue.opened'> | EventOf<'issue.updated'>
type Lossy = Trouble['data'] | EventOf<'scan.finished'>['data']

const KICKER: Record<Trouble['type'], Record<Trouble['data']['issue']['finding'], string>> = {
  'issue.opened': { interference: 'Scan interference', incomplete: 'Scan incomplete', unproved: 'Not scanned' },
  'issue.updated': {
    interference: 'Scan interference, seen again',
    incomplete: 'Scan incomplete, again',
    unproved: 'Not scanned, again',
  },
}

export const troubleBody = ({ type, data }: Trouble, cut: Cut): Body => ({
  kicker: KICKER[type][data.issue.finding],
  tone: data.severity,
  facts: [targetFact(data.target), ...scannerFact(data.scan), ...coverageFact(data.coverage)],
  sections: lossSections(data, cut),
  links: [
    { label: 'Open issue', to: data.links.issue },
    { label: 'Raw output', to: data.links.output },
    { label: allowlistLabel(data.links.allowlist), to: data.links.allowlist },
    { label: data.scan === null ? 'Proof' : 'Scan', to: data.links.scan },
  ],
})

export const resolvedBody = ({ data }: EventOf<'issue.resolved'>): Body => ({
  kicker: 'Resolved',
  tone: 'good',
  facts: [
    targetFact(data.target),
    { name: 'Proved by', value: [data.proof.by === 'retest' ? 'a retest' : 'a proof from every address'] },
    ...coverageFact(data.coverage),
  ],
  sections: [],
  links: [
    { label: 'Open issue', to: data.links.issue },
    { label: 'Proof', to: data.links.proof },
    { label: 'Raw output', to: data.links.output },
  ],
})

export const finishedBody = ({ data }: EventOf<'scan.finished'>, cut: Cut): Body => ({
  kicker: 'Scan finished',
  tone: data.severity === 'info' && data.scan.verdict === 'clear' ? 'good' : data.severity,
  facts: [
    targetFact(data.target),
    ...scannerFact(data.scan),
    ...coverageFact(data.coverage),
    { name: 'Open throughout', value: [count(data.portsOpen, 'port')] },
  ],
  sections: lossSections(data, cut),
  links: [
    { label: 'Open scan', to: data.links.scan },
    { label: 'Raw output', to: data.links.output },
    { label: allowlistLabel(data.links.allowlist), to: data.links.allowlist },
  ],
})

export const failedBody = ({ data }: EventOf<'scan.failed'>): Body => ({
  kicker: 'Scan failed',
  tone: data.severity,
  facts: [
    targetFact(data.target),
    ...scannerFact(data.scan),
    { name: 'Reason', value: [data.failure.code.replaceAll('_', ' ')] },
  ],
  sections: [],
  links: [
    { label: 'Open scan', to: data.links.scan },
    { label: 'Raw output', to: data.links.output },
  ],
})

const allowlistLabel = (link: string | null): string => {
  const format = clipped(link?.split('/').at(-1) ?? '', 30)
  return /^[a-z0-9-]+$/.test(format) ? `Allowlist for ${format}` : 'Allowlist'
}

export function targetFact({ name, address }: EventTarget): { name: string; value: Line } {
  const first = codeSpan(name ?? address, 120)
  return { name: 'Target', value: name === null || name === address ? [first] : [first, ' at ', codeSpan(address, 60)] }
}

const scannerFact = (scan: EventScan | null): { name: string; value: Line }[] =>
  scan?.scanner
    ? [
        {
          name: 'Scanned from',
          value: [codeSpan(scan.scanner.sourceAddress, 45), ' in ', codeSpan(scan.scanner.site, 64)],
        },
      ]
    : []

const coverageFact = (coverage: EventCoverage | null): { name: string; value: Line }[] =>
  coverage
    ? [
        {
          name: 'Tested',
          value: [`${firm(coverage.share)} of ${count(coverage.portsAsked, 'port')}`],
        },
      ]
    : []

function lossSections(data: Lossy, cut: Cut): Section[] {
  const shown = data.losses.slice(0, cut.lines)
  const rest = data.portsTotal - shown.reduce((sum, { portsTotal }) => sum + portsTotal, 0)
  const [first] = cut.hasEvidence ? shown : []
  const evidence = [
    ...(first?.evidence.slice(0, 1) ?? []),
    ...(first?.askOwner ? [`To settle it, ask the owner for ${first.askOwner}.`] : []),
  ]
  const more = shown.length > 0 ? `And ${count(rest, 'more port', 'more ports')}.` : `${count(rest, 'port')} lost.`
  return [
    {
      heading: 'What was lost',
      isNumbered: false,
      lines: shown.map((loss) => lossLine(loss, data, cut.ports)),
      more: rest > 0 ? more : null,
    },
    {
      heading: 'Why we say so',
      isNumbered: false,
      lines: evidence.map((text) => spansOf(clipped(text, 320))),
      more: null,
    },
    ...data.remedies.slice(0, cut.remedies).map((remedy, _, all) => {
      // Two remedies at length would push the links out of sight.
      const steps = all.length > 1 ? Math.min(2, cut.steps) : cut.steps
      return remedySection(remedy, data.remediesTotal, { ...cut, steps })
    }),
  ]
}

/** `Ports 22, 80 and 3 more: lost to the scanner alone (confirmed). Cause: fail2ban, 86 % sure.` */
function lossLine(loss: EventLoss, data: Lossy, maxPorts: number): Line {
  const { cause, strength, verdict } = loss
  return [
    { bold: portsName(loss, data, maxPorts) },
    `: ${FATE[verdict]}${strength ? ` (${strength})` : ''}.`,
    ...(cause ? [' Cause: ', { bold: causeName(cause) }, ...vendorOf(cause), `, ${firm(cause.confidence)} sure.`] : []),
  ]
}

function portsName({ ports, portsTotal }: EventLoss, data: Lossy, max: number): string {
  const [first] = ports
  if (first === undefined) return count(portsTotal, 'port')
  if (portsTotal === 1) {
    const service = data.ports.find(({ port }) => port === first)?.service
    return `Port ${first}${service && service !== 'unknown' && service !== 'silent' ? ` (${service})` : ''}`
  }
  const named = ports.slice(0, Math.max(1, max))
  const rest = portsTotal - named.length
  return `${named.length === 1 && rest === 0 ? 'Port' : 'Ports'} ${named.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`
}

/** `86 %` on one line. */
const firm = (share: number): string => percent(share).replace(' ', '\u00a0')

type CauseWord = NonNullable<EventLoss['cause']>
const causeName = ({ class: kind, mechanism }: CauseWord): string =>
  mechanism ? MECHANISM[mechanism] : CAUSE[kind].name
const vendorOf = ({ vendor }: CauseWord): Span[] => (vendor ? [' (', codeSpan(vendor, 60), ')'] : [])

function remedySection({ title, steps, stepsTotal }: EventRemedy, total: number, cut: Cut): Section {
  const shown = steps.slice(0, cut.steps)
  const rest = stepsTotal - shown.length
  const more = total > cut.remedies ? ` (${total - cut.remedies} more in the issue)` : ''
  return {
    heading: `What to do: ${clipped(title, 150)}${more}`,
    isNumbered: true,
    lines: shown.map(({ text }) => shortened(spansOf(clipped(text, 420)), cut.stepChars)),
    more: rest > 0 ? `${count(rest, shown.length > 0 ? 'more step' : 'step')} in the issue.` : null,
  }
}
