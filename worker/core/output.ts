import { endpointKey, type ScanFacts } from '../../schema/facts.ts'
import type { Judgement, PortVerdict } from '../../schema/judgement.ts'
import { printable } from '../../schema/terminal.ts'
import { type EndpointEvidence, evidenceOf, type Look, type Round, type ScanEvidence } from './evidence.ts'
import { experimentLines } from './experiments/told.ts'
import { clock, count, percent } from './text.ts'

export interface OutputInput {
  facts: ScanFacts
  judgement: Judgement
  /** the target's name or address, for the head line */
  target: string
  /** what the scanner's probe wrote, with its section "Open Port Re-check" */
  scannerLog: string
}

const WIDTH = 100
/** The whole raw scanner output: head, the probe's own log, "Verification", "Verdicts". Plain text for people. */
export function renderOutput({ facts, judgement, target, scannerLog }: OutputInput): string {
  const scan = evidenceOf(facts, judgement.judgedAt)
  return `${[
    head(facts, judgement, target),
    scannerLog.trimEnd() || 'The scanner reported no log.',
    title('Verification'),
    verificationText(scan, judgement),
    title('Verdicts'),
    verdictsText(judgement),
  ].join('\n\n')}\n`
}

const title = (text: string) => `== ${text} ${'='.repeat(Math.max(0, WIDTH - text.length - 4))}`

function head(facts: ScanFacts, judgement: Judgement, target: string): string {
  const scanner = facts.panel.find((member) => member.role === 'scanner')
  return table([
    ['Portwitness scan', facts.scanId],
    ['Target', `${printable(target, 253)} (${facts.addresses.join(', ')})`],
    ['Profile', facts.profile],
    ['Started', facts.startedAt === null ? 'never' : new Date(facts.startedAt).toISOString()],
    ['Scanner', scanner ? `${scanner.sourceAddress} (${scanner.site}, ${scanner.probeId})` : 'none'],
    ['Verdict', judgement.verdict ?? 'not ended'],
    ['Coverage', judgement.coverage ? judgement.coverage.statement : 'not ended'],
    ...(judgement.coverage?.together ? [['', judgement.coverage.together.statement]] : []),
  ])
}

// ---------------------------------------------------------------- verification

function verificationText(scan: ScanEvidence, judgement: Judgement): string {
  const verified = scan.endpoints.filter((endpoint) => endpoint.cases.some((one) => one.rounds.length > 0))
  if (verified.length === 0) return 'No open port was lost: nothing was to be verified.'
  const panel = table(
    scan.facts.panel.map((member) => [
      nameOf(scan, member.probeId),
      member.sourceAddress,
      member.site,
      [member.country, member.provider].filter(Boolean).join(', '),
      member.rested ? '' : 'not rested',
    ]),
  )
  return [`Who looked:\n${panel}`, ...verified.map((endpoint) => roundsText(scan, endpoint, judgement))].join('\n\n')
}

/** `scanner`, `sibling`, `witness 1` … in the order of the panel. */
function nameOf(scan: ScanEvidence, probeId: string): string {
  const member = scan.facts.panel.find((one) => one.probeId === probeId)
  if (member?.role !== 'witness') return member?.role ?? probeId
  return `witness ${scan.facts.panel.filter((one) => one.role === 'witness').indexOf(member) + 1}`
}

function roundsText(scan: ScanEvidence, endpoint: EndpointEvidence, judgement: Judgement): string {
  const rounds = endpoint.cases.flatMap((one) => one.rounds)
  const start = rounds[0]?.at ?? 0
  const probes = scan.facts.panel.map((member) => member.probeId)
  const rows = rounds.map((round) => [
    clock(round.at),
    `+${((round.at - start) / 1_000).toFixed(1)} s`,
    ...probes.map((probeId) => cell(round, probeId)),
  ])
  const verdict = judgement.ports.find((port) => endpointKey(port) === endpoint.key)
  const heading = `${portLabel(endpoint.port)} on ${endpoint.address} (${endpoint.service}), ${count(rounds.length, 'round')}${verdict ? `, ${count(verdict.connects, 'connect')} by all` : ''}:`
  const experiments = experimentLines(endpoint, scan, verdict?.lostAt ?? null, mayRunOut(verdict)).flatMap(
    ([id, name, text]) => wrap(`${id} ${name}: ${text}`, 2, 5),
  )
  return [heading, table([['time', 'after', ...probes.map((id) => nameOf(scan, id))], ...rows]), ...experiments].join(
    '\n',
  )
}

const mayRunOut = (verdict: PortVerdict | undefined): boolean =>
  verdict !== undefined && ['interfered', 'app_blocked'].includes(verdict.verdict)

