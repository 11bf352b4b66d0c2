import type { PortAnswer, ScanAnswer } from '../../schema/api.ts'
import { printable } from '../../schema/terminal.ts'
import { HARMLESS_VERDICTS, type Profile, worstFirst } from '../../schema/words.ts'
import { missingCompany } from './company.ts'
import type { Paint } from './display.ts'
import { headlineOf } from './headline.ts'
import { table } from './table.ts'
import { wrapped } from './wrap.ts'

const MAX_PORTS = 50
/** Ports whose share is told one by one. */
const MAX_SHARES = 8

export interface Look {
  /** the Worker, for links and commands; null when it ends with this scan */
  url: string | null
  /** columns of the output */
  width: number
  paint: Paint
}

/** The end of a scan, for people: verdict, ports, evidence, coverage, the fix, and where to read on. */
export function summaryOf(scan: ScanAnswer, look: Look): string {
  const parts = [`${headlineOf(scan, look)}\n`]
  const alone = missingCompany(scan)
  if (alone && scan.state === 'finished') parts.push(`${wrapped('', alone, look.width)}\n`)
  if (scan.ports.length > 0) parts.push(portTable(scan.ports, look.width))
  const affected = scan.ports.filter((port) => !HARMLESS_VERDICTS.includes(port.verdict)).toSorted(worstFirst)
  const nameOf = nameIn(scan.ports)
  // Ports that were lost to one and the same thing share their explanation.
  for (const group of grouped(affected)) parts.push(explanation(group, { ...look, nameOf, profile: scan.profile }))
  if (scan.coverage) {
    const { share, statement } = scan.coverage
    const text = `${Math.round(share * 100)} % of the planned work was done. ${printable(statement, 600)}`
    parts.push(`${wrapped('Coverage: ', text, look.width)}\n`)
    const { together } = scan.coverage
    if (together) parts.push(`${wrapped('', printable(together.statement, 600), look.width)}\n`)
  }
  if (look.url !== null) parts.push(`${whereToGoOn(scan, affected, look.url).join('\n')}\n`)
  return parts.join('\n')
}

/** Links, and for each open issue the command that proves its fix. */
function whereToGoOn(scan: ScanAnswer, affected: readonly PortAnswer[], url: string): string[] {
  const issues = new Set(affected.flatMap((port) => port.issueId ?? []))
  return [
    `Details:    ${url}/scans/${scan.id}`,
    // Its page, and not the download of the API: a browser has no key for that.
    ...(scan.output ? [`Output:     ${url}/scans/${scan.id}/output`] : []),
    ...[...issues].map((id) => `Once fixed: npx portwitness issues retest ${id}`),
    ...(issues.size > 0 ? ['            An issue closes when its retest ends clear.'] : []),
  ]
}

function portTable(ports: readonly PortAnswer[], width: number): string {
  const ordered = ports.toSorted((a, b) => worstFirst(a, b) || a.port - b.port)
  const rows = ordered
    .slice(0, MAX_PORTS)
    .map((port) => [placeOf(port), port.service, verdictOf(port), port.cause ? sureCause(port) : ''])
  const more = ports.length > MAX_PORTS ? `… and ${ports.length - MAX_PORTS} more\n` : ''
  return table(['PORT', 'SERVICE', 'VERDICT', 'CAUSE'], rows, { width }) + more
}

const placeOf = ({ address, port }: PortAnswer): string => `${address.includes(':') ? `[${address}]` : address}:${port}`

/** A port by its number; with its address where a scan has more than one. */
const nameIn = (ports: readonly PortAnswer[]): ((port: PortAnswer) => string) =>
  new Set(ports.map((port) => port.address)).size > 1 ? placeOf : ({ port }) => String(port)

const verdictOf = ({ verdict, strength }: PortAnswer): string => [verdict, strength].filter(Boolean).join(', ')
const sureCause = (port: PortAnswer): string =>
  `${causeOf(port)} (${Math.round((port.cause?.confidence ?? 0) * 100)} %)`
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

