import { endpointKey } from '../../schema/facts.ts'
import type { PortVerdict, ScanCoverage } from '../../schema/judgement.ts'
import { HARMLESS_VERDICTS } from '../../schema/words.ts'
import type { EndpointEvidence, ScanEvidence } from './evidence.ts'
import { sweptText } from './swept.ts'
import { count, listed, number, seconds } from './text.ts'

type EndpointCoverage = PortVerdict['coverage']

/**
 * How long the scanner was proved to reach an endpoint, and how long it was lost: between two touches with the same
 * answer the state is taken to have lasted; between different ones nothing is claimed. `share` is the share of the
 * planned engagement that was done while reachable, or the share of time when nothing was planned.
 */
export function endpointCoverage(endpoint: EndpointEvidence, scan: ScanEvidence): EndpointCoverage {
  const marks = [
    ...endpoint.spans.flatMap((span) => [
      { at: span.from, failed: false },
      { at: span.to, failed: false },
    ]),
    // What comes back after the scan is recovery, not coverage.
    ...endpoint.looks
      .filter((look) => look.role === 'scanner' && look.observation.purpose !== 'recover')
      .map((look) => ({ at: look.at, failed: look.failed })),
  ].sort((a, b) => a.at - b.at)
  let reachableMs = 0
  let lostMs = 0
  for (let i = 1; i < marks.length; i++) {
    const [from, to] = [marks[i - 1], marks[i]] as [(typeof marks)[0], (typeof marks)[0]]
    if (from.failed && to.failed) lostMs += to.at - from.at
    else if (!from.failed && !to.failed) reachableMs += to.at - from.at
  }
  const last = marks.at(-1)
  if (last?.failed && scan.endAt > last.at) lostMs += scan.endAt - last.at
  const planned = scan.engagement.get(endpoint.key)
  const timeShare = lostMs === 0 ? (last?.failed ? 0 : 1) : reachableMs / (reachableMs + lostMs)
  const share = planned && planned.planned > 0 ? Math.min(1, planned.done / planned.planned) : timeShare
  return {
    reachableSeconds: Math.round(reachableMs / 1_000),
    lostSeconds: Math.round(lostMs / 1_000),
    share: round2(share),
  }
}

/** The share of the scan that was really tested, in one number and one sentence. */
export function scanCoverage(scan: ScanEvidence, ports: readonly PortVerdict[]): ScanCoverage {
  const { portsAsked } = scan.facts
  const reported = scan.scanRun?.closing?.ports
  const portsTested = reported ? testedOf(reported, portsAsked) : scan.ended ? 0 : portsAsked
  const open = ports.filter((port) => port.verdict !== 'phantom' && port.firstSeenOpenAt !== null)
  const depth = open.length === 0 ? 1 : open.reduce((sum, port) => sum + port.coverage.share, 0) / open.length
  const breadth = portsAsked === 0 ? 1 : portsTested / portsAsked
  return {
    share: round2(breadth * depth),
    statement: [
      statementOf(scan, ports, portsTested),
      ...sweptIn(scan, ports),
      ...leftOutOf(scan.facts.leftOut ?? []),
    ].join(' '),
    portsAsked,
    portsTested,
    untested: reported?.untested ?? (portsTested < portsAsked ? scan.facts.ports : ''),
  }
}

/** The probe counts a port once for each address of the target; what it missed of one is not made good by another. */
const testedOf = ({ asked, tested }: { asked: number; tested: number }, portsAsked: number): number =>
  asked === 0 ? 0 : Math.floor((portsAsked * Math.min(tested, asked)) / asked)

/** Rounds down: 100 % is only said of what was all tested. */
const round2 = (share: number): number => Math.floor(share * 100 + 1e-9) / 100