function cell(round: Round, probeId: string): string {
  const look = [round.scanner, ...round.others, ...(round.sibling ? [round.sibling] : [])].find(
    (one) => one.probeId === probeId,
  )
  return look ? lookText(look) : '-'
}
const lookText = ({ sight, observation }: Look): string =>
  sight === 'open' ? `open ${observation.afterMs} ms` : sight + (observation.code ? ` ${observation.code}` : '')

// ---------------------------------------------------------------- verdicts

function verdictsText(judgement: Judgement): string {
  if (judgement.ports.length === 0) return noPortText(judgement)
  const rows = judgement.ports.map((port) => [
    port.address,
    `${port.port}/tcp`,
    port.service,
    wordOf(port),
    port.lostAt === null ? '' : `lost ${clock(port.lostAt)}`,
    causeWord(port),
  ])
  const details = judgement.ports.filter((port) => port.lostAt !== null || port.strength !== null).map(detail)
  return [table(rows), ...details].join('\n\n')
}

/** Whoever looked at no port says so: that none was found would be a comfort without ground. */
function noPortText({ coverage }: Judgement): string {
  if (coverage?.portsTested === 0) return 'The scan did not get to finding ports: nothing is said of any.'
  const isPart = coverage !== null && coverage.portsTested < coverage.portsAsked
  return isPart ? 'No open port was found among those tested.' : 'No open port was found.'
}

const wordOf = (port: PortVerdict): string =>
  `${port.verdict.replaceAll('_', ' ')}${port.strength ? ` (${port.strength})` : ''}`
const causeWord = ({ cause }: PortVerdict): string =>
  cause ? `${cause.class}${cause.mechanism ? ` / ${cause.mechanism}` : ''} ${percent(cause.confidence)}` : ''
const portLabel = (port: number) => `Port ${port}`

function detail(port: PortVerdict): string {
  const lines = [`${portLabel(port.port)} on ${port.address}: ${wordOf(port)}`]
  for (const evidence of port.evidence)
    lines.push(...wrap(`${evidence.supports ? '+' : '-'} [${evidence.rule}] ${evidence.text}`, 2, 4))
  const { cause, remediation } = port
  if (cause) {
    lines.push(...wrap(`Cause: ${causeWord(port)}${cause.vendor ? `, ${cause.vendor}` : ''}`, 2, 9))
    if (cause.alternatives.length > 0)
      lines.push(
        ...wrap(
          `Or: ${cause.alternatives.map((guess) => `${guess.class}${guess.mechanism ? ` / ${guess.mechanism}` : ''} ${percent(guess.confidence)}`).join('; ')}`,
          2,
          6,
        ),
      )
    if (cause.indistinguishable.length > 0)
      lines.push(...wrap(`Looks the same from outside: ${cause.indistinguishable.join(', ')}`, 2, 4))
    if (cause.askOwner) lines.push(...wrap(`Ask the owner for ${cause.askOwner}`, 2, 4))
  }
  if (port.recoveredBetween)
    lines.push(`  Answered again between ${clock(port.recoveredBetween[0])} and ${clock(port.recoveredBetween[1])}`)
  if (remediation) {
    lines.push(...wrap(`To do: ${remediation.title}`, 2, 9))
    for (const [i, step] of remediation.steps.entries()) lines.push(...wrap(`${i + 1}. ${step}`, 4, 7))
  }
  return lines.join('\n')
}

/** The part of a raw output that is about one endpoint: its re-check line, its rounds and its verdict. '' when none. */
export function portSection(output: string, address: string, port: number): string {
  const recheck = output
    .split('\n')
    .filter(
      (line) =>
        new RegExp(`(^|[^0-9.])${port}(/tcp)?([^0-9.]|$)`).test(line) &&
        /re-?check|still open|unresponsive|closed|open again/i.test(line),
    )
  const parts = output
    .split('\n\n')
    .filter(
      (part) =>
        part.startsWith(`${portLabel(port)} on ${address} (`) || part.startsWith(`${portLabel(port)} on ${address}:`),
    )
  const sections = [...(recheck.length > 0 ? [`Open Port Re-check\n${recheck.slice(0, 10).join('\n')}`] : []), ...parts]
  return sections.length === 0 ? '' : `${sections.join('\n\n')}\n`
}

// ---------------------------------------------------------------- plain text

/** Columns of equal width, two blanks apart; empty columns at the end of a row are left out. */
function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = []
  for (const row of rows) for (const [i, text] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, text.length)
  return rows.map((row) => `  ${row.map((text, i) => text.padEnd(widths[i] ?? 0)).join('  ')}`.trimEnd()).join('\n')
}

function wrap(text: string, first: number, hanging: number): string[] {
  const lines: string[] = []
  let line = ' '.repeat(first)
  for (const word of text.split(' ')) {
    if (line.trim() !== '' && line.length + 1 + word.length > WIDTH) {
      lines.push(line)
      line = ' '.repeat(hanging) + word
    } else line += line.trim() === '' ? word : ` ${word}`
  }
  return [...lines, line]
}
