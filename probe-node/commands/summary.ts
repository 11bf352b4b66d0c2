import type { PortAnswer, ScanAnswer } from '../../schema/api.ts'
import { printable } from '../../schema/terminal.ts'
import { HARMLESS_VERDICTS } from '../../schema/words.ts'
import type { Paint } from './display.ts'
import { table } from './table.ts'

const MAX_PORTS = 50

const VERDICT_SAYS = {
  interference: 'Interference: something kept this scan from seeing all it should.',
  incomplete: 'Incomplete: parts of the target could not be judged.',
  clear: 'Clear: the target was reachable throughout.',
} as const

/** The end of a scan, for people: verdict, ports, evidence, coverage, the fix, and where to read on. */
export function summaryOf(scan: ScanAnswer, url: string, paint: Paint): string {
  const parts = [headline(scan, paint)]
  if (scan.ports.length > 0) parts.push(portTable(scan.ports))
  const affected = scan.ports.filter((port) => !HARMLESS_VERDICTS.includes(port.verdict))
  // Ports that were lost to one and the same thing share their explanation.
  for (const group of grouped(affected)) parts.push(explanation(group, paint))
  if (scan.coverage) parts.push(`Coverage: ${printable(scan.coverage.statement, 600)}\n`)
  const links = [`Details:  ${url}/scans/${scan.id}`]
  if (scan.output) links.push(`Output:   ${url}${scan.output.href}`)
  parts.push(`${links.join('\n')}\n`)
  return parts.join('\n')
}

function headline(scan: ScanAnswer, paint: Paint): string {
  if (scan.state === 'failed')
    return `${paint('red', 'The scan failed')}: ${printable(scan.failure?.detail ?? 'no reason given', 400)}\n`
  if (scan.state === 'cancelled') return `${paint('yellow', 'The scan was cancelled.')}\n`
  const verdict = scan.verdict ?? 'incomplete'
  const colour = verdict === 'clear' ? 'green' : verdict === 'interference' ? 'red' : 'yellow'
  return `${paint('bold', paint(colour, VERDICT_SAYS[verdict]))}\n`
}

function portTable(ports: readonly PortAnswer[]): string {
  const ordered = [...ports].sort(
    (a, b) => Number(a.verdict === 'open') - Number(b.verdict === 'open') || a.port - b.port,
  )
  const rows = ordered
    .slice(0, MAX_PORTS)
    .map((port) => [
      `${port.address.includes(':') ? `[${port.address}]` : port.address}:${port.port}`,
      port.service,
      port.verdict,
      port.strength,
      port.cause ? causeOf(port) : '',
      port.cause ? `${Math.round(port.cause.confidence * 100)} %` : '',
    ])
  const more = ports.length > MAX_PORTS ? `… and ${ports.length - MAX_PORTS} more\n` : ''
  return table(['PORT', 'SERVICE', 'VERDICT', 'STRENGTH', 'CAUSE', 'CONFIDENCE'], rows) + more
}

const causeOf = ({ cause }: PortAnswer): string =>
  cause ? [cause.class, cause.mechanism, cause.vendor].filter(Boolean).join(' / ') : 'unexplained'

function grouped(ports: readonly PortAnswer[]): PortAnswer[][] {
  const groups = new Map<string, PortAnswer[]>()
  for (const port of ports) {
    const key = JSON.stringify([port.verdict, port.strength, port.cause?.class, port.cause?.mechanism])
    groups.set(key, [...(groups.get(key) ?? []), port])
  }
  return [...groups.values()]
}

function explanation(ports: readonly PortAnswer[], paint: Paint): string {
  const [first] = ports
  if (!first) return ''
  const numbers = ports.map((port) => port.port)
  const lines = [
    paint(
      'bold',
      `Port${numbers.length > 1 ? 's' : ''} ${numbers.join(', ')}: ${[first.verdict, first.strength].filter(Boolean).join(', ')}`,
    ),
  ]
  if (first.cause) {
    lines.push(`  Cause:       ${causeOf(first)} (${Math.round(first.cause.confidence * 100)} %)`)
    const others = first.cause.alternatives.map(
      (it) =>
        `${[it.class, it.mechanism].filter(Boolean).join(' / ')} (${it.confidence < 0.005 ? 'under 1' : Math.round(it.confidence * 100)} %)`,
    )
    if (others.length > 0) lines.push(`  Or:          ${others.join(', ')}`)
    if (first.cause.indistinguishable.length > 0)
      lines.push(`  Looks like:  ${first.cause.indistinguishable.join(', ')} – the same from outside`)
    if (first.cause.askOwner) lines.push(`  Ask for:     ${printable(first.cause.askOwner, 300)}`)
  }
  for (const { supports, text, rule } of first.evidence) {
    lines.push(
      `  ${supports ? paint('green', '+ for    ') : paint('red', '– against')}  ${printable(text, 300)} ${paint('dim', `[${rule}]`)}`,
    )
  }
  if (first.remediation) {
    lines.push(`  Fix: ${printable(first.remediation.title, 200)}`)
    for (const [i, step] of first.remediation.steps.entries()) lines.push(`    ${i + 1}. ${printable(step, 400)}`)
    if (first.remediation.formats.length > 0)
      lines.push(`    Allowlist formats: ${first.remediation.formats.join(', ')}`)
  }
  return `${lines.join('\n')}\n`
}