function statementOf(scan: ScanEvidence, ports: readonly PortVerdict[], tested: number): string {
  const { portsAsked, startedAt } = scan.facts
  const sentences: string[] = []
  const lost = ports.filter((port) => !HARMLESS_VERDICTS.includes(port.verdict) && port.lostAt !== null)
  const unseen = ports.filter((port) => port.verdict === 'blocked_before')
  const stayed = ports.filter((port) => port.verdict === 'open' || port.verdict === 'transient').length
  const doubtful = ports.filter((port) => port.verdict === 'inconclusive' && port.lostAt === null)
  if (lost.length > 0) {
    const first = Math.min(...lost.map((port) => port.lostAt as number))
    const after = startedAt === null ? '' : ` after ${seconds(Math.max(0, first - startedAt))}`
    const rest =
      stayed === 0
        ? ''
        : lost.length === 1
          ? `; the other ${stayed === 1 ? 'port was' : `${number(stayed)} ports were`} reachable throughout`
          : `; ${count(stayed, 'other port')} ${stayed === 1 ? 'was' : 'were'} reachable throughout`
    sentences.push(`${named(lost)} ${lost.length === 1 ? 'was' : 'were'} lost${after}: ${findings(lost, scan)}${rest}.`)
  }
  if (unseen.length > 0)
    sentences.push(
      `${named(unseen)} ${unseen.length === 1 ? 'is' : 'are'} open to others and never ${unseen.length === 1 ? 'was' : 'were'} to the scanner: not tested.`,
    )
  if (doubtful.length > 0)
    sentences.push(
      `${named(doubtful)} could not be looked at to the end: ${incomplete(doubtful.length === 1 ? 'it' : 'them')}.`,
    )
  if (tested < portsAsked)
    sentences.push(
      portsAsked === 1
        ? 'The one port asked could not be tested while the host was reachable.'
        : `${count(portsAsked - tested, 'port')} of ${number(portsAsked)} asked could not be tested while the host was reachable.`,
    )
  if (sentences.length > 0) return sentences.join(' ')
  const all = portsAsked === 1 ? 'The one port asked was tested' : `All ${count(portsAsked, 'port')} asked were tested`
  if (stayed === 0) return `${all}; ${portsAsked === 1 ? 'it was not open' : 'none was open'}.`
  const stood = portsAsked === 1 && stayed === 1 ? 'it' : `every open port (${number(stayed)})`
  return `${all}, and ${stood} was reachable throughout.`
}

/** What is short on ports that were lost. Only planned work can be done in spite of that: a share of time says nothing of it. */
function findings(lost: readonly PortVerdict[], { engagement }: ScanEvidence): string {
  const them = lost.length === 1 ? 'it' : 'them'
  const isDone = (port: PortVerdict) =>
    port.coverage.share === 1 && (engagement.get(endpointKey(port))?.planned ?? 0) > 0
  const short = lost.filter((port) => !isDone(port))
  if (short.length === lost.length) return incomplete(them)
  if (short.length === 0) return `what was planned for ${them} was done`
  const others = lost.length - short.length === 1 ? 'the other' : 'the others'
  return `${incomplete(numbered(short))}, and what was planned for ${others} was done`
}
const incomplete = (what: string): string => `findings on ${what} are incomplete`

/** The search was held back, and went on more slowly: whose limit it was is said only where it was shown. */
const sweptIn = ({ swept }: ScanEvidence, ports: readonly PortVerdict[]): string[] =>
  swept.map((one) => {
    const isShown = ports.some(
      ({ address, evidence }) => address === one.address && evidence.some(({ rule }) => rule === 'SWP-1'),
    )
    const whose = isShown
      ? 'It limits the scanner’s address; others got through meanwhile.'
      : 'Whether that is a limit on the scanner or all that the target or the way can bear was not shown.'
    return `${sweptText(one)} ${whose} The search went on more slowly.`
  })

const leftOutOf = (addresses: readonly string[]): string[] =>
  addresses.length === 0
    ? []
    : [
        `${listed([...addresses])} ${addresses.length === 1 ? 'was' : 'were'} not scanned: the panel has no address of that family.`,
      ]

const named = (ports: readonly PortVerdict[]): string => numbered(ports).replace(/^p/, 'P')

/** `ports 80 and 443` */
function numbered(ports: readonly PortVerdict[]): string {
  const numbers = [...new Set(ports.map((port) => port.port))].toSorted((a, b) => a - b)
  const shown =
    numbers.length > 8 ? [...numbers.slice(0, 8).map(String), `${numbers.length - 8} more`] : numbers.map(String)
  return `${numbers.length === 1 ? 'port' : 'ports'} ${listed(shown)}`
}