/** The port whose own evidence is strongest: proved by itself and not by another port (SEL-3), then the highest E. */
function strongest(ports: readonly PortAnswer[]): PortAnswer | undefined {
  const isOwn = (port: PortAnswer) => Number(port.evidence[0]?.rule !== 'SEL-3')
  const isSure = (port: PortAnswer) => Number(port.strength === 'confirmed')
  return ports.toSorted((a, b) => isOwn(b) - isOwn(a) || isSure(b) - isSure(a) || b.eValue - a.eValue)[0]
}

interface Telling extends Look {
  nameOf: (port: PortAnswer) => string
  profile: Profile
}

function explanation(ports: readonly PortAnswer[], { width, paint, nameOf, profile }: Telling): string {
  const shown = strongest(ports)
  if (!shown) return ''
  const field = (name: string, text: string) => wrapped(`  ${`${name}:`.padEnd(11)}  `, text, width)
  const isGroup = ports.length > 1
  const names = `Port${isGroup ? 's' : ''} ${ports.map(nameOf).join(', ')}`
  const title = `${names}: ${verdictOf(shown)}`
  const lines = [paint('bold', wrapped('', title, width))]
  if (isGroup) lines.push(field('Shown for', `port ${nameOf(shown)}, whose own evidence is the strongest`))
  if (shown.cause) {
    lines.push(field('Cause', sureCause(shown)))
    const others = shown.cause.alternatives.map(
      (it) =>
        `${[it.class, it.mechanism].filter(Boolean).join(' / ')} (${it.confidence < 0.005 ? 'under 1' : Math.round(it.confidence * 100)} %)`,
    )
    if (others.length > 0) lines.push(field('Or', others.join(', ')))
    if (shown.cause.indistinguishable.length > 0)
      lines.push(field('Looks like', `${shown.cause.indistinguishable.join(', ')} – the same from outside`))
    if (shown.cause.askOwner) lines.push(field('Ask for', printable(shown.cause.askOwner, 300)))
  }
  for (const { supports, text, rule } of shown.evidence) {
    const sign = supports ? '+ for' : '– against'
    const told = wrapped(`  ${sign.padEnd(11)}  `, `${printable(text, 300)} [${rule}]`, width)
    lines.push(
      told.replace(sign, paint(supports ? 'green' : 'red', sign)).replace(/\[[^\]]*\]$/, (it) => paint('dim', it)),
    )
  }
  const done = workDone(ports, profile, nameOf)
  if (done) lines.push(field('Work done', done))
  if (shown.remediation) {
    const { title: fix, steps } = shown.remediation
    const whose = isGroup ? ` (written for port ${nameOf(shown)})` : ''
    lines.push(wrapped('  Fix: ', `${printable(fix, 200)}${whose}`, width))
    for (const [i, step] of steps.entries()) lines.push(wrapped(`    ${i + 1}. `, printable(step, 400), width))
  }
  return `${lines.join('\n')}\n`
}

/**
 * What the share of a lost port counts: of the checks that the profile had planned for it those that were done while it
 * was reachable. Profiles that only look plan none: there it is the share of the time.
 */
function workDone(ports: readonly PortAnswer[], profile: Profile, nameOf: Telling['nameOf']): string | null {
  const lost = ports.filter((port) => port.lostAt !== null)
  const share = (port: PortAnswer) => `${Math.round(port.coverage.share * 100)} %`
  const [first] = lost
  if (!first) return null
  const engages = profile === 'standard' || profile === 'assertive'
  const what = engages
    ? 'of the planned checks were done while the port was reachable'
    : 'of the time watched the port was reachable'
  if (lost.length === 1) return `${share(first)} ${what}`
  const each = lost.slice(0, MAX_SHARES).map((port) => `${nameOf(port)}: ${share(port)}`)
  const more = lost.length > MAX_SHARES ? ` … and ${lost.length - MAX_SHARES} more` : ''
  return `${each.join(', ')}${more} ${what}`
}
